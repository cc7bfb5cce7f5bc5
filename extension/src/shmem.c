/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shmem.c
 *	  Reserves and sets up the shared segment.
 *
 * All of it is a cache or a counter: after a crash the postmaster sets it up
 * anew, limits load from the tables at their next use, the clock is real again.
 */
#include "postgres.h"

#include "guc.h"
#include "miscadmin.h"
#include "shmem.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#define TRANCHE_NAME "careforall_limits"

CfaShared *cfa_shared = NULL;
HTAB *cfa_limit_table = NULL;
LWLock *cfa_limit_lock = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static void request_segment(void);
static void start_segment(void);
static void init_shared(CfaShared *shared);

void
cfa_shmem_install(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_segment;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_segment;
}

void
cfa_shmem_require(void)
{
	if (cfa_shared != NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("careforall must be loaded when the server starts"),
			 errhint("Add \"careforall\" to shared_preload_libraries and "
					 "restart the server.")));
}

void
cfa_count(CfaCounter counter)
{
	cfa_count_many(counter, 1);
}

void
cfa_count_many(CfaCounter counter, uint64 number)
{
	if (cfa_shared != NULL && number > 0)
		pg_atomic_fetch_add_u64(&cfa_shared->counters[counter], (int64) number);
}

static void
request_segment(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(CfaShared)));
	RequestAddinShmemSpace(
		hash_estimate_size(cfa_guc_max_limits, sizeof(CfaLimit)));
	RequestNamedLWLockTranche(TRANCHE_NAME, 1);
}

static void
start_segment(void)
{
	HASHCTL info = {
		.keysize = sizeof(CfaLimitKey),
		.entrysize = sizeof(CfaLimit),
	};
	bool found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	cfa_shared = ShmemInitStruct("careforall", sizeof(CfaShared), &found);
	if (!found)
		init_shared(cfa_shared);
	cfa_limit_table = ShmemInitHash("careforall limits",
									cfa_guc_max_limits,
									cfa_guc_max_limits,
									&info,
									HASH_ELEM | HASH_BLOBS | HASH_FIXED_SIZE);
	cfa_limit_lock = &GetNamedLWLockTranche(TRANCHE_NAME)->lock;
	LWLockRelease(AddinShmemInitLock);
}

static void
init_shared(CfaShared *shared)
{
	pg_atomic_init_u64(&shared->clock_offset_us, 0);
	pg_atomic_init_u32(&shared->notifier_proc, 0);
	pg_atomic_init_u32(&shared->notifier_database, InvalidOid);
	pg_atomic_init_u32(&shared->wake_is_pending, 0);
	pg_atomic_init_u32(&shared->fold_is_needed, 1);
	pg_atomic_init_u64(&shared->sleep_asked, 0);
	pg_atomic_init_u64(&shared->sleep_served, 0);
	pg_atomic_init_u64(&shared->outbox_commits, 0);
	for (int i = 0; i < CFA_COUNTER_COUNT; i++)
		pg_atomic_init_u64(&shared->counters[i], 0);
}
