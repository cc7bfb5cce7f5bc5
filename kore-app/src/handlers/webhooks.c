/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhooks.c: events of the payment provider, signed in either of two forms.
 *
 * The form says how an event is signed and where its id stands; the event is the
 * same, and so is the provider, so that an event that comes in both forms is
 * applied once. The signature is checked over the raw body before anything is read from it.
 * Answers are 2xx only after the event is committed to the inbox together with
 * its effect; the provider repeats everything else, and the inbox takes each
 * event once.
 */
#include "handlers/webhooks.h"

#include <careforall/log.h>
#include <careforall/text.h>
#include <string.h>

#include "adapters/batch.h"
#include "adapters/pg_array.h"
#include "core/ctx.h"
#include "core/loop.h"
#include "handlers/list.h"
#include "handlers/provider_event.h"
#include "meters.h"
#include "middleware/trace.h"

#define PROVIDER "stripe"

typedef struct Event
{
	CfaBatchItem item; /* must be first */
	CfaCtx *ctx;
	CfaProviderEvent event;
	const char *traceparent; /* of the trace that the event belongs to */
	const char *payload;
} Event;

static const struct
{
	const char *outcome;
	unsigned meter;
} outcomes[] = {
	{"applied", CFA_M_WEBHOOK_APPLIED},
	{"duplicate", CFA_M_WEBHOOK_DUPLICATE},
	{"stale", CFA_M_WEBHOOK_STALE},
	{"late", CFA_M_WEBHOOK_LATE},
	{"attempt", CFA_M_WEBHOOK_ATTEMPT},
	{"ignored", CFA_M_WEBHOOK_IGNORED},
	{"unknown", CFA_M_WEBHOOK_UNKNOWN},
	{"mismatch", CFA_M_WEBHOOK_MISMATCH},
};

static CfaBatch batch;
static const CfaSecrets *stripe_secrets;
static const CfaWebhookSecrets *standard_secrets;

static CfaSignatureResult check_stripe(CfaCtx *ctx, const uint8_t *body,
									   size_t len);
static CfaSignatureResult check_standard(CfaCtx *ctx, const uint8_t *body,
										 size_t len);
static const char *one_header(const CfaCtx *ctx, const char *name);
static bool is_genuine(CfaCtx *ctx, CfaSignatureResult result);
static void receive(CfaCtx *ctx, const uint8_t *body, size_t len,
					const char *event_id);
static void find_trace(Event *event);
static void refuse_event(CfaCtx *ctx, const char *detail);
static void pump(void);
static void on_tick(uint64_t now_ms);
static void encode(int param, CfaBatchItem **items, int count, CfaBuf *out);
static void encode_one(int param, const Event *event, CfaBuf *out);
static void deliver(CfaBatchItem *item, const PGresult *result, int row);
static void fail(CfaBatchItem *item, const char *sqlstate);

static const CfaBatchKind kind = {
	.statement = CFA_PG_PAYMENT_EVENT_APPLY_MANY,
	.meter = CFA_M_BATCH_SIZE_EVENTS,
	.param_count = 11,
	.encode = encode,
	.deliver = deliver,
	.fail = fail,
};

void
cfa_webhooks_configure(const CfaSecrets *stripe,
					   const CfaWebhookSecrets *standard)
{
	stripe_secrets = stripe;
	standard_secrets = standard;
}

void
cfa_webhooks_start(void)
{
	cfa_batch_init(&batch, &kind);
	cfa_pg_on_idle(pump);
	cfa_tick_add(on_tick);
}

void
api_webhook_stripe(CfaCtx *ctx)
{
	size_t len;
	const uint8_t *body = cfa_ctx_body(ctx, &len);

	if (stripe_secrets->count == 0)
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
	else if (is_genuine(ctx, check_stripe(ctx, body, len)))
		receive(ctx, body, len, NULL);
}

void
api_webhook_standard(CfaCtx *ctx)
{
	size_t len;
	const uint8_t *body = cfa_ctx_body(ctx, &len);

	if (standard_secrets->count == 0)
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
	else if (is_genuine(ctx, check_standard(ctx, body, len)))
		receive(ctx, body, len, one_header(ctx, "webhook-id"));
}

static CfaSignatureResult
check_stripe(CfaCtx *ctx, const uint8_t *body, size_t len)
{
	const char *header = one_header(ctx, "stripe-signature");

	if (header == NULL)
		return CFA_SIGNATURE_MALFORMED;
	return cfa_signature_check(stripe_secrets,
							   header,
							   strlen(header),
							   body,
							   len,
							   cfa_now_ms() / 1000);
}

static CfaSignatureResult
check_standard(CfaCtx *ctx, const uint8_t *body, size_t len)
{
	CfaWebhookHeaders headers = {
		.id = one_header(ctx, "webhook-id"),
		.timestamp = one_header(ctx, "webhook-timestamp"),
		.signature = one_header(ctx, "webhook-signature"),
	};

	return cfa_webhook_check(standard_secrets,
							 &headers,
							 body,
							 len,
							 cfa_now_ms() / 1000);
}

/* A header that must be there exactly once; else NULL. */
static const char *
one_header(const CfaCtx *ctx, const char *name)
{
	return cfa_ctx_header_count(ctx, name) == 1 ? cfa_ctx_header(ctx, name)
												: NULL;
}

/* Answers what is not. */
static bool
is_genuine(CfaCtx *ctx, CfaSignatureResult result)
{
	switch (result)
	{
		case CFA_SIGNATURE_OK:
			return true;
		case CFA_SIGNATURE_EXPIRED:
			cfa_meter_add(CFA_M_WEBHOOK_EXPIRED, 1);
			cfa_answer_problem(ctx, CFA_PROBLEM_SIGNATURE_EXPIRED, NULL);
			return false;
		case CFA_SIGNATURE_MALFORMED:
		case CFA_SIGNATURE_FORGED:
			break;
	}
	cfa_meter_add(CFA_M_WEBHOOK_FORGED, 1);
	cfa_log(CFA_LOG_WARN,
			"webhook_forged",
			CFA_STR("request_id", ctx->request_id));
	cfa_answer_problem(ctx, CFA_PROBLEM_SIGNATURE_INVALID, NULL);
	return false;
}

/* Takes a signed event; event_id instead of the one in the body, or NULL. */
static void
receive(CfaCtx *ctx, const uint8_t *body, size_t len, const char *event_id)
{
	Event *event = cfa_arena_zalloc(&ctx->arena, sizeof(*event));
	const char *detail;

	event->ctx = ctx;
	if (!cfa_provider_event_read(body,
								 len,
								 &ctx->arena,
								 &event->event,
								 &detail))
	{
		refuse_event(ctx, detail);
		return;
	}
	if (event_id != NULL)
		event->event.event_id =
			cfa_arena_strndup(&ctx->arena, event_id, strlen(event_id));
	if (event->event.event_id == NULL)
	{
		refuse_event(ctx, "The event must have an id.");
		return;
	}
	find_trace(event);
	event->payload = cfa_arena_strndup(&ctx->arena, (const char *) body, len);
	if (!cfa_batch_add(&batch, &event->item))
	{
		cfa_meter_add(CFA_M_WEBHOOK_FAILED, 1);
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
		return;
	}
	cfa_ctx_hold(ctx);
	cfa_defer(pump);
}

/*
 * The provider sends back the trace of the pledge in its metadata, which is the
 * only thing that a provider is known to keep: the event and its request go on
 * with that.
 */
static void
find_trace(Event *event)
{
	CfaCtx *ctx = event->ctx;
	const CfaProviderEvent *e = &event->event;
	char pledge[CFA_UUID_TEXT_LEN + 1];
	CfaTrace trace;

	event->traceparent = ctx->traceparent;
	if (e->traceparent != NULL &&
		cfa_trace_parse(e->traceparent, strlen(e->traceparent), &trace) &&
		!cfa_trace_adopt(ctx, &trace))
		event->traceparent = e->traceparent;
	if (!ctx->scope.is_traced || !e->has_pledge)
		return;
	cfa_uuid_format(e->pledge_id, pledge);
	ctx->trace_pledge =
		cfa_arena_strndup(&ctx->arena, pledge, CFA_UUID_TEXT_LEN);
}

static void
refuse_event(CfaCtx *ctx, const char *detail)
{
	cfa_meter_add(CFA_M_WEBHOOK_MALFORMED, 1);
	cfa_answer_problem(ctx, CFA_PROBLEM_INVALID_JSON, "%s", detail);
}

static void
pump(void)
{
	cfa_batch_pump(&batch);
}

static void
on_tick(uint64_t now_ms)
{
	cfa_batch_expire(&batch, now_ms);
}

static void
encode(int param, CfaBatchItem **items, int count, CfaBuf *out)
{
	static const uint32_t types[] = {CFA_OID_TEXT,
									 CFA_OID_TEXT,
									 CFA_OID_TEXT,
									 CFA_OID_TEXT,
									 CFA_OID_UUID,
									 CFA_OID_UUID,
									 CFA_OID_INT8,
									 CFA_OID_TEXT,
									 CFA_OID_TEXT,
									 CFA_OID_JSON,
									 CFA_OID_TEXT};
	int i;

	cfa_pg_array_begin(out, types[param], count);
	for (i = 0; i < count; i++)
		encode_one(param, (const Event *) items[i], out);
}

static void
encode_one(int param, const Event *event, CfaBuf *out)
{
	const CfaProviderEvent *e = &event->event;

	switch (param)
	{
		case 0:
			cfa_pg_array_text(out, PROVIDER);
			break;
		case 1:
			cfa_pg_array_text(out, e->event_id);
			break;
		case 2:
			cfa_pg_array_text(out, e->kind);
			break;
		case 3:
			cfa_pg_array_text(out, e->payment_id);
			break;
		case 4:
			if (e->has_pledge)
				cfa_pg_array_bytes(out, e->pledge_id, 16);
			else
				cfa_pg_array_null(out);
			break;
		case 5:
			if (e->has_refund)
				cfa_pg_array_bytes(out, e->refund_id, 16);
			else
				cfa_pg_array_null(out);
			break;
		case 6:
			if (e->has_amount)
				cfa_pg_array_int8(out, e->amount_minor);
			else
				cfa_pg_array_null(out);
			break;
		case 7:
			cfa_pg_array_text(out, e->currency);
			break;
		case 8:
			cfa_pg_array_text(out, e->reason);
			break;
		case 9:
			cfa_pg_array_text(out, event->payload);
			break;
		default:
			cfa_pg_array_text(out, event->traceparent);
			break;
	}
}

static void
deliver(CfaBatchItem *item, const PGresult *result, int row)
{
	CfaCtx *ctx = ((Event *) item)->ctx;
	const char *outcome = PQgetvalue(result, row, 1);
	char *body;
	size_t i;

	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
	{
		if (strcmp(outcome, outcomes[i].outcome) == 0)
			cfa_meter_add(outcomes[i].meter, 1);
	}
	body = cfa_arena_printf(&ctx->arena, "{\"outcome\":\"%s\"}", outcome);
	cfa_answer(ctx, 200, "application/json", body, strlen(body));
	cfa_ctx_release(ctx);
}

static void
fail(CfaBatchItem *item, const char *sqlstate)
{
	CfaCtx *ctx = ((Event *) item)->ctx;
	CfaProblem problem = cfa_problem_of_sqlstate(sqlstate);

	/* The event is signed: if it cannot be stored the fault is ours. */
	cfa_meter_add(CFA_M_WEBHOOK_FAILED, 1);
	cfa_log(CFA_LOG_ERROR,
			"webhook_failed",
			CFA_STR("sqlstate", sqlstate),
			CFA_STR("request_id", ctx->request_id));
	if (cfa_problem_info(problem)->status < 500)
		problem = CFA_PROBLEM_INTERNAL;
	cfa_answer_problem(ctx, problem, NULL);
	cfa_ctx_release(ctx);
}
