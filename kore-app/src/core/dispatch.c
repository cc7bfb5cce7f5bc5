/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.c: the life of a request inside a worker.
 *
 * Kore calls api_dispatch() when a request is complete and again when it was
 * woken. First call: middleware, route, handler. If the handler has not answered
 * the request sleeps; the second call sends what was set meanwhile.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "core/dispatch.h"

#include <careforall/text.h>

#include "core/access_log.h"
#include "core/app.h"
#include "core/body.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "core/respond.h"
#include "middleware/client.h"
#include "middleware/cors.h"
#include "middleware/headers.h"
#include "middleware/trace.h"

static bool is_running; /* inside http_process(), by way of api_dispatch() */

static void start(CfaCtx *ctx);
static void go_on(CfaCtx *ctx);
static void end(const CfaCtx *ctx, int status, uint64_t us);
static void find_route(CfaCtx *ctx);
static void answer_unrouted(CfaCtx *ctx);
static bool check_query(CfaCtx *ctx);
static bool check_negotiation(CfaCtx *ctx);
static bool check_body(CfaCtx *ctx);
static void finish(CfaCtx *ctx);

int
api_dispatch(struct http_request *req)
{
	CfaCtx *ctx = req->hdlr_extra;

	is_running = true;
	if (ctx == NULL)
	{
		ctx = cfa_ctx_new(req);
		start(ctx);
	}
	if (ctx->is_sent)
	{
		is_running = false;
		return KORE_RESULT_OK;
	}
	if (!ctx->is_answered)
	{
		cfa_ctx_wait(ctx);
		is_running = false;
		return KORE_RESULT_RETRY;
	}
	finish(ctx);
	is_running = false;
	return KORE_RESULT_OK;
}

void
cfa_dispatch_woke(void)
{
	if (is_running)
		cfa_kick();
}

void
cfa_dispatch_continue(CfaCtx *ctx)
{
	CfaScope before = cfa_scope_enter(ctx->scope);

	go_on(ctx);
	cfa_scope = before;
}

/* Takes the steps that are left, then the handler's. */
static void
go_on(CfaCtx *ctx)
{
	while (cfa_app.steps != NULL && cfa_app.steps[ctx->step] != NULL)
	{
		if (ctx->route == NULL && ctx->step > 0)
			break;
		/* The client may have left, and its request with it. */
		if (ctx->req == NULL || ctx->is_answered ||
			cfa_app.steps[ctx->step++](ctx) != CFA_STEP_NEXT)
			return;
	}
	if (ctx->req == NULL || ctx->is_answered)
		return;
	if (ctx->route == NULL)
		answer_unrouted(ctx);
	else if (check_query(ctx) && check_negotiation(ctx) && check_body(ctx))
		ctx->route->handler(ctx);
}

void
cfa_dispatch_took_over(CfaCtx *ctx, int status)
{
	uint64_t us = cfa_mono_us() - ctx->start_us;

	ctx->is_answered = true;
	ctx->is_sent = true;
	ctx->status = status;
	end(ctx, status, us);
}

void
cfa_dispatch_abandoned(CfaCtx *ctx)
{
	end(ctx, 499, cfa_mono_us() - ctx->start_us);
}

static void
start(CfaCtx *ctx)
{
	ctx->start_us = cfa_mono_us();
	ctx->surface = cfa_app_surface(ctx->req->owner);
	cfa_trace_start(ctx);
	cfa_client_start(ctx);
	cfa_cors_start(ctx);
	find_route(ctx);
	cfa_dispatch_continue(ctx);
}

/* Names that the route does not know are refused, and so is one given twice. */
static bool
check_query(CfaCtx *ctx)
{
	const char *query = cfa_ctx_query_string(ctx);
	const char *at = query;

	if (ctx->route->query == NULL)
		return true;
	while (*at != '\0')
	{
		size_t len = strcspn(at, "&");
		size_t name_len = strcspn(at, "&=");
		const char *value;
		size_t value_len;
		char name[64];

		if (name_len < sizeof(name))
			(void) snprintf(name, sizeof(name), "%.*s", (int) name_len, at);
		if (len > 0 &&
			(name_len >= sizeof(name) ||
			 !cfa_word_is_in(ctx->route->query, name) ||
			 cfa_form_find(query, strlen(query), name, &value, &value_len) !=
				 1))
		{
			cfa_answer_problem(ctx,
							   CFA_PROBLEM_INVALID_PARAMETER,
							   *ctx->route->query == '\0'
								   ? "There are no parameters here."
								   : "The parameters, each once at most, are: "
									 "%s.",
							   ctx->route->query);
			return false;
		}
		at += len;
		if (*at == '&')
			at++;
	}
	return true;
}

/* Sets the route, or the methods that the path has instead. */
static void
find_route(CfaCtx *ctx)
{
	const char *path = ctx->req->path;

	(void) cfa_router_match(cfa_app.routes,
							cfa_app_route_count(),
							ctx->surface,
							ctx->method,
							path,
							strlen(path),
							&ctx->match);
	ctx->route = ctx->match.route;
}

/* Answers a path that does not exist, or not with this method. */
static void
answer_unrouted(CfaCtx *ctx)
{
	char allow[80];

	if (ctx->match.allow == 0)
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	if (ctx->method == CFA_OPTIONS)
	{
		cfa_cors_options(ctx, ctx->match.allow);
		return;
	}
	cfa_allow_text(ctx->match.allow, allow, sizeof(allow));
	cfa_answer_header(ctx,
					  "allow",
					  cfa_arena_strndup(&ctx->arena, allow, strlen(allow)));
	cfa_answer_problem(ctx, CFA_PROBLEM_METHOD_NOT_ALLOWED, NULL);
}

static bool
check_negotiation(CfaCtx *ctx)
{
	if (ctx->route->produces == NULL ||
		cfa_accepts(cfa_ctx_header(ctx, "accept"), ctx->route->produces))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_NOT_ACCEPTABLE,
					   "The answer can only be %s.",
					   ctx->route->produces);
	return false;
}

static bool
check_body(CfaCtx *ctx)
{
	const char *sent = cfa_ctx_header(ctx, "content-type");
	const char *type = NULL;
	const char *patch = NULL;
	size_t len;

	(void) cfa_ctx_body(ctx, &len);
	if (len > ctx->route->body_max)
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_PAYLOAD_TOO_LARGE,
						   "The body may have %u bytes at most.",
						   (unsigned) ctx->route->body_max);
		return false;
	}
	switch (ctx->route->body)
	{
		case CFA_BODY_NONE:
		case CFA_BODY_RAW:
			return true;
		case CFA_BODY_JSON:
			type = "application/json";
			break;
		case CFA_BODY_PATCH:
			type = "application/json";
			patch = "application/merge-patch+json";
			break;
		case CFA_BODY_FORM:
			type = "application/x-www-form-urlencoded";
			break;
	}
	if (cfa_ctx_header_count(ctx, "content-encoding") == 0 &&
		cfa_ctx_header_count(ctx, "content-type") <= 1 &&
		(cfa_media_type_is(sent, type) ||
		 (patch != NULL && cfa_media_type_is(sent, patch))))
		return true;
	if (patch != NULL)
		type = "application/merge-patch+json, application/json";
	cfa_answer_header(ctx,
					  ctx->method == CFA_PATCH ? "accept-patch" : "accept-post",
					  type);
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
					   "The body must be %s in UTF-8, not compressed.",
					   type);
	return false;
}

static void
finish(CfaCtx *ctx)
{
	uint64_t us = cfa_mono_us() - ctx->start_us;

	cfa_respond(ctx);
	end(ctx, ctx->status, us);
}

/* What is kept of a request that is over. */
static void
end(const CfaCtx *ctx, int status, uint64_t us)
{
	cfa_meter_request(ctx, status, us);
	cfa_access_log(ctx, status, us);
	cfa_trace_end(ctx, status, us);
}
