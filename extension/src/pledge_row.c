/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_row.c
 *	  Between tuples of careforall.pledges and C structs.
 *
 * Column numbers are looked up by name once per relation and backend, and again
 * after any change of the relation, so that a dump, a restore or an added
 * column cannot shift them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/spi.h"
#include "pledge_row.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/timestamp.h"

static const char *const pledge_columns[CFA_PLEDGE_COLUMN_COUNT] = {
	[CFA_PLEDGE_ID] = "id",
	[CFA_PLEDGE_CAMPAIGN_ID] = "campaign_id",
	[CFA_PLEDGE_REWARD_ID] = "reward_id",
	[CFA_PLEDGE_POOL_ID] = "pool_id",
	[CFA_PLEDGE_QUANTITY] = "quantity",
	[CFA_PLEDGE_AMOUNT_MINOR] = "amount_minor",
	[CFA_PLEDGE_CURRENCY] = "currency",
	[CFA_PLEDGE_STATE] = "state",
	[CFA_PLEDGE_STATE_REASON] = "state_reason",
	[CFA_PLEDGE_REFUNDED_MINOR] = "refunded_minor",
	[CFA_PLEDGE_HELD_MINOR] = "held_minor",
	[CFA_PLEDGE_HELD_PLACES] = "held_places",
	[CFA_PLEDGE_DONOR_NAME] = "donor_name",
	[CFA_PLEDGE_DISPLAY] = "display",
	[CFA_PLEDGE_MESSAGE] = "message",
	[CFA_PLEDGE_PROVIDER] = "provider",
	[CFA_PLEDGE_PAYMENT_ID] = "payment_id",
	[CFA_PLEDGE_CANCEL_REQUESTED_AT] = "cancel_requested_at",
	[CFA_PLEDGE_HOLD_EXPIRES_AT] = "hold_expires_at",
	[CFA_PLEDGE_VERSION] = "version",
	[CFA_PLEDGE_TRACEPARENT] = "traceparent",
	[CFA_PLEDGE_CREATED_AT] = "created_at",
	[CFA_PLEDGE_UPDATED_AT] = "updated_at",
	[CFA_PLEDGE_FEE_MINOR] = "fee_minor",
	[CFA_PLEDGE_ACCOUNT_ID] = "account_id",
};

/* What a pledge is about never changes; version is the trigger's own. */
static const CfaPledgeColumn fixed_columns[] = {
	CFA_PLEDGE_ID,
	CFA_PLEDGE_CAMPAIGN_ID,
	CFA_PLEDGE_REWARD_ID,
	CFA_PLEDGE_POOL_ID,
	CFA_PLEDGE_QUANTITY,
	CFA_PLEDGE_AMOUNT_MINOR,
	CFA_PLEDGE_CURRENCY,
	CFA_PLEDGE_HELD_MINOR,
	CFA_PLEDGE_HELD_PLACES,
	CFA_PLEDGE_VERSION,
	CFA_PLEDGE_CREATED_AT,
	CFA_PLEDGE_FEE_MINOR,
	CFA_PLEDGE_ACCOUNT_ID,
};

static struct
{
	Oid relation;
	int numbers[CFA_PLEDGE_COLUMN_COUNT];
} cached = {InvalidOid, {0}};

static bool callback_is_registered = false;

static const int *column_numbers(Relation relation);
static void forget_columns(Datum arg, Oid relation);
static char *text_or_null(Datum value, bool is_null);
static bool read_uuid(const Datum *values, const bool *nulls, int number,
					  pg_uuid_t *id);

void
cfa_pledge_read(Relation relation, HeapTuple tuple, CfaPledge *pledge)
{
	const int *number = column_numbers(relation);
	TupleDesc desc = RelationGetDescr(relation);
	Datum *values = palloc(sizeof(Datum) * (Size) (desc->natts + 1));
	bool *nulls = palloc(sizeof(bool) * (Size) (desc->natts + 1));

	/* Shift by one, so that attribute numbers are indexes. */
	heap_deform_tuple(tuple, desc, values + 1, nulls + 1);

#define VALUE(column) values[number[CFA_PLEDGE_##column]]
#define IS_NULL(column) nulls[number[CFA_PLEDGE_##column]]
#define TEXT(column) text_or_null(VALUE(column), IS_NULL(column))
#define UUID(column, id) \
	read_uuid(values, nulls, number[CFA_PLEDGE_##column], id)

	memset(pledge, 0, sizeof(*pledge));
	pledge->has_id = UUID(ID, &pledge->id);
	pledge->has_campaign = UUID(CAMPAIGN_ID, &pledge->campaign_id);
	pledge->has_reward = UUID(REWARD_ID, &pledge->reward_id);
	pledge->has_pool = UUID(POOL_ID, &pledge->pool_id);
	pledge->quantity = IS_NULL(QUANTITY) ? 0 : DatumGetInt32(VALUE(QUANTITY));
	pledge->has_amount = !IS_NULL(AMOUNT_MINOR);
	pledge->amount_minor =
		pledge->has_amount ? DatumGetInt64(VALUE(AMOUNT_MINOR)) : 0;
	pledge->fee_minor =
		IS_NULL(FEE_MINOR) ? 0 : DatumGetInt64(VALUE(FEE_MINOR));
	pledge->currency = TEXT(CURRENCY);
	pledge->state_name = TEXT(STATE);
	pledge->state_reason = TEXT(STATE_REASON);
	pledge->refunded_minor =
		IS_NULL(REFUNDED_MINOR) ? 0 : DatumGetInt64(VALUE(REFUNDED_MINOR));
	pledge->held_minor =
		IS_NULL(HELD_MINOR) ? 0 : DatumGetInt64(VALUE(HELD_MINOR));
	pledge->held_places =
		IS_NULL(HELD_PLACES) ? 0 : DatumGetInt32(VALUE(HELD_PLACES));
	pledge->donor_name = TEXT(DONOR_NAME);
	pledge->display = TEXT(DISPLAY);
	pledge->message = TEXT(MESSAGE);
	pledge->provider = TEXT(PROVIDER);
	pledge->payment_id = TEXT(PAYMENT_ID);
	pledge->has_cancel_requested = !IS_NULL(CANCEL_REQUESTED_AT);
	pledge->has_hold_expires = !IS_NULL(HOLD_EXPIRES_AT);
	pledge->version = IS_NULL(VERSION) ? 0 : DatumGetInt64(VALUE(VERSION));
	pledge->traceparent = TEXT(TRACEPARENT);
	pledge->created_at =
		IS_NULL(CREATED_AT) ? 0 : DatumGetTimestampTz(VALUE(CREATED_AT));
	if (pledge->state_name == NULL ||
		!cfa_pledge_state_parse(pledge->state_name, &pledge->state))
		pledge->state = CFA_PLEDGE_NONE;

#undef VALUE
#undef IS_NULL
#undef TEXT
#undef UUID
}

void
cfa_pledge_patch(CfaPledgePatch *patch, CfaPledgeColumn column, Datum value)
{
	patch->columns[patch->count] = (int) column;
	patch->values[patch->count] = value;
	patch->nulls[patch->count++] = false;
}

HeapTuple
cfa_pledge_patched(Relation relation, HeapTuple tuple, CfaPledgePatch *patch)
{
	const int *number = column_numbers(relation);
	int columns[CFA_PLEDGE_COLUMN_COUNT];

	if (patch->count == 0)
		return tuple;
	for (int i = 0; i < patch->count; i++)
		columns[i] = number[patch->columns[i]];
	return heap_modify_tuple_by_cols(tuple,
									 RelationGetDescr(relation),
									 patch->count,
									 columns,
									 patch->values,
									 patch->nulls);
}

const char *
cfa_pledge_fixed_change(Relation relation, HeapTuple old_tuple,
						HeapTuple new_tuple)
{
	const int *number = column_numbers(relation);
	TupleDesc desc = RelationGetDescr(relation);

	for (int i = 0; i < (int) lengthof(fixed_columns); i++)
	{
		int n = number[fixed_columns[i]];
		Form_pg_attribute attribute = TupleDescAttr(desc, n - 1);
		bool old_null;
		bool new_null;
		Datum old_value = heap_getattr(old_tuple, n, desc, &old_null);
		Datum new_value = heap_getattr(new_tuple, n, desc, &new_null);

		if (old_null != new_null ||
			(!old_null && !datum_image_eq(old_value,
										  new_value,
										  attribute->attbyval,
										  attribute->attlen)))
			return pledge_columns[fixed_columns[i]];
	}
	return NULL;
}

static const int *
column_numbers(Relation relation)
{
	Oid relid = RelationGetRelid(relation);

	if (cached.relation == relid)
		return cached.numbers;
	if (!callback_is_registered)
	{
		CacheRegisterRelcacheCallback(forget_columns, (Datum) 0);
		callback_is_registered = true;
	}
	cached.relation = InvalidOid;
	for (int i = 0; i < CFA_PLEDGE_COLUMN_COUNT; i++)
	{
		int n = SPI_fnumber(RelationGetDescr(relation), pledge_columns[i]);

		if (n <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of relation \"%s\" does not exist",
							pledge_columns[i],
							RelationGetRelationName(relation))));
		cached.numbers[i] = n;
	}
	cached.relation = relid;
	return cached.numbers;
}

static void
forget_columns(Datum arg, Oid relation)
{
	if (!OidIsValid(relation) || relation == cached.relation)
		cached.relation = InvalidOid;
}

static char *
text_or_null(Datum value, bool is_null)
{
	return is_null ? NULL : TextDatumGetCString(value);
}

static bool
read_uuid(const Datum *values, const bool *nulls, int number, pg_uuid_t *id)
{
	if (nulls[number])
		return false;
	*id = *DatumGetUUIDP(values[number]);
	return true;
}
