/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: codes are those of RFC 6238, found for three steps and no more; a sealed
 * secret opens with its key and account only; recovery codes are read however
 * they are typed.
 * Method: the vectors of the RFC, every step around a time, each bit turned.
 */
#include "unit.h"

#include "adapters/totp.h"

#include <sodium.h>
#include <string.h>

static const uint8_t rfc_secret[CFA_TOTP_SECRET_SIZE] = "12345678901234567890";
static const char account[] = "0199c0de-0000-7000-8000-0000000000a1";

static void
test_vectors(void **state)
{
	/* Appendix B, the last 6 of its 8 digits. */
	static const struct
	{
		int64_t time_s;
		uint32_t code;
	} vectors[] = {
		{59, 287082},
		{1111111109, 81804},
		{1111111111, 50471},
		{1234567890, 5924},
		{2000000000, 279037},
		{20000000000, 353130},
	};
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		assert_int_equal(cfa_totp_code(rfc_secret,
									   sizeof(rfc_secret),
									   (uint64_t) vectors[i].time_s / 30),
						 vectors[i].code);
	}
}

static void
test_steps(void **state)
{
	const int64_t now_s = 1111111109; /* step 37037036 */
	char code[16];
	int64_t step;

	for (step = 37037032; step <= 37037040; step++)
	{
		(void) snprintf(code,
						sizeof(code),
						"%06u",
						cfa_totp_code(rfc_secret,
									  sizeof(rfc_secret),
									  (uint64_t) step));
		assert_int_equal(cfa_totp_step(rfc_secret, code, now_s),
						 step >= 37037035 && step <= 37037037 ? step : -1);
	}
	assert_int_equal(cfa_totp_step(rfc_secret, "081804", now_s), 37037036);
	assert_int_equal(cfa_totp_step(rfc_secret, "81804", now_s), -1);
	assert_int_equal(cfa_totp_step(rfc_secret, "0818040", now_s), -1);
	assert_int_equal(cfa_totp_step(rfc_secret, "08180a", now_s), -1);
	assert_int_equal(cfa_totp_step(rfc_secret, "", now_s), -1);
}

static void
test_text(void **state)
{
	char text[CFA_TOTP_SECRET_TEXT];
	uint8_t one[CFA_TOTP_SECRET_SIZE];
	uint8_t other[CFA_TOTP_SECRET_SIZE];

	cfa_totp_text(rfc_secret, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	cfa_totp_make(one);
	cfa_totp_make(other);
	assert_memory_not_equal(one, other, sizeof(one));
}

static void
test_seal(void **state)
{
	uint8_t key[CFA_TOTP_KEY_SIZE] = {1};
	uint8_t sealed[CFA_TOTP_SEALED_SIZE];
	uint8_t again[CFA_TOTP_SEALED_SIZE];
	uint8_t secret[CFA_TOTP_SECRET_SIZE];
	size_t i;

	cfa_totp_seal(key, account, rfc_secret, sealed);
	cfa_totp_seal(key, account, rfc_secret, again);
	assert_memory_not_equal(sealed, again, sizeof(sealed));
	assert_true(cfa_totp_open(key, account, sealed, secret));
	assert_memory_equal(secret, rfc_secret, sizeof(secret));
	assert_false(cfa_totp_open(key,
							   "0199c0de-0000-7000-8000-0000000000a2",
							   sealed,
							   secret));
	for (i = 0; i < 8 * sizeof(sealed); i++)
	{
		sealed[i / 8] ^= (uint8_t) (1 << i % 8);
		assert_false(cfa_totp_open(key, account, sealed, secret));
		sealed[i / 8] ^= (uint8_t) (1 << i % 8);
	}
	key[31] ^= 1;
	assert_false(cfa_totp_open(key, account, sealed, secret));
}

static void
test_recovery(void **state)
{
	static const char *const wrong[] = {"",
										"287082",
										"ABCD-EFGH-IJKL-MNO",
										"ABCD-EFGH-IJKL-MNOPQ",
										"ABCD-EFGH-IJKL-MNO1",
										"ABCD_EFGH_IJKL_MNOP"};
	uint8_t hash[CFA_RECOVERY_HASH_SIZE];
	uint8_t same[CFA_RECOVERY_HASH_SIZE];
	char one[CFA_RECOVERY_TEXT];
	char other[CFA_RECOVERY_TEXT];
	size_t i;

	assert_true(cfa_recovery_hash("ABCD-EFGH-IJKL-MN27", hash));
	assert_true(cfa_recovery_hash("abcdefgh ijklmn27", same));
	assert_memory_equal(hash, same, sizeof(hash));
	assert_true(cfa_recovery_hash("ABCD-EFGH-IJKL-MN26", same));
	assert_memory_not_equal(hash, same, sizeof(hash));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(cfa_recovery_hash(wrong[i], hash));
	cfa_recovery_make(one);
	cfa_recovery_make(other);
	assert_string_not_equal(one, other);
	assert_int_equal(strlen(one), CFA_RECOVERY_TEXT - 1);
	assert_true(cfa_recovery_hash(one, hash));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_recovery),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
