/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_TOKENS_H
#define CFA_APP_TOKENS_H

#include <careforall/text.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_TOKENS_LIFETIME_S 600
#define CFA_TOKENS_SKEW_S 5
#define CFA_TOKENS_KEYS_MAX 8
#define CFA_TOKENS_LEN_MAX 2048
#define CFA_TOKENS_ISSUER_MAX 512
#define CFA_TOKENS_AUDIENCE "careforall-api"

/* What a valid access token says. */
typedef struct CfaTokenClaims
{
	char account_id[CFA_UUID_TEXT_LEN + 1];
	char session_id[CFA_UUID_TEXT_LEN + 1];
	int64_t expires_s; /* since 1970 */
} CfaTokenClaims;

typedef enum CfaTokenVerdict
{
	CFA_TOKEN_VALID,
	CFA_TOKEN_MALFORMED, /* not the form that we issue */
	CFA_TOKEN_FORGED,	 /* no key of ours, or not signed by it */
	CFA_TOKEN_FOREIGN,	 /* ours, but not an access token for this API */
	CFA_TOKEN_EARLY,	 /* not valid yet */
	CFA_TOKEN_EXPIRED
} CfaTokenVerdict;

/*
 * In the parent: takes the signing keys, a comma list of P-256 private scalars of
 * 64 hexadecimal digits; the first signs, all verify. issuer is borrowed for
 * ever. 0, or -1 with a sentence in error.
 */
int cfa_tokens_configure(const char *keys, const char *issuer, char *error,
						 size_t error_size);

/* Makes an access token, which the caller frees; NULL if signing failed. */
char *cfa_tokens_issue(const char *account_id, const char *session_id,
					   int64_t now_s);

/*
 * Judges what came behind "Bearer ". Every part is looked at only after the one
 * before it was found right, and no claim before the signature. Whether the
 * session is alive is for the database to say.
 */
CfaTokenVerdict cfa_tokens_check(const char *token, size_t len, int64_t now_s,
								 CfaTokenClaims *claims);

/* The public keys as a JWK Set, and the entity tag of that. */
const char *cfa_tokens_jwks(void);
const char *cfa_tokens_jwks_etag(void);

#endif
