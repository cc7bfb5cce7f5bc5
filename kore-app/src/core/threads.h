/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_THREADS_H
#define CFA_APP_THREADS_H

#include <stdint.h>
#include <sys/queue.h>

#include "core/scope.h"

/* Threads that share one queue; each worker has its own. */
typedef struct CfaThreads CfaThreads;

/*
 * One piece of work that would hold up the loop, at the head of a structure of its
 * owner. From cfa_threads_add() on it belongs to the threads, until done is called.
 */
typedef struct CfaWork
{
	TAILQ_ENTRY(CfaWork) entry;
	void (*run)(struct CfaWork *work); /* in a thread */
	void (*done)(
		struct CfaWork *work); /* in the loop, in the scope of its call */
	CfaScope scope;
	uint64_t queued_us;
	uint64_t started_us;
} CfaWork;

/* In a worker: starts its threads, for as long as it lives. */
CfaThreads *cfa_threads_start(int64_t count);

/* Hands work over. How much may wait is for the caller to bound. */
void cfa_threads_add(CfaThreads *threads, CfaWork *work);

#endif
