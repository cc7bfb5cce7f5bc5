/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff.h: growing delays with full jitter: the n-th delay is random between
 * half and all of min(max, base * 2^n), so that peers that failed together do not
 * come back together.
 */
#ifndef CFA_BACKOFF_H
#define CFA_BACKOFF_H

#include <stdint.h>

typedef struct CfaBackoff
{
	int64_t base_ms;
	int64_t max_ms;
	unsigned attempt; /* delays given since the last success */
	uint64_t random;  /* state of the generator; any value */
} CfaBackoff;

/* seed decides the jitter: the same seed gives the same delays. */
void cfa_backoff_init(CfaBackoff *backoff, int64_t base_ms, int64_t max_ms,
					  uint64_t seed);

/* The next delay in milliseconds. */
int64_t cfa_backoff_next(CfaBackoff *backoff);

/* To be called after a success. */
void cfa_backoff_reset(CfaBackoff *backoff);

#endif
