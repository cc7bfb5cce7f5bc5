/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting.c: waiting lists of rewards and campaigns that are full.
 *
 * The token of an entry is made and checked by PostgreSQL, which keeps its hash: an
 * entry can be taken off, and then no token opens it any more.
 */
#include "handlers/waiting.h"

#include "core/body.h"
#include "handlers/call.h"
#include "handlers/list_call.h"

#define TOKEN_HEADER "waiting-token"

/* clang-format off */
const CfaParam cfa_waiting_filters[] = {
	{.name = "queue", .kind = CFA_PARAM_TEXT, .min = 8, .max = 36},
	{.name = "state", .kind = CFA_PARAM_CHOICE, .words = "waiting invited"},
	{.name = NULL},
};

static const CfaField join_fields[] = {
	{.name = "name", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 120},
	{.name = "email", .kind = CFA_FIELD_EMAIL, .is_required = true, .min = 3, .max = 254},
	{.name = "reward_id", .kind = CFA_FIELD_UUID, .is_nullable = true},
	{.name = NULL},
};
/* clang-format on */

#define FILTERS \
	((int) (sizeof(cfa_waiting_filters) / sizeof(cfa_waiting_filters[0])) - 1)

static const char *account_of(const CfaCtx *ctx);
static void call_by_token(CfaCtx *ctx, const CfaCall *call);
static void call_for_entry(CfaCtx *ctx, const CfaCall *call);

void
api_waiting_join(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT j.doc, j.etag, j.location, j.status FROM"
			   " careforall.waiting_join($1::uuid, $2::uuid, $3::uuid,"
			   " $4::text, $5::text, $6::text) j",
		.status = 201,
	};
	const char *id = cfa_call_id(ctx, "id");
	json_t *body = id == NULL ? NULL : cfa_call_body(ctx, join_fields, NULL);

	if (body == NULL)
		return;
	cfa_call(ctx,
			 &call,
			 &(CfaPgParams){.count = 6,
							.values = {account_of(ctx),
									   id,
									   json_string_value(
										   json_object_get(body, "reward_id")),
									   json_string_value(
										   json_object_get(body, "name")),
									   json_string_value(
										   json_object_get(body, "email")),
									   ctx->traceparent}});
	json_decref(body);
}

void
api_waiting_read(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT r.doc FROM careforall.waiting_read($1::uuid, $2::text,"
			   " $3::uuid) r",
		.status = 200,
	};

	call_by_token(ctx, &call);
}

void
api_waiting_leave(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT l.doc FROM careforall.waiting_leave($1::uuid, $2::text,"
			   " $3::uuid) l",
		.status = 204,
	};

	call_by_token(ctx, &call);
}

void
api_waiting_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT l.doc, l.id FROM careforall.waiting_list($1::uuid,"
			   " $2::uuid, $3::text, $4::text, $5::uuid, $6::int) l",
		.count_sql = "SELECT careforall.waiting_count($1::uuid, $2::uuid,"
					 " $3::text, $4::text)",
	};
	const char *id = cfa_call_id(ctx, "id");
	CfaPgParams params = {.count = 2 + FILTERS,
						  .values = {ctx->principal.account_id, id}};

	if (id != NULL &&
		cfa_params_read(ctx, cfa_waiting_filters, &params.values[2]))
		cfa_list_call(ctx,
					  &call,
					  cfa_arena_printf(&ctx->arena, "campaigns/%s/waiting", id),
					  &params);
}

void
api_waiting_invite(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT i.doc FROM careforall.waiting_invite_for($1::uuid,"
			   " $2::uuid, $3::uuid) i",
		.status = 200,
	};

	call_for_entry(ctx, &call);
}

void
api_waiting_remove(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT r.doc FROM careforall.waiting_remove_for($1::uuid,"
			   " $2::uuid, $3::uuid) r",
		.status = 204,
	};

	call_for_entry(ctx, &call);
}

void
api_campaign_places(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT p.doc FROM careforall.campaign_places($1::uuid,"
			   " $2::uuid) p",
		.status = 200,
	};
	const char *id = cfa_call_id(ctx, "id");

	if (id != NULL)
		cfa_call(ctx,
				 &call,
				 &(CfaPgParams){.count = 2,
								.values = {ctx->principal.account_id, id}});
}

static const char *
account_of(const CfaCtx *ctx)
{
	return ctx->principal.is_known ? ctx->principal.account_id : NULL;
}

/* By the token of the private link or, without one, by the account that joined. */
static void
call_by_token(CfaCtx *ctx, const CfaCall *call)
{
	const char *id = cfa_call_id(ctx, "id");
	unsigned tokens = cfa_ctx_header_count(ctx, TOKEN_HEADER);

	if (id == NULL)
		return;
	if (tokens > 1 || (tokens == 0 && !ctx->principal.is_known))
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	cfa_call(ctx,
			 call,
			 &(CfaPgParams){.count = 3,
							.values = {id,
									   cfa_ctx_header(ctx, TOKEN_HEADER),
									   account_of(ctx)}});
}

static void
call_for_entry(CfaCtx *ctx, const CfaCall *call)
{
	const char *id = cfa_call_id(ctx, "id");
	const char *entry = id == NULL ? NULL : cfa_call_id(ctx, "entry");

	if (entry != NULL)
		cfa_call(ctx,
				 call,
				 &(CfaPgParams){.count = 3,
								.values = {ctx->principal.account_id,
										   id,
										   entry}});
}
