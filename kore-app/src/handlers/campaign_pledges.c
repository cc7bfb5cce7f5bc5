/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign_pledges.c: the pledges of a campaign, for the people who run it.
 */
#include "handlers/campaign_pledges.h"

#include <string.h>

#include "core/body.h"
#include "handlers/call.h"
#include "handlers/list_call.h"
#include "handlers/query.h"

#define SEARCH_MAX 100 /* characters */

bool
cfa_pledge_filters_read(CfaCtx *ctx, CfaPledgeFilters *out)
{
	return cfa_query_choice(ctx,
							"state",
							"pending confirmed failed refunded",
							&out->state) &&
		   cfa_query_time(ctx, "from", &out->from) &&
		   cfa_query_time(ctx, "to", &out->to) &&
		   cfa_query_uint(ctx,
						  "min_amount",
						  CFA_AMOUNT_MAX,
						  &out->min_amount) &&
		   cfa_query_uint(ctx,
						  "max_amount",
						  CFA_AMOUNT_MAX,
						  &out->max_amount) &&
		   cfa_query_text(ctx, "q", SEARCH_MAX, &out->q);
}

void
api_campaign_pledge_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT p.doc, p.id, p.amount_minor FROM"
			   " careforall.campaign_pledges($1::uuid, $2::uuid, $3::text,"
			   " $4::timestamptz, $5::timestamptz, $6::bigint, $7::bigint,"
			   " $8::text, $9::text, $10::bigint, $11::uuid, $12::int) p",
		.has_key = true,
	};
	const char *id = cfa_call_id(ctx, "id");
	CfaPledgeFilters filters;
	const char *sort;

	if (id != NULL && cfa_pledge_filters_read(ctx, &filters) &&
		cfa_query_choice(ctx, "sort", "newest amount", &sort))
		cfa_list_call(ctx,
					  &call,
					  cfa_arena_printf(&ctx->arena, "campaigns/%s/pledges", id),
					  &(CfaPgParams){.count = 9,
									 .values = {ctx->principal.account_id,
												id,
												filters.state,
												filters.from,
												filters.to,
												filters.min_amount,
												filters.max_amount,
												filters.q,
												sort}});
}
