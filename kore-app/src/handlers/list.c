/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c: what all lists share: limit, cursor, Link, and failed reads.
 */
#include "handlers/list.h"

#include <careforall/log.h>
#include <careforall/text.h>
#include <string.h>

static bool has_unknown(const char *query);

bool
cfa_list_read(CfaCtx *ctx, const char *scope, CfaListQuery *out)
{
	bool is_bad = false;
	const char *limit = cfa_ctx_query(ctx, "limit", &is_bad);
	const char *cursor = cfa_ctx_query(ctx, "cursor", &is_bad);
	uint64_t number = CFA_LIST_DEFAULT;

	*out = (CfaListQuery){0};
	if (has_unknown(cfa_ctx_query_string(ctx)))
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "The parameters are limit and cursor.");
		return false;
	}
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
	if (cfa_cursor_read(cursor, scope, &out->cursor))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_INVALID_CURSOR,
					   "Take the cursor from next_cursor of this very list.");
	return false;
}

void
cfa_list_answer(CfaCtx *ctx, const char *scope, const CfaListQuery *query,
				const CfaBuf *items, const CfaCursor *next)
{
	char cursor[CFA_CURSOR_TEXT_MAX];
	CfaBuf body = {0};

	cfa_buf_adds(&body, "{\"items\":[");
	cfa_buf_add(&body, items->data, items->len);
	if (next != NULL)
	{
		cfa_cursor_write(next, scope, cursor);
		cfa_buf_addf(&body, "],\"next_cursor\":\"%s\"}", cursor);
		cfa_answer_header(
			ctx,
			"link",
			cfa_arena_printf(&ctx->arena,
							 "<%s?limit=%u&cursor=%s>; rel=\"next\", "
							 "<%s?limit=%u>; rel=\"first\"",
							 cfa_ctx_path(ctx),
							 query->limit,
							 cursor,
							 cfa_ctx_path(ctx),
							 query->limit));
	}
	else
	{
		cfa_buf_adds(&body, "],\"next_cursor\":null}");
	}
	ctx->cache_control = "public, max-age=1, stale-while-revalidate=5";
	cfa_answer_copy(ctx, 200, "application/json", body.data, body.len);
	cfa_buf_clear(&body);
}

void
cfa_answer_sqlstate(CfaCtx *ctx, const char *sqlstate)
{
	CfaProblem problem = cfa_problem_of_sqlstate(sqlstate);

	if (cfa_problem_info(problem)->status >= 500)
		cfa_log(CFA_LOG_WARN,
				"statement_failed",
				CFA_STR("route", ctx->route ? ctx->route->path : "none"),
				CFA_STR("sqlstate", sqlstate),
				CFA_STR("request_id", ctx->request_id));
	cfa_answer_problem(ctx, problem, NULL);
}

/* Whether the query has a parameter that lists do not know. */
static bool
has_unknown(const char *query)
{
	while (*query != '\0')
	{
		size_t len = strcspn(query, "&");
		size_t name_len = strcspn(query, "&=");

		if (len > 0 && !(name_len == 5 && memcmp(query, "limit", 5) == 0) &&
			!(name_len == 6 && memcmp(query, "cursor", 6) == 0))
			return true;
		query += len;
		if (*query == '&')
			query++;
	}
	return false;
}
