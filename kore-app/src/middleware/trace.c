/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c: request id, W3C trace context and the span of a request.
 *
 * Own request ids are a random prefix of the worker's life and a counter, so
 * that they cost no system call.
 *
 * The span follows OpenTelemetry's conventions for HTTP servers, less what tells
 * of people: no client address, no user agent, no query, and the path only of
 * what was found there, as anything may be written in one that leads nowhere.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "middleware/trace.h"

#include <careforall/text.h>
#include <careforall/trace.h>
#include <careforall/tracing.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "middleware/client.h"
#include "middleware/headers.h"

static char prefix[17];
static uint64_t counter;
static bool restarts;

static void set_trace(CfaCtx *ctx, const CfaTrace *trace);
static const char *scheme(const CfaCtx *ctx);
static const char *pledge(const CfaCtx *ctx);
static const char *join_state(CfaCtx *ctx);

void
cfa_trace_configure(bool restarts_traces)
{
	restarts = restarts_traces;
}

void
cfa_trace_worker_start(void)
{
	uint8_t random[8];

	randombytes_buf(random, sizeof(random));
	(void) sodium_bin2hex(prefix, sizeof(prefix), random, sizeof(random));
}

void
cfa_request_id_make(char out[CFA_REQUEST_ID_MAX + 1])
{
	(void)
		snprintf(out, CFA_REQUEST_ID_MAX + 1, "%s-%" PRIx64, prefix, ++counter);
}

void
cfa_trace_start(CfaCtx *ctx)
{
	const char *id = cfa_ctx_header(ctx, "x-request-id");
	const char *parent = cfa_ctx_header(ctx, "traceparent");
	CfaTrace caller;
	CfaTrace trace;
	bool has_caller = parent != NULL &&
					  cfa_ctx_header_count(ctx, "traceparent") == 1 &&
					  cfa_trace_parse(parent, strlen(parent), &caller);

	if (id != NULL && cfa_request_id_is_safe(id))
		memcpy(ctx->request_id, id, strlen(id) + 1);
	else
		cfa_request_id_make(ctx->request_id);
	ctx->has_link = has_caller && restarts;
	if (ctx->has_link)
		ctx->link = caller;
	if (has_caller && !restarts)
	{
		trace = caller;
		memcpy(ctx->parent_id, caller.span_id, sizeof(ctx->parent_id));
		cfa_trace_child(&trace);
	}
	else
		cfa_trace_new(&trace);
	cfa_tracing_sample(&trace, has_caller && !restarts);
	set_trace(ctx, &trace);
	if (ctx->scope.is_traced && has_caller && !restarts)
		ctx->trace_state = join_state(ctx);
}

bool
cfa_trace_adopt(CfaCtx *ctx, const CfaTrace *trace)
{
	static const uint8_t none[sizeof(ctx->parent_id)];
	CfaTrace own = *trace;

	if (memcmp(ctx->scope.trace.trace_id, trace->trace_id, 16) == 0)
		return true;
	if (memcmp(ctx->parent_id, none, sizeof(none)) != 0)
	{
		ctx->has_link = true;
		ctx->link = *trace;
		return false;
	}
	memcpy(ctx->parent_id, trace->span_id, sizeof(ctx->parent_id));
	cfa_trace_child(&own);
	set_trace(ctx, &own);
	cfa_scope = ctx->scope;
	return true;
}

void
cfa_trace_end(const CfaCtx *ctx, int status, uint64_t us)
{
	const char *method = cfa_method_name(ctx->method);
	const char *route = ctx->route != NULL ? ctx->route->path : NULL;
	uint64_t now_ns;
	char name[160];
	char code[12];

	if (!ctx->scope.is_traced || cfa_route_is_probe(ctx->route))
		return;
	now_ns = cfa_now_ns();
	(void) snprintf(name,
					sizeof(name),
					"%s%s%s",
					method,
					route != NULL ? " " : "",
					route != NULL ? route : "");
	(void) snprintf(code, sizeof(code), "%d", status);
	{
		const CfaLogField attributes[] =
			{CFA_STR("http.request.method", method),
			 CFA_STR("http.route", route),
			 CFA_STR("url.path",
					 status < 400 && ctx->req != NULL ? ctx->req->path : route),
			 CFA_STR("url.scheme", scheme(ctx)),
			 CFA_STR("network.protocol.version",
					 ctx->req != NULL &&
							 (ctx->req->flags & HTTP_VERSION_1_0) != 0
						 ? "1.0"
						 : "1.1"),
			 CFA_INT("http.response.status_code", status),
			 CFA_STR("error.type", status >= 500 ? code : NULL),
			 CFA_STR("careforall.problem", ctx->problem),
			 CFA_STR("careforall.request.id", ctx->request_id),
			 CFA_STR("careforall.pledge.id", pledge(ctx)),
			 {0}};
		CfaSpan span = {.trace = ctx->scope.trace,
						.is_parent_remote = true,
						.has_failed = status >= 500,
						.kind = CFA_SPAN_SERVER,
						.name = name,
						.trace_state = ctx->trace_state,
						.start_ns = now_ns - us * 1000,
						.end_ns = now_ns,
						.attributes = attributes,
						.links = &ctx->link,
						.link_count = ctx->has_link ? 1 : 0};

		memcpy(span.parent_id, ctx->parent_id, sizeof(span.parent_id));
		cfa_span_add(&span);
	}
}

static void
set_trace(CfaCtx *ctx, const CfaTrace *trace)
{
	ctx->scope.trace = *trace;
	ctx->scope.is_traced = cfa_tracing_wants(trace);
	cfa_trace_format(trace, ctx->traceparent);
}

/* As the client of a proxy of ours sees it; a proxy is what ends TLS. */
static const char *
scheme(const CfaCtx *ctx)
{
	const char *value = cfa_ctx_header(ctx, "x-forwarded-proto");

	return value != NULL && strcmp(value, "https") == 0 &&
				   ctx->req->owner != NULL &&
				   cfa_client_is_proxy(ctx->req->owner)
			   ? "https"
			   : "http";
}

/* The pledge that a request is about: as its handler says, or its path. */
static const char *
pledge(const CfaCtx *ctx)
{
	const char *id;
	uint8_t uuid[16];

	if (ctx->trace_pledge != NULL || ctx->route == NULL ||
		strstr(ctx->route->path, "/pledges/:id") == NULL)
		return ctx->trace_pledge;
	id = cfa_ctx_param(ctx, "id");
	return id != NULL && cfa_uuid_parse(id, strlen(id), uuid) ? id : NULL;
}

/* The tracestate of the caller, all its lines as one; NULL if it is no good. */
static const char *
join_state(CfaCtx *ctx)
{
	char joined[CFA_TRACESTATE_MAX * 4];
	char *clean;
	const struct http_header *header;
	size_t len = 0;

	TAILQ_FOREACH(header, &ctx->req->req_headers, list)
	{
		size_t more = strlen(header->value);

		if (strcasecmp(header->header, "tracestate") != 0)
			continue;
		if (len + more + 2 > sizeof(joined))
			return NULL;
		if (len > 0)
			joined[len++] = ',';
		memcpy(joined + len, header->value, more);
		len += more;
	}
	if (len == 0)
		return NULL;
	clean = cfa_arena_alloc(&ctx->arena, CFA_TRACESTATE_MAX + 1);
	return cfa_tracestate_clean(joined, len, clean) ? clean : NULL;
}
