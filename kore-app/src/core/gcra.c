/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcra.c: the generic cell rate algorithm over one number for each bucket.
 *
 * Pure. A bucket is the moment at which it will be full again (free_us); how far
 * that lies ahead of now is its debt. Each permit costs period_us of debt, and
 * time pays it off. The script in middleware/limit.c does the same in Redis.
 */
#include "core/gcra.h"

#include <stddef.h>

#define SECOND_US 1000000ULL

bool
cfa_gcra_set(CfaGcra *limit, uint64_t quota, uint64_t window_s, uint64_t burst)
{
	if (quota == 0 || quota > CFA_GCRA_QUOTA_MAX || window_s == 0 ||
		window_s > CFA_GCRA_WINDOW_MAX_S || burst == 0 || burst > quota)
		return false;
	limit->quota = (uint32_t) quota;
	limit->window_s = (uint32_t) window_s;
	limit->burst = (uint32_t) burst;
	limit->period_us = (window_s * SECOND_US + quota - 1) / quota;
	return true;
}

void
cfa_gcra_share(const CfaGcra *limit, unsigned count, CfaGcra *share)
{
	uint32_t quota = limit->quota / count;
	uint32_t burst = limit->burst / count;

	(void) cfa_gcra_set(share,
						quota > 0 ? quota : 1,
						limit->window_s,
						burst > 0 ? burst : 1);
}

uint64_t
cfa_gcra_capacity_us(const CfaGcra *limit)
{
	return limit->burst * limit->period_us;
}

uint32_t
cfa_gcra_room(const CfaGcra *limit, uint64_t debt_us)
{
	uint64_t capacity_us = cfa_gcra_capacity_us(limit);

	if (debt_us >= capacity_us)
		return 0;
	return (uint32_t) ((capacity_us - debt_us) / limit->period_us);
}

uint64_t
cfa_gcra_wait_us(const CfaGcra *limit, uint64_t debt_us, uint32_t need)
{
	uint64_t capacity_us = cfa_gcra_capacity_us(limit);
	uint64_t wanted_us = debt_us + need * limit->period_us;

	return wanted_us > capacity_us ? wanted_us - capacity_us : 0;
}

uint32_t
cfa_gcra_next_s(const CfaGcra *limit, uint64_t debt_us)
{
	uint64_t wait_us;

	if (debt_us == 0)
		return 0;
	wait_us =
		cfa_gcra_wait_us(limit, debt_us, cfa_gcra_room(limit, debt_us) + 1);
	return (uint32_t) ((wait_us + SECOND_US - 1) / SECOND_US);
}

uint64_t
cfa_gcra_debt_us(const CfaGcra *limit, uint64_t free_us, uint64_t now_us)
{
	uint64_t most_us = 2 * cfa_gcra_capacity_us(limit);

	if (free_us <= now_us)
		return 0;
	return free_us - now_us < most_us ? free_us - now_us : most_us;
}

bool
cfa_gcra_take(const CfaGcra *limit, uint64_t *free_us, uint64_t now_us)
{
	uint64_t debt_us = cfa_gcra_debt_us(limit, *free_us, now_us);

	if (cfa_gcra_room(limit, debt_us) == 0)
		return false;
	*free_us = now_us + debt_us + limit->period_us;
	return true;
}

void
cfa_gcra_charge(const CfaGcra *limit, uint64_t *free_us, uint64_t now_us,
				uint32_t cost)
{
	uint64_t debt_us = cfa_gcra_debt_us(limit, *free_us, now_us);
	uint64_t charged_us = now_us + debt_us + cost * limit->period_us;

	*free_us = now_us + cfa_gcra_debt_us(limit, charged_us, now_us);
}
