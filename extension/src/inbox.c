/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox.c
 *	  Stores provider events once and applies them once, in one transaction.
 *
 * Order of locks: pledges in id order, then inbox rows in key order. Who holds
 * the lock of a pledge sees in the inbox every event of it that was applied
 * before, so an event is never applied twice. Should an event come at the same
 * time for two different pledges, one of the transactions is told to try again.
 */
#include "postgres.h"

#include "clock.h"
#include "ids.h"
#include "inbox.h"
#include "shmem.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Which pledge each event is about. */
static CfaPlan resolve_plan = {
	.sql = "SELECT coalesce($1, (SELECT r.pledge_id FROM careforall.refunds r"
		   " WHERE r.id = $2), (SELECT p.id FROM careforall.pledges p"
		   " WHERE p.provider = $3 AND p.payment_id = $4))",
	.arg_count = 4,
	.args = {UUIDOID, UUIDOID, TEXTOID, TEXTOID},
};

/* What is known about an event once its pledge is locked. */
static CfaPlan known_plan = {
	.sql = "SELECT EXISTS (SELECT FROM careforall.inbox i"
		   "  WHERE i.provider = $1 AND i.event_id = $2),"
		   " EXISTS (SELECT FROM careforall.pledges p"
		   "  WHERE p.provider = $1 AND p.payment_id = $3 AND p.id <> $4),"
		   " EXISTS (SELECT FROM careforall.refunds r WHERE r.provider = $1"
		   "  AND r.payment_id = $3 AND r.kind = 'late'),"
		   " f.id, f.pledge_id, f.kind = 'late', f.state = 'succeeded',"
		   " f.amount_minor, f.payment_id"
		   " FROM (VALUES ($5)) AS k (id)"
		   " LEFT JOIN careforall.refunds f ON f.id = k.id",
	.arg_count = 5,
	.args = {TEXTOID, TEXTOID, TEXTOID, UUIDOID, UUIDOID},
};

static CfaPlan settle_plan = {
	.sql = "UPDATE careforall.refunds SET state = $2, state_reason = $3,"
		   " settled_at = $4 WHERE id = $1",
	.arg_count = 4,
	.args = {UUIDOID, TEXTOID, TEXTOID, TIMESTAMPTZOID},
};

#define STORE_ARG_COUNT 14

static CfaPlan store_plan = {
	.sql = "INSERT INTO careforall.inbox AS i (provider, event_id, kind,"
		   " payment_id, pledge_id, refund_id, amount_minor, currency, outcome,"
		   " detail, deliveries, payload, traceparent, received_at)"
		   " SELECT u.provider, u.event, u.kind, u.payment, u.pledge, u.refund,"
		   " u.amount, u.currency, u.outcome, u.detail, u.deliveries,"
		   " u.payload, u.trace, $14 FROM ROWS FROM (unnest($1), unnest($2),"
		   " unnest($3), unnest($4), unnest($5), unnest($6), unnest($7),"
		   " unnest($8), unnest($9), unnest($10), unnest($11), unnest($12),"
		   " unnest($13)) AS u (provider, event, kind, payment, pledge, refund,"
		   " amount, currency, outcome, detail, deliveries, payload, trace)"
		   " ON CONFLICT (provider, event_id) DO UPDATE"
		   " SET deliveries = i.deliveries + excluded.deliveries"
		   " RETURNING i.deliveries",
	.arg_count = STORE_ARG_COUNT,
	.args = {TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 UUIDARRAYOID,
			 UUIDARRAYOID,
			 INT8ARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 INT4ARRAYOID,
			 JSONARRAYOID,
			 TEXTARRAYOID,
			 TIMESTAMPTZOID},
};

static const Oid store_types[STORE_ARG_COUNT - 1] = {TEXTOID,
													 TEXTOID,
													 TEXTOID,
													 TEXTOID,
													 UUIDOID,
													 UUIDOID,
													 INT8OID,
													 TEXTOID,
													 TEXTOID,
													 TEXTOID,
													 INT4OID,
													 JSONOID,
													 TEXTOID};

/* The pledges, refunds and pending updates of one batch. */
typedef struct CfaInboxBatch
{
	CfaNotice *notices;
	int count;
	CfaLocked *pledges;
	int pledge_count;
	CfaRefund *refunds;
	int refund_count;
	CfaUpdate *updates;
	CfaNotice **updated; /* the notice of each update */
	int update_count;
} CfaInboxBatch;

static void find_repeats(CfaInboxBatch *batch);
static void lock_pledges(CfaInboxBatch *batch);
static void resolve(CfaNotice *notice);
static void read_known(CfaInboxBatch *batch, CfaNotice *notice);
static CfaRefund *keep_refund(CfaInboxBatch *batch, uint64 row);
static void apply_all(CfaInboxBatch *batch);
static void apply_notice(CfaInboxBatch *batch, CfaNotice *notice);
static void settle_refund(CfaNotice *notice);
static bool is_pending(const CfaInboxBatch *batch, const CfaLocked *pledge);
static void write_updates(CfaInboxBatch *batch);
static void note_states(CfaInboxBatch *batch);
static void store(CfaInboxBatch *batch);
static void store_columns(CfaColumn *columns, const CfaNotice *notice);
static int compare_notices(const void *a, const void *b);
static void count_outcomes(const CfaInboxBatch *batch);

void
cfa_inbox_receive(CfaNotice *notices, int count)
{
	MemoryContext caller = CurrentMemoryContext;
	Size items = (Size) count + 1;
	CfaInboxBatch batch = {.notices = notices, .count = count};
	MemoryContext inner;
	CfaSpi spi;

	cfa_shmem_require();
	batch.pledges = palloc0(sizeof(CfaLocked) * items);
	batch.refunds = palloc0(sizeof(CfaRefund) * items);
	batch.updates = palloc0(sizeof(CfaUpdate) * items);
	batch.updated = palloc0(sizeof(CfaNotice *) * items);
	cfa_spi_begin(&spi);
	inner = MemoryContextSwitchTo(caller);
	find_repeats(&batch);
	lock_pledges(&batch);
	for (int i = 0; i < count; i++)
	{
		if (notices[i].first == NULL)
			read_known(&batch, &notices[i]);
	}
	apply_all(&batch);
	note_states(&batch);
	store(&batch);
	MemoryContextSwitchTo(inner);
	cfa_spi_end(&spi);
	count_outcomes(&batch);
}

/* The same event more than once in a batch: the first one counts. */
static void
find_repeats(CfaInboxBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
	{
		CfaNotice *notice = &batch->notices[i];

		notice->deliveries = 1;
		for (int j = 0; j < i && notice->first == NULL; j++)
		{
			CfaNotice *other = &batch->notices[j];

			if (other->first == NULL &&
				strcmp(other->provider, notice->provider) == 0 &&
				strcmp(other->event_id, notice->event_id) == 0)
			{
				notice->first = other;
				other->deliveries++;
			}
		}
	}
}

static void
lock_pledges(CfaInboxBatch *batch)
{
	pg_uuid_t *ids = palloc(sizeof(pg_uuid_t) * (Size) (batch->count + 1));
	int count = 0;

	for (int i = 0; i < batch->count; i++)
	{
		CfaNotice *notice = &batch->notices[i];
		bool is_new = true;

		if (notice->first != NULL)
			continue;
		if (notice->pledge_id == NULL)
			resolve(notice);
		if (notice->pledge_id == NULL)
			continue;
		for (int j = 0; j < count && is_new; j++)
			is_new = cfa_uuid_compare(&ids[j], notice->pledge_id) != 0;
		if (is_new)
			ids[count++] = *notice->pledge_id;
	}
	batch->pledge_count = cfa_pledges_lock(ids, count, batch->pledges);
	for (int i = 0; i < batch->count; i++)
	{
		CfaNotice *notice = &batch->notices[i];

		if (notice->pledge_id != NULL)
			notice->pledge = cfa_locked_find(batch->pledges,
											 batch->pledge_count,
											 notice->pledge_id);
	}
}

/* Which pledge an event without a pledge id is about. */
static void
resolve(CfaNotice *notice)
{
	CfaArgs args = {0};

	cfa_arg_null(&args);
	cfa_arg_uuid(&args, notice->refund_id);
	cfa_arg_text(&args, notice->provider);
	cfa_arg_text(&args, notice->payment_id);
	if (cfa_plan_run(&resolve_plan, &args, SPI_OK_SELECT) == 1)
		notice->pledge_id = cfa_result_uuid(0, 1);
}

static void
read_known(CfaInboxBatch *batch, CfaNotice *notice)
{
	CfaArgs args = {0};

	cfa_arg_text(&args, notice->provider);
	cfa_arg_text(&args, notice->event_id);
	cfa_arg_text(&args, notice->payment_id);
	cfa_arg_uuid(&args, notice->pledge_id);
	cfa_arg_uuid(&args, notice->refund_id);
	if (cfa_plan_run(&known_plan, &args, SPI_OK_SELECT) != 1)
		elog(ERROR, "event did not give one row");
	notice->is_known = cfa_result_bool(0, 1);
	notice->has_other_owner = cfa_result_bool(0, 2);
	notice->has_late_refund = cfa_result_bool(0, 3);
	if (!cfa_result_is_null(0, 4))
		notice->refund = keep_refund(batch, 0);
}

/* Notices of one refund share one struct. */
static CfaRefund *
keep_refund(CfaInboxBatch *batch, uint64 row)
{
	const pg_uuid_t *id = cfa_result_uuid(row, 4);
	CfaRefund *refund;

	for (int i = 0; i < batch->refund_count; i++)
	{
		if (cfa_uuid_compare(&batch->refunds[i].id, id) == 0)
			return &batch->refunds[i];
	}
	refund = &batch->refunds[batch->refund_count++];
	refund->id = *id;
	refund->pledge_id = *cfa_result_uuid(row, 5);
	refund->is_late = cfa_result_bool(row, 6);
	refund->is_settled = cfa_result_bool(row, 7);
	refund->amount_minor = cfa_result_int64(row, 8);
	refund->payment_id = cfa_result_text(row, 9);
	return refund;
}

static void
apply_all(CfaInboxBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
	{
		CfaNotice *notice = &batch->notices[i];

		if (notice->first != NULL || notice->is_known)
			notice->outcome = CFA_NOTICE_DUPLICATE;
		else
			apply_notice(batch, notice);
	}
	write_updates(batch);
}

/* One update per pledge and statement: an earlier one is written first. */
static void
apply_notice(CfaInboxBatch *batch, CfaNotice *notice)
{
	CfaUpdate *update;

	if (notice->pledge != NULL && is_pending(batch, notice->pledge))
		write_updates(batch);
	update = &batch->updates[batch->update_count];
	if (!cfa_notice_decide(notice, update))
	{
		if (notice->outcome == CFA_NOTICE_APPLIED)
			settle_refund(notice);
		return;
	}
	if (notice->outcome == CFA_NOTICE_LATE)
	{
		update->change.refund_id = cfa_refund_add(notice->pledge,
												  "late",
												  notice->amount_minor,
												  "late_payment",
												  notice->provider,
												  notice->provider,
												  notice->payment_id);
		for (int i = 0; i < batch->count; i++)
		{
			CfaNotice *other = &batch->notices[i];

			if (other->payment_id != NULL && notice->payment_id != NULL &&
				strcmp(other->payment_id, notice->payment_id) == 0)
				other->has_late_refund = true;
		}
	}
	if (update->change.event == CFA_PLEDGE_REFUND)
		settle_refund(notice);
	batch->updated[batch->update_count++] = notice;
}

/* A refund that failed may still succeed later. */
static void
settle_refund(CfaNotice *notice)
{
	bool has_succeeded = notice->kind == CFA_NOTICE_REFUND_SUCCEEDED;
	CfaArgs args = {0};

	cfa_arg_uuid(&args, &notice->refund->id);
	cfa_arg_text(&args, has_succeeded ? "succeeded" : "failed");
	cfa_arg_text(&args, has_succeeded ? NULL : notice->reason);
	cfa_arg(&args, TimestampTzGetDatum(cfa_clock_now()));
	cfa_plan_run(&settle_plan, &args, SPI_OK_UPDATE);
	if (has_succeeded)
		notice->refund->is_settled = true;
}

static bool
is_pending(const CfaInboxBatch *batch, const CfaLocked *pledge)
{
	for (int i = 0; i < batch->update_count; i++)
	{
		if (batch->updates[i].pledge == pledge)
			return true;
	}
	return false;
}

static void
write_updates(CfaInboxBatch *batch)
{
	cfa_pledges_update(batch->updates, batch->update_count);
	for (int i = 0; i < batch->update_count; i++)
	{
		CfaNotice *notice = batch->updated[i];

		notice->state = notice->pledge->state;
		notice->version = notice->pledge->version;
	}
	batch->update_count = 0;
}

/* Events that changed nothing answer with the state at the end. */
static void
note_states(CfaInboxBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
	{
		CfaNotice *notice = &batch->notices[i];

		if (notice->first != NULL)
		{
			notice->pledge = notice->first->pledge;
			notice->pledge_id = notice->first->pledge_id;
		}
		if (notice->pledge != NULL && notice->version == 0)
		{
			notice->state = notice->pledge->state;
			notice->version = notice->pledge->version;
		}
	}
}

static void
store(CfaInboxBatch *batch)
{
	CfaNotice **list = palloc(sizeof(CfaNotice *) * (Size) (batch->count + 1));
	CfaColumn columns[STORE_ARG_COUNT - 1];
	CfaArgs args = {0};
	int count = 0;

	for (int i = 0; i < batch->count; i++)
	{
		if (batch->notices[i].first == NULL)
			list[count++] = &batch->notices[i];
	}
	qsort(list, (size_t) count, sizeof(CfaNotice *), compare_notices);
	for (int i = 0; i < STORE_ARG_COUNT - 1; i++)
		columns[i] = cfa_column(store_types[i], count);
	for (int i = 0; i < count; i++)
		store_columns(columns, list[i]);
	for (int i = 0; i < STORE_ARG_COUNT - 1; i++)
		cfa_arg_column(&args, &columns[i]);
	cfa_arg(&args, TimestampTzGetDatum(cfa_clock_now()));
	cfa_plan_run(&store_plan, &args, SPI_OK_INSERT_RETURNING);
	for (int i = 0; i < count; i++)
	{
		bool is_null;
		int32 stored = DatumGetInt32(cfa_result((uint64) i, 1, &is_null));

		if (list[i]->is_known || stored == list[i]->deliveries)
			continue;
		if (list[i]->outcome == CFA_NOTICE_APPLIED ||
			list[i]->outcome == CFA_NOTICE_LATE)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("event \"%s\" was received at the same time for "
							"another pledge",
							list[i]->event_id)));
		list[i]->outcome = CFA_NOTICE_DUPLICATE;
	}
}

static void
store_columns(CfaColumn *columns, const CfaNotice *notice)
{
	CfaNoticeOutcome outcome = notice->outcome == CFA_NOTICE_DUPLICATE
								   ? CFA_NOTICE_IGNORED
								   : notice->outcome;

	cfa_column_add_text(&columns[0], notice->provider);
	cfa_column_add_text(&columns[1], notice->event_id);
	cfa_column_add_text(&columns[2], cfa_notice_kind_name(notice->kind));
	cfa_column_add_text(&columns[3], notice->payment_id);
	cfa_column_add_uuid(&columns[4], notice->pledge_id);
	cfa_column_add_uuid(&columns[5], notice->refund_id);
	if (notice->has_amount)
		cfa_column_add(&columns[6], Int64GetDatum(notice->amount_minor));
	else
		cfa_column_add_null(&columns[6]);
	cfa_column_add_text(&columns[7], notice->currency);
	cfa_column_add_text(&columns[8], cfa_notice_outcome_name(outcome));
	cfa_column_add_text(&columns[9], notice->detail);
	cfa_column_add(&columns[10], Int32GetDatum(notice->deliveries));
	cfa_column_add_text(&columns[11], notice->payload);
	cfa_column_add_text(&columns[12], notice->traceparent);
}

static int
compare_notices(const void *a, const void *b)
{
	const CfaNotice *left = *(CfaNotice *const *) a;
	const CfaNotice *right = *(CfaNotice *const *) b;
	int order = strcmp(left->provider, right->provider);

	return order != 0 ? order : strcmp(left->event_id, right->event_id);
}

static void
count_outcomes(const CfaInboxBatch *batch)
{
	static const CfaCounter counters[] = {
		[CFA_NOTICE_APPLIED] = CFA_COUNTER_INBOX_APPLIED,
		[CFA_NOTICE_STALE] = CFA_COUNTER_INBOX_STALE,
		[CFA_NOTICE_LATE] = CFA_COUNTER_INBOX_LATE,
		[CFA_NOTICE_ATTEMPT] = CFA_COUNTER_INBOX_ATTEMPT,
		[CFA_NOTICE_IGNORED] = CFA_COUNTER_INBOX_IGNORED,
		[CFA_NOTICE_UNKNOWN] = CFA_COUNTER_INBOX_UNKNOWN,
		[CFA_NOTICE_MISMATCH] = CFA_COUNTER_INBOX_MISMATCH,
		[CFA_NOTICE_DUPLICATE] = CFA_COUNTER_INBOX_DUPLICATE,
	};

	for (int i = 0; i < batch->count; i++)
		cfa_count(counters[batch->notices[i].outcome]);
}
