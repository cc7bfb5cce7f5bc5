/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shmem.h
 *	  The one shared segment: limit table, counters, clock, notifier.
 */
#ifndef CFA_SHMEM_H
#define CFA_SHMEM_H

#include "postgres.h"

#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"
#include "utils/hsearch.h"
#include "utils/uuid.h"

/* What is counted since the server started; names stand in stats.c. */
typedef enum CfaCounter
{
	CFA_COUNTER_PLEDGES_CREATED,
	CFA_COUNTER_PLEDGES_REPLAYED,
	CFA_COUNTER_PLEDGES_KEY_REUSED,
	CFA_COUNTER_PLEDGES_REFUSED_LIMIT,
	CFA_COUNTER_PLEDGES_REFUSED_CAMPAIGN,
	CFA_COUNTER_PLEDGES_REFUSED_INPUT,
	CFA_COUNTER_PLEDGE_BATCHES,
	/* Events of the life cycle that were applied. */
	CFA_COUNTER_PLEDGE_EVENT_PAYMENT_ATTACH,
	CFA_COUNTER_PLEDGE_EVENT_PAYMENT_SUCCEEDED,
	CFA_COUNTER_PLEDGE_EVENT_PAYMENT_FAILED,
	CFA_COUNTER_PLEDGE_EVENT_CANCEL_REQUEST,
	CFA_COUNTER_PLEDGE_EVENT_CANCEL,
	CFA_COUNTER_PLEDGE_EVENT_EXPIRE,
	CFA_COUNTER_PLEDGE_EVENT_REFUND_REQUEST,
	CFA_COUNTER_PLEDGE_EVENT_REFUND,
	CFA_COUNTER_PLEDGE_EVENTS_ILLEGAL,
	CFA_COUNTER_INBOX_APPLIED,
	CFA_COUNTER_INBOX_DUPLICATE,
	CFA_COUNTER_INBOX_STALE,
	CFA_COUNTER_INBOX_LATE,
	CFA_COUNTER_INBOX_ATTEMPT,
	CFA_COUNTER_INBOX_IGNORED,
	CFA_COUNTER_INBOX_UNKNOWN,
	CFA_COUNTER_INBOX_MISMATCH,
	CFA_COUNTER_LIMIT_RESERVATIONS,
	CFA_COUNTER_LIMIT_REFUSALS,
	CFA_COUNTER_LIMIT_CONFLICTS,
	CFA_COUNTER_LIMIT_LOADS,
	CFA_COUNTER_LIMIT_EVICTIONS,
	CFA_COUNTER_OUTBOX_COMMITS,
	CFA_COUNTER_NOTIFIES_SENT,
	CFA_COUNTER_WAKEUPS_COALESCED,
	CFA_COUNTER_TOTALS_FOLDED
} CfaCounter;

#define CFA_COUNTER_COUNT (CFA_COUNTER_TOTALS_FOLDED + 1)

typedef enum CfaLimitKind
{
	CFA_LIMIT_CAMPAIGN, /* minor units of the campaign's currency */
	CFA_LIMIT_REWARD,	/* places */
	CFA_LIMIT_POOL		/* places */
} CfaLimitKind;

#define CFA_LIMIT_KIND_COUNT (CFA_LIMIT_POOL + 1)

/*
 * relation is the OID of careforall.pledges, so that a table dropped and made
 * anew has limits of its own. No padding: hashed as bytes.
 */
typedef struct CfaLimitKey
{
	Oid database;
	Oid relation;
	int32 kind;
	pg_uuid_t id;
} CfaLimitKey;

typedef enum CfaLimitState
{
	CFA_LIMIT_EMPTY,
	CFA_LIMIT_LOADING,
	CFA_LIMIT_READY
} CfaLimitState;

/*
 * A limit in the shared table. Found or pinned under the table's lock, shared;
 * made, evicted or emptied under it, exclusive. An entry with pins stays.
 */
typedef struct CfaLimit
{
	CfaLimitKey key;
	pg_atomic_uint32 pins;		/* transactions that use the entry */
	pg_atomic_uint32 state;		/* CfaLimitState */
	pg_atomic_uint32 is_stale;	/* to be evicted once it has no pins */
	pg_atomic_uint32 is_recent; /* used since the last sweep */
	pg_atomic_uint64 available; /* int64: capacity minus use */
	pg_atomic_uint64 capacity;	/* int64, as committed */
	ConditionVariable loaded;	/* signalled when LOADING ends */
} CfaLimit;

typedef struct CfaShared
{
	pg_atomic_uint64 clock_offset_us; /* int64: added to the real time */

	/* Notifier: see notifier.c for the protocol. */
	pg_atomic_uint32 notifier_proc;		/* proc number + 1; 0 is none */
	pg_atomic_uint32 notifier_database; /* OID; invalid until known */
	pg_atomic_uint32 wake_is_pending;
	pg_atomic_uint32 fold_is_needed;
	pg_atomic_uint64 sleep_asked;  /* number of the last outbox_sleep() */
	pg_atomic_uint64 sleep_served; /* last sleep that was ended */
	pg_atomic_uint64 outbox_commits;

	pg_atomic_uint64 counters[CFA_COUNTER_COUNT];
} CfaShared;

/* NULL when the library is not preloaded. */
extern CfaShared *cfa_shared;
extern HTAB *cfa_limit_table;
extern LWLock *cfa_limit_lock;

/* Install the hooks that reserve and set up the segment. */
extern void cfa_shmem_install(void);

/* An error with a hint unless the library is preloaded. */
extern void cfa_shmem_require(void);

extern void cfa_count(CfaCounter counter);
extern void cfa_count_many(CfaCounter counter, uint64 number);

#endif /* CFA_SHMEM_H */
