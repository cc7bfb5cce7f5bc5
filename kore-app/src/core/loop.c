/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c: what Kore's event loop lacks: a steady tick and a way to wake it.
 *
 * All deadlines of the program hang on the one tick; its functions look at the
 * heads of their own queues, which are in order of time, and return at once.
 */
#include <kore/kore.h>

#include "core/loop.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static struct
{
	struct kore_event event; /* must be first: Kore's contract */
	int fd;
} waker;

static void (*ticks[CFA_TICKS_MAX])(uint64_t);
static int tick_count;
static bool was_stalled;
static void (*deferred[CFA_DEFERRED_MAX])(void);
static int deferred_count;

static void on_wake(void *arg, int error);
static void on_tick(void *arg, u_int64_t now);

void
cfa_loop_start(void)
{
	tick_count = 0;
	waker.event.handle = on_wake;
	waker.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (waker.fd == -1)
		fatalx("could not create an eventfd: %s", errno_s);
	kore_platform_event_level_read(waker.fd, &waker);
	(void) kore_timer_add(on_tick, CFA_TICK_MS, NULL, 0);
}

void
cfa_kick(void)
{
	uint64_t one = 1;

	(void) !write(waker.fd, &one, sizeof(one));
}

void
cfa_defer(void (*work)(void))
{
	int i;

	for (i = 0; i < deferred_count; i++)
	{
		if (deferred[i] == work)
			return;
	}
	if (deferred_count == CFA_DEFERRED_MAX)
		fatalx("too many deferred functions");
	deferred[deferred_count++] = work;
	cfa_kick();
}

void
cfa_tick_add(void (*tick)(uint64_t now_ms))
{
	if (tick_count == CFA_TICKS_MAX)
		fatalx("too many tick functions");
	ticks[tick_count++] = tick;
}

bool
cfa_loop_was_stalled(void)
{
	return was_stalled;
}

uint64_t
cfa_mono_us(void)
{
	struct timespec ts;

	(void) clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

uint64_t
cfa_mono_ms(void)
{
	return cfa_mono_us() / 1000;
}

static void
on_wake(void *arg, int error)
{
	void (*work[CFA_DEFERRED_MAX])(void);
	int work_count = deferred_count;
	uint64_t count;
	int i;

	waker.event.flags = 0;
	(void) !read(waker.fd, &count, sizeof(count));
	memcpy(work, deferred, sizeof(work));
	deferred_count = 0;
	for (i = 0; i < work_count; i++)
		work[i]();
}

static void
on_tick(void *arg, u_int64_t now)
{
	static uint64_t last_ms;
	uint64_t now_ms = cfa_mono_ms();
	int i;

	was_stalled = last_ms > 0 && now_ms - last_ms > CFA_STALL_MS;
	last_ms = now_ms;
	for (i = 0; i < tick_count; i++)
		ticks[i](now_ms);
}
