/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign_trigger.c
 *	  The triggers of campaigns, rewards and pools.
 *
 * A capacity is changed like this: the BEFORE trigger pins the limit, so that
 * it is loaded with the old capacity; the AFTER trigger takes or frees the
 * difference. A new row counts as a change from a capacity of zero.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "cfa_errcodes.h"
#include "clock.h"
#include "compat.h"
#include "context.h"
#include "event.h"
#include "executor/spi.h"
#include "ids.h"
#include "lib/stringinfo.h"
#include "lifecycle.h"
#include "lifecycle_core.h"
#include "limits.h"
#include "outbox.h"
#include "touched.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/json.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

CFA_FUNCTION(cfa_trigger_campaign_guard);
CFA_FUNCTION(cfa_trigger_campaign_record);
CFA_FUNCTION(cfa_trigger_capacity_guard);

/* A row change as triggers see it; before is NULL for an insert. */
typedef struct CfaRowChange
{
	Relation relation;
	HeapTuple before;
	HeapTuple after;
} CfaRowChange;

static CfaRowChange row_change(const TriggerData *data);
static Datum column(const CfaRowChange *row, HeapTuple tuple, const char *name,
					bool *null);
static int column_number(Relation relation, const char *name);
static bool column_differs(const CfaRowChange *row, int number);
static bool row_differs(const CfaRowChange *row);
static void require_fixed(const CfaRowChange *row, const char *name);
static pg_uuid_t row_uuid(const CfaRowChange *row, const char *name);
static CfaCampaignState row_state(const CfaRowChange *row, HeapTuple tuple);
static int64 row_capacity(const CfaRowChange *row, HeapTuple tuple,
						  CfaLimitKind kind);
static HeapTuple guard_campaign(const CfaRowChange *row);
static void guard_campaign_update(const CfaRowChange *row);
static HeapTuple with_version(const CfaRowChange *row, int64 version);
static void record_campaign(const CfaRowChange *row);
static void resize_limit(const CfaRowChange *row, CfaLimitKind kind);
static void guard_capacity(const CfaRowChange *row, CfaLimitKind kind);
static CfaLimitKind kind_of_relation(Relation relation);
static const char *capacity_column(CfaLimitKind kind);

Datum
cfa_trigger_campaign_guard(PG_FUNCTION_ARGS)
{
	TriggerData *data = cfa_trigger_data(fcinfo);
	CfaRowChange row;

	if (TRIGGER_FIRED_BY_DELETE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		return cfa_trigger_refuse_change(fcinfo);
	row = row_change(data);
	return PointerGetDatum(guard_campaign(&row));
}

Datum
cfa_trigger_campaign_record(PG_FUNCTION_ARGS)
{
	TriggerData *data = cfa_trigger_data(fcinfo);

	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		CfaRowChange row = row_change(data);

		record_campaign(&row);
	}
	else
		cfa_outbox_flush();
	return PointerGetDatum(NULL);
}

/* BEFORE and AFTER each row, and AFTER the statement, of rewards and pools. */
Datum
cfa_trigger_capacity_guard(PG_FUNCTION_ARGS)
{
	TriggerData *data = cfa_trigger_data(fcinfo);
	CfaRowChange row;
	CfaLimitKind kind;

	if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		return cfa_trigger_refuse_change(fcinfo);
	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		cfa_touched_flush();
		return PointerGetDatum(NULL);
	}
	row = row_change(data);
	kind = kind_of_relation(data->tg_relation);
	if (TRIGGER_FIRED_BEFORE(data->tg_event))
	{
		guard_capacity(&row, kind);
		return PointerGetDatum(row.after);
	}
	resize_limit(&row, kind);
	if (row_differs(&row))
	{
		pg_uuid_t campaign_id = row_uuid(&row, "campaign_id");

		cfa_touched_add(&campaign_id);
	}
	return PointerGetDatum(NULL);
}

static CfaRowChange
row_change(const TriggerData *data)
{
	CfaRowChange row = {.relation = data->tg_relation};

	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		row.before = data->tg_trigtuple;
		row.after = data->tg_newtuple;
	}
	else
		row.after = data->tg_trigtuple;
	return row;
}

static Datum
column(const CfaRowChange *row, HeapTuple tuple, const char *name, bool *null)
{
	return heap_getattr(tuple,
						column_number(row->relation, name),
						RelationGetDescr(row->relation),
						null);
}

static int
column_number(Relation relation, const char *name)
{
	int number = SPI_fnumber(RelationGetDescr(relation), name);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name,
						RelationGetRelationName(relation))));
	return number;
}

static bool
column_differs(const CfaRowChange *row, int number)
{
	TupleDesc desc = RelationGetDescr(row->relation);
	Form_pg_attribute attribute = TupleDescAttr(desc, number - 1);
	bool old_null;
	bool new_null;
	Datum old_value = heap_getattr(row->before, number, desc, &old_null);
	Datum new_value = heap_getattr(row->after, number, desc, &new_null);

	if (old_null || new_null)
		return old_null != new_null;
	return !datum_image_eq(old_value,
						   new_value,
						   attribute->attbyval,
						   attribute->attlen);
}

/* Whether an update changes anything that the public may see. */
static bool
row_differs(const CfaRowChange *row)
{
	TupleDesc desc = RelationGetDescr(row->relation);

	if (row->before == NULL)
		return true;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped ||
			strcmp(NameStr(attribute->attname), "version") == 0 ||
			strcmp(NameStr(attribute->attname), "updated_at") == 0)
			continue;
		if (column_differs(row, i + 1))
			return true;
	}
	return false;
}

static void
require_fixed(const CfaRowChange *row, const char *name)
{
	if (column_differs(row, column_number(row->relation, name)))
		ereport(ERROR,
				(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
				 errmsg("column \"%s\" of table \"%s\" cannot be changed",
						name,
						RelationGetRelationName(row->relation))));
}

static pg_uuid_t
row_uuid(const CfaRowChange *row, const char *name)
{
	bool is_null;
	Datum value = column(row, row->after, name, &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("null value in column \"%s\" of table \"%s\"",
						name,
						RelationGetRelationName(row->relation))));
	return *DatumGetUUIDP(value);
}

static CfaCampaignState
row_state(const CfaRowChange *row, HeapTuple tuple)
{
	CfaCampaignState state = CFA_CAMPAIGN_NONE;
	bool is_null;
	Datum value = column(row, tuple, "state", &is_null);

	if (!is_null)
		(void) cfa_campaign_state_parse(TextDatumGetCString(value), &state);
	return state;
}

static int64
row_capacity(const CfaRowChange *row, HeapTuple tuple, CfaLimitKind kind)
{
	bool is_null;
	Datum value;

	if (tuple == NULL)
		return 0;
	value = column(row, tuple, capacity_column(kind), &is_null);
	if (is_null)
		return CFA_CAPACITY_UNLIMITED;
	return kind == CFA_LIMIT_CAMPAIGN ? DatumGetInt64(value)
									  : (int64) DatumGetInt32(value);
}

static HeapTuple
guard_campaign(const CfaRowChange *row)
{
	pg_uuid_t id = row_uuid(row, "id");
	bool is_null;
	int64 version;

	if (row->before == NULL)
	{
		if (row_state(row, row->after) != CFA_CAMPAIGN_DRAFT)
			ereport(ERROR,
					(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
					 errmsg("a campaign begins in state \"draft\""),
					 errhint("Insert it as a draft and update its state to "
							 "\"active\".")));
		cfa_limit_touch(CFA_LIMIT_CAMPAIGN, &id);
		return with_version(row, 1);
	}
	guard_campaign_update(row);
	if (!row_differs(row) && !cfa_campaign_bump_is_on())
		return row->after;
	version = DatumGetInt64(column(row, row->before, "version", &is_null));
	return with_version(row, version + 1);
}

static void
guard_campaign_update(const CfaRowChange *row)
{
	CfaCampaignState from = row_state(row, row->before);
	CfaCampaignState to = row_state(row, row->after);
	pg_uuid_t id = row_uuid(row, "id");

	require_fixed(row, "id");
	require_fixed(row, "version");
	require_fixed(row, "created_at");
	if (from != CFA_CAMPAIGN_DRAFT)
	{
		require_fixed(row, "currency");
		require_fixed(row, "refund_releases");
	}
	if (from != to && cfa_campaign_edge(from, to) == NULL)
		ereport(
			ERROR,
			(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
			 errmsg("campaign cannot go from state \"%s\" to \"%s\"",
					cfa_campaign_state_name(from),
					cfa_campaign_state_name(to)),
			 errhint(
				 "careforall.campaign_transitions() lists what is legal.")));
	if (row_capacity(row, row->before, CFA_LIMIT_CAMPAIGN) !=
		row_capacity(row, row->after, CFA_LIMIT_CAMPAIGN))
		cfa_limit_touch(CFA_LIMIT_CAMPAIGN, &id);
}

static HeapTuple
with_version(const CfaRowChange *row, int64 version)
{
	int columns[2] = {column_number(row->relation, "version"),
					  column_number(row->relation, "updated_at")};
	Datum values[2] = {Int64GetDatum(version),
					   TimestampTzGetDatum(cfa_clock_now())};
	bool nulls[2] = {false, false};

	return heap_modify_tuple_by_cols(row->after,
									 RelationGetDescr(row->relation),
									 row->before == NULL ? 1 : 2,
									 columns,
									 values,
									 nulls);
}

static void
record_campaign(const CfaRowChange *row)
{
	CfaCampaignState to = row_state(row, row->after);
	CfaCampaignState from =
		row->before == NULL ? CFA_CAMPAIGN_NONE : row_state(row, row->before);
	int version = column_number(row->relation, "version");
	char id_text[CFA_UUID_TEXT_LEN + 1];
	CfaEvent event = {0};
	StringInfoData json;
	bool is_null;

	resize_limit(row, CFA_LIMIT_CAMPAIGN);
	if (row->before != NULL && !column_differs(row, version))
		return;

	event.aggregate_type = "campaign";
	event.aggregate_id = row_uuid(row, "id");
	event.campaign_id = event.aggregate_id;
	event.aggregate_version =
		DatumGetInt64(column(row, row->after, "version", &is_null));
	event.type =
		from == to ? "campaign.updated" : cfa_campaign_edge(from, to)->type;
	event.traceparent = cfa_context_traceparent();
	event.occurred_at = cfa_clock_now();

	cfa_uuid_text(&event.aggregate_id, id_text);
	initStringInfo(&json);
	appendStringInfo(&json,
					 "{\"campaign_id\":\"%s\",\"version\":" INT64_FORMAT
					 ",\"state\":\"%s\",\"campaign\":",
					 id_text,
					 event.aggregate_version,
					 cfa_campaign_state_name(to));
	appendStringInfoString(&json,
						   cfa_event_campaign_document(&event.aggregate_id));
	appendStringInfoString(&json, ",\"occurred_at\":");
	cfa_event_time(&json, event.occurred_at);
	appendStringInfoChar(&json, '}');
	event.data = json.data;
	cfa_outbox_add(&event);
}

static void
resize_limit(const CfaRowChange *row, CfaLimitKind kind)
{
	int64 before = row_capacity(row, row->before, kind);
	int64 after = row_capacity(row, row->after, kind);
	pg_uuid_t id = row_uuid(row, "id");
	int64 used;

	if (before == after)
		return;
	if (!cfa_limit_resize(kind, &id, before, after, &used))
	{
		char text[CFA_UUID_TEXT_LEN + 1];

		cfa_uuid_text(&id, text);
		ereport(ERROR,
				(errcode(CFA_ERRCODE_CAPACITY_BELOW_USE),
				 errmsg("limit \"%s\" cannot be lowered to " INT64_FORMAT,
						cfa_limit_kind_name(kind),
						after),
				 errdetail("Limit of \"%s\": in use are " INT64_FORMAT ".",
						   text,
						   used)));
	}
}

static void
guard_capacity(const CfaRowChange *row, CfaLimitKind kind)
{
	pg_uuid_t id = row_uuid(row, "id");

	if (row->before != NULL)
	{
		require_fixed(row, "id");
		require_fixed(row, "campaign_id");
		require_fixed(row, "created_at");
		if (row_capacity(row, row->before, kind) ==
			row_capacity(row, row->after, kind))
			return;
	}
	cfa_limit_touch(kind, &id);
}

static CfaLimitKind
kind_of_relation(Relation relation)
{
	return strcmp(RelationGetRelationName(relation), "pools") == 0
			   ? CFA_LIMIT_POOL
			   : CFA_LIMIT_REWARD;
}

static const char *
capacity_column(CfaLimitKind kind)
{
	switch (kind)
	{
		case CFA_LIMIT_CAMPAIGN:
			return "cap_minor";
		case CFA_LIMIT_REWARD:
			return "quantity";
		case CFA_LIMIT_POOL:
			return "capacity";
	}
	return NULL;
}
