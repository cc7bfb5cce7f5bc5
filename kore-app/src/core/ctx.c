/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.c: the context of a request, and its answer until it is sent.
 *
 * Ownership: the Kore request holds one reference until Kore frees it, each
 * operation under way holds one; the last release puts the context on a free
 * list. Kore may free the request while operations go on (the client left):
 * ctx->req is NULL then.
 *
 * Sleeping: a handler that returns without an answer puts the request to sleep;
 * setting the answer wakes it, and the dispatcher sends it in the same turn of
 * the loop.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "core/ctx.h"

#include <stdarg.h>

#include "core/app.h"
#include "core/dispatch.h"
#include "core/loop.h"
#include <careforall/buf.h>
#include <careforall/text.h>

#define FREE_LIST_MAX 256

static TAILQ_HEAD(, CfaCtx) waiting = TAILQ_HEAD_INITIALIZER(waiting);
static unsigned waiting_count;
static CfaCtx *free_list[FREE_LIST_MAX];
static int free_count;
static const char *problem_base = "/docs/problems";

static void on_request_free(struct http_request *req);
static void set_answer(CfaCtx *ctx, int status, const char *content_type);
static bool has_header(const CfaCtx *ctx, const char *name);
static void answer_problem(CfaCtx *ctx, CfaProblem problem, const char *members,
						   const char *format, va_list args);

CfaCtx *
cfa_ctx_new(struct http_request *req)
{
	CfaCtx *ctx;

	if (free_count > 0)
		ctx = free_list[--free_count];
	else
		ctx = kore_malloc(sizeof(*ctx));
	memset(ctx, 0, offsetof(CfaCtx, arena));
	cfa_arena_init(&ctx->arena);
	ctx->req = req;
	ctx->refs = 1;
	ctx->method = req->method;
	ctx->cache_control = "no-store";
	req->hdlr_extra = ctx;
	req->flags |= HTTP_REQUEST_RETAIN_EXTRA;
	req->onfree = on_request_free;
	return ctx;
}

void
cfa_ctx_hold(CfaCtx *ctx)
{
	ctx->refs++;
}

void
cfa_ctx_release(CfaCtx *ctx)
{
	if (--ctx->refs > 0)
		return;
	if (ctx->is_waiting)
	{
		TAILQ_REMOVE(&waiting, ctx, waiting);
		waiting_count--;
	}
	if (ctx->on_end != NULL)
		ctx->on_end(ctx);
	cfa_arena_clear(&ctx->arena);
	if (free_count < FREE_LIST_MAX)
		free_list[free_count++] = ctx;
	else
		kore_free(ctx);
}

void
cfa_ctx_wait(CfaCtx *ctx)
{
	ctx->is_asleep = true;
	http_request_sleep(ctx->req);
	if (ctx->is_waiting || ctx->has_no_deadline)
		return;
	ctx->deadline_ms = cfa_mono_ms() + CFA_REQUEST_TIMEOUT_MS;
	ctx->is_waiting = true;
	TAILQ_INSERT_TAIL(&waiting, ctx, waiting);
	waiting_count++;
}

void
cfa_ctx_no_deadline(CfaCtx *ctx)
{
	ctx->has_no_deadline = true;
	if (!ctx->is_waiting)
		return;
	TAILQ_REMOVE(&waiting, ctx, waiting);
	waiting_count--;
	ctx->is_waiting = false;
}

void
cfa_ctx_tick(uint64_t now_ms)
{
	CfaCtx *ctx;

	while ((ctx = TAILQ_FIRST(&waiting)) != NULL)
	{
		if (!ctx->is_answered && ctx->deadline_ms > now_ms)
			break;
		if (!ctx->is_answered)
			cfa_answer_problem(ctx,
							   CFA_PROBLEM_TIMEOUT,
							   "No answer came in time.");
		TAILQ_REMOVE(&waiting, ctx, waiting);
		waiting_count--;
		ctx->is_waiting = false;
	}
}

unsigned
cfa_ctx_waiting_count(void)
{
	return waiting_count;
}

const char *
cfa_ctx_param(const CfaCtx *ctx, const char *name)
{
	return cfa_match_param(&ctx->match, name);
}

const char *
cfa_ctx_header(const CfaCtx *ctx, const char *name)
{
	const char *value = NULL;

	if (ctx->req == NULL || !http_request_header(ctx->req, name, &value))
		return NULL;
	return value;
}

unsigned
cfa_ctx_header_count(const CfaCtx *ctx, const char *name)
{
	struct http_header *header;
	unsigned count = 0;

	if (ctx->req == NULL)
		return 0;
	TAILQ_FOREACH(header, &ctx->req->req_headers, list)
	{
		if (strcasecmp(header->header, name) == 0)
			count++;
	}
	return count;
}

const char *
cfa_ctx_query(CfaCtx *ctx, const char *name, bool *is_bad)
{
	const char *query = cfa_ctx_query_string(ctx);
	const char *value = NULL;
	size_t len = 0;
	size_t out_len;
	int count = cfa_form_find(query, strlen(query), name, &value, &len);
	char *out;

	if (count == 0)
		return NULL;
	out = cfa_arena_alloc(&ctx->arena, len + 1);
	if (count > 1 || !cfa_percent_decode(value, len, true, out, &out_len))
	{
		*is_bad = true;
		return NULL;
	}
	return out;
}

const char *
cfa_ctx_query_string(const CfaCtx *ctx)
{
	if (ctx->req == NULL || ctx->req->query_string == NULL)
		return "";
	return ctx->req->query_string;
}

const char *
cfa_ctx_path(const CfaCtx *ctx)
{
	return ctx->req ? ctx->req->path : "";
}

const uint8_t *
cfa_ctx_body(const CfaCtx *ctx, size_t *len)
{
	if (ctx->req == NULL || ctx->req->http_body == NULL)
	{
		*len = 0;
		return (const uint8_t *) "";
	}
	*len = ctx->req->http_body_length;
	return ctx->req->http_body->data;
}

void
cfa_answer_header(CfaCtx *ctx, const char *name, const char *value)
{
	if (ctx->header_count == CFA_RESPONSE_HEADERS_MAX || ctx->is_answered)
		return;
	ctx->headers[ctx->header_count++] = (CfaHeader){name, value};
}

void
cfa_answer(CfaCtx *ctx, int status, const char *content_type, const char *body,
		   size_t len)
{
	if (ctx->is_answered)
		return;
	ctx->body = body;
	ctx->body_len = len;
	set_answer(ctx, status, content_type);
}

void
cfa_answer_copy(CfaCtx *ctx, int status, const char *content_type,
				const char *body, size_t len)
{
	if (ctx->is_answered)
		return;
	cfa_answer(ctx,
			   status,
			   content_type,
			   cfa_arena_strndup(&ctx->arena, body, len),
			   len);
}

void
cfa_answer_empty(CfaCtx *ctx, int status)
{
	cfa_answer(ctx, status, NULL, NULL, 0);
}

void
cfa_answer_problem(CfaCtx *ctx, CfaProblem problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	answer_problem(ctx, problem, NULL, format, args);
	va_end(args);
}

void
cfa_answer_problem_with(CfaCtx *ctx, CfaProblem problem, const char *members,
						const char *format, ...)
{
	va_list args;

	va_start(args, format);
	answer_problem(ctx, problem, members, format, args);
	va_end(args);
}

char *
cfa_problem_json(CfaArena *arena, const CfaProblemInfo *info,
				 const char *detail, const char *request_id,
				 const char *members)
{
	CfaBuf buf = {0};
	char *out;

	cfa_buf_addf(&buf,
				 "{\"type\":\"%s#%s\",\"title\":\"%s\",\"status\":%d",
				 problem_base,
				 info->slug,
				 info->title,
				 info->status);
	if (detail != NULL && *detail != '\0')
	{
		cfa_buf_adds(&buf, ",\"detail\":");
		cfa_buf_add_json(&buf, detail, strlen(detail));
	}
	if (request_id != NULL && *request_id != '\0')
		cfa_buf_addf(&buf,
					 ",\"instance\":\"urn:careforall:request:%s\"",
					 request_id);
	cfa_buf_addf(&buf, ",\"code\":\"%s\"", info->slug);
	if (members != NULL)
		cfa_buf_adds(&buf, members);
	cfa_buf_addc(&buf, '}');
	out = cfa_arena_strndup(arena, buf.data, buf.len);
	cfa_buf_clear(&buf);
	return out;
}

void
cfa_problem_base_set(const char *base)
{
	problem_base = base;
}

/* Kore calls this whenever it lets go of the request, answered or not. */
static void
on_request_free(struct http_request *req)
{
	CfaCtx *ctx = req->hdlr_extra;

	if (ctx == NULL)
		return;
	req->hdlr_extra = NULL;
	ctx->req = NULL;
	if (!ctx->is_sent)
		cfa_dispatch_abandoned(ctx);
	cfa_ctx_release(ctx);
}

static void
set_answer(CfaCtx *ctx, int status, const char *content_type)
{
	ctx->status = status;
	ctx->content_type = content_type;
	ctx->is_answered = true;
	if (ctx->is_asleep && ctx->req != NULL)
	{
		ctx->is_asleep = false;
		http_request_wakeup(ctx->req);
		cfa_dispatch_woke();
	}
}

static bool
has_header(const CfaCtx *ctx, const char *name)
{
	unsigned i;

	for (i = 0; i < ctx->header_count; i++)
	{
		if (strcmp(ctx->headers[i].name, name) == 0)
			return true;
	}
	return false;
}

static void
answer_problem(CfaCtx *ctx, CfaProblem problem, const char *members,
			   const char *format, va_list args)
{
	const CfaProblemInfo *info = cfa_problem_info(problem);
	char detail[512] = "";
	const char *body;
	const char *type = "application/problem+json";

	if (ctx->is_answered)
		return;
	if (format != NULL)
		(void) vsnprintf(detail, sizeof(detail), format, args);
	if (!cfa_utf8_valid(detail, strlen(detail)))
		detail[0] = '\0';
	if (cfa_app.problem != NULL)
	{
		body = cfa_app.problem(ctx, info, detail);
		type = "application/json";
	}
	else
		body = cfa_problem_json(&ctx->arena,
								info,
								detail,
								ctx->request_id,
								members);
	ctx->problem = info->slug;
	ctx->cache_control = "no-store";
	if (info->retry_after_s > 0 && !has_header(ctx, "retry-after"))
		cfa_answer_header(ctx,
						  "retry-after",
						  cfa_arena_printf(&ctx->arena,
										   "%d",
										   info->retry_after_s));
	cfa_answer(ctx, info->status, type, body, strlen(body));
}
