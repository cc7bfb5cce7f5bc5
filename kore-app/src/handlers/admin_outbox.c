/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_outbox.c: the outbox, parked events and consumers for administrators.
 */
#include "handlers/admin_outbox.h"

#include "handlers/admin.h"

/* clang-format off */
static const CfaParam parked_filters[] = {
	{.name = "state", .kind = CFA_PARAM_CHOICE, .words = "parked released sent dropped", .fallback = "parked"},
	{.name = "type", .kind = CFA_PARAM_TEXT, .min = 1, .max = 100},
	{.name = "campaign", .kind = CFA_PARAM_TEXT, .min = 1, .max = 80},
	{.name = NULL},
};
static const CfaField event_fields[] = {
	CFA_ADMIN_REASON,
	CFA_ADMIN_DRY_RUN,
	{.name = NULL},
};
static const CfaField redrive_fields[] = {
	{.name = "type", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	{.name = "campaign", .kind = CFA_FIELD_TEXT, .min = 1, .max = 80},
	CFA_ADMIN_REASON,
	CFA_ADMIN_DRY_RUN,
	{.name = NULL},
};
static const CfaField consumer_fields[] = {
	CFA_ADMIN_REASON,
	{.name = NULL},
};
/* clang-format on */

static const CfaAdminRead outbox_read = {
	.call = {.sql = "SELECT o.doc FROM careforall.admin_outbox($1::uuid) o",
			 .status = 200},
};
static const CfaAdminList parked_list = {
	.name = "admin-parked",
	.call =
		{.sql =
			 "SELECT l.doc, l.id, l.number FROM careforall.admin_parked_list("
			 "$1::uuid, $2::text, $3::text, $4::text, $5::bigint, $6::uuid, "
			 "$7::int) l",
		 .has_key = true},
	.filters = parked_filters,
};
static const CfaAdminChange parked_release = {
	.call = {.sql = "SELECT r.doc FROM careforall.admin_outbox_release("
					"$1::uuid, $2::uuid, $3::text, $4::boolean) r",
			 .status = 200,
			 .not_found = "There is no such event."},
	.target = CFA_TARGET_UUID,
	.fields = event_fields,
};
static const CfaAdminChange parked_drop = {
	.call = {.sql = "SELECT d.doc FROM careforall.admin_outbox_drop("
					"$1::uuid, $2::uuid, $3::text, $4::boolean) d",
			 .status = 200,
			 .not_found = "There is no such event."},
	.target = CFA_TARGET_UUID,
	.fields = event_fields,
};
static const CfaAdminChange outbox_redrive = {
	.call = {.sql = "SELECT r.doc FROM careforall.admin_outbox_redrive("
					"$1::uuid, $2::text, $3::text, $4::text, $5::boolean) r",
			 .status = 200},
	.fields = redrive_fields,
};
static const CfaAdminRead consumers_read = {
	.call = {.sql = "SELECT c.doc FROM careforall.admin_consumers($1::uuid) c",
			 .status = 200},
};
static const CfaAdminChange consumer_pause = {
	.call = {.sql = "SELECT c.doc FROM careforall.admin_consumer_set("
					"$1::uuid, $2::text, true, $3::text) c",
			 .status = 200},
	.target = CFA_TARGET_NAME,
	.fields = consumer_fields,
};
static const CfaAdminChange consumer_resume = {
	.call = {.sql = "SELECT c.doc FROM careforall.admin_consumer_set("
					"$1::uuid, $2::text, false, $3::text) c",
			 .status = 200},
	.target = CFA_TARGET_NAME,
	.fields = consumer_fields,
};

void
api_admin_outbox_read(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &outbox_read);
}

void
api_admin_parked_list(CfaCtx *ctx)
{
	cfa_admin_list(ctx, &parked_list);
}

void
api_admin_parked_release(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &parked_release);
}

void
api_admin_parked_drop(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &parked_drop);
}

void
api_admin_outbox_redrive(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &outbox_redrive);
}

void
api_admin_consumers_read(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &consumers_read);
}

void
api_admin_consumer_pause(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &consumer_pause);
}

void
api_admin_consumer_resume(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &consumer_resume);
}
