/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaker.c - a circuit breaker.
 *
 * A pause doubles with each failed probe up to its maximum and starts small again
 * after a success.
 */
#include "breaker.h"

static void open_for(CfaBreaker *breaker, int64_t now_ms, int64_t pause_ms);

void
cfa_breaker_init(CfaBreaker *breaker, int failures_max, int64_t pause_min_ms,
				 int64_t pause_max_ms)
{
	breaker->state = CFA_BREAKER_CLOSED;
	breaker->failures = 0;
	breaker->failures_max = failures_max;
	breaker->pause_ms = pause_min_ms;
	breaker->pause_min_ms = pause_min_ms;
	breaker->pause_max_ms = pause_max_ms;
	breaker->probe_at_ms = 0;
	breaker->opened = 0;
}

bool
cfa_breaker_allows(CfaBreaker *breaker, int64_t now_ms)
{
	switch (breaker->state)
	{
		case CFA_BREAKER_CLOSED:
			return true;
		case CFA_BREAKER_HALF_OPEN:
			return false;
		case CFA_BREAKER_OPEN:
			if (now_ms < breaker->probe_at_ms)
				return false;
			breaker->state = CFA_BREAKER_HALF_OPEN;
			return true;
	}
	return false;
}

void
cfa_breaker_success(CfaBreaker *breaker)
{
	/* A late answer to a request from before the pause proves nothing. */
	if (breaker->state == CFA_BREAKER_OPEN)
		return;
	breaker->state = CFA_BREAKER_CLOSED;
	breaker->failures = 0;
	breaker->pause_ms = breaker->pause_min_ms;
}

void
cfa_breaker_failure(CfaBreaker *breaker, int64_t now_ms)
{
	switch (breaker->state)
	{
		case CFA_BREAKER_OPEN:
			return;
		case CFA_BREAKER_HALF_OPEN:
			open_for(breaker, now_ms, breaker->pause_ms * 2);
			return;
		case CFA_BREAKER_CLOSED:
			breaker->failures++;
			if (breaker->failures >= breaker->failures_max)
				open_for(breaker, now_ms, breaker->pause_ms);
			return;
	}
}

void
cfa_breaker_rest(CfaBreaker *breaker, int64_t now_ms, int64_t rest_ms)
{
	if (breaker->state != CFA_BREAKER_OPEN)
		open_for(breaker, now_ms, breaker->pause_ms);
	if (rest_ms > breaker->pause_max_ms)
		rest_ms = breaker->pause_max_ms;
	if (breaker->probe_at_ms < now_ms + rest_ms)
		breaker->probe_at_ms = now_ms + rest_ms;
}

const char *
cfa_breaker_name(CfaBreakerState state)
{
	switch (state)
	{
		case CFA_BREAKER_CLOSED:
			return "closed";
		case CFA_BREAKER_OPEN:
			return "open";
		case CFA_BREAKER_HALF_OPEN:
			return "half_open";
	}
	return "unknown";
}

static void
open_for(CfaBreaker *breaker, int64_t now_ms, int64_t pause_ms)
{
	if (pause_ms > breaker->pause_max_ms)
		pause_ms = breaker->pause_max_ms;
	breaker->state = CFA_BREAKER_OPEN;
	breaker->pause_ms = pause_ms;
	breaker->probe_at_ms = now_ms + pause_ms;
	breaker->opened++;
}
