/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.c
 *	  Builds the JSON of events.
 *
 * Events are read by the public read model: no e-mail address ever, and a name,
 * an amount or a message only as far as the donor shows it.
 */
#include "postgres.h"

#include "compat.h"
#include "event.h"
#include "fmgr.h"
#include "guc.h"
#include "ids.h"
#include "lib/stringinfo.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/timestamp.h"

CFA_FUNCTION(cfa_sql_campaign_document);

#define MONEY_SQL(amount) \
	"json_build_object('amount', " amount ", 'currency', c.currency)"
#define OPTIONAL_MONEY_SQL(amount) \
	"CASE WHEN " amount " IS NOT NULL THEN " MONEY_SQL(amount) " END"
#define TIME_SQL(time)                     \
	"to_char(" time " AT TIME ZONE 'UTC'," \
	" 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
/* By name: this also serves a schema that has not got these columns yet. */
#define ARCHIVED_AT_SQL "(to_jsonb(c) ->> 'archived_at')::timestamptz"
#define NEWS_OFFERED_SQL \
	"coalesce((to_jsonb(c) ->> 'news_offered')::boolean, false)"

/* clang-format off */
static CfaPlan document_plan = {
	.sql =
	"SELECT json_build_object("
	"'id', c.id, 'slug', c.slug, 'title', c.title, 'summary', c.summary,"
	"'story', c.story, 'category', c.category,"
	"'image', CASE WHEN c.image_url IS NOT NULL THEN"
	" json_build_object('url', c.image_url, 'alt', c.image_alt) END,"
	"'owner', json_build_object('name', c.owner_name),"
	"'state', c.state, 'currency', c.currency,"
	"'goal', " MONEY_SQL("c.goal_minor") ","
	"'cap', " OPTIONAL_MONEY_SQL("c.cap_minor") ","
	"'min_pledge', " MONEY_SQL("c.min_pledge_minor") ","
	"'max_pledge', " OPTIONAL_MONEY_SQL("c.max_pledge_minor") ","
	"'starts_at', " TIME_SQL("c.starts_at") ","
	"'ends_at', " TIME_SQL("c.ends_at") ","
	"'archived_at', " TIME_SQL(ARCHIVED_AT_SQL) ","
	"'news_offered', " NEWS_OFFERED_SQL ","
	"'version', c.version,"
	"'rewards', coalesce((SELECT json_agg(json_build_object("
	"'id', r.id, 'title', r.title, 'description', r.description,"
	"'min_amount', " MONEY_SQL("r.min_amount_minor") ","
	"'quantity', r.quantity, 'pool_id', r.pool_id)"
	" ORDER BY r.position, r.id)"
	" FROM careforall.rewards r WHERE r.campaign_id = c.id"
	" AND r.archived_at IS NULL), '[]'),"
	"'pools', coalesce((SELECT json_agg(json_build_object("
	"'id', o.id, 'capacity', o.capacity) ORDER BY o.id)"
	" FROM careforall.pools o WHERE o.campaign_id = c.id), '[]'),"
	"'created_at', " TIME_SQL("c.created_at") ","
	"'updated_at', " TIME_SQL("c.updated_at") ")::text"
	" FROM careforall.campaigns c WHERE c.id = $1",
	.arg_count = 1,
	.args = {UUIDOID},
};
/* clang-format on */

static void fill_deltas(CfaEvent *event, const CfaPledgeEdge *edge,
						const CfaPledge *old, const CfaPledge *new);
static const char *reason_of(const CfaPledge *old, const CfaPledge *new,
							 const CfaChange *change);
static void append_pledge(StringInfo json, const CfaPledge *new,
						  const CfaEvent *event);
static void append_delta(StringInfo json, const CfaEvent *event,
						 const CfaPledge *old, const CfaPledge *new);
static void append_public(StringInfo json, const CfaPledge *pledge);
static void append_special(StringInfo json, const CfaPledgeEdge *edge,
						   const CfaEvent *event, const CfaPledge *new,
						   const CfaChange *change);
static void append_key(StringInfo json, const char *key);
static void append_text(StringInfo json, const char *key, const char *value);
static void append_uuid(StringInfo json, const char *key, const pg_uuid_t *id);
static void append_int(StringInfo json, const char *key, int64 value);

void
cfa_event_of_pledge(CfaEvent *event, const CfaPledgeEdge *edge,
					const CfaPledge *old, const CfaPledge *new,
					const CfaChange *change, TimestampTz now)
{
	StringInfoData json;

	memset(event, 0, sizeof(*event));
	event->aggregate_type = "pledge";
	event->aggregate_id = new->id;
	event->campaign_id = new->campaign_id;
	event->aggregate_version = new->version;
	event->type = edge->type;
	event->occurred_at = now;
	event->has_history = true;
	event->event = cfa_pledge_event_name(edge->event);
	event->from_state = old == NULL ? NULL : cfa_pledge_state_name(edge->from);
	event->to_state = cfa_pledge_state_name(edge->to);
	event->traceparent = change != NULL && change->traceparent != NULL
							 ? change->traceparent
							 : cfa_context_traceparent();
	if (old == NULL && event->traceparent == NULL)
		event->traceparent = new->traceparent;
	event->actor = change != NULL && change->actor != NULL
					   ? change->actor
					   : cfa_context_actor();
	event->reason = reason_of(old, new, change);
	fill_deltas(event, edge, old, new);
	if (change != NULL && change->has_amount)
	{
		event->has_amount = true;
		event->amount_minor = change->amount_minor;
	}

	initStringInfo(&json);
	append_pledge(&json, new, event);
	append_delta(&json, event, old, new);
	append_public(&json, new);
	append_special(&json, edge, event, new, change);
	appendStringInfoString(&json, ",\"created_at\":");
	cfa_event_time(&json, new->created_at);
	appendStringInfoString(&json, ",\"occurred_at\":");
	cfa_event_time(&json, now);
	appendStringInfoChar(&json, '}');
	event->data = json.data;
}

char *
cfa_event_campaign_document(const pg_uuid_t *campaign_id)
{
	MemoryContext caller = CurrentMemoryContext;
	CfaArgs args = {0};
	char *document = NULL;
	CfaSpi spi;

	cfa_spi_begin(&spi);
	cfa_arg_uuid(&args, campaign_id);
	if (cfa_plan_run(&document_plan, &args, SPI_OK_SELECT) == 1)
	{
		MemoryContext inner = MemoryContextSwitchTo(caller);

		document = cfa_result_text(0, 1);
		MemoryContextSwitchTo(inner);
	}
	cfa_spi_end(&spi);
	return document;
}

Datum
cfa_sql_campaign_document(PG_FUNCTION_ARGS)
{
	char *document = cfa_event_campaign_document(PG_GETARG_UUID_P(0));

	if (document == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(document));
}

void
cfa_event_time(StringInfo json, TimestampTz time)
{
	struct pg_tm tm;
	fsec_t fraction_us;

	if (timestamp2tm(time, NULL, &tm, &fraction_us, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	appendStringInfo(json,
					 "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"",
					 tm.tm_year,
					 tm.tm_mon,
					 tm.tm_mday,
					 tm.tm_hour,
					 tm.tm_min,
					 tm.tm_sec,
					 fraction_us / 1000);
}

static void
fill_deltas(CfaEvent *event, const CfaPledgeEdge *edge, const CfaPledge *old,
			const CfaPledge *new)
{
	int64 refunded_before = old == NULL ? 0 : old->refunded_minor;

	switch (edge->effect)
	{
		case CFA_EFFECT_USE:
			event->confirmed_minor = new->amount_minor;
			event->confirmed_count = 1;
			event->has_amount = true;
			event->amount_minor = new->amount_minor;
			break;
		case CFA_EFFECT_REFUND:
			event->refunded_minor = new->refunded_minor - refunded_before;
			event->confirmed_count = new->state == CFA_PLEDGE_REFUNDED ? -1 : 0;
			event->has_amount = true;
			event->amount_minor = event->refunded_minor;
			break;
		case CFA_EFFECT_HOLD:
		case CFA_EFFECT_RELEASE:
		case CFA_EFFECT_RECORD:
		case CFA_EFFECT_NOTHING:
			break;
	}
}

/* Why: said by the engine, else by the session, else by the new state. */
static const char *
reason_of(const CfaPledge *old, const CfaPledge *new, const CfaChange *change)
{
	const char *reason = change != NULL ? change->reason : NULL;

	if (reason == NULL)
		reason = cfa_guc_or_null(cfa_guc_reason);
	if (reason == NULL && old != NULL && old->state != new->state)
		reason = new->state_reason;
	return reason;
}

static void
append_pledge(StringInfo json, const CfaPledge *new, const CfaEvent *event)
{
	appendStringInfoChar(json, '{');
	append_uuid(json, "pledge_id", &new->id);
	append_uuid(json, "campaign_id", &new->campaign_id);
	append_uuid(json, "reward_id", new->has_reward ? &new->reward_id : NULL);
	append_uuid(json, "pool_id", new->has_pool ? &new->pool_id : NULL);
	append_int(json, "quantity", new->quantity);
	append_int(json, "amount_minor", new->amount_minor);
	append_int(json, "fee_minor", new->fee_minor);
	append_text(json, "currency", new->currency);
	append_text(json, "state", new->state_name);
	append_text(json, "state_reason", new->state_reason);
	append_int(json, "version", new->version);
	append_int(json, "refunded_minor", new->refunded_minor);
	append_int(json, "held_minor", new->held_minor);
	append_int(json, "held_places", new->held_places);
}

static void
append_delta(StringInfo json, const CfaEvent *event, const CfaPledge *old,
			 const CfaPledge *new)
{
	int pending_before = old != NULL && old->state == CFA_PLEDGE_PENDING;
	int pending_after = new->state == CFA_PLEDGE_PENDING;
	int pending = pending_after - pending_before;

	append_key(json, "delta");
	appendStringInfoChar(json, '{');
	append_int(json, "confirmed_minor", event->confirmed_minor);
	append_int(json, "confirmed_count", event->confirmed_count);
	append_int(json, "refunded_minor", event->refunded_minor);
	append_int(json,
			   "held_minor",
			   new->held_minor - (old == NULL ? 0 : old->held_minor));
	append_int(json,
			   "held_places",
			   new->held_places - (old == NULL ? 0 : old->held_places));
	append_int(json, "pending_minor", pending * new->amount_minor);
	append_int(json, "pending_count", pending);
	appendStringInfoChar(json, '}');
}

static void
append_public(StringInfo json, const CfaPledge *pledge)
{
	bool shows_all = strcmp(pledge->display, "name_amount_message") == 0;
	bool shows_message =
		shows_all || strcmp(pledge->display, "name_message") == 0;
	bool shows_name = strcmp(pledge->display, "none") != 0;

	append_text(json, "display", pledge->display);
	append_text(json, "name", shows_name ? pledge->donor_name : NULL);
	append_text(json,
				"message",
				shows_message && pledge->message[0] != '\0' ? pledge->message
															: NULL);
	append_key(json, "show_amount");
	appendStringInfoString(json, shows_all ? "true" : "false");
}

/* Members that only one type of event has. */
static void
append_special(StringInfo json, const CfaPledgeEdge *edge,
			   const CfaEvent *event, const CfaPledge *new,
			   const CfaChange *change)
{
	const pg_uuid_t *refund_id = change == NULL ? NULL : change->refund_id;

	switch (edge->event)
	{
		case CFA_PLEDGE_PAYMENT_ATTACH:
		case CFA_PLEDGE_CANCEL_REQUEST:
			append_text(json, "provider", new->provider);
			append_text(json, "payment_id", new->payment_id);
			break;
		case CFA_PLEDGE_REFUND_REQUEST:
			append_uuid(json, "refund_id", refund_id);
			append_int(json, "refund_minor", event->amount_minor);
			append_text(json,
						"kind",
						change == NULL ? NULL : change->refund_kind);
			append_text(json, "provider", new->provider);
			append_text(json, "payment_id", new->payment_id);
			break;
		case CFA_PLEDGE_REFUND:
			append_uuid(json, "refund_id", refund_id);
			append_int(json, "refund_minor", event->amount_minor);
			append_key(json, "late");
			appendStringInfoString(json,
								   edge->guard == CFA_GUARD_LATE ? "true"
																 : "false");
			break;
		case CFA_PLEDGE_CREATE:
		case CFA_PLEDGE_PAYMENT_SUCCEEDED:
		case CFA_PLEDGE_PAYMENT_FAILED:
		case CFA_PLEDGE_CANCEL:
		case CFA_PLEDGE_EXPIRE:
		case CFA_PLEDGE_DONOR_ERASE:
			break;
	}
}

/* Keys are our own and need no escaping. */
static void
append_key(StringInfo json, const char *key)
{
	if (json->data[json->len - 1] != '{')
		appendStringInfoChar(json, ',');
	appendStringInfoChar(json, '"');
	appendStringInfoString(json, key);
	appendStringInfoString(json, "\":");
}

static void
append_text(StringInfo json, const char *key, const char *value)
{
	append_key(json, key);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, value);
}

static void
append_uuid(StringInfo json, const char *key, const pg_uuid_t *id)
{
	char text[CFA_UUID_TEXT_LEN + 1];

	append_key(json, key);
	if (id == NULL)
	{
		appendStringInfoString(json, "null");
		return;
	}
	cfa_uuid_text(id, text);
	appendStringInfoChar(json, '"');
	appendBinaryStringInfo(json, text, CFA_UUID_TEXT_LEN);
	appendStringInfoChar(json, '"');
}

static void
append_int(StringInfo json, const char *key, int64 value)
{
	char text[24];

	append_key(json, key);
	pg_lltoa(value, text);
	appendStringInfoString(json, text);
}
