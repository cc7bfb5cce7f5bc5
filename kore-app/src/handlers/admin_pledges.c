/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_pledges.c: pledges for administrators.
 */
#include "handlers/admin_pledges.h"

#include <string.h>

#include "handlers/admin.h"

#define PREFIX_MIN 3 /* characters of an address before a * */

/* clang-format off */
static const CfaParam list_filters[] = {
	{.name = "reference", .kind = CFA_PARAM_TEXT, .min = 4, .max = 255},
	{.name = "email", .kind = CFA_PARAM_TEXT, .min = 3, .max = 254},
	{.name = "name", .kind = CFA_PARAM_TEXT, .min = 2, .max = 120},
	{.name = "amount_min", .kind = CFA_PARAM_INTEGER, .min = 0, .max = CFA_AMOUNT_MAX},
	{.name = "amount_max", .kind = CFA_PARAM_INTEGER, .min = 0, .max = CFA_AMOUNT_MAX},
	{.name = "currency", .kind = CFA_PARAM_CURRENCY, .max = 100},
	{.name = "created_from", .kind = CFA_PARAM_TIME},
	{.name = "created_to", .kind = CFA_PARAM_TIME},
	{.name = "state", .kind = CFA_PARAM_CHOICE, .words = "pending confirmed failed refunded"},
	{.name = "campaign", .kind = CFA_PARAM_TEXT, .min = 1, .max = 80},
	{.name = "reward", .kind = CFA_PARAM_UUID},
	{.name = "sort", .kind = CFA_PARAM_CHOICE, .words = "newest amount", .fallback = "newest"},
	{.name = NULL},
};
static const CfaField reveal_fields[] = {
	CFA_ADMIN_REASON,
	{.name = NULL},
};
static const CfaField cancel_fields[] = {
	CFA_ADMIN_REASON,
	CFA_ADMIN_DRY_RUN,
	{.name = NULL},
};
static const CfaField renew_fields[] = {
	CFA_ADMIN_REASON,
	{.name = "days", .kind = CFA_FIELD_INTEGER, .min = 1, .max = 3650},
	CFA_ADMIN_DRY_RUN,
	{.name = NULL},
};
static const CfaField release_fields[] = {
	CFA_ADMIN_REASON,
	{.name = "force", .kind = CFA_FIELD_BOOLEAN},
	CFA_ADMIN_DRY_RUN,
	{.name = NULL},
};
/* clang-format on */

static const CfaAdminList pledge_list = {
	.name = "admin-pledges",
	.call =
		{.sql =
			 "SELECT l.doc, l.id, l.number FROM careforall.admin_pledge_list("
			 "$1::uuid, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, "
			 "$7::text, $8::timestamptz, $9::timestamptz, $10::text, $11::text, "
			 "$13::text, $14::bigint, $15::uuid, $16::int, $12::uuid) l",
		 .has_key = true},
	.filters = list_filters,
};
static const CfaAdminRead pledge_read = {
	.call = {.sql = "SELECT p.doc FROM careforall.admin_pledge($1::uuid, "
					"$2::uuid) p",
			 .status = 200,
			 .not_found = "There is no such pledge."},
	.target = CFA_TARGET_UUID,
};
static const CfaAdminChange pledge_reveal = {
	.call = {.sql = "SELECT r.doc FROM careforall.admin_pledge_reveal("
					"$1::uuid, $2::uuid, $3::text) r",
			 .status = 200},
	.target = CFA_TARGET_UUID,
	.fields = reveal_fields,
};
static const CfaAdminChange pledge_erase_donor = {
	.call = {.sql = "SELECT e.doc FROM careforall.admin_pledge_erase_donor("
					"$1::uuid, $2::uuid, $3::text, $4::boolean) e",
			 .status = 200,
			 .not_found = "There is no such pledge."},
	.target = CFA_TARGET_UUID,
	.fields = cancel_fields,
};
static const CfaAdminChange pledge_cancel = {
	.call = {.sql = "SELECT e.doc FROM careforall.admin_pledge_end($1::uuid, "
					"$2::uuid, 'cancel', $3::text, false, $4::boolean) e",
			 .status = 200},
	.target = CFA_TARGET_UUID,
	.fields = cancel_fields,
};
static const CfaAdminChange pledge_release_hold = {
	.call = {.sql = "SELECT e.doc FROM careforall.admin_pledge_end($1::uuid, "
					"$2::uuid, 'expire', $3::text, $4::boolean, $5::boolean) e",
			 .status = 200},
	.target = CFA_TARGET_UUID,
	.fields = release_fields,
};
static const CfaAdminChange pledge_renew_link = {
	.call = {.sql = "SELECT r.doc FROM careforall.admin_pledge_link_renew("
					"$1::uuid, $2::uuid, $4::bigint, $3::text, $5::boolean) r",
			 .status = 200},
	.target = CFA_TARGET_UUID,
	.fields = renew_fields,
};

static bool has(CfaCtx *ctx, const char *name);
static bool is_email_short(CfaCtx *ctx);

void
api_admin_pledge_list(CfaCtx *ctx)
{
	bool has_currency = has(ctx, "currency");
	bool is_bad = false;
	const char *sort = cfa_ctx_query(ctx, "sort", &is_bad);

	if ((has(ctx, "amount_min") || has(ctx, "amount_max")) && !has_currency)
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "amount_min and amount_max need a currency.");
	else if (sort != NULL && strcmp(sort, "amount") == 0 && !has_currency &&
			 !has(ctx, "campaign") && !has(ctx, "reward"))
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "To sort by amount, give a currency, a campaign or "
						   "a reward.");
	else if (is_email_short(ctx))
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "Give at least %d characters before the *.",
						   PREFIX_MIN);
	else
		cfa_admin_list(ctx, &pledge_list);
}

void
api_admin_pledge_read(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &pledge_read);
}

void
api_admin_pledge_reveal(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &pledge_reveal);
}

void
api_admin_pledge_erase_donor(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &pledge_erase_donor);
}

void
api_admin_pledge_cancel(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &pledge_cancel);
}

void
api_admin_pledge_release_hold(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &pledge_release_hold);
}

void
api_admin_pledge_renew_link(CfaCtx *ctx)
{
	cfa_admin_change(ctx, &pledge_renew_link);
}

static bool
has(CfaCtx *ctx, const char *name)
{
	bool is_bad = false;

	return cfa_ctx_query(ctx, name, &is_bad) != NULL;
}

/* Whether it asks for all addresses that begin with almost nothing. */
static bool
is_email_short(CfaCtx *ctx)
{
	bool is_bad = false;
	const char *email = cfa_ctx_query(ctx, "email", &is_bad);
	size_t len = email == NULL ? 0 : strlen(email);

	return len > 0 && len <= PREFIX_MIN && email[len - 1] == '*';
}
