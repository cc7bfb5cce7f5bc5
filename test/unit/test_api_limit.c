/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the limiter's settings are read in full or refused, its header text is
 * right, and its table keeps who is in use.
 * Method: rules by hand; a table with more buckets than it has room for.
 */
#include "unit.h"

#include <stdio.h>

#include "middleware/limit_rules.h"
#include "middleware/limit_table.h"

static void
test_rules(void **state)
{
	CfaLimitRules rules;

	assert_true(cfa_limit_rules_parse("read", "off", &rules));
	assert_false(rules.rule[CFA_LIMIT_ADDRESS].is_on);
	assert_string_equal(rules.policy, "");
	assert_true(cfa_limit_rules_parse(
		"pledge",
		"address 120/60s burst 40,account  30/10min , campaign 9/1s, inflight 4",
		&rules));
	assert_true(rules.rule[CFA_LIMIT_ADDRESS].is_on);
	assert_int_equal(rules.rule[CFA_LIMIT_ADDRESS].gcra.quota, 120);
	assert_int_equal(rules.rule[CFA_LIMIT_ADDRESS].gcra.burst, 40);
	assert_int_equal(rules.rule[CFA_LIMIT_ACCOUNT].gcra.window_s, 600);
	assert_int_equal(rules.rule[CFA_LIMIT_ACCOUNT].gcra.burst, 30);
	assert_int_equal(rules.rule[CFA_LIMIT_CAMPAIGN].gcra.quota, 9);
	assert_int_equal(rules.inflight, 4);
	assert_string_equal(rules.inflight_name, "pledge-inflight");
	assert_string_equal(
		rules.policy,
		"\"pledge-address\";q=120;w=60, \"pledge-account\";q=30;w=600, "
		"\"pledge-campaign\";q=9;w=1, "
		"\"pledge-inflight\";q=4;qu=\"concurrent-requests\"");
	assert_true(cfa_limit_rules_parse("live", "inflight 3", &rules));
	assert_string_equal(rules.policy,
						"\"live-inflight\";q=3;qu=\"concurrent-requests\"");
}

static void
test_bad_rules(void **state)
{
	static const char *const bad[] = {
		"",
		"on",
		"off, off",
		"address",
		"address 10",
		"address 10/",
		"address 10/60",
		"address 10/500ms",
		"address 10/0s",
		"address 10/2d",
		"address 0/60s",
		"address -1/60s",
		"address 1.5/60s",
		"address 2000000000/60s",
		"address 10/60s 5",
		"address 10/60s burst",
		"address 10/60s burst 0",
		"address 10/60s burst 11",
		"address 10/60s burst 5 5",
		"address 10/60s burst 5 or so",
		"address 10/60s,",
		",address 10/60s",
		"address 10/60s, address 10/60s",
		"inflight 2, inflight 2",
		"inflight 0",
		"inflight 2 3",
		"inflight 1001",
		"planet 10/60s",
		"address 10/60s, account 1/1s, campaign 1/1s, inflight 1, off",
		"address 99999999999999999999999999999999999999/60s",
	};
	CfaLimitRules rules;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		if (cfa_limit_rules_parse("read", bad[i], &rules))
			fail_msg("taken: %s", bad[i]);
	}
}

static void
test_table(void **state)
{
	uint8_t key[CFA_BUCKET_KEY_LEN] = {0};
	CfaBucket *first = cfa_bucket_find(key, 1);
	CfaBucket *second;

	assert_non_null(first);
	assert_ptr_equal(cfa_bucket_find(key, 2), first);
	/* As many as fit in the set beside the first two. */
	first->pins = 1;
	key[15] = 1;
	second = cfa_bucket_find(key, 3);
	assert_ptr_not_equal(second, first);
	for (uint8_t i = 2; i < CFA_BUCKET_WAYS; i++)
	{
		key[15] = i;
		assert_non_null(cfa_bucket_find(key, 3 + i));
	}
	/* One more takes the place of the second: the first is held. */
	key[15] = 99;
	assert_ptr_equal(cfa_bucket_find(key, 100), second);
	assert_int_equal(second->want, 1);
	key[15] = 0;
	assert_ptr_equal(cfa_bucket_find(key, 101), first);
	/* With all of them held there is no room. */
	for (uint8_t i = 2; i < CFA_BUCKET_WAYS; i++)
	{
		key[15] = i;
		cfa_bucket_find(key, 102)->pins = 1;
	}
	second->pins = 1;
	key[15] = 1;
	assert_null(cfa_bucket_find(key, 103));
	second->pins = 0;
	assert_ptr_equal(cfa_bucket_find(key, 104), second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
