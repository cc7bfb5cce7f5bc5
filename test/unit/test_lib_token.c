/* SPDX-License-Identifier: Apache-2.0 */
/* Private link tokens and webhook signatures: right, forged, old, rotated. */
#include "unit.h"

#include <stdio.h>

#include <sodium.h>

#include "careforall/signature.h"
#include "careforall/token.h"

#define KEY_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define PLEDGE "01890a5d-ac96-774b-bcce-b302099a8057"
#define NOW 1795456800

static void
test_token(void **state)
{
	CfaTokenKeys old_keys;
	CfaTokenKeys keys;
	char token[CFA_TOKEN_LEN + 1];
	char old_token[CFA_TOKEN_LEN + 1];

	assert_true(cfa_token_keys_parse(KEY_A, &old_keys));
	assert_true(cfa_token_keys_parse(KEY_B "," KEY_A, &keys));
	cfa_token_make(&old_keys, PLEDGE, old_token);
	cfa_token_make(&keys, PLEDGE, token);
	assert_int_equal(strlen(token), CFA_TOKEN_LEN);
	assert_string_not_equal(token, old_token);
	assert_true(cfa_token_check(&keys, PLEDGE, token, CFA_TOKEN_LEN));
	assert_true(cfa_token_check(&keys, PLEDGE, old_token, CFA_TOKEN_LEN));
	assert_false(cfa_token_check(&old_keys, PLEDGE, token, CFA_TOKEN_LEN));
	assert_false(cfa_token_check(&keys, PLEDGE, token, CFA_TOKEN_LEN - 1));
	assert_false(cfa_token_check(&keys,
								 "01890a5d-ac96-774b-bcce-b302099a8058",
								 token,
								 CFA_TOKEN_LEN));
	token[0] ^= 1;
	assert_false(cfa_token_check(&keys, PLEDGE, token, CFA_TOKEN_LEN));
}

static void
test_token_keys(void **state)
{
	CfaTokenKeys keys;

	assert_false(cfa_token_keys_parse("", &keys));
	assert_false(cfa_token_keys_parse("0011", &keys));
	assert_false(cfa_token_keys_parse(KEY_A ",", &keys));
	assert_false(cfa_token_keys_parse("x" KEY_A, &keys));
	assert_int_equal(keys.count, 0);
}

/* The value is that of the formula, worked out apart with openssl dgst. */
static void
test_signature_vector(void **state)
{
	char header[CFA_SIGNATURE_LEN_MAX];

	cfa_signature_make("whsec_test", 1700000000, "{\"a\":1}", 7, header);
	assert_string_equal(
		header,
		"t=1700000000,v1="
		"38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789");
}

static CfaSignatureResult
check(const CfaSecrets *secrets, const char *header, const char *body,
	  int64_t now)
{
	return cfa_signature_check(secrets,
							   header,
							   header ? strlen(header) : 0,
							   body,
							   strlen(body),
							   now);
}

static void
test_signature(void **state)
{
	char list[] = "new,old";
	CfaSecrets secrets;
	CfaSecrets other = {.count = 1, .secret = {"other"}};
	char header[CFA_SIGNATURE_LEN_MAX];
	char many[256];

	assert_int_equal(cfa_secrets_parse(list, &secrets), 0);
	assert_int_equal(secrets.count, 2);
	cfa_signature_make("old", NOW, "body", 4, header);
	assert_int_equal(check(&secrets, header, "body", NOW), CFA_SIGNATURE_OK);
	assert_int_equal(check(&secrets, header, "body", NOW + 300),
					 CFA_SIGNATURE_OK);
	assert_int_equal(check(&secrets, header, "body", NOW + 301),
					 CFA_SIGNATURE_EXPIRED);
	assert_int_equal(check(&secrets, header, "body", NOW - 301),
					 CFA_SIGNATURE_EXPIRED);
	assert_int_equal(check(&secrets, header, "bodx", NOW),
					 CFA_SIGNATURE_FORGED);
	assert_int_equal(check(&other, header, "body", NOW), CFA_SIGNATURE_FORGED);
	(void) snprintf(many, sizeof(many), "%s,v0=ff", header);
	assert_int_equal(check(&secrets, many, "body", NOW), CFA_SIGNATURE_OK);
	assert_int_equal(check(&secrets, NULL, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(check(&secrets, "", "body", NOW), CFA_SIGNATURE_MALFORMED);
	assert_int_equal(check(&secrets, "t=1", "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(check(&secrets, header + 2, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(check(&secrets, "t=1,t=2,v1=00", "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
}

#define STANDARD_KEY "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

/* The example of the reference libraries of Standard Webhooks. */
static void
test_standard_vector(void **state)
{
	CfaWebhookSecrets secrets;
	char signature[CFA_WEBHOOK_SIGNATURE_LEN_MAX];

	assert_int_equal(cfa_webhook_secrets_parse(STANDARD_KEY, &secrets), 0);
	cfa_webhook_make(&secrets,
					 "msg_p5jXN8AQM9LWM0D4loKWxJek",
					 1614265330,
					 "{\"test\": 2432232314}",
					 20,
					 signature);
	assert_string_equal(signature,
						"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static CfaSignatureResult
check_standard(const CfaWebhookSecrets *secrets, const char *id,
			   const char *stamp, const char *signature, const char *body,
			   int64_t now)
{
	CfaWebhookHeaders headers = {id, stamp, signature};

	return cfa_webhook_check(secrets, &headers, body, strlen(body), now);
}

static void
test_standard(void **state)
{
	CfaWebhookSecrets both;
	CfaWebhookSecrets old;
	CfaWebhookSecrets other;
	char good[CFA_WEBHOOK_SIGNATURE_LEN_MAX];
	char list[512];
	char long_id[CFA_WEBHOOK_ID_MAX + 2];
	static const char *const malformed[] = {
		"",
		" ",
		"v1",
		"v1,",
		"v1,AAAA",
		"v1,!!!!",
		"nonsense",
		"v1a,abcd", /* no v1 among them */
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
	};

	assert_int_equal(cfa_webhook_secrets_parse(
						 "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3," STANDARD_KEY,
						 &both),
					 0);
	assert_int_equal(both.count, 2);
	assert_int_equal(cfa_webhook_secrets_parse(STANDARD_KEY, &old), 0);
	assert_int_equal(cfa_webhook_secrets_parse(
						 "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg==", &other),
					 0);
	cfa_webhook_make(&old, "msg_1", NOW, "body", 4, good);
#define CHECK(secrets, id, stamp, signature, body, now) \
	check_standard(secrets, id, stamp, signature, body, now)
	assert_int_equal(CHECK(&both, "msg_1", "1795456800", good, "body", NOW),
					 CFA_SIGNATURE_OK);
	assert_int_equal(
		CHECK(&both, "msg_1", "1795456800", good, "body", NOW + 300),
		CFA_SIGNATURE_OK);
	assert_int_equal(
		CHECK(&both, "msg_1", "1795456800", good, "body", NOW + 301),
		CFA_SIGNATURE_EXPIRED);
	assert_int_equal(
		CHECK(&both, "msg_1", "1795456800", good, "body", NOW - 301),
		CFA_SIGNATURE_EXPIRED);
	both.tolerance_s = 10;
	assert_int_equal(
		CHECK(&both, "msg_1", "1795456800", good, "body", NOW + 11),
		CFA_SIGNATURE_EXPIRED);
	assert_int_equal(CHECK(&other, "msg_1", "1795456800", good, "body", NOW),
					 CFA_SIGNATURE_FORGED);
	assert_int_equal(CHECK(&both, "msg_2", "1795456800", good, "body", NOW),
					 CFA_SIGNATURE_FORGED);
	assert_int_equal(CHECK(&both, "msg_1", "1795456801", good, "body", NOW),
					 CFA_SIGNATURE_FORGED);
	assert_int_equal(CHECK(&both, "msg_1", "1795456800", good, "bodx", NOW),
					 CFA_SIGNATURE_FORGED);
	/* The right one among several, and versions that are not ours. */
	(void)
		snprintf(list,
				 sizeof(list),
				 "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFy"
				 "mVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== v1,%s %s",
				 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
				 good);
	assert_int_equal(CHECK(&both, "msg_1", "1795456800", list, "body", NOW),
					 CFA_SIGNATURE_OK);
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_int_equal(
			CHECK(&both, "msg_1", "1795456800", malformed[i], "body", NOW),
			CFA_SIGNATURE_MALFORMED);
	memset(long_id, 'a', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	assert_int_equal(CHECK(&both, long_id, "1795456800", good, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(CHECK(&both, "", "1795456800", good, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(CHECK(&both, "msg.1", "1795456800", good, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(CHECK(&both, NULL, "1795456800", good, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(CHECK(&both, "msg_1", NULL, good, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(CHECK(&both, "msg_1", "1795456800", NULL, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(CHECK(&both, "msg_1", "1.7e9", good, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
	assert_int_equal(CHECK(&both, "msg_1", "-1795456800", good, "body", NOW),
					 CFA_SIGNATURE_MALFORMED);
#undef CHECK
}

static void
test_standard_secrets(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"whsec_",
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_c2hvcnQ=",
		"whsec_not base64 at all, not at all",
		STANDARD_KEY ",",
		"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		STANDARD_KEY "," STANDARD_KEY "," STANDARD_KEY "," STANDARD_KEY
					 "," STANDARD_KEY "," STANDARD_KEY "," STANDARD_KEY
					 "," STANDARD_KEY "," STANDARD_KEY,
	};
	CfaWebhookSecrets secrets;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cfa_webhook_secrets_parse(bad[i], &secrets), -1);
}

static void
test_secrets(void **state)
{
	char empty[] = "";
	char hole[] = "a,,b";
	char many[] = "1,2,3,4,5,6,7,8,9";
	CfaSecrets secrets;

	assert_int_equal(cfa_secrets_parse(empty, &secrets), -1);
	assert_int_equal(cfa_secrets_parse(hole, &secrets), -1);
	assert_int_equal(cfa_secrets_parse(many, &secrets), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_token),
									   cmocka_unit_test(test_token_keys),
									   cmocka_unit_test(test_signature_vector),
									   cmocka_unit_test(test_signature),
									   cmocka_unit_test(test_standard_vector),
									   cmocka_unit_test(test_standard),
									   cmocka_unit_test(test_standard_secrets),
									   cmocka_unit_test(test_secrets)};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
