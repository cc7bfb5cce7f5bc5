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

typedef struct Pending
{
	CfaCtx *ctx;
	const CfaListCall *call;
	CfaListQuery query;
} Pending;

static void add_param(CfaPgParams *params, const char *value);
static void on_rows(void *arg, const PGresult *result, const char *sqlstate);
static void answer_page(const Pending *pending, const PGresult *result);

void
cfa_list_call(CfaCtx *ctx, const CfaListCall *call, const char *name,
			  const CfaPgParams *params)
{
	Pending *pending = cfa_arena_zalloc(&ctx->arena, sizeof(*pending));
	CfaPgParams all = *params;
	char *id = NULL;

	pending->ctx = ctx;
	pending->call = call;
	if (!cfa_list_read(ctx, name, &pending->query))
		return;
	if (pending->query.has_cursor)
	{
		id = cfa_arena_alloc(&ctx->arena, CFA_UUID_TEXT_LEN + 1);
		cfa_uuid_format(pending->query.cursor.id, id);
	}
	if (call->has_key)
		add_param(&all,
				  id == NULL ? NULL
							 : cfa_arena_printf(&ctx->arena,
												"%" PRId64,
												pending->query.cursor.time_ms));
	add_param(&all, id);
	add_param(&all,
			  cfa_arena_printf(&ctx->arena, "%u", pending->query.limit + 1));
	cfa_ctx_hold(ctx);
	cfa_pg_call(call->sql, &all, on_rows, pending);
}

static void
add_param(CfaPgParams *params, const char *value)
{
	params->values[params->count] = value;
	params->formats[params->count] = 0;
	params->count++;
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
