/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox_sql.c
 *	  SQL face of inbox.c: payment_event_apply and payment_event_apply_many.
 */
#include "postgres.h"

#include "arrays.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "inbox.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define RESULT_COLUMNS 4

/* Arguments of both functions, in order. */
enum
{
	ARG_PROVIDER,
	ARG_EVENT_ID,
	ARG_KIND,
	ARG_PAYMENT_ID,
	ARG_PLEDGE_ID,
	ARG_REFUND_ID,
	ARG_AMOUNT_MINOR,
	ARG_CURRENCY,
	ARG_REASON,
	ARG_PAYLOAD,
	ARG_TRACEPARENT
};

#define ARG_COUNT (ARG_TRACEPARENT + 1)

static const Oid arg_types[ARG_COUNT] = {
	[ARG_PROVIDER] = TEXTOID,
	[ARG_EVENT_ID] = TEXTOID,
	[ARG_KIND] = TEXTOID,
	[ARG_PAYMENT_ID] = TEXTOID,
	[ARG_PLEDGE_ID] = UUIDOID,
	[ARG_REFUND_ID] = UUIDOID,
	[ARG_AMOUNT_MINOR] = INT8OID,
	[ARG_CURRENCY] = TEXTOID,
	[ARG_REASON] = TEXTOID,
	[ARG_PAYLOAD] = JSONOID,
	[ARG_TRACEPARENT] = TEXTOID,
};

CFA_FUNCTION(cfa_sql_payment_event_apply);
CFA_FUNCTION(cfa_sql_payment_event_apply_many);

static void notice_from(CfaNotice *notice, const Datum *values,
						const bool *nulls);
static pg_uuid_t *uuid_from(Datum value, bool is_null);
static void result_of(const CfaNotice *notice, Datum *values, bool *nulls);

Datum
cfa_sql_payment_event_apply(PG_FUNCTION_ARGS)
{
	Datum values[ARG_COUNT];
	bool nulls[ARG_COUNT];
	CfaNotice notice;
	TupleDesc desc;

	for (int i = 0; i < ARG_COUNT; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i);
	}
	notice_from(&notice, values, nulls);
	cfa_inbox_receive(&notice, 1);
	desc = cfa_result_desc(fcinfo);
	result_of(&notice, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

Datum
cfa_sql_payment_event_apply_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CfaInput input =
		cfa_input_read(fcinfo, ARG_COUNT, arg_types, CFA_INBOX_BATCH_MAX);
	CfaNotice *notices = palloc0(sizeof(CfaNotice) * (Size) (input.count + 1));

	for (int i = 0; i < input.count; i++)
	{
		Datum values[ARG_COUNT];
		bool nulls[ARG_COUNT];

		cfa_input_row(&input, i, values, nulls);
		notice_from(&notices[i], values, nulls);
	}
	if (input.count > 0)
		cfa_inbox_receive(notices, input.count);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < input.count; i++)
	{
		Datum values[RESULT_COLUMNS + 1];
		bool nulls[RESULT_COLUMNS + 1] = {false};

		values[0] = Int32GetDatum(i + 1);
		result_of(&notices[i], values + 1, nulls + 1);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static void
notice_from(CfaNotice *notice, const Datum *values, const bool *nulls)
{
	char *kind;

#define TEXT(arg) (nulls[arg] ? NULL : TextDatumGetCString(values[arg]))

	memset(notice, 0, sizeof(*notice));
	notice->provider = TEXT(ARG_PROVIDER);
	notice->event_id = TEXT(ARG_EVENT_ID);
	kind = TEXT(ARG_KIND);
	if (notice->provider == NULL || notice->event_id == NULL || kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("provider, event_id and kind must not be null")));
	if (!cfa_notice_kind_parse(kind, &notice->kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized kind \"%s\"", kind)));
	notice->payment_id = TEXT(ARG_PAYMENT_ID);
	notice->pledge_id = uuid_from(values[ARG_PLEDGE_ID], nulls[ARG_PLEDGE_ID]);
	notice->refund_id = uuid_from(values[ARG_REFUND_ID], nulls[ARG_REFUND_ID]);
	notice->has_amount = !nulls[ARG_AMOUNT_MINOR];
	if (notice->has_amount)
		notice->amount_minor = DatumGetInt64(values[ARG_AMOUNT_MINOR]);
	notice->currency = TEXT(ARG_CURRENCY);
	notice->reason = TEXT(ARG_REASON);
	notice->payload = TEXT(ARG_PAYLOAD);
	notice->traceparent = TEXT(ARG_TRACEPARENT);

#undef TEXT
}

static pg_uuid_t *
uuid_from(Datum value, bool is_null)
{
	pg_uuid_t *copy;

	if (is_null)
		return NULL;
	copy = palloc(sizeof(pg_uuid_t));
	*copy = *DatumGetUUIDP(value);
	return copy;
}

/* outcome, pledge_id, state, version */
static void
result_of(const CfaNotice *notice, Datum *values, bool *nulls)
{
	bool has_pledge = notice->pledge != NULL;

	memset(nulls, !has_pledge, sizeof(bool) * RESULT_COLUMNS);
	nulls[0] = false;
	values[0] = CStringGetTextDatum(cfa_notice_outcome_name(notice->outcome));
	if (!has_pledge)
		return;
	values[1] = PointerGetDatum(&notice->pledge->id);
	values[2] = CStringGetTextDatum(cfa_pledge_state_name(notice->state));
	values[3] = Int64GetDatum(notice->version);
}
