/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a bucket grants what its limit says, never more, and says truly when the
 * next permit is there.
 * Method: small limits by hand, then random ones on a clock of our own, counted.
 */
#include "unit.h"

#include "core/gcra.h"

#define SECOND_US 1000000ULL

static CfaGcra
limit_of(uint64_t quota, uint64_t window_s, uint64_t burst)
{
	CfaGcra limit;

	assert_true(cfa_gcra_set(&limit, quota, window_s, burst));
	return limit;
}

static void
test_set(void **state)
{
	CfaGcra limit;

	assert_false(cfa_gcra_set(&limit, 0, 1, 1));
	assert_false(cfa_gcra_set(&limit, 1, 0, 1));
	assert_false(cfa_gcra_set(&limit, 1, 1, 0));
	assert_false(cfa_gcra_set(&limit, 1, 1, 2));
	assert_false(cfa_gcra_set(&limit, CFA_GCRA_QUOTA_MAX + 1ULL, 1, 1));
	assert_false(cfa_gcra_set(&limit, 1, CFA_GCRA_WINDOW_MAX_S + 1, 1));
	limit = limit_of(3, 1, 3);
	assert_int_equal(limit.period_us, 333334); /* rounded up */
	assert_int_equal(limit_of(CFA_GCRA_QUOTA_MAX, 1, 1).period_us, 1);
}

static void
test_burst_then_rate(void **state)
{
	CfaGcra limit = limit_of(60, 60, 5);
	uint64_t free_us = 0;
	uint64_t now_us = 1000 * SECOND_US;
	uint64_t debt_us;

	for (int i = 5; i > 0; i--)
	{
		debt_us = cfa_gcra_debt_us(&limit, free_us, now_us);
		assert_int_equal(cfa_gcra_room(&limit, debt_us), i);
		assert_int_equal(cfa_gcra_wait_us(&limit, debt_us, 1), 0);
		assert_true(cfa_gcra_take(&limit, &free_us, now_us));
	}
	assert_false(cfa_gcra_take(&limit, &free_us, now_us));
	debt_us = cfa_gcra_debt_us(&limit, free_us, now_us);
	assert_int_equal(cfa_gcra_room(&limit, debt_us), 0);
	assert_int_equal(cfa_gcra_wait_us(&limit, debt_us, 1), SECOND_US);
	assert_int_equal(cfa_gcra_wait_us(&limit, debt_us, 3), 3 * SECOND_US);
	assert_int_equal(cfa_gcra_next_s(&limit, debt_us), 1);
	assert_false(cfa_gcra_take(&limit, &free_us, now_us + SECOND_US - 1));
	assert_true(cfa_gcra_take(&limit, &free_us, now_us + SECOND_US));
	assert_false(cfa_gcra_take(&limit, &free_us, now_us + SECOND_US));
	/* Five seconds of peace give the whole burst back, and no more. */
	now_us += 100 * SECOND_US;
	assert_int_equal(cfa_gcra_debt_us(&limit, free_us, now_us), 0);
	assert_int_equal(cfa_gcra_next_s(&limit, 0), 0);
	for (int i = 0; i < 5; i++)
		assert_true(cfa_gcra_take(&limit, &free_us, now_us));
	assert_false(cfa_gcra_take(&limit, &free_us, now_us));
}

static void
test_next_is_rounded_up(void **state)
{
	CfaGcra limit = limit_of(10, 600, 10); /* one a minute */
	uint64_t free_us = 0;

	assert_true(cfa_gcra_take(&limit, &free_us, SECOND_US));
	assert_int_equal(cfa_gcra_next_s(&limit,
									 cfa_gcra_debt_us(&limit,
													  free_us,
													  SECOND_US)),
					 60);
	assert_int_equal(cfa_gcra_next_s(&limit,
									 cfa_gcra_debt_us(&limit,
													  free_us,
													  2 * SECOND_US + 1)),
					 59);
	assert_int_equal(cfa_gcra_next_s(&limit, 1), 1);
}

static void
test_charge(void **state)
{
	CfaGcra limit = limit_of(60, 60, 10);
	uint64_t free_us = 0;
	uint64_t now_us = 5 * SECOND_US;

	cfa_gcra_charge(&limit, &free_us, now_us, 4);
	assert_int_equal(cfa_gcra_room(&limit,
								   cfa_gcra_debt_us(&limit, free_us, now_us)),
					 6);
	cfa_gcra_charge(&limit, &free_us, now_us, 8);
	assert_false(cfa_gcra_take(&limit, &free_us, now_us + 2 * SECOND_US));
	assert_true(cfa_gcra_take(&limit, &free_us, now_us + 3 * SECOND_US));
	/* No charge keeps anybody out for longer than two windows of the burst. */
	for (int i = 0; i < 100; i++)
		cfa_gcra_charge(&limit, &free_us, now_us, 1000);
	assert_int_equal(cfa_gcra_debt_us(&limit, free_us, now_us), 20 * SECOND_US);
	assert_true(cfa_gcra_take(&limit, &free_us, now_us + 11 * SECOND_US));
}

static void
test_clock_goes_back(void **state)
{
	CfaGcra limit = limit_of(60, 60, 10);
	uint64_t free_us = 0;

	assert_true(cfa_gcra_take(&limit, &free_us, 1000000 * SECOND_US));
	assert_int_equal(cfa_gcra_debt_us(&limit, free_us, SECOND_US),
					 20 * SECOND_US);
	assert_false(cfa_gcra_take(&limit, &free_us, SECOND_US));
}

static void
test_share(void **state)
{
	CfaGcra limit = limit_of(60, 60, 10);
	CfaGcra share;

	cfa_gcra_share(&limit, 4, &share);
	assert_int_equal(share.quota, 15);
	assert_int_equal(share.burst, 2);
	cfa_gcra_share(&limit, 64, &share);
	assert_int_equal(share.quota, 1);
	assert_int_equal(share.burst, 1);
}

/* In no time span is more granted than burst + span / period. */
static void
test_never_more(void **state)
{
	srand(7);
	for (int round = 0; round < 200; round++)
	{
		uint64_t quota = 1 + (uint64_t) rand() % 500;
		CfaGcra limit = limit_of(quota,
								 1 + (uint64_t) rand() % 60,
								 1 + (uint64_t) rand() % quota);
		uint64_t free_us = 0;
		uint64_t begin_us = 1 + (uint64_t) rand();
		uint64_t now_us = begin_us;
		uint64_t granted = 0;

		for (int i = 0; i < 2000; i++)
		{
			uint64_t most = limit.burst + (now_us - begin_us) / limit.period_us;

			granted += cfa_gcra_take(&limit, &free_us, now_us);
			assert_true(granted <= most);
			now_us += (uint64_t) rand() % (2 * limit.period_us);
		}
		assert_true(granted > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_burst_then_rate),
		cmocka_unit_test(test_next_is_rounded_up),
		cmocka_unit_test(test_charge),
		cmocka_unit_test(test_clock_goes_back),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_never_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
