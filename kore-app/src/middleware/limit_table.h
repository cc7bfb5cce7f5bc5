/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIMIT_TABLE_H
#define CFA_APP_LIMIT_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define CFA_BUCKET_KEY_LEN 16
#define CFA_BUCKET_SETS 2048 /* a power of two */
#define CFA_BUCKET_WAYS 8

struct CfaLimitCheck;

/* What this worker knows of one bucket. Times are of the monotonic clock. */
typedef struct CfaBucket
{
	uint8_t key[CFA_BUCKET_KEY_LEN];
	uint64_t used_us;
	uint64_t free_us;		   /* when it is full again, as far as known */
	uint64_t refused_until_us; /* Redis need not be asked before */
	uint64_t lease_end_us;
	uint32_t permits; /* paid for in Redis, not spent yet */
	uint32_t granted; /* of the lease, at its start */
	uint32_t want;	  /* what to ask for next */
	uint32_t inflight;
	uint32_t pins; /* whoever holds a pointer over more than one turn */
	bool is_asking;
	TAILQ_HEAD(, CfaLimitCheck) waiting; /* for the lease that is asked for */
} CfaBucket;

/*
 * The bucket of a key, made if it is new: the one that was not used for longest
 * makes room. NULL if none can.
 */
CfaBucket *cfa_bucket_find(const uint8_t key[CFA_BUCKET_KEY_LEN],
						   uint64_t now_us);

#endif
