/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users.c: accounts, as their people and as administrators see and change them.
 */
#include "handlers/users.h"

#include <string.h>

#include "adapters/passwords.h"
#include "adapters/pg.h"
#include "handlers/auth.h"
#include "handlers/call.h"
#include "handlers/list_call.h"
#include "handlers/query.h"
#include "middleware/limit.h"

#define SEARCH_MAX 100

typedef struct PasswordChange
{
	CfaCtx *ctx;
	char *old;
	char *new;
	const char *seen_hash;
} PasswordChange;

/* clang-format off */
static const CfaField me_fields[] = {
	{.name = "name", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 120},
	{.name = NULL},
};
static const CfaField password_fields[] = {
	{.name = "current_password", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = CFA_PASSWORD_MAX_CHARS},
	{.name = "new_password", .kind = CFA_FIELD_TEXT, .is_required = true, .min = CFA_PASSWORD_MIN_CHARS, .max = CFA_PASSWORD_MAX_CHARS},
	{.name = NULL},
};
static const CfaField user_fields[] = {
	{.name = "role", .kind = CFA_FIELD_CHOICE, .words = "donor owner admin"},
	{.name = "is_disabled", .kind = CFA_FIELD_BOOLEAN},
	{.name = "reason", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 3, .max = 500},
	{.name = NULL},
};
static const CfaField logout_fields[] = {
	{.name = "reason", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 3, .max = 500},
	{.name = NULL},
};
/* clang-format on */

static const CfaCall me_read = {
	.sql = "SELECT m.doc, m.etag FROM careforall.me_read($1::uuid) m",
	.status = 200,
};
static const CfaCall me_change = {
	.sql = "SELECT m.doc, m.etag FROM careforall.me_change($1::uuid, $2::text, "
		   "$3::text) m",
	.status = 200,
};
static const CfaCall me_sessions = {
	.sql = "SELECT s.doc FROM careforall.me_sessions($1::uuid, $2::uuid) s",
	.status = 200,
};
static const CfaCall me_session_end = {
	.sql = "SELECT s.doc FROM careforall.me_session_end($1::uuid, $2::uuid) s",
	.status = 204,
	.not_found = "There is no such session.",
};
static const CfaCall user_read = {
	.sql = "SELECT a.doc, a.etag FROM careforall.account_find($1::uuid, "
		   "$2::uuid) a",
	.status = 200,
	.not_found = "There is no such account.",
};
static const CfaCall user_change = {
	.sql = "SELECT a.doc, a.etag FROM careforall.account_change($1::uuid, "
		   "$2::uuid, $3::text, $4::text, $5::boolean, $6::text) a",
	.status = 200,
	.not_found = "There is no such account.",
};
static const CfaCall user_logout = {
	.sql = "SELECT a.doc FROM careforall.account_logout($1::uuid, $2::uuid, "
		   "$3::text) a",
	.status = 204,
	.not_found = "There is no such account.",
};

static void on_password_begun(void *arg, const PGresult *result,
							  const char *sqlstate);
static bool refuse_new_password(PasswordChange *change, const PGresult *result);
static void on_password_checked(void *arg, const CfaPasswordResult *result);
static void on_password_changed(void *arg, const PGresult *result,
								const char *sqlstate);
static const char *text_of(CfaCtx *ctx, const json_t *json, const char *name);

/* --- One's own account ------------------------------------------------------- */

void
api_me_read(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};

	cfa_call(ctx, &me_read, &params);
}

void
api_me_change(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 3, .values = {ctx->principal.account_id}};
	json_t *json;

	params.values[1] = cfa_call_if_match(ctx);
	if (params.values[1] == NULL)
		return;
	json = cfa_call_body(ctx, me_fields, NULL);
	if (json == NULL)
		return;
	params.values[2] = text_of(ctx, json, "name");
	json_decref(json);
	cfa_call(ctx, &me_change, &params);
}

void
api_me_session_list(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 2,
						  .values = {ctx->principal.account_id,
									 ctx->principal.session_id}};

	cfa_call(ctx, &me_sessions, &params);
}

void
api_me_session_end(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 2, .values = {ctx->principal.account_id}};

	params.values[1] = cfa_call_id(ctx, "id");
	if (params.values[1] != NULL)
		cfa_call(ctx, &me_session_end, &params);
}

void
api_me_password(CfaCtx *ctx)
{
	PasswordChange *change;
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};
	json_t *json = cfa_call_body(ctx, password_fields, NULL);

	if (json == NULL)
		return;
	change = cfa_arena_zalloc(&ctx->arena, sizeof(*change));
	change->ctx = ctx;
	change->old = cfa_take_secret(ctx, json, "current_password");
	change->new = cfa_take_secret(ctx, json, "new_password");
	json_decref(json);
	if (!cfa_passwords_reserve())
	{
		cfa_wipe(change->old);
		cfa_wipe(change->new);
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
		return;
	}
	cfa_ctx_hold(ctx);
	cfa_pg_call(
		"SELECT p.retry_after_s, p.password_hash, p.pepper_id, p.email, "
		"p.name FROM careforall.password_begin($1::uuid) p",
		&params,
		on_password_begun,
		change);
}

static void
on_password_begun(void *arg, const PGresult *result, const char *sqlstate)
{
	PasswordChange *change = arg;
	CfaCtx *ctx = change->ctx;
	CfaPasswordJob job = {.work = CFA_PASSWORD_CHANGE,
						  .password = change->old,
						  .new_password = change->new};
	bool goes_on = false;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (strcmp(PQgetvalue(result, 0, 0), "0") != 0)
		cfa_refuse_attempt(ctx, PQgetvalue(result, 0, 0));
	else if (!refuse_new_password(change, result))
	{
		change->seen_hash =
			cfa_arena_printf(&ctx->arena, "%s", PQgetvalue(result, 0, 1));
		job.hash = change->seen_hash;
		job.pepper_id = PQgetvalue(result, 0, 2);
		cfa_passwords_run(&job, on_password_checked, change);
		goes_on = true;
	}
	cfa_wipe(change->old);
	cfa_wipe(change->new);
	if (goes_on)
		return;
	cfa_passwords_release();
	cfa_ctx_release(ctx);
}

static bool
refuse_new_password(PasswordChange *change, const PGresult *result)
{
	const char *identities[] = {PQgetvalue(result, 0, 3),
								PQgetvalue(result, 0, 4),
								NULL};
	const char *weakness = cfa_password_weakness(change->new, identities);

	if (weakness == NULL)
		return false;
	cfa_refuse_field(change->ctx, "/new_password", "too_weak", weakness);
	return true;
}

static void
on_password_checked(void *arg, const CfaPasswordResult *result)
{
	PasswordChange *change = arg;
	CfaCtx *ctx = change->ctx;
	CfaPgParams params = {.count = 5,
						  .values = {ctx->principal.account_id,
									 ctx->principal.session_id,
									 change->seen_hash,
									 result->new_hash,
									 result->new_pepper_id}};

	if (result->is_match && !result->has_failed)
	{
		cfa_pg_call("SELECT p.doc FROM careforall.password_change($1::uuid, "
					"$2::uuid, $3::text, $4::text, $5::text) p",
					&params,
					on_password_changed,
					change);
		return;
	}
	if (result->has_failed)
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
	}
	else
	{
		cfa_limit_charge(ctx, CFA_LIMIT_FAILURE_COST);
		cfa_refuse_field(ctx,
						 "/current_password",
						 "wrong",
						 "Is not the password of this account.");
	}
	cfa_ctx_release(ctx);
}

static void
on_password_changed(void *arg, const PGresult *result, const char *sqlstate)
{
	PasswordChange *change = arg;
	CfaCtx *ctx = change->ctx;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0)
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_CONFLICT,
						   "The password was changed meanwhile.");
	else
		cfa_answer_empty(ctx, 204);
	cfa_ctx_release(ctx);
}

/* --- Administration ------------------------------------------------------------ */

void
api_user_list(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql = "SELECT l.doc, l.id FROM careforall.account_list($1::uuid, "
			   "$2::text, $3::text, $4::uuid, $5::int) l",
	};
	CfaPgParams params = {.count = 3, .values = {ctx->principal.account_id}};

	if (cfa_query_text(ctx, "q", SEARCH_MAX, &params.values[1]) &&
		cfa_query_choice(ctx, "role", "donor owner admin", &params.values[2]))
		cfa_list_call(ctx, &call, "users", &params);
}

void
api_user_read(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 2, .values = {ctx->principal.account_id}};

	params.values[1] = cfa_call_id(ctx, "id");
	if (params.values[1] != NULL)
		cfa_call(ctx, &user_read, &params);
}

void
api_user_change(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 6, .values = {ctx->principal.account_id}};
	json_t *is_disabled;
	json_t *json;

	params.values[1] = cfa_call_id(ctx, "id");
	params.values[2] = params.values[1] ? cfa_call_if_match(ctx) : NULL;
	if (params.values[2] == NULL)
		return;
	json = cfa_call_body(ctx, user_fields, NULL);
	if (json == NULL)
		return;
	params.values[3] = text_of(ctx, json, "role");
	is_disabled = json_object_get(json, "is_disabled");
	if (is_disabled != NULL)
		params.values[4] = json_is_true(is_disabled) ? "true" : "false";
	params.values[5] = text_of(ctx, json, "reason");
	json_decref(json);
	cfa_call(ctx, &user_change, &params);
}

void
api_user_logout(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 3, .values = {ctx->principal.account_id}};
	json_t *json;

	params.values[1] = cfa_call_id(ctx, "id");
	json = params.values[1] ? cfa_call_body(ctx, logout_fields, NULL) : NULL;
	if (json == NULL)
		return;
	params.values[2] = text_of(ctx, json, "reason");
	json_decref(json);
	cfa_call(ctx, &user_logout, &params);
}

/* The text of a member in the arena; NULL if it is not there. */
static const char *
text_of(CfaCtx *ctx, const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text ? cfa_arena_strndup(&ctx->arena, text, strlen(text)) : NULL;
}
