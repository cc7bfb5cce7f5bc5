/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifecycle.c
 *	  The transition tables in SQL, and the trigger of append-only tables.
 */
#include "postgres.h"

#include "cfa_errcodes.h"
#include "compat.h"
#include "funcapi.h"
#include "ids.h"
#include "lifecycle.h"
#include "lifecycle_core.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

CFA_FUNCTION(cfa_sql_pledge_transitions);
CFA_FUNCTION(cfa_sql_campaign_transitions);
CFA_FUNCTION(cfa_trigger_refuse_change);

static void put_transition(ReturnSetInfo *result, const char *from,
						   const char *event, const char *to, const char *guard,
						   const char *effect);

Datum
cfa_sql_pledge_transitions(PG_FUNCTION_ARGS)
{
	int count;
	const CfaPledgeEdge *edges = cfa_pledge_edges(&count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
		put_transition((ReturnSetInfo *) fcinfo->resultinfo,
					   cfa_pledge_state_name(edges[i].from),
					   cfa_pledge_event_name(edges[i].event),
					   cfa_pledge_state_name(edges[i].to),
					   cfa_pledge_guard_name(edges[i].guard),
					   cfa_pledge_effect_name(edges[i].effect));
	return (Datum) 0;
}

Datum
cfa_sql_campaign_transitions(PG_FUNCTION_ARGS)
{
	int count;
	const CfaCampaignEdge *edges = cfa_campaign_edges(&count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
		put_transition((ReturnSetInfo *) fcinfo->resultinfo,
					   cfa_campaign_state_name(edges[i].from),
					   edges[i].event,
					   cfa_campaign_state_name(edges[i].to),
					   "",
					   edges[i].type);
	return (Datum) 0;
}

/* Rows of this table stay as they are. */
Datum
cfa_trigger_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *data = cfa_trigger_data(fcinfo);
	const char *verb = "change";

	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		verb = "update";
	else if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		verb = "delete from";
	else if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		verb = "truncate";
	ereport(ERROR,
			(errcode(CFA_ERRCODE_APPEND_ONLY),
			 errmsg("cannot %s table \"%s\"",
					verb,
					RelationGetRelationName(data->tg_relation)),
			 errdetail("Its rows are kept as they are.")));
}

TriggerData *
cfa_trigger_data(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function must be called by a trigger")));
	return (TriggerData *) fcinfo->context;
}

void
cfa_limit_refuse(CfaLimitKind kind, const pg_uuid_t *id, int64 n,
				 int64 available)
{
	char text[CFA_UUID_TEXT_LEN + 1];

	cfa_uuid_text(id, text);
	ereport(ERROR,
			(errcode(CFA_ERRCODE_LIMIT_REACHED),
			 errmsg("limit \"%s\" is reached", cfa_limit_kind_name(kind)),
			 errdetail("Limit of \"%s\": asked for " INT64_FORMAT
					   ", available " INT64_FORMAT ".",
					   text,
					   n,
					   available)));
}

static void
put_transition(ReturnSetInfo *result, const char *from, const char *event,
			   const char *to, const char *guard, const char *effect)
{
	const char *texts[5] = {from, event, to, guard, effect};
	Datum values[5];
	bool nulls[5];

	for (int i = 0; i < 5; i++)
	{
		nulls[i] = texts[i][0] == '\0';
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}
