/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhooks.c: events of the payment provider.
 *
 * The signature is checked over the raw body before anything is read from it.
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

#define PROVIDER "stripe"

typedef struct Event
{
	CfaBatchItem item; /* must be first */
	CfaCtx *ctx;
	CfaProviderEvent event;
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
static const CfaSecrets *secrets;

static bool check_signature(CfaCtx *ctx, const uint8_t *body, size_t len);
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
cfa_webhooks_configure(const CfaSecrets *all)
{
	secrets = all;
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
	Event *event = cfa_arena_zalloc(&ctx->arena, sizeof(*event));
	const char *detail;
	size_t len;
	const uint8_t *body = cfa_ctx_body(ctx, &len);

	event->ctx = ctx;
	if (!check_signature(ctx, body, len))
		return;
	if (!cfa_provider_event_read(body,
								 len,
								 &ctx->arena,
								 &event->event,
								 &detail))
	{
		cfa_meter_add(CFA_M_WEBHOOK_MALFORMED, 1);
		cfa_answer_problem(ctx, CFA_PROBLEM_INVALID_JSON, "%s", detail);
		return;
	}
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

static bool
check_signature(CfaCtx *ctx, const uint8_t *body, size_t len)
{
	const char *header = cfa_ctx_header(ctx, "stripe-signature");
	CfaSignatureResult result = CFA_SIGNATURE_MALFORMED;

	if (header != NULL && cfa_ctx_header_count(ctx, "stripe-signature") == 1)
		result = cfa_signature_check(secrets,
									 header,
									 strlen(header),
									 body,
									 len,
									 cfa_now_ms() / 1000);
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
			cfa_pg_array_text(out,
							  e->traceparent ? e->traceparent
											 : event->ctx->traceparent);
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
