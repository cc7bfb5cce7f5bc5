/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw.h
 *	  Chance that can be repeated. A draw depends on the seed, on what it is
 *	  about and on its purpose, never on what was drawn before: the same payment
 *	  has the same fate under any interleaving and after any restart.
 */
#ifndef CFA_MOCK_DRAW_H
#define CFA_MOCK_DRAW_H

#include <stdbool.h>
#include <stdint.h>

typedef enum CfaMockDistribution
{
	CFA_MOCK_FIXED,		  /* always the mean */
	CFA_MOCK_UNIFORM,	  /* between 0 and twice the mean */
	CFA_MOCK_EXPONENTIAL, /* memoryless, many short and few long */
	CFA_MOCK_LOGNORMAL,	  /* like real providers: a body and a long tail */
} CfaMockDistribution;

/* A number in [0, 1) for this seed, subject and purpose. */
double cfa_mock_draw(int64_t seed, const char *subject, const char *purpose);

/* Whether something of the given rate (0 to 1) happens to the subject. */
bool cfa_mock_draw_hit(double rate, int64_t seed, const char *subject,
					   const char *purpose);

/*
 * A duration with the given mean, at most max_ms. share is a draw in [0, 1).
 */
int64_t cfa_mock_draw_delay(CfaMockDistribution distribution, int64_t mean_ms,
							int64_t max_ms, double share);

/*
 * How long to wait before attempt number attempts + 1 (attempts made so far:
 * 1 or more): doubles from base_ms up to max_ms, then between half and all of
 * it by share, so that many deliveries that failed together spread out.
 */
int64_t cfa_mock_draw_backoff(int64_t attempts, int64_t base_ms, int64_t max_ms,
							  double share);

#endif /* CFA_MOCK_DRAW_H */
