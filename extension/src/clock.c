/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c
 *	  careforall.clock(): the start of the statement plus an offset that tests
 *	  set for the whole server.
 *
 * The offset lives in shared memory and is gone after a restart. Without
 * preloading the clock is the real one.
 */
#include "postgres.h"

#include "access/xact.h"
#include "clock.h"
#include "compat.h"
#include "fmgr.h"
#include "guc.h"
#include "miscadmin.h"
#include "shmem.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

CFA_FUNCTION(cfa_sql_clock);
CFA_FUNCTION(cfa_sql_clock_set);
CFA_FUNCTION(cfa_sql_clock_reset);

static void require_may_set(void);

TimestampTz
cfa_clock_now(void)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (cfa_shared == NULL)
		return now;
	return now + (int64) pg_atomic_read_u64(&cfa_shared->clock_offset_us);
}

Datum
cfa_sql_clock(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(cfa_clock_now());
}

/* Move the clock so that it now shows the given time, and runs on from there. */
Datum
cfa_sql_clock_set(PG_FUNCTION_ARGS)
{
	TimestampTz target = PG_GETARG_TIMESTAMPTZ(0);
	int64 offset_us = target - GetCurrentStatementStartTimestamp();

	require_may_set();
	if (TIMESTAMP_NOT_FINITE(target))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("clock cannot be set to infinity")));
	pg_atomic_write_u64(&cfa_shared->clock_offset_us, (uint64) offset_us);
	PG_RETURN_VOID();
}

Datum
cfa_sql_clock_reset(PG_FUNCTION_ARGS)
{
	require_may_set();
	pg_atomic_write_u64(&cfa_shared->clock_offset_us, 0);
	PG_RETURN_VOID();
}

static void
require_may_set(void)
{
	cfa_shmem_require();
	if (!cfa_guc_allow_clock_set)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("clock cannot be set"),
				 errhint("Set careforall.allow_clock_set to on in the "
						 "configuration of a test server.")));
}
