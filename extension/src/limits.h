/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h
 *	  Exact limits without row locks (escrow). See limits.c for the rules.
 *
 * All of these may wait for another backend that loads the same limit, and
 * raise an error in recovery, without preloading, and when the table is full.
 */
#ifndef CFA_LIMITS_H
#define CFA_LIMITS_H

#include "postgres.h"

#include "access/xact.h"
#include "shmem.h"
#include "utils/snapshot.h"

/* Capacity of a limit that has none; far above any sum of amounts in use. */
#define CFA_CAPACITY_UNLIMITED (INT64CONST(1) << 62)

/*
 * Pin a limit for the rest of the transaction and see that it is loaded. Must
 * come before the transaction changes anything that counts for the limit.
 */
extern void cfa_limit_touch(CfaLimitKind kind, const pg_uuid_t *id);

/*
 * Put n units aside for later cfa_limit_use; false, with what is available now,
 * when there are less.
 */
extern bool cfa_limit_promise(CfaLimitKind kind, const pg_uuid_t *id, int64 n,
							  int64 *available);

/* Promised units become free for cfa_limit_use by this transaction. */
extern void cfa_limit_promise_keep(CfaLimitKind kind, const pg_uuid_t *id,
								   int64 n);

/* Promised units go back to everybody. */
extern void cfa_limit_promise_drop(CfaLimitKind kind, const pg_uuid_t *id,
								   int64 n);

/*
 * Record that the use of a limit changed by n in the tables, taking what is
 * needed; false when there is less. A negative n frees at commit.
 */
extern bool cfa_limit_use(CfaLimitKind kind, const pg_uuid_t *id, int64 n,
						  int64 *available);

/* Record a new capacity; false when the use is above it. */
extern bool cfa_limit_resize(CfaLimitKind kind, const pg_uuid_t *id,
							 int64 old_capacity, int64 new_capacity,
							 int64 *used);

/* Name of a kind in results and errors. */
extern const char *cfa_limit_kind_name(CfaLimitKind kind);

/* A limit as it stands in shared memory. */
typedef struct CfaLimitFigures
{
	CfaLimitKind kind;
	pg_uuid_t id;
	CfaLimitState state;
	int64 capacity;
	int64 available;
	uint32 pins;
} CfaLimitFigures;

/*
 * Copy all limits of this database. With latest set, only limits that are
 * ready and that no transaction uses, and *latest is a registered snapshot of
 * the tables at just that moment, which the caller unregisters.
 */
extern CfaLimitFigures *cfa_limit_figures(int *count, Snapshot *latest);

/* For xact.c only. */
extern bool cfa_limits_in_use(void);
extern void cfa_limits_at_end(bool is_commit);
extern void cfa_limits_at_sub_commit(int level);
extern void cfa_limits_at_sub_abort(int level);

#endif /* CFA_LIMITS_H */
