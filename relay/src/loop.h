/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h: the one event loop of a daemon: descriptors, timers, signals, and wakers
 * by which other threads hand work over.
 *
 * Everything but cfa_waker_wake() belongs to the thread that runs the loop.
 * A callback may watch, unwatch and set timers as it likes, its own included.
 */
#ifndef CFA_LOOP_H
#define CFA_LOOP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct CfaLoop CfaLoop;
typedef struct CfaWatch CfaWatch;

/* events: EPOLLIN, EPOLLOUT, ... of <sys/epoll.h> */
typedef void (*CfaWatchFn)(void *arg, uint32_t events);
typedef void (*CfaTimerFn)(void *arg);
typedef void (*CfaSignalFn)(void *arg, int signal);

/* A timer embedded in its owner; set fn and arg once, before the first use. */
typedef struct CfaTimer
{
	CfaTimerFn fn;
	void *arg;
	int64_t due_us; /* monotonic */
	bool is_set;
	struct CfaTimer *next; /* in the loop's list, nearest first */
} CfaTimer;

/* A door between threads: wake() makes the loop call fn soon, at least once. */
typedef struct CfaWaker
{
	CfaLoop *loop;
	CfaWatch *watch;
	int fd;
	CfaTimerFn fn;
	void *arg;
} CfaWaker;

/* NULL with errno set if the system refuses. */
CfaLoop *cfa_loop_new(void);
void cfa_loop_free(CfaLoop *loop);

/* Runs until cfa_loop_stop(); returns the code given there. */
int cfa_loop_run(CfaLoop *loop);
void cfa_loop_stop(CfaLoop *loop, int code);

/* One turn: waits at most wait_us (-1: until something happens) and dispatches. */
void cfa_loop_turn(CfaLoop *loop, int64_t wait_us);

/* Monotonic time read at the last turn, in microseconds. */
int64_t cfa_loop_now_us(const CfaLoop *loop);

/* Monotonic time now. */
int64_t cfa_clock_us(void);

/* Watches a descriptor until cfa_loop_unwatch(); NULL with errno set on failure. */
CfaWatch *cfa_loop_watch(CfaLoop *loop, int fd, uint32_t events, CfaWatchFn fn,
						 void *arg);

/* Changes what is waited for; nothing happens if it is the same. */
void cfa_loop_rewatch(CfaWatch *watch, uint32_t events);

/* Ends a watch; takes NULL. The descriptor stays open. */
void cfa_loop_unwatch(CfaWatch *watch);

/* Sets, or moves, a timer; a delay of 0 fires in the next turn. */
void cfa_timer_set(CfaLoop *loop, CfaTimer *timer, int64_t delay_us);
void cfa_timer_cancel(CfaLoop *loop, CfaTimer *timer);

/* Blocks the signals (a list that ends with 0) and delivers them to fn. */
int cfa_loop_signals(CfaLoop *loop, const int *signals, CfaSignalFn fn,
					 void *arg);

/* Returns 0, or -1 with errno set. */
int cfa_waker_init(CfaWaker *waker, CfaLoop *loop, CfaTimerFn fn, void *arg);
void cfa_waker_clear(CfaWaker *waker);

/* From any thread. */
void cfa_waker_wake(CfaWaker *waker);

#endif
