/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_apply.c
 *	  careforall.pledge_apply, and the writing of updates for it and the inbox.
 *
 * A row is locked before anything is decided about it, and rows are locked in
 * id order. What is written is judged once more by the triggers.
 */
#include "postgres.h"

#include "arrays.h"
#include "clock.h"
#include "compat.h"
#include "fmgr.h"
#include "ids.h"
#include "pledge_apply.h"
#include "shmem.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define LOCK_SQL                                                             \
	"SELECT p.id, p.campaign_id, p.state, p.amount_minor, p.currency::text," \
	" p.refunded_minor, p.provider, p.payment_id,"                           \
	" p.cancel_requested_at IS NOT NULL,"                                    \
	" CASE WHEN p.cancel_requested_at IS NOT NULL THEN"                      \
	"  (SELECT h.reason FROM careforall.pledge_history h"                    \
	"   WHERE h.pledge_id = p.id AND h.event = 'cancel_request'"             \
	"   ORDER BY h.version DESC LIMIT 1) END,"                               \
	" p.version,"                                                            \
	" CASE WHEN p.state = 'confirmed' THEN"                                  \
	"  (SELECT coalesce(sum(r.amount_minor), 0)::bigint"                     \
	"   FROM careforall.refunds r WHERE r.pledge_id = p.id"                  \
	"   AND r.kind = 'manual' AND r.state = 'requested') ELSE 0 END"         \
	" FROM careforall.pledges p WHERE p.id "

static CfaPlan lock_plan = {
	.sql = LOCK_SQL "= $1 FOR NO KEY UPDATE OF p",
	.arg_count = 1,
	.args = {UUIDOID},
};
static CfaPlan locks_plan = {
	.sql = LOCK_SQL "= ANY ($1) ORDER BY p.id FOR NO KEY UPDATE OF p",
	.arg_count = 1,
	.args = {UUIDARRAYOID},
};
static CfaPlan update_plan = {
	.sql = "UPDATE careforall.pledges p SET state = $2,"
		   " state_reason = coalesce($3, p.state_reason),"
		   " refunded_minor = $4, provider = coalesce($5, p.provider),"
		   " payment_id = coalesce($6, p.payment_id),"
		   " cancel_requested_at = coalesce(p.cancel_requested_at, $7)"
		   " WHERE p.id = $1",
	.arg_count = 7,
	.args =
		{UUIDOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID},
};
static CfaPlan updates_plan = {
	.sql = "UPDATE careforall.pledges p SET state = u.state,"
		   " state_reason = coalesce(u.reason, p.state_reason),"
		   " refunded_minor = u.refunded,"
		   " provider = coalesce(u.provider, p.provider),"
		   " payment_id = coalesce(u.payment, p.payment_id),"
		   " cancel_requested_at = coalesce(p.cancel_requested_at, u.cancel)"
		   " FROM ROWS FROM (unnest($1), unnest($2), unnest($3), unnest($4),"
		   " unnest($5), unnest($6), unnest($7))"
		   " AS u (id, state, reason, refunded, provider, payment, cancel)"
		   " WHERE p.id = u.id",
	.arg_count = 7,
	.args = {UUIDARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 INT8ARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TIMESTAMPTZARRAYOID},
};
static CfaPlan refund_plan = {
	.sql = "INSERT INTO careforall.refunds (id, pledge_id, campaign_id,"
		   " amount_minor, currency, kind, reason, requested_by, provider,"
		   " payment_id, created_at)"
		   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	.arg_count = 11,
	.args = {UUIDOID,
			 UUIDOID,
			 UUIDOID,
			 INT8OID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TIMESTAMPTZOID},
};

typedef enum CfaApplied
{
	CFA_APPLIED,
	CFA_APPLIED_SAME,
	CFA_APPLIED_ILLEGAL,
	CFA_APPLIED_STALE,
	CFA_APPLIED_UNKNOWN
} CfaApplied;

static const char *const applied_names[] = {
	[CFA_APPLIED] = "applied",
	[CFA_APPLIED_SAME] = "same",
	[CFA_APPLIED_ILLEGAL] = "illegal",
	[CFA_APPLIED_STALE] = "stale",
	[CFA_APPLIED_UNKNOWN] = "unknown",
};

static const CfaCounter event_counters[CFA_PLEDGE_EVENT_COUNT] = {
	[CFA_PLEDGE_CREATE] = CFA_COUNTER_PLEDGES_CREATED,
	[CFA_PLEDGE_PAYMENT_ATTACH] = CFA_COUNTER_PLEDGE_EVENT_PAYMENT_ATTACH,
	[CFA_PLEDGE_PAYMENT_SUCCEEDED] = CFA_COUNTER_PLEDGE_EVENT_PAYMENT_SUCCEEDED,
	[CFA_PLEDGE_PAYMENT_FAILED] = CFA_COUNTER_PLEDGE_EVENT_PAYMENT_FAILED,
	[CFA_PLEDGE_CANCEL_REQUEST] = CFA_COUNTER_PLEDGE_EVENT_CANCEL_REQUEST,
	[CFA_PLEDGE_CANCEL] = CFA_COUNTER_PLEDGE_EVENT_CANCEL,
	[CFA_PLEDGE_EXPIRE] = CFA_COUNTER_PLEDGE_EVENT_EXPIRE,
	[CFA_PLEDGE_REFUND_REQUEST] = CFA_COUNTER_PLEDGE_EVENT_REFUND_REQUEST,
	[CFA_PLEDGE_REFUND] = CFA_COUNTER_PLEDGE_EVENT_REFUND,
};

CFA_FUNCTION(cfa_sql_pledge_apply);
CFA_FUNCTION(cfa_sql_pledge_apply_version);

static Datum apply_by_sql(FunctionCallInfo fcinfo, const int64 *expected);
static void locked_from_row(uint64 row, CfaLocked *pledge);
static CfaApplied apply(CfaChange *change, const int64 *expected,
						CfaLocked *pledge);
static CfaApplied decide(CfaUpdate *update);
static bool decide_refund(CfaUpdate *update);
static bool decide_refund_request(CfaUpdate *update);
static const char *default_reason(CfaPledgeEvent event);
static void update_one(const CfaUpdate *update);
static void update_many(const CfaUpdate *updates, int count);
static int compare_updates(const void *a, const void *b);
static char *optional_text(FunctionCallInfo fcinfo, int arg);

/* As 0.1.0 declares it. */
Datum
cfa_sql_pledge_apply(PG_FUNCTION_ARGS)
{
	return apply_by_sql(fcinfo, NULL);
}

Datum
cfa_sql_pledge_apply_version(PG_FUNCTION_ARGS)
{
	int64 expected = PG_ARGISNULL(6) ? 0 : PG_GETARG_INT64(6);

	return apply_by_sql(fcinfo, PG_ARGISNULL(6) ? NULL : &expected);
}

/* expected is the version that the pledge must have, NULL for any. */
static Datum
apply_by_sql(FunctionCallInfo fcinfo, const int64 *expected)
{
	CfaChange change = {0};
	CfaLocked pledge;
	CfaApplied applied;
	TupleDesc desc;
	Datum values[3] = {0};
	bool nulls[3] = {false, true, true};
	char *name;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("pledge_id and event must not be null")));
	change.pledge_id = *PG_GETARG_UUID_P(0);
	name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!cfa_pledge_event_parse(name, &change.event) ||
		change.event == CFA_PLEDGE_CREATE ||
		change.event == CFA_PLEDGE_DONOR_ERASE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized event \"%s\"", name)));
	change.reason = optional_text(fcinfo, 2);
	change.has_amount = !PG_ARGISNULL(3);
	if (change.has_amount)
		change.amount_minor = PG_GETARG_INT64(3);
	change.actor = optional_text(fcinfo, 4);
	change.traceparent = optional_text(fcinfo, 5);

	applied = apply(&change, expected, &pledge);
	values[0] = CStringGetTextDatum(applied_names[applied]);
	if (applied != CFA_APPLIED_UNKNOWN)
	{
		nulls[1] = nulls[2] = false;
		values[1] = CStringGetTextDatum(cfa_pledge_state_name(pledge.state));
		values[2] = Int64GetDatum(pledge.version);
	}
	desc = cfa_result_desc(fcinfo);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

int
cfa_pledges_lock(const pg_uuid_t *ids, int count, CfaLocked *pledges)
{
	CfaArgs args = {0};
	uint64 rows;

	if (count == 0)
		return 0;
	if (count == 1)
	{
		cfa_arg_uuid(&args, ids);
		rows = cfa_plan_run(&lock_plan, &args, SPI_OK_SELECT);
	}
	else
	{
		CfaColumn column = cfa_column(UUIDOID, count);

		for (int i = 0; i < count; i++)
			cfa_column_add_uuid(&column, &ids[i]);
		cfa_arg_column(&args, &column);
		rows = cfa_plan_run(&locks_plan, &args, SPI_OK_SELECT);
	}
	for (uint64 row = 0; row < rows; row++)
		locked_from_row(row, &pledges[row]);
	return (int) rows;
}

CfaLocked *
cfa_locked_find(CfaLocked *pledges, int count, const pg_uuid_t *id)
{
	for (int i = 0; i < count; i++)
	{
		if (cfa_uuid_compare(&pledges[i].id, id) == 0)
			return &pledges[i];
	}
	return NULL;
}

void
cfa_pledges_update(CfaUpdate *updates, int count)
{
	CfaChange *changes = palloc(sizeof(CfaChange) * (Size) (count + 1));

	if (count == 0)
		return;
	qsort(updates, (size_t) count, sizeof(CfaUpdate), compare_updates);
	for (int i = 0; i < count; i++)
		changes[i] = updates[i].change;
	cfa_changes_begin(changes, count);
	if (count == 1)
		update_one(updates);
	else
		update_many(updates, count);
	cfa_changes_end();
	for (int i = 0; i < count; i++)
	{
		CfaUpdate *u = &updates[i];

		u->pledge->state = u->edge->to;
		u->pledge->refunded_minor = u->refunded_minor;
		u->pledge->version++;
		u->pledge->has_cancel_requested |= u->requests_cancel;
		if (u->requests_cancel)
			u->pledge->cancel_reason =
				u->change.reason ? pstrdup(u->change.reason) : NULL;
		if (u->payment_id != NULL)
		{
			u->pledge->payment_id = pstrdup(u->payment_id);
			u->pledge->provider = u->provider ? pstrdup(u->provider) : NULL;
		}
		cfa_count(event_counters[u->edge->event]);
	}
}

pg_uuid_t *
cfa_refund_add(const CfaLocked *pledge, const char *kind, int64 amount_minor,
			   const char *reason, const char *requested_by,
			   const char *provider, const char *payment_id)
{
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
	CfaArgs args = {0};

	*id = cfa_uuid7();
	cfa_arg_uuid(&args, id);
	cfa_arg_uuid(&args, &pledge->id);
	cfa_arg_uuid(&args, &pledge->campaign_id);
	cfa_arg(&args, Int64GetDatum(amount_minor));
	cfa_arg_text(&args, pledge->currency);
	cfa_arg_text(&args, kind);
	cfa_arg_text(&args, reason);
	cfa_arg_text(&args, requested_by);
	cfa_arg_text(&args, provider);
	cfa_arg_text(&args, payment_id);
	cfa_arg(&args, TimestampTzGetDatum(cfa_clock_now()));
	cfa_plan_run(&refund_plan, &args, SPI_OK_INSERT);
	return id;
}

static void
locked_from_row(uint64 row, CfaLocked *pledge)
{
	char *state = cfa_result_text(row, 3);

	memset(pledge, 0, sizeof(*pledge));
	pledge->id = *cfa_result_uuid(row, 1);
	pledge->campaign_id = *cfa_result_uuid(row, 2);
	if (!cfa_pledge_state_parse(state, &pledge->state))
		elog(ERROR, "unrecognized pledge state \"%s\"", state);
	pledge->amount_minor = cfa_result_int64(row, 4);
	strlcpy(pledge->currency,
			cfa_result_text(row, 5),
			sizeof(pledge->currency));
	pledge->refunded_minor = cfa_result_int64(row, 6);
	pledge->provider = cfa_result_text(row, 7);
	pledge->payment_id = cfa_result_text(row, 8);
	pledge->has_cancel_requested = cfa_result_bool(row, 9);
	pledge->cancel_reason = cfa_result_text(row, 10);
	pledge->version = cfa_result_int64(row, 11);
	pledge->requested_minor = cfa_result_int64(row, 12);
}

static CfaApplied
apply(CfaChange *change, const int64 *expected, CfaLocked *pledge)
{
	MemoryContext caller = CurrentMemoryContext;
	CfaApplied applied = CFA_APPLIED_UNKNOWN;
	CfaUpdate update = {.change = *change, .pledge = pledge};
	MemoryContext inner;
	CfaSpi spi;

	cfa_shmem_require();
	cfa_spi_begin(&spi);
	inner = MemoryContextSwitchTo(caller);
	if (cfa_pledges_lock(&change->pledge_id, 1, pledge) == 1)
	{
		update.refunded_minor = pledge->refunded_minor;
		applied = expected != NULL && *expected != pledge->version
					  ? CFA_APPLIED_STALE
					  : decide(&update);
		if (applied == CFA_APPLIED)
			cfa_pledges_update(&update, 1);
		else if (applied == CFA_APPLIED_ILLEGAL)
			cfa_count(CFA_COUNTER_PLEDGE_EVENTS_ILLEGAL);
	}
	MemoryContextSwitchTo(inner);
	cfa_spi_end(&spi);
	return applied;
}

/* What an event asked for by hand does to a locked pledge. */
static CfaApplied
decide(CfaUpdate *update)
{
	CfaChange *change = &update->change;
	CfaLocked *pledge = update->pledge;
	CfaPledgeGuard guard = CFA_GUARD_ALWAYS;

	if (change->event == CFA_PLEDGE_REFUND)
	{
		if (!decide_refund(update))
			return CFA_APPLIED_ILLEGAL;
		guard = update->refunded_minor == pledge->amount_minor ? CFA_GUARD_REST
															   : CFA_GUARD_PART;
	}
	else if (change->event != CFA_PLEDGE_REFUND_REQUEST)
		change->has_amount = false;

	update->edge = cfa_pledge_edge(pledge->state, change->event, guard);
	if (update->edge == NULL)
		return CFA_APPLIED_ILLEGAL;
	if (update->edge->effect == CFA_EFFECT_NOTHING)
		return CFA_APPLIED_SAME;
	if (change->event == CFA_PLEDGE_CANCEL_REQUEST)
	{
		if (pledge->has_cancel_requested)
			return CFA_APPLIED_SAME;
		update->requests_cancel = true;
	}
	if (change->event == CFA_PLEDGE_PAYMENT_ATTACH &&
		pledge->payment_id == NULL)
		return CFA_APPLIED_ILLEGAL;
	if (change->event == CFA_PLEDGE_REFUND_REQUEST &&
		!decide_refund_request(update))
		return CFA_APPLIED_ILLEGAL;
	if (update->edge->to == CFA_PLEDGE_FAILED)
		update->state_reason = change->reason != NULL
								   ? change->reason
								   : default_reason(change->event);
	return CFA_APPLIED;
}

/* Without an amount a refund is all that is left. */
static bool
decide_refund(CfaUpdate *update)
{
	CfaLocked *pledge = update->pledge;
	int64 left = pledge->amount_minor - pledge->refunded_minor;
	int64 amount =
		update->change.has_amount ? update->change.amount_minor : left;

	if (pledge->state != CFA_PLEDGE_CONFIRMED || amount < 1 || amount > left)
		return false;
	update->change.has_amount = true;
	update->change.amount_minor = amount;
	update->refunded_minor = pledge->refunded_minor + amount;
	return true;
}

/* Adds the row in refunds that the payment service then works on. */
static bool
decide_refund_request(CfaUpdate *update)
{
	CfaLocked *pledge = update->pledge;
	CfaChange *change = &update->change;
	int64 left =
		pledge->amount_minor - pledge->refunded_minor - pledge->requested_minor;

	if (!change->has_amount)
		change->amount_minor = left;
	change->has_amount = true;
	if (change->amount_minor < 1 || change->amount_minor > left)
		return false;
	change->refund_kind = "manual";
	change->refund_id =
		cfa_refund_add(pledge,
					   change->refund_kind,
					   change->amount_minor,
					   change->reason ? change->reason : "requested",
					   change->actor ? change->actor : cfa_context_actor(),
					   pledge->provider,
					   pledge->payment_id);
	return true;
}

static const char *
default_reason(CfaPledgeEvent event)
{
	switch (event)
	{
		case CFA_PLEDGE_PAYMENT_FAILED:
			return "payment_failed";
		case CFA_PLEDGE_EXPIRE:
			return "expired";
		case CFA_PLEDGE_CANCEL:
			return "canceled";
		case CFA_PLEDGE_CREATE:
		case CFA_PLEDGE_PAYMENT_ATTACH:
		case CFA_PLEDGE_PAYMENT_SUCCEEDED:
		case CFA_PLEDGE_CANCEL_REQUEST:
		case CFA_PLEDGE_REFUND_REQUEST:
		case CFA_PLEDGE_REFUND:
		case CFA_PLEDGE_DONOR_ERASE:
			return NULL;
	}
	return NULL;
}

static void
update_one(const CfaUpdate *update)
{
	CfaArgs args = {0};

	cfa_arg_uuid(&args, &update->change.pledge_id);
	cfa_arg_text(&args, cfa_pledge_state_name(update->edge->to));
	cfa_arg_text(&args, update->state_reason);
	cfa_arg(&args, Int64GetDatum(update->refunded_minor));
	cfa_arg_text(&args, update->provider);
	cfa_arg_text(&args, update->payment_id);
	if (update->requests_cancel)
		cfa_arg(&args, TimestampTzGetDatum(cfa_clock_now()));
	else
		cfa_arg_null(&args);
	if (cfa_plan_run(&update_plan, &args, SPI_OK_UPDATE) != 1)
		elog(ERROR, "locked pledge is gone");
}

static void
update_many(const CfaUpdate *updates, int count)
{
	CfaColumn columns[7];
	CfaArgs args = {0};

	for (int i = 0; i < 7; i++)
		columns[i] = cfa_column(update_plan.args[i], count);
	for (int i = 0; i < count; i++)
	{
		const CfaUpdate *u = &updates[i];

		cfa_column_add_uuid(&columns[0], &u->change.pledge_id);
		cfa_column_add_text(&columns[1], cfa_pledge_state_name(u->edge->to));
		cfa_column_add_text(&columns[2], u->state_reason);
		cfa_column_add(&columns[3], Int64GetDatum(u->refunded_minor));
		cfa_column_add_text(&columns[4], u->provider);
		cfa_column_add_text(&columns[5], u->payment_id);
		if (u->requests_cancel)
			cfa_column_add(&columns[6], TimestampTzGetDatum(cfa_clock_now()));
		else
			cfa_column_add_null(&columns[6]);
	}
	for (int i = 0; i < 7; i++)
		cfa_arg_column(&args, &columns[i]);
	if (cfa_plan_run(&updates_plan, &args, SPI_OK_UPDATE) != (uint64) count)
		elog(ERROR, "locked pledges are gone");
}

static int
compare_updates(const void *a, const void *b)
{
	return cfa_uuid_compare(&((const CfaUpdate *) a)->change.pledge_id,
							&((const CfaUpdate *) b)->change.pledge_id);
}

static char *
optional_text(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}
