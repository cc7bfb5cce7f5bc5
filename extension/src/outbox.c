/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.c
 *	  Append-only rows for each change: pledge_history, outbox and
 *	  campaign_total_deltas, written once per statement.
 *
 * Row triggers note events here, after the row of the aggregate is locked and
 * written, and the statement trigger writes them; so an outbox id is drawn
 * under the row lock, and many rows cost three statements. An event that is
 * still unwritten at commit means that a trigger is missing: an error.
 *
 * A trigger of the user may run a statement inside a subtransaction while events
 * of the outer statement wait. They are written then, to stay in order, but kept
 * until that subtransaction cannot take the rows back any more.
 *
 * A commit notifies nobody: it counts, and sets the latch of the notifier
 * worker only while a relay sleeps (see notifier.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "cfa_errcodes.h"
#include "ids.h"
#include "notifier.h"
#include "outbox.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static CfaEvent *events = NULL;
static int event_count = 0;
static int event_capacity = 0;
static MemoryContext event_context = NULL; /* below TopTransactionContext */

/* What this transaction did, for the notifier; a superset after rollbacks. */
static bool has_written = false;
static bool has_deltas = false;

#define OUTBOX_COLUMNS                                            \
	"(event_id, aggregate_type, aggregate_id, aggregate_version," \
	" campaign_id, type, data, traceparent, occurred_at)"
#define HISTORY_COLUMNS                                              \
	"(pledge_id, version, campaign_id, event, from_state, to_state," \
	" amount_minor, reason, actor, traceparent, occurred_at)"

static CfaPlan outbox_plan = {
	.sql = "INSERT INTO careforall.outbox " OUTBOX_COLUMNS
		   " SELECT * FROM ROWS FROM (unnest($1), unnest($2), unnest($3),"
		   " unnest($4), unnest($5), unnest($6), unnest($7), unnest($8),"
		   " unnest($9))",
	.arg_count = 9,
	.args = {UUIDARRAYOID,
			 TEXTARRAYOID,
			 UUIDARRAYOID,
			 INT8ARRAYOID,
			 UUIDARRAYOID,
			 TEXTARRAYOID,
			 JSONARRAYOID,
			 TEXTARRAYOID,
			 TIMESTAMPTZARRAYOID},
};

static CfaPlan history_plan = {
	.sql = "INSERT INTO careforall.pledge_history " HISTORY_COLUMNS
		   " SELECT * FROM ROWS FROM (unnest($1), unnest($2), unnest($3),"
		   " unnest($4), unnest($5), unnest($6), unnest($7), unnest($8),"
		   " unnest($9), unnest($10), unnest($11))",
	.arg_count = 11,
	.args = {UUIDARRAYOID,
			 INT8ARRAYOID,
			 UUIDARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 INT8ARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TIMESTAMPTZARRAYOID},
};

static CfaPlan delta_plan = {
	.sql = "INSERT INTO careforall.campaign_total_deltas"
		   " (campaign_id, confirmed_minor, confirmed_count, refunded_minor)"
		   " SELECT * FROM ROWS FROM (unnest($1), unnest($2), unnest($3),"
		   " unnest($4))",
	.arg_count = 4,
	.args = {UUIDARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID},
};

static CfaPlan outbox_one_plan = {
	.sql = "INSERT INTO careforall.outbox " OUTBOX_COLUMNS
		   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
	.arg_count = 9,
	.args = {UUIDOID,
			 TEXTOID,
			 UUIDOID,
			 INT8OID,
			 UUIDOID,
			 TEXTOID,
			 JSONOID,
			 TEXTOID,
			 TIMESTAMPTZOID},
};

static CfaPlan history_one_plan = {
	.sql = "INSERT INTO careforall.pledge_history " HISTORY_COLUMNS
		   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	.arg_count = 11,
	.args = {UUIDOID,
			 INT8OID,
			 UUIDOID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 INT8OID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TIMESTAMPTZOID},
};

static char *keep(const char *value);
static bool has_delta(const CfaEvent *event);
static CfaEvent **unwritten(int *count);
static void forget_settled(void);
static void write_history(CfaEvent **list, int count);
static void write_history_one(const CfaEvent *event);
static void write_outbox(CfaEvent **list, int count);
static void write_outbox_one(const CfaEvent *event);
static void write_deltas(CfaEvent **list, int count);

void
cfa_outbox_add(const CfaEvent *event)
{
	CfaEvent *kept;

	if (event_context == NULL)
		event_context = AllocSetContextCreate(TopTransactionContext,
											  "careforall events",
											  ALLOCSET_DEFAULT_SIZES);
	if (events == NULL)
	{
		event_capacity = 8;
		events = MemoryContextAlloc(event_context,
									sizeof(CfaEvent) * (Size) event_capacity);
	}
	else if (event_count == event_capacity)
	{
		event_capacity *= 2;
		events =
			repalloc_huge(events, sizeof(CfaEvent) * (Size) event_capacity);
	}
	kept = &events[event_count];
	*kept = *event;
	kept->level = GetCurrentTransactionNestLevel();
	kept->written_level = 0;
	kept->event_id = cfa_uuid7();
	kept->data = keep(event->data);
	kept->traceparent = keep(event->traceparent);
	kept->reason = keep(event->reason);
	kept->actor = keep(event->actor);
	event_count++;
}

void
cfa_outbox_flush(void)
{
	int level = GetCurrentTransactionNestLevel();
	CfaEvent **list;
	int count;
	CfaSpi spi;

	if (event_count == 0)
		return;
	list = unwritten(&count);
	if (count == 0)
		return;
	cfa_spi_begin(&spi);
	write_history(list, count);
	write_outbox(list, count);
	write_deltas(list, count);
	cfa_spi_end(&spi);
	has_written = true;
	for (int i = 0; i < count; i++)
		list[i]->written_level = level;
	pfree(list);
	forget_settled();
}

bool
cfa_outbox_in_use(void)
{
	return has_written || event_count > 0;
}

void
cfa_outbox_at_pre_commit(void)
{
	if (event_count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("events of this transaction were not written"),
				 errhint("Create the triggers again with "
						 "sql/schema/080_triggers.sql.")));
}

void
cfa_outbox_at_end(bool is_commit)
{
	if (is_commit && has_written)
		cfa_notifier_committed(has_deltas);
	has_written = false;
	has_deltas = false;
	events = NULL;
	event_count = 0;
	event_context = NULL;
}

void
cfa_outbox_at_sub_commit(int level)
{
	for (int i = 0; i < event_count; i++)
	{
		events[i].level = Min(events[i].level, level - 1);
		events[i].written_level = Min(events[i].written_level, level - 1);
	}
	forget_settled();
}

void
cfa_outbox_at_sub_abort(int level)
{
	while (event_count > 0 && events[event_count - 1].level >= level)
		event_count--;
	for (int i = 0; i < event_count; i++)
	{
		if (events[i].written_level >= level)
			events[i].written_level = 0;
	}
}

static char *
keep(const char *value)
{
	return value == NULL ? NULL : MemoryContextStrdup(event_context, value);
}

static bool
has_delta(const CfaEvent *event)
{
	return event->confirmed_minor != 0 || event->confirmed_count != 0 ||
		   event->refunded_minor != 0;
}

static CfaEvent **
unwritten(int *count)
{
	CfaEvent **list = palloc(sizeof(CfaEvent *) * (Size) event_count);
	int n = 0;

	for (int i = 0; i < event_count; i++)
	{
		if (events[i].written_level == 0)
			list[n++] = &events[i];
	}
	*count = n;
	return list;
}

/* Drop events whose rows live and die with the rows of their cause. */
static void
forget_settled(void)
{
	int kept = 0;

	for (int i = 0; i < event_count; i++)
	{
		const CfaEvent *e = &events[i];

		if (e->written_level == 0 || e->written_level > e->level)
			events[kept++] = *e;
	}
	event_count = kept;
	if (kept == 0 && event_context != NULL)
	{
		events = NULL;
		MemoryContextReset(event_context);
	}
}

static void
write_history(CfaEvent **list, int count)
{
	CfaColumn columns[11];
	CfaArgs args = {0};

	if (count == 1)
	{
		if (list[0]->has_history)
			write_history_one(list[0]);
		return;
	}
	for (int i = 0; i < 11; i++)
		columns[i] = cfa_column(history_one_plan.args[i], count);
	for (int i = 0; i < count; i++)
	{
		const CfaEvent *e = list[i];

		if (!e->has_history)
			continue;
		cfa_column_add_uuid(&columns[0], &e->aggregate_id);
		cfa_column_add(&columns[1], Int64GetDatum(e->aggregate_version));
		cfa_column_add_uuid(&columns[2], &e->campaign_id);
		cfa_column_add_text(&columns[3], e->event);
		cfa_column_add_text(&columns[4], e->from_state);
		cfa_column_add_text(&columns[5], e->to_state);
		if (e->has_amount)
			cfa_column_add(&columns[6], Int64GetDatum(e->amount_minor));
		else
			cfa_column_add_null(&columns[6]);
		cfa_column_add_text(&columns[7], e->reason);
		cfa_column_add_text(&columns[8], e->actor);
		cfa_column_add_text(&columns[9], e->traceparent);
		cfa_column_add(&columns[10], TimestampTzGetDatum(e->occurred_at));
	}
	if (columns[0].count == 0)
		return;
	for (int i = 0; i < 11; i++)
		cfa_arg_column(&args, &columns[i]);
	cfa_plan_run(&history_plan, &args, SPI_OK_INSERT);
}

static void
write_history_one(const CfaEvent *event)
{
	CfaArgs args = {0};

	cfa_arg_uuid(&args, &event->aggregate_id);
	cfa_arg(&args, Int64GetDatum(event->aggregate_version));
	cfa_arg_uuid(&args, &event->campaign_id);
	cfa_arg_text(&args, event->event);
	cfa_arg_text(&args, event->from_state);
	cfa_arg_text(&args, event->to_state);
	if (event->has_amount)
		cfa_arg(&args, Int64GetDatum(event->amount_minor));
	else
		cfa_arg_null(&args);
	cfa_arg_text(&args, event->reason);
	cfa_arg_text(&args, event->actor);
	cfa_arg_text(&args, event->traceparent);
	cfa_arg(&args, TimestampTzGetDatum(event->occurred_at));
	cfa_plan_run(&history_one_plan, &args, SPI_OK_INSERT);
}

static void
write_outbox(CfaEvent **list, int count)
{
	CfaColumn columns[9];
	CfaArgs args = {0};

	if (count == 1)
	{
		write_outbox_one(list[0]);
		return;
	}
	for (int i = 0; i < 9; i++)
		columns[i] = cfa_column(outbox_one_plan.args[i], count);
	for (int i = 0; i < count; i++)
	{
		const CfaEvent *e = list[i];

		cfa_column_add_uuid(&columns[0], &e->event_id);
		cfa_column_add_text(&columns[1], e->aggregate_type);
		cfa_column_add_uuid(&columns[2], &e->aggregate_id);
		cfa_column_add(&columns[3], Int64GetDatum(e->aggregate_version));
		cfa_column_add_uuid(&columns[4], &e->campaign_id);
		cfa_column_add_text(&columns[5], e->type);
		cfa_column_add_text(&columns[6], e->data);
		cfa_column_add_text(&columns[7], e->traceparent);
		cfa_column_add(&columns[8], TimestampTzGetDatum(e->occurred_at));
	}
	for (int i = 0; i < 9; i++)
		cfa_arg_column(&args, &columns[i]);
	cfa_plan_run(&outbox_plan, &args, SPI_OK_INSERT);
}

static void
write_outbox_one(const CfaEvent *event)
{
	CfaArgs args = {0};

	cfa_arg_uuid(&args, &event->event_id);
	cfa_arg_text(&args, event->aggregate_type);
	cfa_arg_uuid(&args, &event->aggregate_id);
	cfa_arg(&args, Int64GetDatum(event->aggregate_version));
	cfa_arg_uuid(&args, &event->campaign_id);
	cfa_arg_text(&args, event->type);
	cfa_arg_text(&args, event->data);
	cfa_arg_text(&args, event->traceparent);
	cfa_arg(&args, TimestampTzGetDatum(event->occurred_at));
	cfa_plan_run(&outbox_one_plan, &args, SPI_OK_INSERT);
}

static void
write_deltas(CfaEvent **list, int count)
{
	CfaColumn columns[4];
	CfaArgs args = {0};
	columns[0] = cfa_column(UUIDOID, count);
	for (int i = 1; i < 4; i++)
		columns[i] = cfa_column(INT8OID, count);
	for (int i = 0; i < count; i++)
	{
		const CfaEvent *e = list[i];

		if (!has_delta(e))
			continue;
		cfa_column_add_uuid(&columns[0], &e->campaign_id);
		cfa_column_add(&columns[1], Int64GetDatum(e->confirmed_minor));
		cfa_column_add(&columns[2], Int64GetDatum(e->confirmed_count));
		cfa_column_add(&columns[3], Int64GetDatum(e->refunded_minor));
	}
	if (columns[0].count == 0)
		return;
	has_deltas = true;
	for (int i = 0; i < 4; i++)
		cfa_arg_column(&args, &columns[i]);
	cfa_plan_run(&delta_plan, &args, SPI_OK_INSERT);
}
