/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_projector_seen.c - goal: the projector never applies an event twice and never
 * skips one, whatever order ids commit in. Method: boundaries of snapshots and of
 * the set, and random orders compared with a plain table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "projector_seen.h"

#define RANDOM_IDS 2000

static void
snapshot_boundaries(void **state)
{
	CfaSnapshot snapshot;

	assert_int_equal(cfa_snapshot_parse(&snapshot, "10:20:12,15"), 0);
	assert_true(cfa_snapshot_sees(&snapshot, 9));
	assert_true(cfa_snapshot_sees(&snapshot, 10));
	assert_false(cfa_snapshot_sees(&snapshot, 12));
	assert_true(cfa_snapshot_sees(&snapshot, 13));
	assert_false(cfa_snapshot_sees(&snapshot, 15));
	assert_true(cfa_snapshot_sees(&snapshot, 19));
	assert_false(cfa_snapshot_sees(&snapshot, 20));
	cfa_snapshot_clear(&snapshot);
	assert_int_equal(cfa_snapshot_parse(&snapshot, "7:7:"), 0);
	assert_true(cfa_snapshot_sees(&snapshot, 6));
	assert_false(cfa_snapshot_sees(&snapshot, 7));
	cfa_snapshot_clear(&snapshot);
}

static void
snapshot_refuses_garbage(void **state)
{
	static const char *const bad[] = {"",
									  "1",
									  "1:",
									  "1:2",
									  ":2:",
									  "2:1:",
									  "1:2:3,",
									  "1:2:,3",
									  "-1:2:",
									  "1:2:x",
									  "1 :2:",
									  "99999999999999999999999:2:"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		CfaSnapshot snapshot;

		assert_int_equal(cfa_snapshot_parse(&snapshot, bad[i]), -1);
		cfa_snapshot_clear(&snapshot);
	}
}

static void
ids_out_of_order(void **state)
{
	CfaSeen seen;

	cfa_seen_init(&seen);
	assert_int_equal(cfa_seen_add(&seen, 5), CFA_SEEN_NEW);
	assert_int_equal(cfa_seen_add(&seen, 5), CFA_SEEN_BEFORE);
	assert_int_equal(cfa_seen_add(&seen, 7), CFA_SEEN_NEW);
	assert_int_equal(seen.count, 2);
	assert_int_equal(cfa_seen_add(&seen, 6), CFA_SEEN_NEW);
	assert_int_equal(seen.count, 1);
	assert_int_equal(cfa_seen_add(&seen, 6), CFA_SEEN_BEFORE);
	assert_int_equal(cfa_seen_add(&seen, 4), CFA_SEEN_NEW);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.ranges[0].first, 4);
	assert_int_equal(seen.ranges[0].last, 7);
}

static void
full_set_forgets_from_below(void **state)
{
	CfaSeen seen;

	cfa_seen_init(&seen);
	for (int64_t i = 0; i < CFA_SEEN_RANGES_MAX; i++)
		assert_int_equal(cfa_seen_add(&seen, 100 + i * 10), CFA_SEEN_NEW);
	assert_int_equal(seen.count, CFA_SEEN_RANGES_MAX);
	assert_int_equal(cfa_seen_add(&seen, 90000), CFA_SEEN_NEW);
	assert_int_equal(seen.count, CFA_SEEN_RANGES_MAX);
	assert_int_equal(cfa_seen_add(&seen, 100), CFA_SEEN_UNSURE);
	assert_int_equal(cfa_seen_add(&seen, 50), CFA_SEEN_UNSURE);
	/* The hole after the forgotten range is still a hole. */
	assert_int_equal(cfa_seen_add(&seen, 105), CFA_SEEN_NEW);
	assert_int_equal(cfa_seen_add(&seen, 110), CFA_SEEN_BEFORE);
}

static void
text_round_trip(void **state)
{
	static const char *const bad[] = {"",
									  "1",
									  "1;2",
									  "1;3-2",
									  "1;2-3,",
									  "1;2-3,4-5",
									  "1;2-3,1-1",
									  "x;",
									  "1;2-3x"};
	CfaSeen seen;
	CfaSeen copy;
	char *text;

	cfa_seen_init(&seen);
	cfa_seen_add(&seen, 3);
	cfa_seen_add(&seen, 4);
	cfa_seen_add(&seen, 9);
	text = cfa_seen_format(&seen);
	assert_string_equal(text, "0;3-4,9-9");
	assert_int_equal(cfa_seen_parse(&copy, text), 0);
	assert_int_equal(copy.count, 2);
	assert_int_equal(cfa_seen_add(&copy, 9), CFA_SEEN_BEFORE);
	free(text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cfa_seen_parse(&copy, bad[i]), -1);
}

static void
random_orders_match_a_table(void **state)
{
	unsigned seed = (unsigned) time(NULL);
	static bool table[RANDOM_IDS + 1];
	CfaSeen seen;

	print_message("seed %u\n", seed);
	srandom(seed);
	cfa_seen_init(&seen);
	memset(table, 0, sizeof(table));
	/* A window of 64 open ids that advances: never more ranges than the set has. */
	for (int64_t low = 1; low + 64 <= RANDOM_IDS;)
	{
		int64_t id = low + random() % 64;

		assert_int_equal(cfa_seen_add(&seen, id),
						 table[id] ? CFA_SEEN_BEFORE : CFA_SEEN_NEW);
		table[id] = true;
		while (low <= RANDOM_IDS && table[low])
			low++;
	}
	assert_int_equal(seen.floor, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot_boundaries),
		cmocka_unit_test(snapshot_refuses_garbage),
		cmocka_unit_test(ids_out_of_order),
		cmocka_unit_test(full_set_forgets_from_below),
		cmocka_unit_test(text_round_trip),
		cmocka_unit_test(random_orders_match_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
