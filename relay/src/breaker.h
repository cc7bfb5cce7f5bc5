/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaker.h - a circuit breaker: when a service fails again and again, stop
 * asking it for a while, then ask once.
 *
 * Pure: time is an argument (milliseconds of a monotonic clock).
 */
#ifndef CFA_BREAKER_H
#define CFA_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum CfaBreakerState
{
	CFA_BREAKER_CLOSED,
	CFA_BREAKER_OPEN,
	CFA_BREAKER_HALF_OPEN
} CfaBreakerState;

typedef struct CfaBreaker
{
	CfaBreakerState state;
	int failures;	  /* in a row */
	int failures_max; /* that many open it */
	int64_t pause_ms; /* how long it stays open now */
	int64_t pause_min_ms;
	int64_t pause_max_ms;
	int64_t probe_at_ms; /* when an open one lets a probe through */
	uint64_t opened;	 /* how often it opened */
} CfaBreaker;

void cfa_breaker_init(CfaBreaker *breaker, int failures_max,
					  int64_t pause_min_ms, int64_t pause_max_ms);

/*
 * Whether a request may go out now. An open breaker whose pause is over becomes
 * half open and lets this one request through; the next must wait for its result.
 */
bool cfa_breaker_allows(CfaBreaker *breaker, int64_t now_ms);

/* The result of a request that was let through. */
void cfa_breaker_success(CfaBreaker *breaker);
void cfa_breaker_failure(CfaBreaker *breaker, int64_t now_ms);

/* The service asked for this much rest: opens at once for at least that long. */
void cfa_breaker_rest(CfaBreaker *breaker, int64_t now_ms, int64_t rest_ms);

const char *cfa_breaker_name(CfaBreakerState state);

#endif
