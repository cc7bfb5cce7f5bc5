/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_TOTP_H
#define CFA_APP_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_TOTP_SECRET_SIZE 20
#define CFA_TOTP_SECRET_TEXT 33 /* base 32, with its NUL */
#define CFA_TOTP_KEY_SIZE 32
#define CFA_TOTP_SEALED_SIZE (24 + CFA_TOTP_SECRET_SIZE + 16)
#define CFA_TOTP_PERIOD_S 30
#define CFA_TOTP_DIGITS 6
#define CFA_RECOVERY_COUNT 10
#define CFA_RECOVERY_TEXT 20 /* 4 x 4 characters and 3 hyphens, with the NUL */
#define CFA_RECOVERY_HASH_SIZE 32

/* The code of a step, by RFC 6238 (HMAC-SHA-1, 6 digits). */
uint32_t cfa_totp_code(const uint8_t *secret, size_t len, uint64_t step);

/*
 * The step that a code is of: that of now, the one before or the one after. -1 if
 * it is of none of these. Takes the same time for any 6 digits.
 */
int64_t cfa_totp_step(const uint8_t secret[CFA_TOTP_SECRET_SIZE],
					  const char *code, int64_t now_s);

/* A new secret, and a secret as apps take it. */
void cfa_totp_make(uint8_t secret[CFA_TOTP_SECRET_SIZE]);
void cfa_totp_text(const uint8_t secret[CFA_TOTP_SECRET_SIZE],
				   char text[CFA_TOTP_SECRET_TEXT]);

/*
 * Encrypts a secret for its account: under another key, or as that of another
 * account, it does not open.
 */
void cfa_totp_seal(const uint8_t key[CFA_TOTP_KEY_SIZE], const char *account_id,
				   const uint8_t secret[CFA_TOTP_SECRET_SIZE],
				   uint8_t sealed[CFA_TOTP_SEALED_SIZE]);
bool cfa_totp_open(const uint8_t key[CFA_TOTP_KEY_SIZE], const char *account_id,
				   const uint8_t sealed[CFA_TOTP_SEALED_SIZE],
				   uint8_t secret[CFA_TOTP_SECRET_SIZE]);

/* A new recovery code, and the hash by which it is known. */
void cfa_recovery_make(char text[CFA_RECOVERY_TEXT]);

/*
 * The hash of a recovery code as somebody has typed it: letters of any case, with
 * hyphens and blanks or without. False if it is none.
 */
bool cfa_recovery_hash(const char *code, uint8_t hash[CFA_RECOVERY_HASH_SIZE]);

#endif
