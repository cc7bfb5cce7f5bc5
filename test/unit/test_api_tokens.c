/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: only what was issued here, whole and in its time, is taken as an access
 * token. Method: tokens of several keys and issuers at chosen times; every single
 * character changed, left out and doubled; forms that are no token at all.
 * system/auth.test.ts forges headers and claims with a right signature.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/tokens.h"

#define KEY_A "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define KEY_B "0000000000000000000000000000000000000000000000000000000000000001"
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ACCOUNT "0199c0de-0000-7000-8000-0000000000a1"
#define SESSION "0199c0de-0000-7000-8000-0000000000b1"
#define ISSUER "https://careforall.example"
#define NOW INT64_C(1800000000)

static void
configure(const char *keys, const char *issuer)
{
	char error[200];

	assert_int_equal(cfa_tokens_configure(keys, issuer, error, sizeof(error)),
					 0);
}

static CfaTokenVerdict
check(const char *token, int64_t now)
{
	CfaTokenClaims claims;

	return cfa_tokens_check(token, strlen(token), now, &claims);
}

static void
what_is_issued_is_valid_in_its_time(void **state)
{
	CfaTokenClaims claims;
	char *token;

	configure(KEY_A, ISSUER);
	token = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	assert_non_null(token);
	assert_int_equal(check(token, NOW - CFA_TOKENS_SKEW_S - 1),
					 CFA_TOKEN_EARLY);
	assert_int_equal(check(token, NOW + CFA_TOKENS_LIFETIME_S),
					 CFA_TOKEN_EXPIRED);
	/* The second time from memory. */
	assert_int_equal(cfa_tokens_check(token, strlen(token), NOW, &claims),
					 CFA_TOKEN_VALID);
	assert_string_equal(claims.account_id, ACCOUNT);
	assert_string_equal(claims.session_id, SESSION);
	assert_int_equal(claims.expires_s, NOW + CFA_TOKENS_LIFETIME_S);
	memset(&claims, 0, sizeof(claims));
	assert_int_equal(cfa_tokens_check(token,
									  strlen(token),
									  NOW + CFA_TOKENS_LIFETIME_S - 1,
									  &claims),
					 CFA_TOKEN_VALID);
	assert_string_equal(claims.session_id, SESSION);
	assert_int_equal(check(token, NOW + CFA_TOKENS_LIFETIME_S),
					 CFA_TOKEN_EXPIRED);
	free(token);
}

static void
two_tokens_are_never_the_same(void **state)
{
	char *first;
	char *second;

	configure(KEY_A, ISSUER);
	first = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	second = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	assert_string_not_equal(first, second);
	free(first);
	free(second);
}

static void
keys_can_be_replaced(void **state)
{
	char *of_a;
	char *of_b;

	configure(KEY_A, ISSUER);
	of_a = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	configure(KEY_B "," KEY_A, ISSUER);
	of_b = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	assert_int_equal(check(of_a, NOW), CFA_TOKEN_VALID);
	assert_int_equal(check(of_b, NOW), CFA_TOKEN_VALID);
	free(of_a);
	free(of_b);
	configure(KEY_A, ISSUER);
	of_a = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	configure(KEY_B, ISSUER);
	assert_int_equal(check(of_a, NOW), CFA_TOKEN_FORGED);
	free(of_a);
}

static void
tokens_of_another_issuer_are_foreign(void **state)
{
	char *token;

	configure(KEY_A, "https://other.example");
	token = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	configure(KEY_A, ISSUER);
	assert_int_equal(check(token, NOW), CFA_TOKEN_FOREIGN);
	free(token);
	token = cfa_tokens_issue("no-uuid", SESSION, NOW);
	assert_int_equal(check(token, NOW), CFA_TOKEN_FOREIGN);
	free(token);
	token = cfa_tokens_issue(ACCOUNT, "", NOW);
	assert_int_equal(check(token, NOW), CFA_TOKEN_FOREIGN);
	free(token);
	/* A UUID has one spelling, as the database writes it. */
	token =
		cfa_tokens_issue(ACCOUNT, "0199C0DE-0000-7000-8000-0000000000B1", NOW);
	assert_int_equal(check(token, NOW), CFA_TOKEN_FOREIGN);
	free(token);
}

static void
no_character_can_be_changed(void **state)
{
	CfaTokenClaims claims;
	char changed[CFA_TOKENS_LEN_MAX + 2];
	char *token;
	size_t len;
	size_t i;

	configure(KEY_A, ISSUER);
	token = cfa_tokens_issue(ACCOUNT, SESSION, NOW);
	len = strlen(token);
	for (i = 0; i < len; i++)
	{
		const char *others = "AB-_.=~ \n";
		const char *other;

		for (other = others; *other != '\0'; other++)
		{
			if (*other == token[i])
				continue;
			memcpy(changed, token, len + 1);
			changed[i] = *other;
			assert_int_not_equal(check(changed, NOW), CFA_TOKEN_VALID);
		}
		memcpy(changed, token, i);
		memcpy(changed + i, token + i + 1, len - i);
		assert_int_not_equal(check(changed, NOW), CFA_TOKEN_VALID);
		memcpy(changed, token, i + 1);
		memcpy(changed + i + 1, token + i, len - i + 1);
		assert_int_not_equal(check(changed, NOW), CFA_TOKEN_VALID);
		assert_int_not_equal(cfa_tokens_check(token, i, NOW, &claims),
							 CFA_TOKEN_VALID);
	}
	assert_int_equal(check(token, NOW), CFA_TOKEN_VALID);
	free(token);
}

static void
what_is_no_token_is_malformed(void **state)
{
	/* {"alg":"none"...} and other headers; the claims are those of nobody. */
	static const char *const tokens[] = {
		"",
		".",
		"..",
		"...",
		"a.b.c",
		"e30.e30.",
		"e30.e30.e30",
		"e30.e30.e30.e30.e30",
		"bm90IGpzb24.e30.AAAA",
		"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImEifQ.e30.AAAA",
		"W10.W10.W10",
	};
	char huge[CFA_TOKENS_LEN_MAX + 2];
	size_t i;

	configure(KEY_A, ISSUER);
	for (i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_int_equal(check(tokens[i], NOW), CFA_TOKEN_MALFORMED);
	memset(huge, 'A', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	huge[100] = huge[200] = '.';
	assert_int_equal(check(huge, NOW), CFA_TOKEN_MALFORMED);
}

static void
keys_that_are_none_are_refused(void **state)
{
	static const char *const lists[] = {
		"",
		",",
		KEY_A ",",
		"," KEY_A,
		KEY_A " ," KEY_B,
		"00",
		KEY_A "00",
		"x" KEY_A,
		"0000000000000000000000000000000000000000000000000000000000000000",
		ORDER,
		KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A
			  "," KEY_A "," KEY_A,
	};
	char error[200];
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_int_equal(cfa_tokens_configure(lists[i],
											  ISSUER,
											  error,
											  sizeof(error)),
						 -1);
}

static void
public_keys_hold_nothing_private(void **state)
{
	/* The point of KEY_B is the base point of the curve. */
	configure(KEY_A "," KEY_B, ISSUER);
	assert_non_null(strstr(cfa_tokens_jwks(),
						   "\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"
						   "\",\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_"
						   "UfU\""));
	assert_null(strstr(cfa_tokens_jwks(), "\"d\""));
	assert_null(strstr(cfa_tokens_jwks(), "AAAAAAAAAAAAAAAAAAAAAA"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_issued_is_valid_in_its_time),
		cmocka_unit_test(two_tokens_are_never_the_same),
		cmocka_unit_test(keys_can_be_replaced),
		cmocka_unit_test(tokens_of_another_issuer_are_foreign),
		cmocka_unit_test(no_character_can_be_changed),
		cmocka_unit_test(what_is_no_token_is_malformed),
		cmocka_unit_test(keys_that_are_none_are_refused),
		cmocka_unit_test(public_keys_hold_nothing_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
