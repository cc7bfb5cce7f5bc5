/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c: makes and checks the token of a pledge's private link.
 */
#include "careforall/token.h"

#include <string.h>

#include <sodium.h>

static void make(const CfaTokenKeys *keys, size_t index, const char *pledge_id,
				 char out[CFA_TOKEN_LEN + 1]);

bool
cfa_token_keys_parse(const char *text, CfaTokenKeys *keys)
{
	*keys = (CfaTokenKeys){0};
	for (;;)
	{
		size_t len = strcspn(text, ",");
		size_t bytes;

		if (keys->count == CFA_TOKEN_KEYS_MAX ||
			sodium_hex2bin(keys->key[keys->count].bytes,
						   CFA_TOKEN_KEY_MAX,
						   text,
						   len,
						   NULL,
						   &bytes,
						   NULL) != 0 ||
			bytes * 2 != len || bytes < CFA_TOKEN_KEY_MIN)
		{
			cfa_token_keys_clear(keys);
			return false;
		}
		keys->key[keys->count++].len = bytes;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

void
cfa_token_keys_clear(CfaTokenKeys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

void
cfa_token_make(const CfaTokenKeys *keys, const char *pledge_id,
			   char out[CFA_TOKEN_LEN + 1])
{
	make(keys, 0, pledge_id, out);
}

bool
cfa_token_check(const CfaTokenKeys *keys, const char *pledge_id,
				const char *token, size_t token_len)
{
	char right[CFA_TOKEN_LEN + 1];
	bool found = false;
	size_t i;

	if (token_len != CFA_TOKEN_LEN)
		return false;
	for (i = 0; i < keys->count; i++)
	{
		make(keys, i, pledge_id, right);
		found |= sodium_memcmp(right, token, CFA_TOKEN_LEN) == 0;
	}
	return found;
}

static void
make(const CfaTokenKeys *keys, size_t index, const char *pledge_id,
	 char out[CFA_TOKEN_LEN + 1])
{
	static const char prefix[] = "pledge:";
	crypto_auth_hmacsha256_state state;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state,
								keys->key[index].bytes,
								keys->key[index].len);
	crypto_auth_hmacsha256_update(&state,
								  (const uint8_t *) prefix,
								  sizeof(prefix) - 1);
	crypto_auth_hmacsha256_update(&state,
								  (const uint8_t *) pledge_id,
								  strlen(pledge_id));
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2base64(out,
					  CFA_TOKEN_LEN + 1,
					  mac,
					  sizeof(mac),
					  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
