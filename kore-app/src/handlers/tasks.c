/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tasks.c: long work that people ask for: exports, and changes of many things at
 * once. What is asked for is worked on by task_work.c.
 */
#include "handlers/tasks.h"

#include "handlers/call.h"
#include "handlers/list_call.h"
#include "handlers/params.h"
#include "handlers/task_work.h"

#define KINDS                                                 \
	"pledge_export audit_export pledge_refund pledge_cancel " \
	"payment_redrive event_release"
#define IDS_MAX 1000

/* clang-format off */
/* Those of all kinds; SQL knows which kind has which. */
static const CfaField filter_fields[] = {
	{.name = "state", .kind = CFA_FIELD_CHOICE, .words = "pending confirmed failed refunded"},
	{.name = "from", .kind = CFA_FIELD_TIME},
	{.name = "to", .kind = CFA_FIELD_TIME},
	{.name = "min_amount", .kind = CFA_FIELD_INTEGER, .max = CFA_AMOUNT_MAX},
	{.name = "max_amount", .kind = CFA_FIELD_INTEGER, .max = CFA_AMOUNT_MAX},
	{.name = "q", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	{.name = "reward", .kind = CFA_FIELD_UUID},
	{.name = "news", .kind = CFA_FIELD_BOOLEAN},
	{.name = "ids", .kind = CFA_FIELD_UUIDS, .min = 1, .max = IDS_MAX},
	{.name = "actor", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	{.name = "action", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	{.name = "target_type", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	{.name = "target_id", .kind = CFA_FIELD_TEXT, .min = 1, .max = 200},
	{.name = "kind", .kind = CFA_FIELD_CHOICE, .words = "payment cancel refund"},
	{.name = "code", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	{.name = "type", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	{.name = "campaign", .kind = CFA_FIELD_TEXT, .min = 1, .max = 80},
	{.name = NULL},
};
static const CfaField task_fields[] = {
	{.name = "kind", .kind = CFA_FIELD_CHOICE, .is_required = true, .words = KINDS},
	{.name = "campaign", .kind = CFA_FIELD_TEXT, .min = 1, .max = 80},
	{.name = "filters", .kind = CFA_FIELD_OBJECT, .fields = filter_fields},
	{.name = "reason", .kind = CFA_FIELD_TEXT, .is_multiline = true, .min = 3, .max = 500},
	{.name = "dry_run", .kind = CFA_FIELD_BOOLEAN},
	{.name = "format", .kind = CFA_FIELD_CHOICE, .words = "csv json"},
	{.name = NULL},
};
static const CfaParam list_filters[] = {
	{.name = "campaign", .kind = CFA_PARAM_UUID},
	{.name = "kind", .kind = CFA_PARAM_CHOICE, .words = KINDS},
	{.name = "state", .kind = CFA_PARAM_CHOICE, .words = "open queued running stopping done failed stopped"},
	{.name = NULL},
};
static const CfaParam item_filters[] = {
	{.name = "outcome", .kind = CFA_PARAM_TEXT, .min = 1, .max = 40},
	{.name = NULL},
};
/* clang-format on */

static void ask(CfaCtx *ctx, const CfaCall *call);
static void call_by_id(CfaCtx *ctx, const CfaCall *call);

void
api_task_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT l.doc, l.id FROM careforall.task_list($1::uuid,"
			   " $2::uuid, $3::text, $4::text, $5::uuid, $6::int) l",
	};
	CfaPgParams params = {.count = 4, .values = {ctx->principal.account_id}};

	if (cfa_params_read(ctx, list_filters, &params.values[1]))
		cfa_list_call(ctx,
					  &call,
					  cfa_arena_printf(&ctx->arena,
									   "tasks of %s",
									   ctx->principal.account_id),
					  &params);
}

void
api_task_create(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT c.doc, c.etag, c.location FROM"
			   " careforall.task_create($1::uuid, $2::jsonb) c",
		.status = 202,
	};

	ask(ctx, &call);
	cfa_task_work_soon();
}

void
api_task_preview(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT p.doc FROM"
			   " careforall.task_preview($1::uuid, $2::jsonb) p",
		.status = 200,
	};

	ask(ctx, &call);
}

void
api_task_read(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT r.doc FROM careforall.task_read($1::uuid, $2::uuid) r",
		.status = 200,
	};

	call_by_id(ctx, &call);
}

void
api_task_item_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT l.doc, l.id, l.number FROM careforall.task_item_list("
			   "$1::uuid, $2::uuid, $3::text, $4::bigint, $5::uuid,"
			   " $6::int) l",
		.has_key = true,
	};
	const char *id = cfa_call_id(ctx, "id");
	CfaPgParams params = {.count = 3,
						  .values = {ctx->principal.account_id, id}};

	if (id != NULL && cfa_params_read(ctx, item_filters, &params.values[2]))
		cfa_list_call(ctx,
					  &call,
					  cfa_arena_printf(&ctx->arena, "tasks/%s/items", id),
					  &params);
}

void
api_task_stop(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT e.doc FROM careforall.task_end($1::uuid, $2::uuid) e",
		.status = 202,
	};

	call_by_id(ctx, &call);
}

static void
ask(CfaCtx *ctx, const CfaCall *call)
{
	const char *text;
	json_t *body = cfa_call_body(ctx, task_fields, &text);

	if (body == NULL)
		return;
	json_decref(body);
	cfa_call(ctx,
			 call,
			 &(CfaPgParams){.count = 2,
							.values = {ctx->principal.account_id, text}});
}

static void
call_by_id(CfaCtx *ctx, const CfaCall *call)
{
	const char *id = cfa_call_id(ctx, "id");

	if (id != NULL)
		cfa_call(ctx,
				 call,
				 &(CfaPgParams){.count = 2,
								.values = {ctx->principal.account_id, id}});
}
