/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_REFRESH_COOKIE_H
#define CFA_APP_REFRESH_COOKIE_H

#include "core/ctx.h"

#define CFA_REFRESH_COOKIE "__Host-careforall_refresh"
#define CFA_REFRESH_TOKEN_SIZE 32
#define CFA_REFRESH_HASH_SIZE 32

/* A refresh token and what the database knows of it. */
typedef struct CfaRefreshToken
{
	uint8_t bytes[CFA_REFRESH_TOKEN_SIZE];
	uint8_t hash[CFA_REFRESH_HASH_SIZE]; /* SHA-256 */
} CfaRefreshToken;

void cfa_refresh_token_make(CfaRefreshToken *token);

/* Reads the cookie of a request; false if there is none, or not just one. */
bool cfa_refresh_cookie_read(const CfaCtx *ctx, CfaRefreshToken *token);

/* Sets the cookie in the answer, or takes it away. */
void cfa_refresh_cookie_set(CfaCtx *ctx, const CfaRefreshToken *token,
							const char *max_age_s);
void cfa_refresh_cookie_clear(CfaCtx *ctx);

#endif
