/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign_managed.c: lists of campaigns, drafts too, for those who run them: an
 * account's own, and all of them for administrators.
 */
#include "handlers/campaign_managed.h"

#include "core/ctx.h"
#include "handlers/list_call.h"
#include "handlers/params.h"

#define OWN_PARAMS 2 /* the account, whether all are asked for */

/* clang-format off */
static const CfaParam filters[] = {
	{.name = "q", .kind = CFA_PARAM_TEXT, .min = 1, .max = 200},
	{.name = "status", .kind = CFA_PARAM_CHOICE, .words = "draft upcoming active paused ended closed archived"},
	{.name = "category", .kind = CFA_PARAM_TEXT, .min = 1, .max = 40},
	{.name = "currency", .kind = CFA_PARAM_CURRENCY, .max = 100},
	{.name = "sort", .kind = CFA_PARAM_CHOICE, .words = "newest ending_soon most_funded", .fallback = "newest"},
	{.name = NULL},
};
/* clang-format on */

static const CfaListCall list_call = {
	.sql = "SELECT m.doc, m.id, m.key FROM careforall.managed_campaigns("
		   "$1::uuid, $2::boolean, $3::text, $4::text, $5::text, $6::text, "
		   "$7::text, $8::bigint, $9::uuid, $10::int) m",
	.count_sql = "SELECT careforall.managed_campaigns_count($1::uuid, "
				 "$2::boolean, $3::text, $4::text, $5::text, $6::text, "
				 "$7::text)",
	.has_key = true,
};

static void list(CfaCtx *ctx, const char *name, const char *is_admin);

void
api_me_campaigns(CfaCtx *ctx)
{
	list(ctx,
		 cfa_arena_printf(&ctx->arena,
						  "campaigns of %s",
						  ctx->principal.account_id),
		 "false");
}

void
api_admin_campaigns(CfaCtx *ctx)
{
	list(ctx, "admin-campaigns", "true");
}

static void
list(CfaCtx *ctx, const char *name, const char *is_admin)
{
	CfaPgParams params = {
		.count = OWN_PARAMS + (int) (sizeof(filters) / sizeof(*filters)) - 1,
		.values = {ctx->principal.account_id, is_admin},
	};

	if (cfa_params_read(ctx, filters, &params.values[OWN_PARAMS]))
		cfa_list_call(ctx, &list_call, name, &params);
}
