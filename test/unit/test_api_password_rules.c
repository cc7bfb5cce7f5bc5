/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: passwords that are guessed first are refused, others are not, whatever
 * they are made of. Method: examples of each kind on both sides of each rule.
 */
#include "unit.h"

#include "adapters/password_list.h"
#include "adapters/password_rules.h"

static const char *const identities[] = {"Ida.Berg@example.org",
										 "Ida Marie Berg",
										 NULL};

static void
weak_ones_are_refused(void **state)
{
	static const char *const weak[] = {
		"password",
		"PASSWORD",
		"Password123",
		"qwertyuiop",
		"iloveyou",
		"letmein123",
		"careforall",
		"1q2w3e4r5t",
		"aaaaaaaaaa",
		"abababababab",
		"abcabcabcabc",
		"12345678",
		"87654321",
		"abcdefghij",
		"hgfedcba",
		"ida.berg@example.org",
		"IDA.BERG@EXAMPLE.ORG",
		"ida.berg@example.org1",
		"ida.berg",
		"ida marie berg",
	};
	size_t i;

	for (i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
	{
		if (cfa_password_weakness(weak[i], identities) == NULL)
			fail_msg("\"%s\" was taken", weak[i]);
	}
}

static void
others_are_taken(void **state)
{
	static const char *const good[] = {
		"three herons on a roof",
		"83927461",
		"xkrjqpwm",
		"abcabcabx",
		"12345687",
		"Ida Marie Berg likes tea",
		"\xe5\xaf\x86\xe7\xa0\x81\xe5\xaf\x86\xe7\xa0\x81\xe7\xa0\x81x",
		"        x",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		if (cfa_password_weakness(good[i], identities) != NULL)
			fail_msg("\"%s\" was refused", good[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weak_ones_are_refused),
		cmocka_unit_test(others_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
