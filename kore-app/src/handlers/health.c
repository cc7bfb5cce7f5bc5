/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c: liveness, readiness, metrics of this process and of the database.
 *
 * Readiness is what the adapters know already, so probes cost nothing. Without
 * Redis the API is degraded but ready: pledges need PostgreSQL only.
 */
#include "handlers/health.h"

#include <careforall/metrics.h>
#include <string.h>

#include "adapters/pg.h"
#include "adapters/redis.h"
#include "core/app.h"
#include "core/ctx.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "middleware/failure.h"

#define MODEL_EVERY_MS 1000

static bool is_model_ready;
static uint64_t model_asked_ms;

static void on_text(void *arg, const PGresult *result, const char *sqlstate);
static void on_tick(uint64_t now_ms);
static void on_model(void *arg, const redisReply *reply);

void
cfa_health_start(void)
{
	cfa_tick_add(on_tick);
}

void
api_healthz(CfaCtx *ctx)
{
	static const char body[] = "{\"status\":\"ok\"}";

	cfa_answer(ctx, 200, "application/json", body, sizeof(body) - 1);
}

void
api_readyz(CfaCtx *ctx)
{
	bool is_ready = cfa_pg_is_ready() && !cfa_app_is_draining();
	bool is_redis_up = cfa_redis_is_up();
	bool is_whole = is_redis_up && is_model_ready && cfa_redis_is_subscribed();
	const char *status = "unavailable";
	char *body;

	if (cfa_app_is_draining())
		status = "draining";
	else if (is_ready)
		status = is_whole ? "ok" : "degraded";
	body = cfa_arena_printf(
		&ctx->arena,
		"{\"status\":\"%s\",\"postgres\":\"%s\",\"redis\":\"%s\","
		"\"read_model\":\"%s\"}",
		status,
		cfa_pg_is_ready() ? "ok" : "unavailable",
		is_redis_up ? "ok" : "unavailable",
		is_redis_up && is_model_ready ? "ok" : "unavailable");
	if (!is_ready)
		cfa_answer_header(ctx, "retry-after", "2");
	cfa_answer(ctx,
			   is_ready ? 200 : 503,
			   "application/json",
			   body,
			   strlen(body));
}

void
api_metrics(CfaCtx *ctx)
{
	cfa_meters_answer(ctx);
}

void
api_metrics_database(CfaCtx *ctx)
{
	static const CfaPgParams none;

	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT careforall.metrics_text()", &none, on_text, ctx);
}

static void
on_text(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaCtx *ctx = arg;

	if (result == NULL || PQntuples(result) != 1)
		cfa_answer_sqlstate(ctx, result == NULL ? sqlstate : "XX000");
	else
		cfa_answer_copy(ctx,
						200,
						CFA_METRICS_CONTENT_TYPE,
						PQgetvalue(result, 0, 0),
						(size_t) PQgetlength(result, 0, 0));
	cfa_ctx_release(ctx);
}

static void
on_tick(uint64_t now_ms)
{
	static const char *const get[] = {"GET", "cfa:ready"};
	static const size_t lens[] = {3, 9};

	if (now_ms - model_asked_ms < MODEL_EVERY_MS)
		return;
	model_asked_ms = now_ms;
	if (!cfa_redis_command(on_model, NULL, 2, get, lens))
		is_model_ready = false;
}

static void
on_model(void *arg, const redisReply *reply)
{
	is_model_ready = reply != NULL && reply->type == REDIS_REPLY_STRING &&
					 strcmp(reply->str, "1") == 0;
}
