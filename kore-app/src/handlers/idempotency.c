/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idempotency.c: the Idempotency-Key header, required where money moves.
 */
#include "handlers/idempotency.h"

#include <sodium.h>
#include <string.h>

#include "middleware/headers.h"

#define POLICY "</docs/problems#idempotency-key-missing>; rel=\"describedby\""

static void refuse(CfaCtx *ctx, CfaProblem problem, const char *detail);
static void hash_part(crypto_hash_sha256_state *state, const char *text);

bool
cfa_idempotency_read(CfaCtx *ctx, uint8_t hash[CFA_IDEMPOTENCY_HASH_BYTES])
{
	const char *header = cfa_ctx_header(ctx, "idempotency-key");
	char key[CFA_IDEMPOTENCY_KEY_MAX + 1];
	crypto_hash_sha256_state state;

	if (header == NULL)
	{
		refuse(ctx,
			   CFA_PROBLEM_IDEMPOTENCY_KEY_MISSING,
			   "Send a key of your own, such as a random UUID.");
		return false;
	}
	if (cfa_ctx_header_count(ctx, "idempotency-key") != 1 ||
		!cfa_idempotency_key_read(header, key))
	{
		refuse(ctx,
			   CFA_PROBLEM_IDEMPOTENCY_KEY_INVALID,
			   "The key must be given once, with 1 to 255 printable ASCII "
			   "characters; with blanks, commas or quotes only as a string.");
		return false;
	}
	(void) crypto_hash_sha256_init(&state);
	if (ctx->principal.is_known)
	{
		hash_part(&state, "account:");
		hash_part(&state, ctx->principal.account_id);
	}
	else
	{
		hash_part(&state, "anonymous");
	}
	hash_part(&state, "\n");
	hash_part(&state, cfa_method_name(ctx->route->method));
	hash_part(&state, "\n");
	hash_part(&state, ctx->route->path);
	hash_part(&state, "\n");
	hash_part(&state, key);
	(void) crypto_hash_sha256_final(&state, hash);
	sodium_memzero(key, sizeof(key));
	return true;
}

/* Refuses, and says where the policy stands. */
static void
refuse(CfaCtx *ctx, CfaProblem problem, const char *detail)
{
	cfa_answer_header(ctx, "link", POLICY);
	cfa_answer_problem(ctx, problem, "%s", detail);
}

static void
hash_part(crypto_hash_sha256_state *state, const char *text)
{
	(void) crypto_hash_sha256_update(state,
									 (const uint8_t *) text,
									 strlen(text));
}
