/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_GCRA_H
#define CFA_APP_GCRA_H

#include <stdbool.h>
#include <stdint.h>

#define CFA_GCRA_QUOTA_MAX 1000000000
#define CFA_GCRA_WINDOW_MAX_S 86400

/*
 * A limit: quota permits in each window, of which burst may be taken at once.
 * period_us is the time in which one permit comes back; it is rounded up, so
 * that no rounding ever grants more.
 */
typedef struct CfaGcra
{
	uint32_t quota;
	uint32_t window_s;
	uint32_t burst;
	uint64_t period_us;
} CfaGcra;

/* False if a figure is 0 or too large, or burst is larger than quota. */
bool cfa_gcra_set(CfaGcra *limit, uint64_t quota, uint64_t window_s,
				  uint64_t burst);

/* One of count equal shares of a limit, at least one permit. */
void cfa_gcra_share(const CfaGcra *limit, unsigned count, CfaGcra *share);

/* Debt at which nothing is left. */
uint64_t cfa_gcra_capacity_us(const CfaGcra *limit);

/* Permits that a bucket with this debt still has. */
uint32_t cfa_gcra_room(const CfaGcra *limit, uint64_t debt_us);

/* Microseconds until need permits are there; 0 if they are. */
uint64_t cfa_gcra_wait_us(const CfaGcra *limit, uint64_t debt_us,
						  uint32_t need);

/* Seconds, rounded up, until the bucket has one permit more; 0 if it is full. */
uint32_t cfa_gcra_next_s(const CfaGcra *limit, uint64_t debt_us);

/*
 * The debt of a bucket that is free again at free_us, at now_us. It never
 * exceeds twice the capacity, whatever the clocks did.
 */
uint64_t cfa_gcra_debt_us(const CfaGcra *limit, uint64_t free_us,
						  uint64_t now_us);

/* Takes a permit if there is one. */
bool cfa_gcra_take(const CfaGcra *limit, uint64_t *free_us, uint64_t now_us);

/* Takes cost permits, also those that are not there yet. */
void cfa_gcra_charge(const CfaGcra *limit, uint64_t *free_us, uint64_t now_us,
					 uint32_t cost);

#endif
