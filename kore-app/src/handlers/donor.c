/* SPDX-License-Identifier: Apache-2.0 */
/*
 * donor.c: what a donor sees of pledges and does with them, by the private link
 * or by an account.
 */
#include "handlers/donor.h"

#include "handlers/call.h"
#include "handlers/list_call.h"
#include "handlers/pledge_link.h"
#include "handlers/query.h"

/* clang-format off */
static const CfaField request_fields[] = {
	{.name = "message", .kind = CFA_FIELD_TEXT, .is_required = true, .is_multiline = true, .min = 1, .max = 1000},
	{.name = NULL},
};
/* clang-format on */

static void call_by_link(CfaCtx *ctx, const CfaCall *call, const char *fourth);

void
api_pledge_read(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT r.doc FROM careforall.pledge_read($1::uuid, $2::boolean,"
			   " $3::uuid) r",
		.status = 200,
	};

	call_by_link(ctx, &call, NULL);
}

void
api_pledge_cancel(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT w.doc, NULL, NULL, CASE WHEN w.is_done THEN 200 ELSE 202"
			   " END FROM careforall.pledge_withdraw($1::uuid, $2::boolean,"
			   " $3::uuid, $4::text) w",
		.status = 200,
	};

	call_by_link(ctx, &call, ctx->traceparent);
}

void
api_pledge_claim(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT c.doc FROM careforall.pledge_claim($1::uuid,"
			   " $2::boolean, $3::uuid) c",
		.status = 200,
	};
	CfaPledgeLink link;

	if (cfa_pledge_link_read(ctx, &link))
		cfa_call(ctx,
				 &call,
				 &(CfaPgParams){.count = 3,
								.values = {link.pledge_id,
										   link.by_link,
										   ctx->principal.account_id}});
}

void
api_pledge_news_withdraw(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT w.doc FROM careforall.pledge_news_withdraw($1::uuid,"
			   " $2::boolean, $3::uuid) w",
		.status = 200,
	};

	call_by_link(ctx, &call, NULL);
}

void
api_refund_list(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT r.doc FROM careforall.pledge_refunds($1::uuid,"
			   " $2::boolean, $3::uuid) r",
		.status = 200,
	};

	call_by_link(ctx, &call, NULL);
}

void
api_refund_request_create(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT c.doc, c.etag, c.location, c.status FROM"
			   " careforall.refund_request_create($1::uuid, $2::boolean,"
			   " $3::uuid, $4::text) c",
		.status = 201,
	};
	CfaPledgeLink link;
	json_t *body;

	if (!cfa_pledge_link_read(ctx, &link))
		return;
	body = cfa_call_body(ctx, request_fields, NULL);
	if (body == NULL)
		return;
	cfa_call(ctx,
			 &call,
			 &(CfaPgParams){.count = 4,
							.values = {link.pledge_id,
									   link.by_link,
									   link.account_id,
									   json_string_value(
										   json_object_get(body, "message"))}});
	json_decref(body);
}

void
api_me_pledge_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT m.doc, m.id FROM careforall.me_pledges($1::uuid,"
			   " $2::text, $3::uuid, $4::int) m",
	};
	const char *state;

	if (cfa_query_choice(ctx,
						 "state",
						 "pending confirmed failed refunded",
						 &state))
		cfa_list_call(ctx,
					  &call,
					  cfa_arena_printf(&ctx->arena,
									   "me/pledges/%s",
									   ctx->principal.account_id),
					  &(CfaPgParams){.count = 2,
									 .values = {ctx->principal.account_id,
												state}});
}

void
api_fee_list(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT f.doc FROM careforall.fees_read() f",
		.status = 200,
		.cache_control = "public, max-age=60, stale-while-revalidate=300",
	};

	cfa_call(ctx, &call, &(CfaPgParams){0});
}

/* Calls with the pledge, who asks for it, and one parameter more if not NULL. */
static void
call_by_link(CfaCtx *ctx, const CfaCall *call, const char *fourth)
{
	CfaPledgeLink link;

	if (cfa_pledge_link_read(ctx, &link))
		cfa_call(ctx,
				 call,
				 &(CfaPgParams){.count = fourth == NULL ? 3 : 4,
								.values = {link.pledge_id,
										   link.by_link,
										   link.account_id,
										   fourth}});
}
