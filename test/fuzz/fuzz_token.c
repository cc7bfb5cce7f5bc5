/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no token but one of ours is valid, and none reads out of bounds. The first
 * byte says whether the input is a token or changes a good one.
 */
#include "fuzz.h"

#include "adapters/tokens.h"

#define NOW 1700000000
#define ID "01900000-0000-7000-8000-000000000001"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char key[] =
		"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
	char error[256] = "";

	fuzz_require(cfa_tokens_configure(key,
									  "https://careforall.example",
									  error,
									  sizeof(error)) == 0,
				 "the key is taken");
	return 0;
}

/* Writes bytes of the input over a good token, from a place that it names. */
static void
try_changed(const uint8_t *data, size_t size)
{
	static char *good;
	CfaTokenClaims claims;
	size_t len;
	size_t at;
	char *text;

	if (good == NULL)
		good = cfa_tokens_issue(ID, ID, NOW);
	len = strlen(good);
	text = strdup(good);
	at = data[0] * 256u + data[1];
	data += 2;
	size -= 2;
	at %= len;
	memcpy(text + at, data, size < len - at ? size : len - at);
	fuzz_require((cfa_tokens_check(text, len, NOW, &claims) ==
				  CFA_TOKEN_VALID) == (memcmp(text, good, len) == 0),
				 "only the token itself is valid");
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CfaTokenClaims claims;
	char *text;

	if (size < 3)
		return 0;
	if (data[0] & 1)
	{
		try_changed(data + 1, size - 1);
		return 0;
	}
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	fuzz_require(cfa_tokens_check(text, size - 1, NOW, &claims) !=
					 CFA_TOKEN_VALID,
				 "a token of others is not valid");
	free(text);
	return 0;
}
