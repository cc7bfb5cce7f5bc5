/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c: what all lists share: limit, cursor, Link.
 */
#include "handlers/list.h"

#include <careforall/text.h>
#include <string.h>

static const char *scope_of(CfaCtx *ctx, const char *name);
static const char *filters_of(CfaCtx *ctx);

bool
cfa_list_read(CfaCtx *ctx, const char *name, CfaListQuery *out)
{
	bool is_bad = false;
	const char *limit = cfa_ctx_query(ctx, "limit", &is_bad);
	const char *cursor = cfa_ctx_query(ctx, "cursor", &is_bad);
	uint64_t number = CFA_LIST_DEFAULT;

	*out = (CfaListQuery){.scope = scope_of(ctx, name)};
	if (is_bad ||
		(limit != NULL &&
		 (!cfa_parse_uint(limit, strlen(limit), CFA_LIST_MAX, &number) ||
		  number == 0)))
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "The limit must be an integer from 1 to %d.",
						   CFA_LIST_MAX);
		return false;
	}
	out->limit = (unsigned) number;
	if (cursor == NULL)
		return true;
	out->has_cursor = true;
	if (cfa_cursor_read(cursor, out->scope, &out->cursor))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_INVALID_CURSOR,
					   "Take the cursor from next_cursor of this very list.");
	return false;
}

void
cfa_list_counted(CfaCtx *ctx, const char *total)
{
	cfa_answer_header(ctx, "preference-applied", "count=exact");
	cfa_answer_header(ctx,
					  "x-total-count",
					  cfa_arena_printf(&ctx->arena, "%s", total));
}

void
cfa_list_answer(CfaCtx *ctx, const CfaListQuery *query, const CfaBuf *items,
				const CfaCursor *next)
{
	char cursor[CFA_CURSOR_TEXT_MAX];
	const char *filters = filters_of(ctx);
	CfaBuf body = {0};

	cfa_buf_adds(&body, "{\"items\":[");
	cfa_buf_add(&body, items->data, items->len);
	if (next != NULL)
	{
		cfa_cursor_write(next, query->scope, cursor);
		cfa_buf_addf(&body, "],\"next_cursor\":\"%s\"}", cursor);
		cfa_answer_header(
			ctx,
			"link",
			cfa_arena_printf(&ctx->arena,
							 "<%s?limit=%u%s&cursor=%s>; rel=\"next\", "
							 "<%s?limit=%u%s>; rel=\"first\"",
							 cfa_ctx_path(ctx),
							 query->limit,
							 filters,
							 cursor,
							 cfa_ctx_path(ctx),
							 query->limit,
							 filters));
	}
	else
	{
		cfa_buf_adds(&body, "],\"next_cursor\":null}");
	}
	if (ctx->route->auth == CFA_AUTH_NONE)
		ctx->cache_control = "public, max-age=1, stale-while-revalidate=5";
	cfa_answer_copy(ctx, 200, "application/json", body.data, body.len);
	cfa_buf_clear(&body);
}

/* The name of the list with its filters in the order of the route. */
static const char *
scope_of(CfaCtx *ctx, const char *name)
{
	const char *known = ctx->route->query;
	const char *scope = name;

	while (*known != '\0')
	{
		size_t len = strcspn(known, " ");
		const char *word = cfa_arena_strndup(&ctx->arena, known, len);
		bool is_bad = false;
		const char *value = NULL;

		if (strcmp(word, "limit") != 0 && strcmp(word, "cursor") != 0)
			value = cfa_ctx_query(ctx, word, &is_bad);
		if (value != NULL)
			scope =
				cfa_arena_printf(&ctx->arena, "%s\n%s=%s", scope, word, value);
		known += len;
		if (*known == ' ')
			known++;
	}
	return scope;
}

/* The query as sent, without limit and cursor: "&name=value..." or "". */
static const char *
filters_of(CfaCtx *ctx)
{
	const char *at = cfa_ctx_query_string(ctx);
	const char *filters = "";

	while (*at != '\0')
	{
		size_t len = strcspn(at, "&");

		if (len > 0 && strncmp(at, "limit=", 6) != 0 &&
			strncmp(at, "cursor=", 7) != 0)
			filters = cfa_arena_printf(&ctx->arena,
									   "%s&%.*s",
									   filters,
									   (int) len,
									   at);
		at += len;
		if (*at == '&')
			at++;
	}
	return filters;
}
