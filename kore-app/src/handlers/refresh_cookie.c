/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh_cookie.c: the cookie that holds a browser's refresh token.
 *
 * __Host- makes browsers insist on Secure, Path=/ and no Domain, so no other host
 * can set or read it. It is the same on plain http: browsers treat loopback
 * addresses as secure, and elsewhere there must be TLS. Scripts never see it.
 */
#include "handlers/refresh_cookie.h"

#include <careforall/text.h>
#include <sodium.h>
#include <string.h>

#define ATTRIBUTES "; Path=/; HttpOnly; Secure; SameSite=Strict"
#define TEXT_SIZE 44 /* 32 bytes in base64url, with NUL */

static bool decode(const char *text, size_t len, CfaRefreshToken *token);

void
cfa_refresh_token_make(CfaRefreshToken *token)
{
	randombytes_buf(token->bytes, sizeof(token->bytes));
	(void) crypto_hash_sha256(token->hash, token->bytes, sizeof(token->bytes));
}

bool
cfa_refresh_cookie_read(const CfaCtx *ctx, CfaRefreshToken *token)
{
	static const char name[] = CFA_REFRESH_COOKIE "=";
	const char *at = cfa_ctx_header(ctx, "cookie");
	int found = 0;

	if (at == NULL || cfa_ctx_header_count(ctx, "cookie") != 1)
		return false;
	while (*at != '\0')
	{
		size_t len = strcspn(at, ";");

		if (strncmp(at, name, sizeof(name) - 1) == 0 &&
			(++found > 1 ||
			 !decode(at + sizeof(name) - 1, len - (sizeof(name) - 1), token)))
			return false;
		at += len;
		at += strspn(at, "; ");
	}
	return found == 1;
}

void
cfa_refresh_cookie_set(CfaCtx *ctx, const CfaRefreshToken *token,
					   const char *max_age_s)
{
	char text[TEXT_SIZE];

	(void) sodium_bin2base64(text,
							 sizeof(text),
							 token->bytes,
							 sizeof(token->bytes),
							 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	cfa_answer_header(ctx,
					  "set-cookie",
					  cfa_arena_printf(&ctx->arena,
									   CFA_REFRESH_COOKIE
									   "=%s; Max-Age=%s" ATTRIBUTES,
									   text,
									   max_age_s));
}

void
cfa_refresh_cookie_clear(CfaCtx *ctx)
{
	cfa_answer_header(ctx,
					  "set-cookie",
					  CFA_REFRESH_COOKIE "=; Max-Age=0" ATTRIBUTES);
}

static bool
decode(const char *text, size_t len, CfaRefreshToken *token)
{
	size_t size;

	if (!cfa_base64_decode(
			text, len, true, token->bytes, sizeof(token->bytes), &size) ||
		size != sizeof(token->bytes))
		return false;
	(void) crypto_hash_sha256(token->hash, token->bytes, sizeof(token->bytes));
	return true;
}
