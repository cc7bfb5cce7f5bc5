/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads.c: work beside the loop, in threads.
 *
 * Kore's tasks are not used: each of their threads has a queue of its own, behind
 * which work may wait while others idle, and a spurious wake-up of one that is
 * empty kills the worker.
 *
 * Work belongs to the threads until it is on the list of what is finished, then to
 * the loop, which is woken by an eventfd.
 */
#include <kore/kore.h>

#include "core/threads.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include "core/loop.h"

typedef TAILQ_HEAD(, CfaWork) WorkList;

struct CfaThreads
{
	struct kore_event event; /* must be first: Kore's contract */
	int fd;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t has_work;
	WorkList waiting;
	WorkList finished;
};

static void *work_on(void *arg);
static void on_bell(void *arg, int error);

CfaThreads *
cfa_threads_start(int64_t count)
{
	CfaThreads *threads = kore_calloc(1, sizeof(*threads));
	pthread_attr_t attributes;
	pthread_t thread;
	int64_t i;

	TAILQ_INIT(&threads->waiting);
	TAILQ_INIT(&threads->finished);
	(void) pthread_mutex_init(&threads->lock, NULL);
	(void) pthread_cond_init(&threads->has_work, NULL);
	threads->event.handle = on_bell;
	threads->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (threads->fd == -1)
		fatalx("could not create an eventfd: %s", errno_s);
	kore_platform_event_level_read(threads->fd, threads);
	(void) pthread_attr_init(&attributes);
	(void) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (i = 0; i < count; i++)
	{
		if (pthread_create(&thread, &attributes, work_on, threads) != 0)
			fatalx("could not start a thread: %s", errno_s);
	}
	(void) pthread_attr_destroy(&attributes);
	return threads;
}

void
cfa_threads_add(CfaThreads *threads, CfaWork *work)
{
	work->scope = cfa_scope;
	work->queued_us = cfa_mono_us();
	(void) pthread_mutex_lock(&threads->lock);
	TAILQ_INSERT_TAIL(&threads->waiting, work, entry);
	(void) pthread_cond_signal(&threads->has_work);
	(void) pthread_mutex_unlock(&threads->lock);
}

/* --- In a thread ------------------------------------------------------------ */

static void *
work_on(void *arg)
{
	CfaThreads *threads = arg;
	uint64_t one = 1;
	CfaWork *work;

	for (;;)
	{
		(void) pthread_mutex_lock(&threads->lock);
		while ((work = TAILQ_FIRST(&threads->waiting)) == NULL)
			(void) pthread_cond_wait(&threads->has_work, &threads->lock);
		TAILQ_REMOVE(&threads->waiting, work, entry);
		(void) pthread_mutex_unlock(&threads->lock);
		work->started_us = cfa_mono_us();
		work->run(work);
		(void) pthread_mutex_lock(&threads->lock);
		TAILQ_INSERT_TAIL(&threads->finished, work, entry);
		(void) pthread_mutex_unlock(&threads->lock);
		(void) !write(threads->fd, &one, sizeof(one));
	}
	return NULL;
}

/* --- In the loop -------------------------------------------------------------- */

static void
on_bell(void *arg, int error)
{
	CfaThreads *threads = arg;
	uint64_t count;
	CfaScope before;
	CfaWork *work;

	threads->event.flags = 0;
	(void) !read(threads->fd, &count, sizeof(count));
	for (;;)
	{
		(void) pthread_mutex_lock(&threads->lock);
		work = TAILQ_FIRST(&threads->finished);
		if (work != NULL)
			TAILQ_REMOVE(&threads->finished, work, entry);
		(void) pthread_mutex_unlock(&threads->lock);
		if (work == NULL)
			return;
		before = cfa_scope_enter(work->scope);
		work->done(work);
		cfa_scope = before;
	}
}
