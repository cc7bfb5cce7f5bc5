/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mock_draw.c
 *	  Goal: chance can be repeated and has the shape that the settings ask for.
 *	  Method: fixed seeds, means over many draws, tables of settings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "mockpay/draw.h"
#include "mockpay/heap.h"
#include "mockpay/map.h"
#include "mockpay/outcome.h"
#include "mockpay/settings.h"

#define DRAWS 20000

static void
draws_depend_on_seed_subject_and_purpose_only(void **state)
{
	double first = cfa_mock_draw(7, "pledge", "latency");

	(void) state;
	assert_true(first >= 0 && first < 1);
	(void) cfa_mock_draw(7, "another", "latency");
	assert_true(cfa_mock_draw(7, "pledge", "latency") == first);
	assert_true(cfa_mock_draw(8, "pledge", "latency") != first);
	assert_true(cfa_mock_draw(7, "pledges", "latency") != first);
	assert_true(cfa_mock_draw(7, "pledge", "decline") != first);
}

static void
rates_are_met(void **state)
{
	int hits = 0;
	char subject[24];

	(void) state;
	for (int i = 0; i < DRAWS; i++)
	{
		(void) snprintf(subject, sizeof(subject), "%d", i);
		hits += cfa_mock_draw_hit(0.25, 1, subject, "test");
		assert_false(cfa_mock_draw_hit(0, 1, subject, "test"));
		assert_true(cfa_mock_draw_hit(1, 1, subject, "test"));
	}
	assert_in_range(hits, DRAWS * 0.23, DRAWS * 0.27);
}

static void
delays_have_the_mean_that_was_asked_for(void **state)
{
	static const CfaMockDistribution all[] = {CFA_MOCK_FIXED,
											  CFA_MOCK_UNIFORM,
											  CFA_MOCK_EXPONENTIAL,
											  CFA_MOCK_LOGNORMAL};

	(void) state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		int64_t sum = 0;

		for (int n = 0; n < DRAWS; n++)
		{
			double share = (n + 0.5) / DRAWS;
			int64_t delay = cfa_mock_draw_delay(all[i], 1000, 1000000, share);

			assert_true(delay >= 0);
			sum += delay;
		}
		assert_in_range(sum / DRAWS, 970, 1030);
	}
	assert_int_equal(cfa_mock_draw_delay(CFA_MOCK_EXPONENTIAL,
										 1000,
										 1500,
										 0.9999),
					 1500);
	assert_int_equal(cfa_mock_draw_delay(CFA_MOCK_LOGNORMAL, 0, 10, 0.5), 0);
	assert_in_range(cfa_mock_draw_delay(CFA_MOCK_LOGNORMAL, 1000, 2000, 0.0),
					0,
					2);
}

static void
backoff_grows_within_its_bound(void **state)
{
	(void) state;
	assert_int_equal(cfa_mock_draw_backoff(1, 250, 60000, 0), 250);
	assert_int_equal(cfa_mock_draw_backoff(2, 250, 60000, 0), 500);
	assert_int_equal(cfa_mock_draw_backoff(5, 250, 60000, 0), 4000);
	assert_int_equal(cfa_mock_draw_backoff(1000000, 250, 60000, 0), 60000);
	assert_in_range(cfa_mock_draw_backoff(5, 250, 60000, 0.999), 2000, 2010);
}

static void
heap_orders_by_time_then_age(void **state)
{
	CfaMockHeap heap = {0};
	int items[1000];
	int64_t last_ms = -1;
	int last_item = -1;

	(void) state;
	for (int i = 0; i < 1000; i++)
	{
		items[i] = i;
		cfa_mock_heap_push(&heap, (i * 7919) % 100, &items[i]);
	}
	while (cfa_mock_heap_first(&heap) != NULL)
	{
		CfaMockDue due = *cfa_mock_heap_first(&heap);
		int item = *(int *) due.item;

		cfa_mock_heap_pop(&heap);
		assert_true(due.due_ms > last_ms ||
					(due.due_ms == last_ms && item > last_item));
		last_ms = due.due_ms;
		last_item = item;
	}
	cfa_mock_heap_clear(&heap);
}

static void
map_keeps_what_was_put(void **state)
{
	static char keys[5000][12];
	CfaMockMap map = {0};

	(void) state;
	assert_null(cfa_mock_map_get(&map, "none"));
	for (int round = 0; round < 3; round++)
	{
		for (size_t i = 0; i < 5000; i++)
		{
			(void) snprintf(keys[i], sizeof(keys[i]), "key %zu", i);
			cfa_mock_map_put(&map, keys[i], keys[i]);
		}
		assert_int_equal(map.count, 5000);
		for (size_t i = 0; i < 5000; i += 2)
			assert_ptr_equal(cfa_mock_map_remove(&map, keys[i]), keys[i]);
		for (size_t i = 0; i < 5000; i++)
			assert_ptr_equal(cfa_mock_map_get(&map, keys[i]),
							 i % 2 == 0 ? NULL : keys[i]);
		assert_null(cfa_mock_map_remove(&map, keys[0]));
	}
	/* An empty key is a key, although a removed slot looks like one. */
	cfa_mock_map_put(&map, "", &map);
	assert_ptr_equal(cfa_mock_map_get(&map, ""), &map);
	assert_int_equal(map.count, 2501);
	cfa_mock_map_clear(&map);
}

static void
outcomes_are_found_by_all_their_names(void **state)
{
	(void) state;
	assert_null(cfa_mock_outcome_default()->code);
	assert_non_null(cfa_mock_outcome_declined()->code);
	assert_null(cfa_mock_outcome_by_name("nothing"));
	assert_null(cfa_mock_outcome_by_amount(1000));
	assert_string_equal(cfa_mock_outcome_by_amount(1002)->name, "decline");
	for (size_t i = 0; cfa_mock_outcome_at(i) != NULL; i++)
	{
		const CfaMockOutcome *outcome = cfa_mock_outcome_at(i);

		assert_ptr_equal(cfa_mock_outcome_by_name(outcome->name), outcome);
		if (outcome->suffix >= 0)
			assert_ptr_equal(cfa_mock_outcome_by_amount(5000 + outcome->suffix),
							 outcome);
		if (outcome->payment_method != NULL)
			assert_ptr_equal(cfa_mock_outcome_by_method(
								 outcome->payment_method),
							 outcome);
		assert_int_equal(outcome->code == NULL, outcome->message == NULL);
	}
}

static void
settings_take_text_within_bounds(void **state)
{
	static const struct
	{
		const char *name;
		const char *value;
		bool valid;
	} cases[] = {
		{"failure_rate", "0.5", true},
		{"failure_rate", "1", true},
		{"failure_rate", "1.01", false},
		{"failure_rate", "-0.1", false},
		{"failure_rate", "", false},
		{"failure_rate", "half", false},
		{"hold", "on", true},
		{"hold", "off", true},
		{"hold", "yes", false},
		{"latency_distribution", "uniform", true},
		{"latency_distribution", "normal", false},
		{"latency_ms", "0", true},
		{"latency_ms", "-1", false},
		{"latency_ms", "1.5", false},
		{"latency_ms", "86400001", false},
		{"seed", "-9223372036854775808", true},
		{"webhook_concurrency", "0", false},
		{"nothing", "1", false},
	};
	CfaMockSettings settings;
	char message[128];

	(void) state;
	cfa_mock_settings_defaults(&settings);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cfa_mock_settings_set(&settings,
											   cases[i].name,
											   cases[i].value,
											   message,
											   sizeof(message)),
						 cases[i].valid);
	assert_true(settings.failure_rate == 1);
	assert_int_equal(settings.latency_distribution, CFA_MOCK_UNIFORM);
}

static void
settings_apply_all_or_nothing(void **state)
{
	CfaMockSettings settings;
	CfaMockSettings before;
	json_t *values = json_pack(
		"{sf sb si}", "failure_rate", 0.5, "hold", 1, "latency_ms", -1);
	json_t *shown;
	char message[128];

	(void) state;
	cfa_mock_settings_defaults(&settings);
	before = settings;
	assert_false(
		cfa_mock_settings_apply(&settings, values, message, sizeof(message)));
	assert_memory_equal(&settings, &before, sizeof(settings));
	assert_non_null(strstr(message, "latency_ms"));
	json_object_set_new(values, "latency_ms", json_integer(5));
	assert_true(
		cfa_mock_settings_apply(&settings, values, message, sizeof(message)));
	shown = cfa_mock_settings_json(&settings);
	assert_true(json_is_true(json_object_get(shown, "hold")));
	assert_int_equal(json_object_size(shown), CFA_MOCK_SETTINGS_COUNT);
	/* What is shown can be put back as it is. */
	assert_true(
		cfa_mock_settings_apply(&settings, shown, message, sizeof(message)));
	json_decref(shown);
	json_object_set_new(values, "unknown", json_true());
	assert_false(
		cfa_mock_settings_apply(&settings, values, message, sizeof(message)));
	json_decref(values);
	values = json_array();
	assert_false(
		cfa_mock_settings_apply(&settings, values, message, sizeof(message)));
	json_decref(values);
}

static void
settings_are_sorted(void **state)
{
	(void) state;
	for (size_t i = 1; i < CFA_MOCK_SETTINGS_COUNT; i++)
		assert_true(strcmp(cfa_mock_settings_name(i - 1),
						   cfa_mock_settings_name(i)) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_depend_on_seed_subject_and_purpose_only),
		cmocka_unit_test(rates_are_met),
		cmocka_unit_test(delays_have_the_mean_that_was_asked_for),
		cmocka_unit_test(backoff_grows_within_its_bound),
		cmocka_unit_test(heap_orders_by_time_then_age),
		cmocka_unit_test(map_keeps_what_was_put),
		cmocka_unit_test(outcomes_are_found_by_all_their_names),
		cmocka_unit_test(settings_take_text_within_bounds),
		cmocka_unit_test(settings_apply_all_or_nothing),
		cmocka_unit_test(settings_are_sorted),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("mock_draw", tests, NULL, NULL);
}
