/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor.c: the second factor of an account: what is kept of it, and whether a code
 * is one of it.
 *
 * The secret is sealed with a key that comes of a pepper, so that the database,
 * which keeps it, cannot make a code. What is opened here is wiped here.
 */
#include "handlers/factor.h"

#include <careforall/log.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapters/passwords.h"
#include "meters.h"
#include "middleware/limit.h"

#define PURPOSE "careforall second factor"

_Static_assert(CFA_TOTP_KEY_SIZE == CFA_PEPPER_KEY_SIZE,
			   "a key of a pepper is a key of a secret");

void
cfa_factor_read(CfaFactor *factor, const PGresult *result, int column)
{
	const char *text = PQgetvalue(result, 0, column);
	size_t len = 0;

	factor->is_enrolled = !PQgetisnull(result, 0, column);
	if (!factor->is_enrolled)
		return;
	/* A secret of another length does not open. */
	(void) sodium_hex2bin(factor->sealed,
						  sizeof(factor->sealed),
						  text,
						  strlen(text),
						  NULL,
						  &len,
						  NULL);
	(void) snprintf(factor->key_id,
					sizeof(factor->key_id),
					"%s",
					PQgetvalue(result, 0, column + 1));
}

bool
cfa_factor_open(const CfaFactor *factor, const char *account_id,
				uint8_t secret[CFA_TOTP_SECRET_SIZE])
{
	uint8_t key[CFA_TOTP_KEY_SIZE];
	bool is_open = cfa_pepper_key(factor->key_id, PURPOSE, key) != NULL &&
				   cfa_totp_open(key, account_id, factor->sealed, secret);

	sodium_memzero(key, sizeof(key));
	if (!is_open)
	{
		cfa_log(CFA_LOG_WARN,
				"second_factor_not_opened",
				CFA_STR("account_id", account_id),
				CFA_STR("key_id", factor->key_id));
	}
	return is_open;
}

const char *
cfa_factor_seal(const char *account_id,
				const uint8_t secret[CFA_TOTP_SECRET_SIZE],
				uint8_t sealed[CFA_TOTP_SEALED_SIZE])
{
	uint8_t key[CFA_TOTP_KEY_SIZE];
	const char *id = cfa_pepper_key(NULL, PURPOSE, key);

	cfa_totp_seal(key, account_id, secret, sealed);
	sodium_memzero(key, sizeof(key));
	return id;
}

bool
cfa_factor_prove(CfaCtx *ctx, const CfaFactor *factor, const char *account_id,
				 const char *code, CfaPgParams *params, int first)
{
	uint8_t secret[CFA_TOTP_SECRET_SIZE];
	uint8_t *hash;
	int64_t step = -1;

	if (!factor->is_enrolled)
		return true;
	if (code == NULL)
		return false;
	hash = cfa_arena_zalloc(&ctx->arena, CFA_RECOVERY_HASH_SIZE);
	if (cfa_recovery_hash(code, hash))
	{
		params->values[first + 1] = (const char *) hash;
		params->lengths[first + 1] = CFA_RECOVERY_HASH_SIZE;
		params->formats[first + 1] = 1;
		return true;
	}
	if (cfa_factor_open(factor, account_id, secret))
		step = cfa_totp_step(secret, code, time(NULL));
	sodium_memzero(secret, sizeof(secret));
	if (step < 0)
		return false;
	params->values[first] = cfa_arena_printf(&ctx->arena, "%" PRId64, step);
	return true;
}

void
cfa_factor_refuse(CfaCtx *ctx, const char *code)
{
	if (code != NULL)
	{
		cfa_meter_add(CFA_M_LOGIN_WRONG, 1);
		cfa_limit_charge(ctx, CFA_LIMIT_FAILURE_COST);
	}
	cfa_answer_header(ctx, "www-authenticate", "Bearer realm=\"careforall\"");
	cfa_answer_problem(ctx,
					   code == NULL ? CFA_PROBLEM_SECOND_FACTOR_REQUIRED
									: CFA_PROBLEM_SECOND_FACTOR_INVALID,
					   NULL);
}
