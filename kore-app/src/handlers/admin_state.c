/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_state.c: limits, jobs, invariants, health and the audit log for
 * administrators.
 *
 * Checking the invariants of a large database takes longer than a request may, so
 * a run is begun, answered with 202, and goes on without the request.
 */
#include "handlers/admin_state.h"

#include <careforall/log.h>
#include <string.h>

#include "handlers/admin.h"

#define VERIFY_LIMIT_MS 120000

/* clang-format off */
static const CfaParam limit_filters[] = {
	{.name = "kind", .kind = CFA_PARAM_CHOICE, .words = "campaign_cap reward pool"},
	{.name = "campaign", .kind = CFA_PARAM_TEXT, .min = 1, .max = 80},
	{.name = NULL},
};
static const CfaParam audit_filters[] = {
	{.name = "actor", .kind = CFA_PARAM_TEXT, .min = 1, .max = 100},
	{.name = "action", .kind = CFA_PARAM_TEXT, .min = 1, .max = 100},
	{.name = "target_type", .kind = CFA_PARAM_TEXT, .min = 1, .max = 100},
	{.name = "target_id", .kind = CFA_PARAM_TEXT, .min = 1, .max = 200},
	{.name = "from", .kind = CFA_PARAM_TIME},
	{.name = "to", .kind = CFA_PARAM_TIME},
	{.name = NULL},
};
static const CfaField verify_fields[] = {
	CFA_ADMIN_REASON,
	{.name = NULL},
};
/* clang-format on */

static const CfaAdminList limit_list = {
	.name = "admin-limits",
	.call =
		{.sql =
			 "SELECT l.doc, l.id, l.number FROM careforall.admin_limit_list("
			 "$1::uuid, $2::text, $3::text, $4::bigint, $5::uuid, $6::int) l",
		 .has_key = true},
	.filters = limit_filters,
};
static const CfaAdminRead jobs_read = {
	.call = {.sql = "SELECT j.doc FROM careforall.admin_jobs($1::uuid) j",
			 .status = 200},
};
static const CfaAdminRead verify_read = {
	.call = {.sql = "SELECT v.doc FROM careforall.admin_verify($1::uuid) v",
			 .status = 200},
};
static const CfaAdminChange verify_begin = {
	.call = {.sql = "SELECT v.doc, v.location FROM "
					"careforall.admin_verify_begin($1::uuid, $2::text) v",
			 .status = 202},
	.fields = verify_fields,
};
static const CfaAdminRead health_read = {
	.call = {.sql = "SELECT h.doc FROM careforall.admin_health($1::uuid) h",
			 .status = 200},
};
static const CfaAdminList audit_list = {
	.name = "admin-audit",
	.call =
		{.sql = "SELECT l.doc, l.id, l.number FROM careforall.admin_audit_list("
				"$1::uuid, $2::text, $3::text, $4::text, $5::text, "
				"$6::timestamptz, $7::timestamptz, $8::bigint, $9::uuid, "
				"$10::int) l",
		 .has_key = true},
	.filters = audit_filters,
};

static void on_verify_begun(void *arg, const PGresult *result,
							const char *sqlstate);
static void on_verified(void *arg, const PGresult *result,
						const char *sqlstate);

void
api_admin_limit_list(CfaCtx *ctx)
{
	cfa_admin_list(ctx, &limit_list);
}

void
api_admin_jobs_read(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &jobs_read);
}

void
api_admin_verify_read(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &verify_read);
}

void
api_admin_verify_run(CfaCtx *ctx)
{
	CfaPgParams params = {0};

	if (!cfa_admin_params(ctx, &verify_begin, &params))
		return;
	cfa_ctx_hold(ctx);
	cfa_pg_call(verify_begin.call.sql, &params, on_verify_begun, ctx);
}

void
api_admin_health_read(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &health_read);
}

void
api_admin_audit_list(CfaCtx *ctx)
{
	cfa_admin_list(ctx, &audit_list);
}

static void
on_verify_begun(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaCtx *ctx = arg;
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};

	if (result == NULL || PQntuples(result) != 1)
	{
		cfa_answer_sqlstate(ctx, result == NULL ? sqlstate : "XX000");
		cfa_ctx_release(ctx);
		return;
	}
	cfa_answer_header(ctx,
					  "location",
					  cfa_arena_strndup(&ctx->arena,
										PQgetvalue(result, 0, 1),
										(size_t) PQgetlength(result, 0, 1)));
	cfa_answer_copy(ctx,
					verify_begin.call.status,
					"application/json",
					PQgetvalue(result, 0, 0),
					(size_t) PQgetlength(result, 0, 0));
	cfa_pg_call_slow("SELECT careforall.admin_verify_run($1::uuid)",
					 &params,
					 VERIFY_LIMIT_MS,
					 on_verified,
					 NULL);
	cfa_ctx_release(ctx);
}

static void
on_verified(void *arg, const PGresult *result, const char *sqlstate)
{
	(void) arg;
	if (result == NULL)
		cfa_log(CFA_LOG_WARN, "verify_failed", CFA_STR("sqlstate", sqlstate));
	else
		cfa_log(CFA_LOG_INFO,
				"verified",
				CFA_STR("result", PQgetvalue(result, 0, 0)));
}
