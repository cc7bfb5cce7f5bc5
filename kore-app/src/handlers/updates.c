/* SPDX-License-Identifier: Apache-2.0 */
/*
 * updates.c: news of a campaign.
 *
 * Who may read those for backers is for the SQL functions to say; here a private
 * link is checked: the parameter pledge with the header Pledge-Token. An answer to
 * somebody who showed nothing may be cached, any other may not.
 */
#include "handlers/updates.h"

#include <careforall/text.h>
#include <string.h>

#include "handlers/call.h"
#include "handlers/list_call.h"

#define PUBLIC_CACHE "public, max-age=1, stale-while-revalidate=5"

/* clang-format off */
static const CfaField update_fields[] = {
	{.name = "title", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 140},
	{.name = "body", .kind = CFA_FIELD_TEXT, .is_required = true, .is_multiline = true, .min = 1, .max = 10000},
	{.name = "visibility", .kind = CFA_FIELD_CHOICE, .words = "public backers"},
	{.name = NULL},
};

static const CfaField update_patch[] = {
	{.name = "title", .kind = CFA_FIELD_TEXT, .min = 1, .max = 140},
	{.name = "body", .kind = CFA_FIELD_TEXT, .is_multiline = true, .min = 1, .max = 10000},
	{.name = "visibility", .kind = CFA_FIELD_CHOICE, .words = "public backers"},
	{.name = NULL},
};
/* clang-format on */

static const CfaTokenKeys *keys;

static bool read_reader(CfaCtx *ctx, const char **actor, const char **pledge);

void
cfa_updates_configure(const CfaTokenKeys *token_keys)
{
	keys = token_keys;
}

void
api_update_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT r.doc, r.id FROM careforall.update_list("
			   "$1::uuid, $2::uuid, $3::text, $4::uuid, $5::int) r"};
	const char *campaign = cfa_ctx_param(ctx, "id");
	CfaPgParams params = {.count = 3, .values = {NULL, NULL, campaign}};

	if (!read_reader(ctx, &params.values[0], &params.values[1]))
		return;
	cfa_list_call(ctx,
				  &call,
				  cfa_arena_printf(&ctx->arena, "updates of %s", campaign),
				  &params);
}

void
api_update_read(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.update_find("
				"$1::uuid, $2::uuid, $3::text, $4::uuid) r",
		 .status = 200};
	CfaPgParams params = {.count = 4,
						  .values = {NULL,
									 NULL,
									 cfa_ctx_param(ctx, "id"),
									 cfa_call_id(ctx, "update")}};

	if (params.values[3] != NULL &&
		read_reader(ctx, &params.values[0], &params.values[1]))
		cfa_call(ctx, &call, &params);
}

void
api_update_make(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag, r.location FROM careforall.update_add("
				"$1::uuid, $2::text, $3::jsonb) r",
		 .status = 201};
	CfaPgParams params = {.count = 3,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id")}};
	json_t *json = cfa_call_body(ctx, update_fields, &params.values[2]);

	if (json == NULL)
		return;
	json_decref(json);
	cfa_call(ctx, &call, &params);
}

void
api_update_edit(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.update_edit("
				"$1::uuid, $2::text, $3::uuid, $4::text, $5::jsonb) r",
		 .status = 200};
	CfaPgParams params = {.count = 5,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 cfa_call_id(ctx, "update")}};
	json_t *json;

	if (params.values[2] == NULL)
		return;
	json = cfa_call_body(ctx, update_patch, &params.values[4]);
	if (json == NULL)
		return;
	json_decref(json);
	params.values[3] = cfa_call_if_match(ctx);
	if (params.values[3] != NULL)
		cfa_call(ctx, &call, &params);
}

void
api_update_remove(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc FROM careforall.update_remove("
				"$1::uuid, $2::text, $3::uuid, $4::text) r",
		 .status = 204};
	CfaPgParams params = {.count = 4,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 cfa_call_id(ctx, "update")}};

	if (params.values[2] == NULL)
		return;
	params.values[3] = cfa_call_if_match(ctx);
	if (params.values[3] != NULL)
		cfa_call(ctx, &call, &params);
}

/*
 * Who reads: an account, the pledge of a private link, or nobody in particular.
 * False after a 404: a link that is not whole or not right opens nothing.
 */
static bool
read_reader(CfaCtx *ctx, const char **actor, const char **pledge)
{
	bool is_bad = false;
	const char *id = cfa_ctx_query(ctx, "pledge", &is_bad);
	const char *token = cfa_ctx_header(ctx, "pledge-token");
	char *text = cfa_arena_alloc(&ctx->arena, CFA_UUID_TEXT_LEN + 1);
	uint8_t uuid[16];

	cfa_answer_header(ctx, "vary", "authorization, pledge-token");
	*actor = ctx->principal.is_known ? ctx->principal.account_id : NULL;
	*pledge = NULL;
	if (id == NULL && token == NULL && !is_bad)
	{
		if (*actor == NULL)
			ctx->cache_control = PUBLIC_CACHE;
		return true;
	}
	if (!is_bad && id != NULL && token != NULL &&
		cfa_ctx_header_count(ctx, "pledge-token") == 1 &&
		cfa_uuid_parse(id, strlen(id), uuid))
	{
		cfa_uuid_format(uuid, text);
		*pledge = text;
		if (cfa_token_check(keys, text, token, strlen(token)))
			return true;
	}
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_NOT_FOUND,
					   "The private link needs both the parameter pledge and "
					   "the header Pledge-Token, as they were given.");
	return false;
}
