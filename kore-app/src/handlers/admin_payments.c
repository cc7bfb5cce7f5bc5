/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_payments.c: holds and stuck payment work for administrators.
 */
#include "handlers/admin_payments.h"

#include "handlers/admin.h"

/* clang-format off */
static const CfaParam hold_filters[] = {
	{.name = "campaign", .kind = CFA_PARAM_TEXT, .min = 1, .max = 80},
	{.name = "stuck", .kind = CFA_PARAM_BOOLEAN},
	{.name = NULL},
};
static const CfaParam stuck_filters[] = {
	{.name = "kind", .kind = CFA_PARAM_CHOICE, .words = "dead_letter payment refund refund_failed unsettled", .fallback = "dead_letter"},
	{.name = NULL},
};
static const CfaField one_fields[] = {
	CFA_ADMIN_REASON,
	CFA_ADMIN_DRY_RUN,
	{.name = NULL},
};
static const CfaField matching_fields[] = {
	{.name = "kind", .kind = CFA_FIELD_CHOICE, .words = "payment cancel refund"},
	{.name = "code", .kind = CFA_FIELD_TEXT, .min = 1, .max = 100},
	CFA_ADMIN_REASON,
	CFA_ADMIN_DRY_RUN,
	{.name = NULL},
};
/* clang-format on */

static const CfaAdminList hold_list = {
	.name = "admin-holds",
	.call =
		{.sql =
			 "SELECT l.doc, l.id, l.number FROM careforall.admin_hold_list("
			 "$1::uuid, $2::text, $3::boolean, $4::bigint, $5::uuid, $6::int) l",
		 .has_key = true},
	.filters = hold_filters,
};
static const CfaAdminList stuck_list = {
	.name = "admin-stuck",
	.call =
		{.sql = "SELECT l.doc, l.id, l.number FROM careforall.admin_stuck_list("
				"$1::uuid, $2::text, $3::bigint, $4::uuid, $5::int) l",
		 .has_key = true},
	.filters = stuck_filters,
};
static const CfaAdminChange payment_redrive = {
	.call = {.sql = "SELECT r.doc FROM careforall.admin_payment_redrive("
					"$1::uuid, $2::bigint, $3::text, $4::boolean) r",
			 .status = 200,
			 .not_found = "There is no such dead letter."},
	.target = CFA_TARGET_NUMBER,
	.fields = one_fields,
};
static const CfaAdminChange payments_redrive = {
	.call = {.sql = "SELECT r.doc FROM careforall.admin_payments_redrive("
					"$1::uuid, $2::text, $3::text, $4::text, $5::boolean) r",
			 .status = 200},
	.fields = matching_fields,
};
static const CfaAdminChange refund_retry = {
	.call = {.sql = "SELECT r.doc FROM careforall.admin_refund_retry("
					"$1::uuid, $2::uuid, $3::text, $4::boolean) r",
			 .status = 200},
	.target = CFA_TARGET_UUID,
	.fields = one_fields,
};

void
api_admin_hold_list(CfaCtx *ctx)
{
	cfa_admin_list(ctx, &hold_list);
}

void
api_admin_stuck_list(CfaCtx *ctx)
{
	cfa_admin_list(ctx, &stuck_list);
}

void
api_admin_payment_redrive(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &payment_redrive);
}

void
api_admin_payments_redrive(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &payments_redrive);
}

void
api_admin_refund_retry(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &refund_retry);
}
