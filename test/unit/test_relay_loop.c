/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the loop keeps the order of timers, survives watches that end in a turn, and
 * hears wakers of other threads.
 * Method: turns by hand, with pipes, no waiting for wall clock.
 */
#include "unit.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop.h"

typedef struct Seen
{
	int order[8];
	int count;
} Seen;

typedef struct Numbered
{
	Seen *seen;
	int number;
	CfaTimer timer;
} Numbered;

static void
note(void *arg)
{
	Numbered *numbered = arg;

	numbered->seen->order[numbered->seen->count++] = numbered->number;
}

static void
test_timers_fire_in_order(void **state)
{
	CfaLoop *loop = cfa_loop_new();
	Seen seen = {0};
	Numbered timers[3];

	assert_non_null(loop);
	for (int i = 0; i < 3; i++)
	{
		timers[i] = (Numbered){.seen = &seen, .number = i};
		timers[i].timer = (CfaTimer){.fn = note, .arg = &timers[i]};
	}
	cfa_timer_set(loop, &timers[0].timer, 3000);
	cfa_timer_set(loop, &timers[1].timer, 1000);
	cfa_timer_set(loop, &timers[2].timer, 2000);
	cfa_timer_cancel(loop, &timers[2].timer);
	/* Moved: the later time counts. */
	cfa_timer_set(loop, &timers[1].timer, 4000);
	while (seen.count < 2)
		cfa_loop_turn(loop, -1);
	assert_int_equal(seen.order[0], 0);
	assert_int_equal(seen.order[1], 1);
	cfa_loop_turn(loop, 0);
	assert_int_equal(seen.count, 2);
	cfa_loop_free(loop);
}

typedef struct Pair
{
	CfaWatch *mine;
	CfaWatch *other;
	int *calls;
} Pair;

static void
end_both(void *arg, uint32_t events)
{
	Pair *pair = arg;

	(*pair->calls)++;
	cfa_loop_unwatch(pair->mine);
	cfa_loop_unwatch(pair->other);
}

static void
test_watch_ended_in_its_turn(void **state)
{
	CfaLoop *loop = cfa_loop_new();
	int first[2];
	int second[2];
	int calls = 0;
	Pair a = {.calls = &calls};
	Pair b = {.calls = &calls};

	assert_int_equal(pipe(first), 0);
	assert_int_equal(pipe(second), 0);
	a.mine = cfa_loop_watch(loop, first[0], EPOLLIN, end_both, &a);
	b.mine = cfa_loop_watch(loop, second[0], EPOLLIN, end_both, &b);
	a.other = b.mine;
	b.other = a.mine;
	assert_int_equal(write(first[1], "x", 1), 1);
	assert_int_equal(write(second[1], "x", 1), 1);
	/* Both are ready in one turn; whichever comes first ends the other. */
	cfa_loop_turn(loop, 0);
	assert_int_equal(calls, 1);
	cfa_loop_turn(loop, 0);
	assert_int_equal(calls, 1);
	for (int i = 0; i < 2; i++)
	{
		close(first[i]);
		close(second[i]);
	}
	cfa_loop_free(loop);
}

static void *
wake_thread(void *arg)
{
	cfa_waker_wake(arg);
	return NULL;
}

static void
stop_loop(void *arg)
{
	cfa_loop_stop(arg, 7);
}

static void
test_waker_of_another_thread(void **state)
{
	CfaLoop *loop = cfa_loop_new();
	CfaWaker waker;
	pthread_t thread;

	assert_int_equal(cfa_waker_init(&waker, loop, stop_loop, loop), 0);
	assert_int_equal(pthread_create(&thread, NULL, wake_thread, &waker), 0);
	assert_int_equal(cfa_loop_run(loop), 7);
	pthread_join(thread, NULL);
	cfa_waker_clear(&waker);
	cfa_loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_fire_in_order),
		cmocka_unit_test(test_watch_ended_in_its_turn),
		cmocka_unit_test(test_waker_of_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
