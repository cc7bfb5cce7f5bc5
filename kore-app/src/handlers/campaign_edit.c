/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign_edit.c: campaigns as their team runs them.
 *
 * Each request is one SQL function, which checks the right of the account, the
 * revision, and the values together; here is the form of the bodies. Patches are
 * merge patches (RFC 7396), so a member of theirs may be a part of a value.
 */
#include "handlers/campaign_edit.h"

#include "handlers/call.h"
#include "handlers/list_call.h"

#define TEXT(n, lo, hi) \
	.name = (n), .kind = CFA_FIELD_TEXT, .min = (lo), .max = (hi)
#define AMOUNT_OF(lo)                                             \
	{                                                             \
		.name = "amount", .kind = CFA_FIELD_INTEGER, .min = (lo), \
		.max = CFA_AMOUNT_MAX                                     \
	}

/* clang-format off */
static const CfaField owner_fields[] = {
	{TEXT("name", 1, 120)},
	{.name = NULL},
};
static const CfaField money_patch[] = {
	AMOUNT_OF(0),
	{TEXT("currency", 3, 3)},
	{.name = NULL},
};

static const CfaField campaign_fields[] = {
	{TEXT("slug", 1, 80)},
	{TEXT("title", 1, 140), .is_required = true},
	{TEXT("summary", 0, 300), .is_nullable = true},
	{TEXT("story", 0, 20000), .is_nullable = true, .is_multiline = true},
	{TEXT("category", 1, 40), .is_required = true},
	{TEXT("image_alt", 0, 200), .is_nullable = true},
	{.name = "owner", .kind = CFA_FIELD_OBJECT, .fields = owner_fields},
	{TEXT("currency", 3, 3), .is_required = true},
	{.name = "goal", .kind = CFA_FIELD_MONEY, .is_required = true, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "cap", .kind = CFA_FIELD_MONEY, .is_nullable = true, .max = CFA_AMOUNT_MAX},
	{.name = "min_pledge", .kind = CFA_FIELD_MONEY, .is_nullable = true, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "max_pledge", .kind = CFA_FIELD_MONEY, .is_nullable = true, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "refund_releases", .kind = CFA_FIELD_BOOLEAN},
	{.name = "starts_at", .kind = CFA_FIELD_TIME},
	{.name = "ends_at", .kind = CFA_FIELD_TIME, .is_nullable = true},
	{.name = "news_offered", .kind = CFA_FIELD_BOOLEAN},
	{TEXT("copy_of", 1, 80)},
	{.name = NULL},
};

static const CfaField campaign_patch[] = {
	{TEXT("slug", 1, 80)},
	{TEXT("title", 1, 140)},
	{TEXT("summary", 0, 300), .is_nullable = true},
	{TEXT("story", 0, 20000), .is_nullable = true, .is_multiline = true},
	{TEXT("category", 1, 40)},
	{TEXT("image_alt", 0, 200), .is_nullable = true},
	{.name = "owner", .kind = CFA_FIELD_OBJECT, .fields = owner_fields},
	{.name = "goal", .kind = CFA_FIELD_OBJECT, .fields = money_patch},
	{.name = "cap", .kind = CFA_FIELD_OBJECT, .is_nullable = true, .fields = money_patch},
	{.name = "min_pledge", .kind = CFA_FIELD_OBJECT, .is_nullable = true, .fields = money_patch},
	{.name = "max_pledge", .kind = CFA_FIELD_OBJECT, .is_nullable = true, .fields = money_patch},
	{.name = "refund_releases", .kind = CFA_FIELD_BOOLEAN},
	{.name = "starts_at", .kind = CFA_FIELD_TIME},
	{.name = "ends_at", .kind = CFA_FIELD_TIME, .is_nullable = true},
	{.name = "news_offered", .kind = CFA_FIELD_BOOLEAN},
	{.name = NULL},
};

static const CfaField reason_fields[] = {
	{TEXT("reason", 3, 500), .is_required = true},
	{.name = NULL},
};

static const CfaField reward_fields[] = {
	{TEXT("title", 1, 140), .is_required = true},
	{TEXT("description", 0, 2000), .is_nullable = true, .is_multiline = true},
	{.name = "min_amount", .kind = CFA_FIELD_MONEY, .is_required = true, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "quantity", .kind = CFA_FIELD_INTEGER, .is_nullable = true, .max = INT32_MAX},
	{.name = "position", .kind = CFA_FIELD_INTEGER, .max = 1000},
	{.name = "pool_id", .kind = CFA_FIELD_UUID, .is_nullable = true},
	{.name = NULL},
};

static const CfaField reward_patch[] = {
	{TEXT("title", 1, 140)},
	{TEXT("description", 0, 2000), .is_nullable = true, .is_multiline = true},
	{.name = "min_amount", .kind = CFA_FIELD_OBJECT, .fields = money_patch},
	{.name = "quantity", .kind = CFA_FIELD_INTEGER, .is_nullable = true, .max = INT32_MAX},
	{.name = "position", .kind = CFA_FIELD_INTEGER, .max = 1000},
	{.name = "pool_id", .kind = CFA_FIELD_UUID, .is_nullable = true},
	{.name = NULL},
};

static const CfaField pool_fields[] = {
	{TEXT("name", 1, 120), .is_required = true},
	{.name = "capacity", .kind = CFA_FIELD_INTEGER, .is_nullable = true, .max = INT32_MAX},
	{.name = NULL},
};

static const CfaField pool_patch[] = {
	{TEXT("name", 1, 120)},
	{.name = "capacity", .kind = CFA_FIELD_INTEGER, .is_nullable = true, .max = INT32_MAX},
	{.name = NULL},
};

static const CfaField member_fields[] = {
	{.name = "email", .kind = CFA_FIELD_EMAIL, .is_required = true, .min = 3, .max = 254},
	{.name = "role", .kind = CFA_FIELD_CHOICE, .is_required = true, .words = "editor viewer"},
	{.name = NULL},
};

static const CfaField role_fields[] = {
	{.name = "role", .kind = CFA_FIELD_CHOICE, .is_required = true, .words = "editor viewer"},
	{.name = NULL},
};
/* clang-format on */

static void transition(CfaCtx *ctx, const char *action);
static void call_part(CfaCtx *ctx, const char *param, const CfaCall *call);
static void make_part(CfaCtx *ctx, const CfaField *fields, const CfaCall *call);
static void edit_part(CfaCtx *ctx, const char *param, const CfaField *fields,
					  const CfaCall *call);
static void remove_part(CfaCtx *ctx, const char *param, const CfaCall *call);

void
api_campaign_make(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag, r.location FROM "
				"careforall.campaign_make($1::uuid, $2::jsonb) r",
		 .status = 201};
	const char *text;
	json_t *json = cfa_call_body(ctx, campaign_fields, &text);
	CfaPgParams params = {.count = 2, .values = {ctx->principal.account_id}};

	if (json == NULL)
		return;
	json_decref(json);
	params.values[1] = text;
	cfa_call(ctx, &call, &params);
}

void
api_campaign_manage(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM "
				"careforall.campaign_manage($1::uuid, $2::text) r",
		 .status = 200};
	CfaPgParams params = {.count = 2,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id")}};

	cfa_call(ctx, &call, &params);
}

void
api_campaign_edit(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.campaign_edit("
				"$1::uuid, $2::text, $3::text, $4::jsonb) r",
		 .status = 200};
	CfaPgParams params = {.count = 4,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id")}};
	const char *text;
	json_t *json = cfa_call_body(ctx, campaign_patch, &text);

	if (json == NULL)
		return;
	json_decref(json);
	params.values[2] = cfa_call_if_match(ctx);
	params.values[3] = text;
	if (params.values[2] != NULL)
		cfa_call(ctx, &call, &params);
}

void
api_campaign_publish(CfaCtx *ctx)
{
	transition(ctx, "publish");
}

void
api_campaign_pause(CfaCtx *ctx)
{
	transition(ctx, "pause");
}

void
api_campaign_resume(CfaCtx *ctx)
{
	transition(ctx, "resume");
}

void
api_campaign_close(CfaCtx *ctx)
{
	transition(ctx, "close");
}

void
api_campaign_archive(CfaCtx *ctx)
{
	transition(ctx, "archive");
}

void
api_campaign_unarchive(CfaCtx *ctx)
{
	transition(ctx, "unarchive");
}

void
api_reward_make(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag, r.location FROM careforall.reward_add("
				"$1::uuid, $2::text, $3::jsonb) r",
		 .status = 201};

	make_part(ctx, reward_fields, &call);
}

void
api_reward_read(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.reward_find("
				"$1::uuid, $2::text, $3::uuid) r",
		 .status = 200};

	call_part(ctx, "reward", &call);
}

void
api_reward_edit(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.reward_edit("
				"$1::uuid, $2::text, $3::uuid, $4::text, $5::jsonb) r",
		 .status = 200};

	edit_part(ctx, "reward", reward_patch, &call);
}

void
api_reward_remove(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.reward_archive("
				"$1::uuid, $2::text, $3::uuid, $4::text) r",
		 .status = 204};

	remove_part(ctx, "reward", &call);
}

void
api_reward_close(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.reward_close_for("
				"$1::uuid, $2::text, $3::uuid) r",
		 .status = 200};

	call_part(ctx, "reward", &call);
}

void
api_pool_make(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag, r.location FROM careforall.pool_add("
				"$1::uuid, $2::text, $3::jsonb) r",
		 .status = 201};

	make_part(ctx, pool_fields, &call);
}

void
api_pool_read(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.pool_find("
				"$1::uuid, $2::text, $3::uuid) r",
		 .status = 200};

	call_part(ctx, "pool", &call);
}

void
api_pool_edit(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.pool_edit("
				"$1::uuid, $2::text, $3::uuid, $4::text, $5::jsonb) r",
		 .status = 200};

	edit_part(ctx, "pool", pool_patch, &call);
}

void
api_pool_close(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.pool_close_for("
				"$1::uuid, $2::text, $3::uuid) r",
		 .status = 200};

	call_part(ctx, "pool", &call);
}

void
api_team_list(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc FROM careforall.team_list($1::uuid, $2::text) r",
		 .status = 200};
	CfaPgParams params = {.count = 2,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id")}};

	cfa_call(ctx, &call, &params);
}

void
api_team_add(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag, r.location FROM careforall.team_add("
				"$1::uuid, $2::text, $3::jsonb ->> 'email', "
				"$3::jsonb ->> 'role') r",
		 .status = 201};

	make_part(ctx, member_fields, &call);
}

void
api_team_read(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.team_find("
				"$1::uuid, $2::text, $3::uuid) r",
		 .status = 200};

	call_part(ctx, "account", &call);
}

void
api_team_put(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.team_put("
				"$1::uuid, $2::text, $3::uuid, $4::text, "
				"$5::jsonb ->> 'role') r",
		 .status = 200};

	edit_part(ctx, "account", role_fields, &call);
}

void
api_team_remove(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc FROM careforall.team_remove("
				"$1::uuid, $2::text, $3::uuid, $4::text) r",
		 .status = 204};

	remove_part(ctx, "account", &call);
}

static void
transition(CfaCtx *ctx, const char *action)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.campaign_transition("
				"$1::uuid, $2::text, $3::text, $4::jsonb ->> 'reason') r",
		 .status = 200};
	CfaPgParams params = {.count = 4,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 action}};
	const char *text;
	json_t *json = cfa_call_body(ctx, reason_fields, &text);

	if (json == NULL)
		return;
	json_decref(json);
	params.values[3] = text;
	cfa_call(ctx, &call, &params);
}

static void
call_part(CfaCtx *ctx, const char *param, const CfaCall *call)
{
	CfaPgParams params = {.count = 3,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 cfa_call_id(ctx, param)}};

	if (params.values[2] != NULL)
		cfa_call(ctx, call, &params);
}

static void
make_part(CfaCtx *ctx, const CfaField *fields, const CfaCall *call)
{
	CfaPgParams params = {.count = 3,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id")}};
	const char *text;
	json_t *json = cfa_call_body(ctx, fields, &text);

	if (json == NULL)
		return;
	json_decref(json);
	params.values[2] = text;
	cfa_call(ctx, call, &params);
}

static void
edit_part(CfaCtx *ctx, const char *param, const CfaField *fields,
		  const CfaCall *call)
{
	CfaPgParams params = {.count = 5,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 cfa_call_id(ctx, param)}};
	const char *text;
	json_t *json;

	if (params.values[2] == NULL)
		return;
	json = cfa_call_body(ctx, fields, &text);
	if (json == NULL)
		return;
	json_decref(json);
	params.values[3] = cfa_call_if_match(ctx);
	params.values[4] = text;
	if (params.values[3] != NULL)
		cfa_call(ctx, call, &params);
}

static void
remove_part(CfaCtx *ctx, const char *param, const CfaCall *call)
{
	CfaPgParams params = {.count = 4,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 cfa_call_id(ctx, param)}};

	if (params.values[2] == NULL)
		return;
	params.values[3] = cfa_call_if_match(ctx);
	if (params.values[3] != NULL)
		cfa_call(ctx, call, &params);
}
