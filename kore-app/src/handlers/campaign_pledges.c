/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign_pledges.c: the pledges of a campaign, for the people who run it.
 */
#include "handlers/campaign_pledges.h"

#include "core/body.h"
#include "handlers/call.h"
#include "handlers/list_call.h"
#include "handlers/params.h"
#include "handlers/query.h"

/* clang-format off */
static const CfaParam pledge_filters[] = {
	{.name = "state", .kind = CFA_PARAM_CHOICE, .words = "pending confirmed failed refunded"},
	{.name = "from", .kind = CFA_PARAM_TIME},
	{.name = "to", .kind = CFA_PARAM_TIME},
	{.name = "min_amount", .kind = CFA_PARAM_INTEGER, .max = CFA_AMOUNT_MAX},
	{.name = "max_amount", .kind = CFA_PARAM_INTEGER, .max = CFA_AMOUNT_MAX},
	{.name = "q", .kind = CFA_PARAM_TEXT, .min = 1, .max = 100},
	{.name = "reward", .kind = CFA_PARAM_UUID},
	{.name = "news", .kind = CFA_PARAM_BOOLEAN},
	{.name = NULL},
};
/* clang-format on */

#define FILTERS ((int) (sizeof(pledge_filters) / sizeof(pledge_filters[0])) - 1)

void
api_campaign_pledge_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT p.doc, p.id, p.amount_minor FROM"
			   " careforall.campaign_pledges($1::uuid, $2::uuid, $3::text,"
			   " $4::timestamptz, $5::timestamptz, $6::bigint, $7::bigint,"
			   " $8::text, $11::text, $12::bigint, $13::uuid, $14::int,"
			   " $9::uuid, $10::boolean) p",
		.has_key = true,
	};
	CfaPgParams params = {.count = 3 + FILTERS,
						  .values = {ctx->principal.account_id,
									 cfa_call_id(ctx, "id")}};
	const char *id = params.values[1];

	if (id != NULL && cfa_params_read(ctx, pledge_filters, &params.values[2]) &&
		cfa_query_choice(ctx,
						 "sort",
						 "newest amount",
						 &params.values[2 + FILTERS]))
		cfa_list_call(ctx,
					  &call,
					  cfa_arena_printf(&ctx->arena, "campaigns/%s/pledges", id),
					  &params);
}
