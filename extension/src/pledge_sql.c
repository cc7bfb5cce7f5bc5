/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_sql.c
 *	  SQL face of pledge.c: careforall.pledge_create and pledge_create_many.
 */
#include "postgres.h"

#include "arrays.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "pledge.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#define RESULT_COLUMNS 10

/* Arguments of both functions, in order. */
enum
{
	ARG_CAMPAIGN_ID,
	ARG_AMOUNT_MINOR,
	ARG_CURRENCY,
	ARG_DONOR_NAME,
	ARG_DONOR_EMAIL,
	ARG_REWARD_ID,
	ARG_QUANTITY,
	ARG_DISPLAY,
	ARG_MESSAGE,
	ARG_KEY_HASH,
	ARG_FINGERPRINT,
	ARG_TRACEPARENT,
	ARG_FEE_MINOR,
	ARG_ACCOUNT_ID
};

#define ARG_COUNT (ARG_ACCOUNT_ID + 1)

static const Oid arg_types[ARG_COUNT] = {
	[ARG_CAMPAIGN_ID] = UUIDOID,
	[ARG_AMOUNT_MINOR] = INT8OID,
	[ARG_CURRENCY] = TEXTOID,
	[ARG_DONOR_NAME] = TEXTOID,
	[ARG_DONOR_EMAIL] = TEXTOID,
	[ARG_REWARD_ID] = UUIDOID,
	[ARG_QUANTITY] = INT4OID,
	[ARG_DISPLAY] = TEXTOID,
	[ARG_MESSAGE] = TEXTOID,
	[ARG_KEY_HASH] = BYTEAOID,
	[ARG_FINGERPRINT] = BYTEAOID,
	[ARG_TRACEPARENT] = TEXTOID,
	[ARG_FEE_MINOR] = INT8OID,
	[ARG_ACCOUNT_ID] = UUIDOID,
};

CFA_FUNCTION(cfa_sql_pledge_create);
CFA_FUNCTION(cfa_sql_pledge_create_many);

static void request_from(CfaRequest *request, const Datum *values,
						 const bool *nulls);
static char *text_from(Datum value, bool is_null, const char *otherwise);
static void result_of(const CfaRequest *request, Datum *values, bool *nulls);

Datum
cfa_sql_pledge_create(PG_FUNCTION_ARGS)
{
	Datum values[ARG_COUNT];
	bool nulls[ARG_COUNT];
	CfaRequest request;
	TupleDesc desc;

	for (int i = 0; i < ARG_COUNT; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i);
	}
	request_from(&request, values, nulls);
	cfa_pledges_create(&request, 1);
	desc = cfa_result_desc(fcinfo);
	result_of(&request, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

Datum
cfa_sql_pledge_create_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CfaInput input =
		cfa_input_read(fcinfo, ARG_COUNT, arg_types, CFA_BATCH_MAX);
	CfaRequest *requests =
		palloc0(sizeof(CfaRequest) * (Size) (input.count + 1));

	for (int i = 0; i < input.count; i++)
	{
		Datum values[ARG_COUNT];
		bool nulls[ARG_COUNT];

		cfa_input_row(&input, i, values, nulls);
		request_from(&requests[i], values, nulls);
	}
	if (input.count > 0)
		cfa_pledges_create(requests, input.count);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < input.count; i++)
	{
		Datum values[RESULT_COLUMNS + 1];
		bool nulls[RESULT_COLUMNS + 1] = {false};

		values[0] = Int32GetDatum(i + 1);
		result_of(&requests[i], values + 1, nulls + 1);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static void
request_from(CfaRequest *request, const Datum *values, const bool *nulls)
{
#define POINTER(arg, type) \
	(nulls[arg] ? NULL : (const type *) DatumGetPointer(values[arg]))
#define TEXT(arg, otherwise) text_from(values[arg], nulls[arg], otherwise)
#define BYTES(arg) (nulls[arg] ? NULL : DatumGetByteaPP(values[arg]))

	memset(request, 0, sizeof(*request));
	request->campaign_id = POINTER(ARG_CAMPAIGN_ID, pg_uuid_t);
	request->reward_id = POINTER(ARG_REWARD_ID, pg_uuid_t);
	request->has_amount = !nulls[ARG_AMOUNT_MINOR];
	if (request->has_amount)
		request->amount_minor = DatumGetInt64(values[ARG_AMOUNT_MINOR]);
	request->currency = TEXT(ARG_CURRENCY, NULL);
	request->donor_name = TEXT(ARG_DONOR_NAME, NULL);
	request->donor_email = TEXT(ARG_DONOR_EMAIL, NULL);
	request->has_quantity = !nulls[ARG_QUANTITY];
	if (request->has_quantity)
		request->quantity = DatumGetInt32(values[ARG_QUANTITY]);
	request->display = TEXT(ARG_DISPLAY, "name");
	request->message = TEXT(ARG_MESSAGE, "");
	request->key_hash = BYTES(ARG_KEY_HASH);
	request->fingerprint = BYTES(ARG_FINGERPRINT);
	request->traceparent = TEXT(ARG_TRACEPARENT, NULL);
	if (!nulls[ARG_FEE_MINOR])
		request->fee_minor = DatumGetInt64(values[ARG_FEE_MINOR]);
	request->account_id = POINTER(ARG_ACCOUNT_ID, pg_uuid_t);

#undef POINTER
#undef TEXT
#undef BYTES
}

static char *
text_from(Datum value, bool is_null, const char *otherwise)
{
	if (!is_null)
		return TextDatumGetCString(value);
	return otherwise == NULL ? NULL : pstrdup(otherwise);
}

/* In the order of the SQL functions' columns; a replay shows what was made. */
static void
result_of(const CfaRequest *request, Datum *values, bool *nulls)
{
	bool has_pledge = request->outcome == CFA_OUTCOME_CREATED ||
					  request->outcome == CFA_OUTCOME_REPLAYED;

	memset(nulls, !has_pledge, sizeof(bool) * RESULT_COLUMNS);
	nulls[0] = false;
	values[0] = CStringGetTextDatum(cfa_outcome_name(request->outcome));
	if (has_pledge)
	{
		values[1] = PointerGetDatum(&request->pledge_id);
		values[2] = CStringGetTextDatum("pending");
		values[3] = Int64GetDatum(1);
		values[4] = Int64GetDatum(request->result_amount_minor);
		values[5] = Int64GetDatum(request->result_fee_minor);
		values[6] = CStringGetTextDatum(request->result_currency);
		values[7] = TimestampTzGetDatum(request->hold_expires_at);
		values[8] = TimestampTzGetDatum(request->created_at);
	}
	nulls[9] = request->detail == NULL;
	if (request->detail != NULL)
		values[9] = CStringGetTextDatum(request->detail);
}
