/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff.c: growing delays with jitter.
 */
#include "careforall/backoff.h"

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

void
cfa_backoff_init(CfaBackoff *backoff, int64_t base_ms, int64_t max_ms,
				 uint64_t seed)
{
	backoff->base_ms = base_ms;
	backoff->max_ms = max_ms;
	backoff->attempt = 0;
	backoff->random = seed;
}

int64_t
cfa_backoff_next(CfaBackoff *backoff)
{
	int64_t ceiling = backoff->base_ms;
	unsigned i;

	for (i = 0; i < backoff->attempt && ceiling < backoff->max_ms; i++)
		ceiling *= 2;
	if (ceiling > backoff->max_ms)
		ceiling = backoff->max_ms;
	backoff->attempt++;
	return ceiling - (int64_t) (next_random(&backoff->random) %
								(uint64_t) (ceiling / 2 + 1));
}

void
cfa_backoff_reset(CfaBackoff *backoff)
{
	backoff->attempt = 0;
}
