/* SPDX-License-Identifier: Apache-2.0 */
/* traceparent by the table of the W3C specification, and delays with jitter. */
#include "unit.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "careforall/backoff.h"
#include "careforall/trace.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

/* An entry "kNN=...," whose value has so many letters. */
static int
sprintf_entry(char *out, int number, int len)
{
	int head = snprintf(out, 5, "k%02d=", number);

	memset(out + head, 'x', (size_t) len);
	out[head + len] = ',';
	return head + len + 1;
}

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
	/* Of the flags, those that are known are passed on. */
	assert_true(cfa_trace_parse(
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", 55, &trace));
	assert_int_equal(trace.flags, CFA_TRACE_SAMPLED | CFA_TRACE_RANDOM);
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
	assert_int_equal(trace.flags, CFA_TRACE_RANDOM);
	assert_memory_equal(trace.trace_id, child.trace_id, 16);
	assert_memory_not_equal(trace.span_id, child.span_id, 8);
}

/* A child after a fork draws other ids than its parent. */
static void
test_fork(void **state)
{
	CfaTrace first;
	CfaTrace mine;
	CfaTrace theirs;
	int fds[2];
	pid_t pid;

	cfa_trace_new(&first);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	cfa_trace_new(&mine);
	if (pid == 0)
		_exit(write(fds[1], &mine, sizeof(mine)) != (ssize_t) sizeof(mine));
	assert_int_equal(read(fds[0], &theirs, sizeof(theirs)), sizeof(theirs));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_memory_not_equal(mine.trace_id, theirs.trace_id, 16);
	assert_memory_not_equal(mine.trace_id, first.trace_id, 16);
	close(fds[0]);
	close(fds[1]);
}

static bool
cleans(const char *text, const char *expected)
{
	char out[CFA_TRACESTATE_MAX + 1];

	return cfa_tracestate_clean(text, strlen(text), out) ==
			   (expected[0] != '\0') &&
		   strcmp(out, expected) == 0;
}

static void
test_tracestate(void **state)
{
	char long_text[2000];
	char out[CFA_TRACESTATE_MAX + 1];
	size_t len = 0;

	assert_true(cleans("a=1", "a=1"));
	assert_true(cleans(" b=2 ,, a@v=1:x/y , ", "b=2,a@v=1:x/y"));
	assert_true(cleans("", ""));
	assert_true(cleans("a", ""));
	assert_true(cleans("=1", ""));
	assert_true(cleans("a=", ""));
	assert_true(cleans("a=1=2", ""));
	assert_true(cleans("A=1", ""));
	assert_true(cleans("a=1,b=\x7f", ""));
	/* 32 entries at most. */
	for (int i = 0; i < 32; i++)
		len += (size_t) sprintf_entry(long_text + len, i, 1);
	assert_true(cfa_tracestate_clean(long_text, len - 1, out));
	assert_int_equal(strlen(out), len - 1);
	len += (size_t) sprintf_entry(long_text + len, 32, 1);
	assert_false(cfa_tracestate_clean(long_text, len - 1, out));
	/* Entries of more than 128 characters go first, then the last ones. */
	len = (size_t) sprintf_entry(long_text, 0, 100);
	len += (size_t) sprintf_entry(long_text + len, 1, 200);
	for (int i = 2; i < 7; i++)
		len += (size_t) sprintf_entry(long_text + len, i, 100);
	assert_true(cfa_tracestate_clean(long_text, len - 1, out));
	assert_memory_equal(out, "k00=", 4);
	assert_null(strstr(out, "k01="));
	assert_non_null(strstr(out, ",k02="));
	assert_non_null(strstr(out, ",k04="));
	assert_null(strstr(out, "k05="));
	assert_true(strlen(out) <= CFA_TRACESTATE_MAX);
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
									   cmocka_unit_test(test_fork),
									   cmocka_unit_test(test_tracestate),
									   cmocka_unit_test(test_backoff)};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
