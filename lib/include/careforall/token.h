/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h: the secret part of a pledge's private link.
 *
 * token = base64url(HMAC-SHA-256(key, "pledge:" + pledge id)), without padding.
 * Nothing is stored: any process that has the key can make and check it. The
 * first key signs; the others still verify, so that a key can be replaced.
 */
#ifndef CFA_TOKEN_H
#define CFA_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_TOKEN_LEN 43
#define CFA_TOKEN_KEYS_MAX 8
#define CFA_TOKEN_KEY_MIN 32 /* bytes */
#define CFA_TOKEN_KEY_MAX 64

typedef struct CfaTokenKeys
{
	size_t count;
	struct
	{
		uint8_t bytes[CFA_TOKEN_KEY_MAX];
		size_t len;
	} key[CFA_TOKEN_KEYS_MAX];
} CfaTokenKeys;

/*
 * Reads keys from a comma list of hexadecimal texts. False if one is not
 * hexadecimal, is shorter than 32 or longer than 64 bytes, or there are too many.
 */
bool cfa_token_keys_parse(const char *text, CfaTokenKeys *keys);

/* Wipes the keys. */
void cfa_token_keys_clear(CfaTokenKeys *keys);

/* Makes the token of a pledge; pledge_id is the lower-case UUID text. */
void cfa_token_make(const CfaTokenKeys *keys, const char *pledge_id,
					char out[CFA_TOKEN_LEN + 1]);

/* Whether the token is that of the pledge, by any key; in constant time. */
bool cfa_token_check(const CfaTokenKeys *keys, const char *pledge_id,
					 const char *token, size_t token_len);

#endif
