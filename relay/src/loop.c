/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c: epoll, a sorted list of timers, signalfd and eventfd.
 *
 * A watch that is ended during a turn is only marked, because epoll may already
 * have handed it out; marked ones are freed when the turn is over.
 */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define TURN_EVENTS_MAX 64

struct CfaWatch
{
	CfaLoop *loop;
	int fd;
	uint32_t events;
	CfaWatchFn fn; /* NULL: ended */
	void *arg;
	CfaWatch *next; /* in the list of ended ones */
};

struct CfaLoop
{
	int epoll_fd;
	int signal_fd;
	CfaWatch *signal_watch;
	CfaSignalFn signal_fn;
	void *signal_arg;
	CfaTimer *timers;
	CfaWatch *ended;
	int64_t now_us;
	bool is_stopped;
	int code;
};

static void dispatch_timers(CfaLoop *loop);
static int64_t wait_limit_us(const CfaLoop *loop, int64_t wait_us);
static void on_signal(void *arg, uint32_t events);
static void on_waker(void *arg, uint32_t events);

int64_t
cfa_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

CfaLoop *
cfa_loop_new(void)
{
	CfaLoop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->signal_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
	{
		free(loop);
		return NULL;
	}
	loop->now_us = cfa_clock_us();
	return loop;
}

static void
free_ended(CfaLoop *loop)
{
	while (loop->ended != NULL)
	{
		CfaWatch *watch = loop->ended;

		loop->ended = watch->next;
		free(watch);
	}
}

void
cfa_loop_free(CfaLoop *loop)
{
	if (loop == NULL)
		return;
	cfa_loop_unwatch(loop->signal_watch);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	free_ended(loop);
	close(loop->epoll_fd);
	free(loop);
}

void
cfa_loop_stop(CfaLoop *loop, int code)
{
	loop->is_stopped = true;
	loop->code = code;
}

int
cfa_loop_run(CfaLoop *loop)
{
	loop->is_stopped = false;
	while (!loop->is_stopped)
		cfa_loop_turn(loop, -1);
	return loop->code;
}

int64_t
cfa_loop_now_us(const CfaLoop *loop)
{
	return loop->now_us;
}

void
cfa_loop_turn(CfaLoop *loop, int64_t wait_us)
{
	struct epoll_event events[TURN_EVENTS_MAX];
	int64_t limit_us = wait_limit_us(loop, wait_us);
	struct timespec limit = {limit_us / 1000000, limit_us % 1000000 * 1000};
	int count;

	count = epoll_pwait2(loop->epoll_fd,
						 events,
						 TURN_EVENTS_MAX,
						 limit_us < 0 ? NULL : &limit,
						 NULL);
	loop->now_us = cfa_clock_us();
	dispatch_timers(loop);
	for (int i = 0; i < count; i++)
	{
		CfaWatch *watch = events[i].data.ptr;

		if (watch->fn != NULL)
			watch->fn(watch->arg, events[i].events);
	}
	free_ended(loop);
}

CfaWatch *
cfa_loop_watch(CfaLoop *loop, int fd, uint32_t events, CfaWatchFn fn, void *arg)
{
	CfaWatch *watch = calloc(1, sizeof(*watch));
	struct epoll_event event = {.events = events};

	if (watch == NULL)
		return NULL;
	watch->loop = loop;
	watch->fd = fd;
	watch->events = events;
	watch->fn = fn;
	watch->arg = arg;
	event.data.ptr = watch;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
	{
		free(watch);
		return NULL;
	}
	return watch;
}

void
cfa_loop_rewatch(CfaWatch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (watch->events == events)
		return;
	watch->events = events;
	(void) epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void
cfa_loop_unwatch(CfaWatch *watch)
{
	if (watch == NULL)
		return;
	(void) epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fn = NULL;
	watch->next = watch->loop->ended;
	watch->loop->ended = watch;
}

void
cfa_timer_set(CfaLoop *loop, CfaTimer *timer, int64_t delay_us)
{
	CfaTimer **place = &loop->timers;

	cfa_timer_cancel(loop, timer);
	timer->due_us = cfa_clock_us() + (delay_us > 0 ? delay_us : 1);
	timer->is_set = true;
	while (*place != NULL && (*place)->due_us <= timer->due_us)
		place = &(*place)->next;
	timer->next = *place;
	*place = timer;
}

void
cfa_timer_cancel(CfaLoop *loop, CfaTimer *timer)
{
	if (!timer->is_set)
		return;
	for (CfaTimer **place = &loop->timers; *place != NULL;
		 place = &(*place)->next)
	{
		if (*place == timer)
		{
			*place = timer->next;
			break;
		}
	}
	timer->next = NULL;
	timer->is_set = false;
}

int
cfa_loop_signals(CfaLoop *loop, const int *signals, CfaSignalFn fn, void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *signals != 0; signals++)
		sigaddset(&set, *signals);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	loop->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->signal_fd < 0)
		return -1;
	loop->signal_fn = fn;
	loop->signal_arg = arg;
	loop->signal_watch =
		cfa_loop_watch(loop, loop->signal_fd, EPOLLIN, on_signal, loop);
	return loop->signal_watch == NULL ? -1 : 0;
}

int
cfa_waker_init(CfaWaker *waker, CfaLoop *loop, CfaTimerFn fn, void *arg)
{
	*waker = (CfaWaker){.loop = loop, .fn = fn, .arg = arg};
	waker->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (waker->fd < 0)
		return -1;
	waker->watch = cfa_loop_watch(loop, waker->fd, EPOLLIN, on_waker, waker);
	if (waker->watch == NULL)
	{
		close(waker->fd);
		return -1;
	}
	return 0;
}

void
cfa_waker_clear(CfaWaker *waker)
{
	if (waker->loop == NULL)
		return;
	cfa_loop_unwatch(waker->watch);
	close(waker->fd);
	*waker = (CfaWaker){0};
}

void
cfa_waker_wake(CfaWaker *waker)
{
	uint64_t one = 1;

	/* A full counter means that the loop is woken already. */
	if (write(waker->fd, &one, sizeof(one)) < 0)
		return;
}

static void
dispatch_timers(CfaLoop *loop)
{
	int64_t now_us = loop->now_us;

	/* now_us stands still here: a timer that sets itself anew waits for the next
	 * turn. */
	while (loop->timers != NULL && loop->timers->due_us <= now_us)
	{
		CfaTimer *timer = loop->timers;

		loop->timers = timer->next;
		timer->next = NULL;
		timer->is_set = false;
		timer->fn(timer->arg);
	}
}

static int64_t
wait_limit_us(const CfaLoop *loop, int64_t wait_us)
{
	int64_t timer_us;

	if (loop->timers == NULL)
		return wait_us;
	timer_us = loop->timers->due_us - cfa_clock_us();
	if (timer_us < 0)
		timer_us = 0;
	return wait_us >= 0 && wait_us < timer_us ? wait_us : timer_us;
}

static void
on_signal(void *arg, uint32_t events)
{
	CfaLoop *loop = arg;
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info))
		loop->signal_fn(loop->signal_arg, (int) info.ssi_signo);
}

static void
on_waker(void *arg, uint32_t events)
{
	CfaWaker *waker = arg;
	uint64_t count;

	if (read(waker->fd, &count, sizeof(count)) == sizeof(count))
		waker->fn(waker->arg);
}
