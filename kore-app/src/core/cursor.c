/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.c: opaque, sealed cursors of lists.
 *
 * The nonce is a keyed hash of what is sealed, so the same place always gives
 * the same text and no nonce serves two texts. The scope is part of the hash and
 * is checked after opening.
 */
#include "core/cursor.h"

#include <careforall/text.h>
#include <endian.h>
#include <sodium.h>
#include <string.h>

#define PLAIN_LEN (8 + 16)
#define NONCE_LEN crypto_secretbox_NONCEBYTES
#define SEALED_LEN (NONCE_LEN + crypto_secretbox_MACBYTES + PLAIN_LEN)

static uint8_t key[crypto_secretbox_KEYBYTES];

static void make_nonce(const uint8_t plain[PLAIN_LEN], const char *scope,
					   uint8_t *nonce);

void
cfa_cursor_configure(const void *secret, size_t len)
{
	static const uint8_t purpose[] = "careforall cursor";

	(void) crypto_generichash(key,
							  sizeof(key),
							  secret,
							  len,
							  purpose,
							  sizeof(purpose) - 1);
}

void
cfa_cursor_write(const CfaCursor *cursor, const char *scope,
				 char out[CFA_CURSOR_TEXT_MAX])
{
	uint8_t sealed[SEALED_LEN];
	uint8_t plain[PLAIN_LEN];
	uint64_t time = htobe64((uint64_t) cursor->time_ms);

	memcpy(plain, &time, 8);
	memcpy(plain + 8, cursor->id, 16);
	make_nonce(plain, scope, sealed);
	(void) crypto_secretbox_easy(sealed + NONCE_LEN,
								 plain,
								 PLAIN_LEN,
								 sealed,
								 key);
	(void) sodium_bin2base64(out,
							 CFA_CURSOR_TEXT_MAX,
							 sealed,
							 sizeof(sealed),
							 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool
cfa_cursor_read(const char *text, const char *scope, CfaCursor *out)
{
	uint8_t sealed[SEALED_LEN];
	uint8_t plain[PLAIN_LEN];
	uint8_t nonce[NONCE_LEN];
	uint64_t time;
	size_t len;

	if (!cfa_base64_decode(
			text, strlen(text), true, sealed, sizeof(sealed), &len) ||
		len != sizeof(sealed) ||
		crypto_secretbox_open_easy(plain,
								   sealed + NONCE_LEN,
								   sizeof(sealed) - NONCE_LEN,
								   sealed,
								   key) != 0)
		return false;
	make_nonce(plain, scope, nonce);
	if (sodium_memcmp(nonce, sealed, NONCE_LEN) != 0)
		return false;
	memcpy(&time, plain, 8);
	out->time_ms = (int64_t) be64toh(time);
	memcpy(out->id, plain + 8, 16);
	return true;
}

static void
make_nonce(const uint8_t plain[PLAIN_LEN], const char *scope, uint8_t *nonce)
{
	crypto_generichash_state state;

	(void) crypto_generichash_init(&state, key, sizeof(key), NONCE_LEN);
	(void) crypto_generichash_update(&state, plain, PLAIN_LEN);
	(void) crypto_generichash_update(&state,
									 (const uint8_t *) scope,
									 strlen(scope));
	(void) crypto_generichash_final(&state, nonce, NONCE_LEN);
}
