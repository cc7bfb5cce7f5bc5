/* SPDX-License-Identifier: Apache-2.0 */
/* traceparent by the table of the W3C specification, and delays with jitter. */
#include "unit.h"

#include <sodium.h>

#include "careforall/backoff.h"
#include "careforall/trace.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static bool
parses(const char *text)
{
	CfaTrace trace;

	return cfa_trace_parse(text, strlen(text), &trace);
}

static void
test_parse(void **state)
{
	CfaTrace trace;
	char text[CFA_TRACEPARENT_LEN + 1];
	char id[33];

	assert_true(cfa_trace_parse(GOOD, strlen(GOOD), &trace));
	cfa_trace_format(&trace, text);
	assert_string_equal(text, GOOD);
	cfa_trace_id(&trace, id);
	assert_string_equal(id, "4bf92f3577b34da6a3ce929d0e0e4736");
	assert_true(
		parses("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
	assert_true(parses(
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra"));
	assert_false(parses(
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.extra"));
	assert_false(parses(GOOD "-extra"));
	assert_false(
		parses("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
	assert_false(
		parses("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
	assert_false(
		parses("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
	assert_false(
		parses("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
	assert_false(
		parses("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"));
	assert_false(
		parses("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
	assert_false(parses(""));
}

static void
test_new(void **state)
{
	CfaTrace trace;
	CfaTrace child;
	char text[CFA_TRACEPARENT_LEN + 1];

	cfa_trace_new(&trace);
	child = trace;
	cfa_trace_child(&child);
	cfa_trace_format(&trace, text);
	assert_true(parses(text));
	assert_memory_equal(trace.trace_id, child.trace_id, 16);
	assert_memory_not_equal(trace.span_id, child.span_id, 8);
}

static void
test_backoff(void **state)
{
	CfaBackoff backoff;
	CfaBackoff same;
	int64_t ceiling = 50;
	int i;

	cfa_backoff_init(&backoff, 50, 5000, 7);
	same = backoff;
	for (i = 0; i < 40; i++)
	{
		int64_t delay = cfa_backoff_next(&backoff);

		assert_true(delay >= ceiling / 2 && delay <= ceiling);
		assert_int_equal(delay, cfa_backoff_next(&same));
		ceiling = ceiling * 2 > 5000 ? 5000 : ceiling * 2;
	}
	cfa_backoff_reset(&backoff);
	assert_true(cfa_backoff_next(&backoff) <= 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse),
									   cmocka_unit_test(test_new),
									   cmocka_unit_test(test_backoff)};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
