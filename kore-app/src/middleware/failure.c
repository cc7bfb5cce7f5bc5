/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failure.c: statements that failed, as problems.
 */
#include "middleware/failure.h"

#include <careforall/log.h>
#include <ctype.h>
#include <string.h>

#include "adapters/pg.h"
#include "middleware/auth.h"

static const char *detail_members(CfaCtx *ctx);
static const char *sentence_of(CfaCtx *ctx, const char *message);

void
cfa_answer_sqlstate(CfaCtx *ctx, const char *sqlstate)
{
	CfaProblem problem = cfa_problem_of_sqlstate(sqlstate);
	const char *message = cfa_pg_failure(PG_DIAG_MESSAGE_PRIMARY);

	if (cfa_problem_info(problem)->status >= 500)
		cfa_log(CFA_LOG_WARN,
				"statement_failed",
				CFA_STR("route", ctx->route ? ctx->route->path : "none"),
				CFA_STR("sqlstate", sqlstate),
				CFA_STR("request_id", ctx->request_id));
	if (problem == CFA_PROBLEM_UNAUTHORIZED)
		cfa_auth_refuse(ctx, "invalid_token", "The session is over.");
	else if (strncmp(sqlstate, "PL", 2) == 0 && message != NULL)
		cfa_answer_problem_with(ctx,
								problem,
								detail_members(ctx),
								"%s",
								sentence_of(ctx, message));
	else
		cfa_answer_problem(ctx, problem, NULL);
}

/* What a DETAIL that is a JSON object holds, as ,"name":value ... or NULL. */
static const char *
detail_members(CfaCtx *ctx)
{
	const char *detail = cfa_pg_failure(PG_DIAG_MESSAGE_DETAIL);
	size_t len = detail == NULL ? 0 : strlen(detail);

	if (len <= 2 || detail[0] != '{' || detail[len - 1] != '}')
		return NULL;
	return cfa_arena_printf(&ctx->arena, ",%.*s", (int) len - 2, detail + 1);
}

/* A message of PostgreSQL's style with a capital and a full stop. */
static const char *
sentence_of(CfaCtx *ctx, const char *message)
{
	size_t len = strlen(message);
	bool is_ended = len > 0 && message[len - 1] == '.';
	char *sentence =
		cfa_arena_printf(&ctx->arena, "%s%s", message, is_ended ? "" : ".");

	sentence[0] = (char) toupper((unsigned char) sentence[0]);
	return sentence;
}
