/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.c
 *	  What the limits and the counters show: limits(), limits_reload(),
 *	  stats(), stats_reset().
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "limits.h"
#include "miscadmin.h"
#include "shmem.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

static const char *const counter_names[CFA_COUNTER_COUNT] = {
	[CFA_COUNTER_PLEDGES_CREATED] = "pledges_created",
	[CFA_COUNTER_PLEDGES_REPLAYED] = "pledges_replayed",
	[CFA_COUNTER_PLEDGES_KEY_REUSED] = "pledges_key_reused",
	[CFA_COUNTER_PLEDGES_REFUSED_LIMIT] = "pledges_refused_limit",
	[CFA_COUNTER_PLEDGES_REFUSED_CAMPAIGN] = "pledges_refused_campaign",
	[CFA_COUNTER_PLEDGES_REFUSED_INPUT] = "pledges_refused_input",
	[CFA_COUNTER_PLEDGE_BATCHES] = "pledge_batches",
	[CFA_COUNTER_PLEDGE_EVENT_PAYMENT_ATTACH] = "pledge_event_payment_attach",
	[CFA_COUNTER_PLEDGE_EVENT_PAYMENT_SUCCEEDED] =
		"pledge_event_payment_succeeded",
	[CFA_COUNTER_PLEDGE_EVENT_PAYMENT_FAILED] = "pledge_event_payment_failed",
	[CFA_COUNTER_PLEDGE_EVENT_CANCEL_REQUEST] = "pledge_event_cancel_request",
	[CFA_COUNTER_PLEDGE_EVENT_CANCEL] = "pledge_event_cancel",
	[CFA_COUNTER_PLEDGE_EVENT_EXPIRE] = "pledge_event_expire",
	[CFA_COUNTER_PLEDGE_EVENT_REFUND_REQUEST] = "pledge_event_refund_request",
	[CFA_COUNTER_PLEDGE_EVENT_REFUND] = "pledge_event_refund",
	[CFA_COUNTER_PLEDGE_EVENTS_ILLEGAL] = "pledge_events_illegal",
	[CFA_COUNTER_INBOX_APPLIED] = "inbox_applied",
	[CFA_COUNTER_INBOX_DUPLICATE] = "inbox_duplicate",
	[CFA_COUNTER_INBOX_STALE] = "inbox_stale",
	[CFA_COUNTER_INBOX_LATE] = "inbox_late",
	[CFA_COUNTER_INBOX_ATTEMPT] = "inbox_attempt",
	[CFA_COUNTER_INBOX_IGNORED] = "inbox_ignored",
	[CFA_COUNTER_INBOX_UNKNOWN] = "inbox_unknown",
	[CFA_COUNTER_INBOX_MISMATCH] = "inbox_mismatch",
	[CFA_COUNTER_LIMIT_RESERVATIONS] = "limit_reservations",
	[CFA_COUNTER_LIMIT_REFUSALS] = "limit_refusals",
	[CFA_COUNTER_LIMIT_CONFLICTS] = "limit_conflicts",
	[CFA_COUNTER_LIMIT_LOADS] = "limit_loads",
	[CFA_COUNTER_LIMIT_EVICTIONS] = "limit_evictions",
	[CFA_COUNTER_OUTBOX_COMMITS] = "outbox_commits",
	[CFA_COUNTER_NOTIFIES_SENT] = "notifies_sent",
	[CFA_COUNTER_WAKEUPS_COALESCED] = "wakeups_coalesced",
	[CFA_COUNTER_TOTALS_FOLDED] = "totals_folded",
};

CFA_FUNCTION(cfa_sql_limits);
CFA_FUNCTION(cfa_sql_limits_reload);
CFA_FUNCTION(cfa_sql_stats);
CFA_FUNCTION(cfa_sql_stats_reset);

static const char *state_name(CfaLimitState state);

/* kind, id, capacity, used, available, pins, state */
Datum
cfa_sql_limits(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CfaLimitFigures *figures;
	int count;

	cfa_shmem_require();
	figures = cfa_limit_figures(&count, NULL);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		CfaLimitFigures *f = &figures[i];
		bool is_limited = f->capacity < CFA_CAPACITY_UNLIMITED / 2;
		bool is_ready = f->state == CFA_LIMIT_READY;
		Datum values[7] = {0};
		bool nulls[7] = {false};

		values[0] = CStringGetTextDatum(cfa_limit_kind_name(f->kind));
		values[1] = PointerGetDatum(&f->id);
		values[2] = Int64GetDatum(f->capacity);
		values[3] = Int64GetDatum(f->capacity - f->available);
		values[4] = Int64GetDatum(f->available);
		values[5] = Int32GetDatum((int32) f->pins);
		values[6] = CStringGetTextDatum(state_name(f->state));
		nulls[2] = nulls[4] = !is_ready || !is_limited;
		nulls[3] = !is_ready;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * Forget all limits of this database, to be loaded anew. Those in use are
 * forgotten as soon as no transaction uses them.
 */
Datum
cfa_sql_limits_reload(PG_FUNCTION_ARGS)
{
	HASH_SEQ_STATUS scan;
	CfaLimit *limit;
	int in_use = 0;

	cfa_shmem_require();
	LWLockAcquire(cfa_limit_lock, LW_EXCLUSIVE);
	hash_seq_init(&scan, cfa_limit_table);
	while ((limit = hash_seq_search(&scan)) != NULL)
	{
		if (limit->key.database != MyDatabaseId)
			continue;
		if (pg_atomic_read_u32(&limit->pins) == 0)
			(void) hash_search(cfa_limit_table, &limit->key, HASH_REMOVE, NULL);
		else
		{
			pg_atomic_write_u32(&limit->is_stale, 1);
			in_use++;
		}
	}
	LWLockRelease(cfa_limit_lock);
	if (in_use > 0)
		ereport(NOTICE,
				(errmsg("limits in use by transactions: %d", in_use),
				 errdetail("They are loaded again once no transaction uses "
						   "them.")));
	PG_RETURN_VOID();
}

Datum
cfa_sql_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	cfa_shmem_require();
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < CFA_COUNTER_COUNT; i++)
	{
		Datum values[2];
		bool nulls[2] = {false, false};

		values[0] = CStringGetTextDatum(counter_names[i]);
		values[1] =
			Int64GetDatum((int64) pg_atomic_read_u64(&cfa_shared->counters[i]));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
cfa_sql_stats_reset(PG_FUNCTION_ARGS)
{
	cfa_shmem_require();
	for (int i = 0; i < CFA_COUNTER_COUNT; i++)
		pg_atomic_write_u64(&cfa_shared->counters[i], 0);
	PG_RETURN_VOID();
}

static const char *
state_name(CfaLimitState state)
{
	switch (state)
	{
		case CFA_LIMIT_EMPTY:
			return "empty";
		case CFA_LIMIT_LOADING:
			return "loading";
		case CFA_LIMIT_READY:
			return "ready";
	}
	return NULL;
}
