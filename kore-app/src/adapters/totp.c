/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totp.c: the second factor: one-time codes by RFC 6238, and recovery codes.
 *
 * Which step of a code was used last is for the database to keep; here is only
 * found which one a code is of. HMAC-SHA-1 with 6 digits and 30 seconds is what
 * every app takes. Pure but for the clock, which is an argument, and chance.
 */
#include "adapters/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define HMAC_SIZE 20
#define RECOVERY_SIZE 10 /* bytes of chance */
#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define WINDOW 1 /* steps to each side, for clocks that differ */

_Static_assert(CFA_TOTP_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
			   "the key is that of the cipher");
_Static_assert(CFA_TOTP_SEALED_SIZE ==
				   NONCE_SIZE + CFA_TOTP_SECRET_SIZE +
					   crypto_aead_xchacha20poly1305_ietf_ABYTES,
			   "what is sealed has nonce and tag");

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void to_base32(const uint8_t *bytes, size_t len, char *text);

uint32_t
cfa_totp_code(const uint8_t *secret, size_t len, uint64_t step)
{
	uint8_t counter[8];
	uint8_t hash[EVP_MAX_MD_SIZE] = {0};
	uint8_t offset;
	uint32_t number;
	int i;

	for (i = 7; i >= 0; i--, step >>= 8)
		counter[i] = (uint8_t) step;
	(void) HMAC(
		EVP_sha1(), secret, (int) len, counter, sizeof(counter), hash, NULL);
	offset = hash[HMAC_SIZE - 1] & 0x0f;
	number = (uint32_t) (hash[offset] & 0x7f) << 24 |
			 (uint32_t) hash[offset + 1] << 16 |
			 (uint32_t) hash[offset + 2] << 8 | hash[offset + 3];
	sodium_memzero(hash, sizeof(hash));
	return number % 1000000;
}

int64_t
cfa_totp_step(const uint8_t secret[CFA_TOTP_SECRET_SIZE], const char *code,
			  int64_t now_s)
{
	int64_t now = now_s / CFA_TOTP_PERIOD_S;
	int64_t found = -1;
	int64_t step;
	char right[CFA_TOTP_DIGITS + 1];

	if (strlen(code) != CFA_TOTP_DIGITS)
		return -1;
	for (step = now - WINDOW; step <= now + WINDOW; step++)
	{
		(void) snprintf(right,
						sizeof(right),
						"%06u",
						cfa_totp_code(secret,
									  CFA_TOTP_SECRET_SIZE,
									  (uint64_t) step));
		if (sodium_memcmp(right, code, CFA_TOTP_DIGITS) == 0)
			found = step;
	}
	sodium_memzero(right, sizeof(right));
	return found;
}

void
cfa_totp_make(uint8_t secret[CFA_TOTP_SECRET_SIZE])
{
	randombytes_buf(secret, CFA_TOTP_SECRET_SIZE);
}

void
cfa_totp_text(const uint8_t secret[CFA_TOTP_SECRET_SIZE],
			  char text[CFA_TOTP_SECRET_TEXT])
{
	to_base32(secret, CFA_TOTP_SECRET_SIZE, text);
}

void
cfa_totp_seal(const uint8_t key[CFA_TOTP_KEY_SIZE], const char *account_id,
			  const uint8_t secret[CFA_TOTP_SECRET_SIZE],
			  uint8_t sealed[CFA_TOTP_SEALED_SIZE])
{
	randombytes_buf(sealed, NONCE_SIZE);
	(void)
		crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_SIZE,
												   NULL,
												   secret,
												   CFA_TOTP_SECRET_SIZE,
												   (const uint8_t *) account_id,
												   strlen(account_id),
												   NULL,
												   sealed,
												   key);
}

bool
cfa_totp_open(const uint8_t key[CFA_TOTP_KEY_SIZE], const char *account_id,
			  const uint8_t sealed[CFA_TOTP_SEALED_SIZE],
			  uint8_t secret[CFA_TOTP_SECRET_SIZE])
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(secret,
													  NULL,
													  NULL,
													  sealed + NONCE_SIZE,
													  CFA_TOTP_SEALED_SIZE -
														  NONCE_SIZE,
													  (const uint8_t *)
														  account_id,
													  strlen(account_id),
													  sealed,
													  key) == 0;
}

void
cfa_recovery_make(char text[CFA_RECOVERY_TEXT])
{
	uint8_t bytes[RECOVERY_SIZE];
	char plain[17];

	randombytes_buf(bytes, sizeof(bytes));
	to_base32(bytes, sizeof(bytes), plain);
	(void) snprintf(text,
					CFA_RECOVERY_TEXT,
					"%.4s-%.4s-%.4s-%.4s",
					plain,
					plain + 4,
					plain + 8,
					plain + 12);
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(plain, sizeof(plain));
}

bool
cfa_recovery_hash(const char *code, uint8_t hash[CFA_RECOVERY_HASH_SIZE])
{
	char plain[16];
	size_t len = 0;

	for (; *code != '\0'; code++)
	{
		char c =
			*code >= 'a' && *code <= 'z' ? (char) (*code - 'a' + 'A') : *code;

		if (c == '-' || c == ' ')
			continue;
		if (strchr(alphabet, c) == NULL || len == sizeof(plain))
			return false;
		plain[len++] = c;
	}
	if (len != sizeof(plain))
		return false;
	(void) crypto_hash_sha256(hash, (const uint8_t *) plain, len);
	sodium_memzero(plain, sizeof(plain));
	return true;
}

/* Of bytes whose number is a multiple of 5; text takes a NUL as well. */
static void
to_base32(const uint8_t *bytes, size_t len, char *text)
{
	uint64_t block;
	size_t at;
	int shift;

	for (at = 0; at < len; at += 5)
	{
		block = (uint64_t) bytes[at] << 32 | (uint64_t) bytes[at + 1] << 24 |
				(uint64_t) bytes[at + 2] << 16 | (uint64_t) bytes[at + 3] << 8 |
				bytes[at + 4];
		for (shift = 35; shift >= 0; shift -= 5)
			*text++ = alphabet[(block >> shift) & 31];
	}
	*text = '\0';
}
