/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_FACTOR_H
#define CFA_APP_FACTOR_H

#include "adapters/pg.h"
#include "adapters/totp.h"
#include "core/ctx.h"

#define CFA_FACTOR_CODE_MAX 40

/* The second factor of an account as the database keeps it. */
typedef struct CfaFactor
{
	bool is_enrolled;
	uint8_t sealed[CFA_TOTP_SEALED_SIZE];
	char key_id[17];
} CfaFactor;

/*
 * Reads the columns sealed (hexadecimal, NULL without a factor) and key_id of the
 * first row.
 */
void cfa_factor_read(CfaFactor *factor, const PGresult *result, int column);

/*
 * Whether there is no factor, or code (NULL: none) is a recovery code or one of the
 * time. What proves it goes into two parameters, step and code_hash, which live as
 * long as the request; whether it was used before is for the database to say.
 */
bool cfa_factor_prove(CfaCtx *ctx, const CfaFactor *factor,
					  const char *account_id, const char *code,
					  CfaPgParams *params, int first);

/* Opens a sealed secret; false if its key is not known or it is not its account's. */
bool cfa_factor_open(const CfaFactor *factor, const char *account_id,
					 uint8_t secret[CFA_TOTP_SECRET_SIZE]);

/* Seals a secret with the newest key; gives the id of that. */
const char *cfa_factor_seal(const char *account_id,
							const uint8_t secret[CFA_TOTP_SECRET_SIZE],
							uint8_t sealed[CFA_TOTP_SEALED_SIZE]);

/* 401: a code is needed (code NULL), or it is not right, which costs as a wrong password does. */
void cfa_factor_refuse(CfaCtx *ctx, const char *code);

#endif
