/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_call.c: lists that are one call of an SQL function.
 */
#include "handlers/list_call.h"

#include <careforall/buf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/call.h"
#include "handlers/list.h"
#include "middleware/headers.h"

typedef struct Pending
{
	CfaCtx *ctx;
	const CfaListCall *call;
	CfaListQuery query;
	CfaPgParams params; /* with the place to go on behind and the most rows */
} Pending;

static void add_place(Pending *pending);
static void add_param(CfaPgParams *params, const char *value);
static bool is_count_preferred(CfaCtx *ctx);
static void on_counted(void *arg, const PGresult *result, const char *sqlstate);
static void read_rows(Pending *pending);
static void on_rows(void *arg, const PGresult *result, const char *sqlstate);
static void answer_page(const Pending *pending, const PGresult *result);

void
cfa_list_call(CfaCtx *ctx, const CfaListCall *call, const char *name,
			  const CfaPgParams *params)
{
	Pending *pending = cfa_arena_zalloc(&ctx->arena, sizeof(*pending));

	pending->ctx = ctx;
	pending->call = call;
	pending->params = *params;
	if (!cfa_list_read(ctx, name, &pending->query))
		return;
	add_place(pending);
	if (call->count_sql == NULL || !is_count_preferred(ctx))
	{
		read_rows(pending);
		return;
	}
	cfa_ctx_hold(ctx);
	cfa_pg_call(call->count_sql, params, on_counted, pending);
}

static void
add_place(Pending *pending)
{
	const CfaListQuery *query = &pending->query;
	CfaArena *arena = &pending->ctx->arena;
	char *id = NULL;
	char *key = NULL;

	if (query->has_cursor)
	{
		id = cfa_arena_alloc(arena, CFA_UUID_TEXT_LEN + 1);
		cfa_uuid_format(query->cursor.id, id);
		key = cfa_arena_printf(arena, "%" PRId64, query->cursor.time_ms);
	}
	if (pending->call->has_key)
		add_param(&pending->params, key);
	add_param(&pending->params, id);
	add_param(&pending->params,
			  cfa_arena_printf(arena, "%u", query->limit + 1));
}

static void
add_param(CfaPgParams *params, const char *value)
{
	params->values[params->count] = value;
	params->formats[params->count] = 0;
	params->count++;
}

static bool
is_count_preferred(CfaCtx *ctx)
{
	const char *prefer = cfa_ctx_header(ctx, "prefer");

	return prefer != NULL && cfa_header_has_token(prefer, "count=exact");
}

static void
on_counted(void *arg, const PGresult *result, const char *sqlstate)
{
	Pending *pending = arg;

	if (result == NULL)
	{
		cfa_answer_sqlstate(pending->ctx, sqlstate);
	}
	else
	{
		cfa_list_counted(pending->ctx, PQgetvalue(result, 0, 0));
		read_rows(pending);
	}
	cfa_ctx_release(pending->ctx);
}

static void
read_rows(Pending *pending)
{
	cfa_ctx_hold(pending->ctx);
	cfa_pg_call(pending->call->sql, &pending->params, on_rows, pending);
}

static void
on_rows(void *arg, const PGresult *result, const char *sqlstate)
{
	Pending *pending = arg;

	if (result == NULL)
		cfa_answer_sqlstate(pending->ctx, sqlstate);
	else
		answer_page(pending, result);
	cfa_ctx_release(pending->ctx);
}

static void
answer_page(const Pending *pending, const PGresult *result)
{
	int rows = PQntuples(result);
	int limit = (int) pending->query.limit;
	int shown = rows < limit ? rows : limit;
	CfaCursor last = {0};
	CfaBuf items = {0};
	int i;

	for (i = 0; i < shown; i++)
	{
		if (i > 0)
			cfa_buf_addc(&items, ',');
		cfa_buf_add(&items,
					PQgetvalue(result, i, 0),
					(size_t) PQgetlength(result, i, 0));
	}
	if (rows > shown)
	{
		(void) cfa_uuid_parse(PQgetvalue(result, shown - 1, 1),
							  (size_t) PQgetlength(result, shown - 1, 1),
							  last.id);
		if (pending->call->has_key)
			last.time_ms = strtoll(PQgetvalue(result, shown - 1, 2), NULL, 10);
	}
	cfa_list_answer(pending->ctx,
					&pending->query,
					&items,
					rows > shown ? &last : NULL);
	cfa_buf_clear(&items);
}
