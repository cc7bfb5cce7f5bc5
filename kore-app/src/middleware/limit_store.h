/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIMIT_STORE_H
#define CFA_APP_LIMIT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/gcra.h"
#include "middleware/limit_table.h"

#define CFA_LIMIT_PARTS_MAX 2

/* A bucket to take permits from. */
typedef struct CfaLimitTake
{
	const uint8_t *key; /* CFA_BUCKET_KEY_LEN bytes */
	const CfaGcra *gcra;
} CfaLimitTake;

typedef struct CfaLimitVerdict
{
	bool is_allowed;					   /* else nothing was taken from any */
	uint32_t taken;						   /* from each */
	uint64_t debt_us[CFA_LIMIT_PARTS_MAX]; /* of each, now */
} CfaLimitVerdict;

/* The verdict, or NULL when Redis does not give one; borrowed for the call. */
typedef void (*CfaLimitStored)(void *arg, const CfaLimitVerdict *verdict);

/* In a worker, before it connects to Redis. */
void cfa_limit_store_start(void);

/*
 * Takes up to want permits, one at least, from all buckets or from none. done is
 * called once, later; false if Redis cannot be asked now, and done is not called.
 */
bool cfa_limit_store_take(const CfaLimitTake *takes, unsigned count,
						  uint32_t want, CfaLimitStored done, void *arg);

/* Charges all buckets, also what they do not have; nobody waits for it. */
void cfa_limit_store_charge(const CfaLimitTake *takes, unsigned count,
							uint32_t cost);

#endif
