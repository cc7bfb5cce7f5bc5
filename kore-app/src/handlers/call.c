/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c: requests that are one call of an SQL function.
 *
 * The function checks rights and values, makes the change and gives the document
 * to send; what it refuses is an exception. The context is held until the row is
 * there, so a client that leaves does not undo a change.
 */
#include "handlers/call.h"

#include <stdlib.h>
#include <string.h>

#include "middleware/headers.h"

typedef struct Pending
{
	CfaCtx *ctx;
	const CfaCall *call;
} Pending;

static void on_row(void *arg, const PGresult *result, const char *sqlstate);
static void answer_row(CfaCtx *ctx, const CfaCall *call,
					   const PGresult *result);
static const char *column(CfaCtx *ctx, const PGresult *result, int column);

void
cfa_call(CfaCtx *ctx, const CfaCall *call, const CfaPgParams *params)
{
	Pending *pending = cfa_arena_alloc(&ctx->arena, sizeof(*pending));

	*pending = (Pending){.ctx = ctx, .call = call};
	cfa_ctx_hold(ctx);
	cfa_pg_call(call->sql, params, on_row, pending);
}

json_t *
cfa_call_body(CfaCtx *ctx, const CfaField *fields, const char **text)
{
	CfaProblem problem;
	const char *detail;
	const char *members;
	size_t len;
	const uint8_t *body = cfa_ctx_body(ctx, &len);
	json_t *json = cfa_body_read(
		body, len, fields, &ctx->arena, &problem, &detail, &members);
	char *dump;

	if (json == NULL)
	{
		cfa_answer_problem_with(ctx, problem, members, "%s", detail);
		return NULL;
	}
	if (text != NULL)
	{
		dump = json_dumps(json, JSON_COMPACT);
		*text = cfa_arena_strndup(&ctx->arena, dump, strlen(dump));
		free(dump);
	}
	return json;
}

const char *
cfa_call_id(CfaCtx *ctx, const char *param)
{
	const char *value = cfa_ctx_param(ctx, param);
	char *text = cfa_arena_alloc(&ctx->arena, CFA_UUID_TEXT_LEN + 1);
	uint8_t uuid[16];

	if (!cfa_uuid_parse(value, strlen(value), uuid))
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_NOT_FOUND,
						   "The %s in the path must be a UUID.",
						   param);
		return NULL;
	}
	cfa_uuid_format(uuid, text);
	return text;
}

const char *
cfa_call_if_match(CfaCtx *ctx)
{
	const char *value = cfa_ctx_header(ctx, "if-match");

	if (value == NULL)
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_PRECONDITION_REQUIRED,
						   "Send the ETag of what you have read as If-Match.");
		return NULL;
	}
	return cfa_arena_strndup(&ctx->arena, value, strlen(value));
}

static void
on_row(void *arg, const PGresult *result, const char *sqlstate)
{
	Pending *pending = arg;
	CfaCtx *ctx = pending->ctx;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0)
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_NOT_FOUND,
						   pending->call->not_found ? "%s" : NULL,
						   pending->call->not_found);
	else
		answer_row(ctx, pending->call, result);
	cfa_ctx_release(ctx);
}

static void
answer_row(CfaCtx *ctx, const CfaCall *call, const PGresult *result)
{
	const char *etag = column(ctx, result, 1);
	const char *location = column(ctx, result, 2);
	const char *status = column(ctx, result, 3);
	const char *is_replay = column(ctx, result, 4);

	if (call->cache_control != NULL)
		ctx->cache_control = call->cache_control;
	if (etag != NULL)
		cfa_answer_header(ctx, "etag", etag);
	if (location != NULL)
		cfa_answer_header(ctx, "location", location);
	if (is_replay != NULL && *is_replay == 't')
		cfa_answer_header(ctx, "idempotency-replayed", "true");
	if (etag != NULL && (ctx->method == CFA_GET || ctx->method == CFA_HEAD) &&
		cfa_etag_listed(cfa_ctx_header(ctx, "if-none-match"), etag))
		cfa_answer_empty(ctx, 304);
	else if (PQgetisnull(result, 0, 0))
		cfa_answer_empty(ctx, 204);
	else
		cfa_answer_copy(ctx,
						status == NULL ? call->status
									   : (int) strtol(status, NULL, 10),
						"application/json",
						PQgetvalue(result, 0, 0),
						(size_t) PQgetlength(result, 0, 0));
}

/* A column of the first row, in the arena; NULL if it is NULL or not there. */
static const char *
column(CfaCtx *ctx, const PGresult *result, int column)
{
	if (column >= PQnfields(result) || PQgetisnull(result, 0, column))
		return NULL;
	return cfa_arena_strndup(&ctx->arena,
							 PQgetvalue(result, 0, column),
							 (size_t) PQgetlength(result, 0, column));
}
