/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw.c
 *	  Draws by a keyed hash instead of a generator with state.
 */
#include "draw.h"

#include <math.h>
#include <string.h>

#include <sodium.h>

/* Shape of the log-normal distribution: p99 is about 5 times the mean. */
#define LOGNORMAL_SIGMA 0.8

static double normal_quantile(double share);

double
cfa_mock_draw(int64_t seed, const char *subject, const char *purpose)
{
	unsigned char key[crypto_generichash_KEYBYTES_MIN] = {0};
	unsigned char hash[crypto_generichash_BYTES_MIN];
	crypto_generichash_state state;
	uint64_t bits;

	memcpy(key, &seed, sizeof(seed));
	crypto_generichash_init(&state, key, sizeof(key), sizeof(hash));
	crypto_generichash_update(&state,
							  (const unsigned char *) subject,
							  strlen(subject) + 1);
	crypto_generichash_update(&state,
							  (const unsigned char *) purpose,
							  strlen(purpose));
	crypto_generichash_final(&state, hash, sizeof(hash));
	memcpy(&bits, hash, sizeof(bits));
	return (double) (bits >> 11) * 0x1.0p-53;
}

bool
cfa_mock_draw_hit(double rate, int64_t seed, const char *subject,
				  const char *purpose)
{
	return rate > 0 && cfa_mock_draw(seed, subject, purpose) < rate;
}

int64_t
cfa_mock_draw_delay(CfaMockDistribution distribution, int64_t mean_ms,
					int64_t max_ms, double share)
{
	double mean = (double) mean_ms;
	double delay = mean;

	switch (distribution)
	{
		case CFA_MOCK_FIXED:
			break;
		case CFA_MOCK_UNIFORM:
			delay = 2 * mean * share;
			break;
		case CFA_MOCK_EXPONENTIAL:
			delay = -mean * log1p(-share);
			break;
		case CFA_MOCK_LOGNORMAL:
			delay = mean * exp(LOGNORMAL_SIGMA * normal_quantile(share) -
							   LOGNORMAL_SIGMA * LOGNORMAL_SIGMA / 2);
			break;
	}
	if (delay >= (double) max_ms)
		return max_ms;
	return (int64_t) delay;
}

int64_t
cfa_mock_draw_backoff(int64_t attempts, int64_t base_ms, int64_t max_ms,
					  double share)
{
	int64_t wait_ms = base_ms;

	for (int64_t i = 1; i < attempts && wait_ms < max_ms; i++)
		wait_ms *= 2;
	if (wait_ms > max_ms)
		wait_ms = max_ms;
	return wait_ms - (int64_t) ((double) wait_ms * share / 2);
}

/*
 * The value that a standard normal variable stays below with probability
 * share, by bisection over erfc: exact enough, and without a table.
 */
static double
normal_quantile(double share)
{
	double low = -8;
	double high = 8;

	for (int i = 0; i < 40; i++)
	{
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < share)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}
