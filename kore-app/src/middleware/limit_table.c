/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit_table.c: a fixed table of the buckets that were used last.
 *
 * Keys are keyed hashes, so nobody outside can choose which buckets meet in one
 * set. What is evicted is only a copy of what Redis has, or, without Redis, the
 * count of a client that was silent for longer than all its neighbours.
 */
#include "middleware/limit_table.h"

#include <stddef.h>
#include <string.h>

static CfaBucket table[CFA_BUCKET_SETS][CFA_BUCKET_WAYS];

CfaBucket *
cfa_bucket_find(const uint8_t key[CFA_BUCKET_KEY_LEN], uint64_t now_us)
{
	uint16_t set;
	CfaBucket *oldest = NULL;
	unsigned i;

	memcpy(&set, key, sizeof(set));
	for (i = 0; i < CFA_BUCKET_WAYS; i++)
	{
		CfaBucket *bucket = &table[set % CFA_BUCKET_SETS][i];

		if (bucket->used_us != 0 &&
			memcmp(bucket->key, key, CFA_BUCKET_KEY_LEN) == 0)
		{
			bucket->used_us = now_us;
			return bucket;
		}
		if (bucket->pins == 0 &&
			(oldest == NULL || bucket->used_us < oldest->used_us))
			oldest = bucket;
	}
	if (oldest == NULL)
		return NULL;
	*oldest = (CfaBucket){.used_us = now_us, .want = 1};
	memcpy(oldest->key, key, CFA_BUCKET_KEY_LEN);
	TAILQ_INIT(&oldest->waiting);
	return oldest;
}
