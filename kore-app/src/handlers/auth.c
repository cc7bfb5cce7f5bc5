/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c: sessions begun, prolonged and ended.
 *
 * Register, first-admin and log-in end alike: a session with an access token in
 * the body and a refresh token in the cookie. What the database says of a
 * password is never told: no account, a disabled one and a wrong password have
 * the same answer after the same work.
 *
 * A place for the hash is taken before anything else is done, so that an
 * overloaded server refuses at once and counts no failure. The context is held
 * through the whole chain of calls; a client that leaves changes nothing in it.
 */
#include "handlers/auth.h"

#include <careforall/buf.h>
#include <careforall/log.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/passwords.h"
#include "adapters/pg.h"
#include "adapters/tokens.h"
#include "handlers/call.h"
#include "handlers/factor.h"
#include "handlers/refresh_cookie.h"
#include "meters.h"
#include "middleware/auth.h"
#include "middleware/headers.h"
#include "middleware/limit.h"
#include "middleware/limit_fields.h"

#define ADMIN_TOKEN_LEN 64

/* One request on its way to a session. */
typedef struct Entry
{
	CfaCtx *ctx;
	const char *sql; /* of what follows a new hash */
	const char *email;
	const char *name;
	const char *user_agent;
	char *password;		 /* until it was handed on */
	const char *account; /* of a log-in */
	const char *seen_hash;
	CfaFactor factor; /* of the account */
	char *code;		  /* NULL: none came */
	uint8_t admin_token_hash[32];
	CfaRefreshToken token;
} Entry;

/* Columns of the functions that open a session; a refresh has one before them. */
enum
{
	COL_ACCOUNT,
	COL_SESSION,
	COL_MAX_AGE,
	COL_DOC
};

static const char sql_register[] =
	"SELECT r.account_id, r.session_id, r.max_age_s, r.doc FROM "
	"careforall.account_register($1::text, $2::text, $3::text, $4::text, "
	"$5::bytea, $6::text) r";
static const char sql_admin[] =
	"SELECT r.account_id, r.session_id, r.max_age_s, r.doc FROM "
	"careforall.admin_register($7::bytea, $1::text, $2::text, $3::text, "
	"$4::text, $5::bytea, $6::text) r";

/* clang-format off */
static const CfaField register_fields[] = {
	{.name = "email", .kind = CFA_FIELD_EMAIL, .is_required = true, .min = 3, .max = 254},
	{.name = "name", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 120},
	{.name = "password", .kind = CFA_FIELD_TEXT, .is_required = true, .min = CFA_PASSWORD_MIN_CHARS, .max = CFA_PASSWORD_MAX_CHARS},
	{.name = NULL},
};
static const CfaField admin_fields[] = {
	{.name = "token", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 128},
	{.name = "email", .kind = CFA_FIELD_EMAIL, .is_required = true, .min = 3, .max = 254},
	{.name = "name", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 120},
	{.name = "password", .kind = CFA_FIELD_TEXT, .is_required = true, .min = CFA_PASSWORD_MIN_CHARS, .max = CFA_PASSWORD_MAX_CHARS},
	{.name = NULL},
};
static const CfaField login_fields[] = {
	{.name = "email", .kind = CFA_FIELD_EMAIL, .is_required = true, .min = 3, .max = 254},
	{.name = "password", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = CFA_PASSWORD_MAX_CHARS},
	{.name = "code", .kind = CFA_FIELD_TEXT, .min = 1, .max = CFA_FACTOR_CODE_MAX},
	{.name = NULL},
};
/* clang-format on */

static Entry *new_entry(CfaCtx *ctx, const CfaField *fields, json_t **json);
static void begin_account(Entry *entry);
static void on_hashed(void *arg, const CfaPasswordResult *result);
static void on_account(void *arg, const PGresult *result, const char *sqlstate);
static void on_login_begun(void *arg, const PGresult *result,
						   const char *sqlstate);
static void on_checked(void *arg, const CfaPasswordResult *result);
static void on_login(void *arg, const PGresult *result, const char *sqlstate);
static void refuse_login(CfaCtx *ctx);
static bool prove_factor(Entry *entry, CfaPgParams *params);
static void on_refreshed(void *arg, const PGresult *result,
						 const char *sqlstate);
static void on_logout(void *arg, const PGresult *result, const char *sqlstate);
static void answer_session(CfaCtx *ctx, int status, const PGresult *result,
						   int first, const CfaRefreshToken *token);
static void refuse_refresh(CfaCtx *ctx, bool had_cookie);
static void set_bytes(CfaPgParams *params, int index, const uint8_t *bytes);

void
api_register(CfaCtx *ctx)
{
	json_t *json;
	Entry *entry = new_entry(ctx, register_fields, &json);

	if (entry == NULL)
		return;
	json_decref(json);
	entry->sql = sql_register;
	begin_account(entry);
}

void
api_first_admin(CfaCtx *ctx)
{
	uint8_t bytes[ADMIN_TOKEN_LEN / 2];
	json_t *json;
	Entry *entry = new_entry(ctx, admin_fields, &json);
	const char *token;
	size_t len = 0;

	if (entry == NULL)
		return;
	token = json_string_value(json_object_get(json, "token"));
	if (strlen(token) != ADMIN_TOKEN_LEN ||
		sodium_hex2bin(
			bytes, sizeof(bytes), token, strlen(token), NULL, &len, NULL) !=
			0 ||
		len != sizeof(bytes))
	{
		json_decref(json);
		cfa_wipe(entry->password);
		refuse_login(ctx);
		return;
	}
	json_decref(json);
	(void) crypto_hash_sha256(entry->admin_token_hash, bytes, sizeof(bytes));
	entry->sql = sql_admin;
	begin_account(entry);
}

void
api_login(CfaCtx *ctx)
{
	json_t *json;
	Entry *entry = new_entry(ctx, login_fields, &json);
	CfaPgParams params = {.count = 1};

	if (entry == NULL)
		return;
	json_decref(json);
	if (!cfa_passwords_reserve())
	{
		cfa_meter_add(CFA_M_LOGIN_OVERLOADED, 1);
		cfa_wipe(entry->password);
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
		return;
	}
	params.values[0] = entry->email;
	cfa_ctx_hold(ctx);
	cfa_pg_query(CFA_PG_LOGIN_BEGIN, &params, false, on_login_begun, entry);
}

void
api_refresh(CfaCtx *ctx)
{
	Entry *entry = cfa_arena_zalloc(&ctx->arena, sizeof(*entry));
	CfaPgParams params = {.count = 2};
	CfaRefreshToken old;

	entry->ctx = ctx;
	if (!cfa_refresh_cookie_read(ctx, &old))
	{
		refuse_refresh(ctx, cfa_ctx_header_count(ctx, "cookie") > 0);
		return;
	}
	cfa_refresh_token_make(&entry->token);
	set_bytes(&params, 0, old.hash);
	set_bytes(&params, 1, entry->token.hash);
	cfa_ctx_hold(ctx);
	cfa_pg_query(CFA_PG_SESSION_REFRESH, &params, false, on_refreshed, entry);
}

void
api_logout(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 1};
	CfaRefreshToken token;

	if (!cfa_refresh_cookie_read(ctx, &token))
	{
		cfa_refresh_cookie_clear(ctx);
		cfa_answer_empty(ctx, 204);
		return;
	}
	set_bytes(&params, 0, token.hash);
	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT careforall.session_logout($1::bytea)",
				&params,
				on_logout,
				ctx);
}

void
api_logout_all(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};

	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT l.doc FROM careforall.me_logout_all($1::uuid) l",
				&params,
				on_logout,
				ctx);
}

void
api_jwks(CfaCtx *ctx)
{
	const char *etag = cfa_tokens_jwks_etag();
	const char *jwks = cfa_tokens_jwks();

	ctx->cache_control = "public, max-age=300";
	cfa_answer_header(ctx, "etag", etag);
	if (cfa_etag_listed(cfa_ctx_header(ctx, "if-none-match"), etag))
		cfa_answer_empty(ctx, 304);
	else
		cfa_answer(ctx, 200, "application/json", jwks, strlen(jwks));
}

char *
cfa_take_secret(CfaCtx *ctx, json_t *json, const char *name)
{
	json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	char *secret = cfa_arena_strndup(&ctx->arena, text, len);
	size_t body_len;
	const uint8_t *body = cfa_ctx_body(ctx, &body_len);

	/* Nobody reads these two again. */
	sodium_memzero((void *) (uintptr_t) text, len);
	sodium_memzero((void *) (uintptr_t) body, body_len);
	return secret;
}

void
cfa_wipe(char *secret)
{
	sodium_memzero(secret, strlen(secret));
}

void
cfa_refuse_field(CfaCtx *ctx, const char *pointer, const char *code,
				 const char *detail)
{
	cfa_answer_problem_with(
		ctx,
		CFA_PROBLEM_VALIDATION_FAILED,
		cfa_arena_printf(&ctx->arena,
						 ",\"errors\":[{\"pointer\":\"%s\",\"code\":\"%s\","
						 "\"detail\":\"%s\"}]",
						 pointer,
						 code,
						 detail),
		"One field is invalid.");
}

void
cfa_refuse_attempt(CfaCtx *ctx, const char *retry_after_s)
{
	cfa_meter_add(CFA_M_LOGIN_SLOWED, 1);
	cfa_limit_answer_bound(ctx,
						   "login-failures-account",
						   retry_after_s,
						   "Too many wrong passwords for this account.");
}

/* Reads the body; NULL after a problem was answered. */
static Entry *
new_entry(CfaCtx *ctx, const CfaField *fields, json_t **json)
{
	Entry *entry = cfa_arena_zalloc(&ctx->arena, sizeof(*entry));
	const char *agent = cfa_ctx_header(ctx, "user-agent");
	const char *text;

	*json = cfa_call_body(ctx, fields, NULL);
	if (*json == NULL)
		return NULL;
	entry->ctx = ctx;
	text = json_string_value(json_object_get(*json, "email"));
	entry->email = cfa_arena_strndup(&ctx->arena, text, strlen(text));
	text = json_string_value(json_object_get(*json, "name"));
	if (text != NULL)
		entry->name = cfa_arena_strndup(&ctx->arena, text, strlen(text));
	if (agent != NULL && cfa_utf8_valid(agent, strlen(agent)))
		entry->user_agent = cfa_arena_printf(&ctx->arena, "%.200s", agent);
	if (json_object_get(*json, "code") != NULL)
		entry->code = cfa_take_secret(ctx, *json, "code");
	entry->password = cfa_take_secret(ctx, *json, "password");
	cfa_refresh_token_make(&entry->token);
	return entry;
}

/* --- New accounts ------------------------------------------------------------ */

static void
begin_account(Entry *entry)
{
	const char *identities[] = {entry->email, entry->name, NULL};
	const char *weakness = cfa_password_weakness(entry->password, identities);
	CfaPasswordJob job = {.work = CFA_PASSWORD_HASH};
	CfaCtx *ctx = entry->ctx;

	if (weakness != NULL)
		cfa_refuse_field(ctx, "/password", "too_weak", weakness);
	else if (!cfa_passwords_reserve())
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
	else
	{
		job.password = entry->password;
		cfa_ctx_hold(ctx);
		cfa_passwords_run(&job, on_hashed, entry);
	}
	cfa_wipe(entry->password);
}

static void
on_hashed(void *arg, const CfaPasswordResult *result)
{
	Entry *entry = arg;
	CfaPgParams params = {.count = entry->sql == sql_admin ? 7 : 6,
						  .values = {entry->email,
									 entry->name,
									 result->new_hash,
									 result->new_pepper_id,
									 NULL,
									 entry->user_agent}};

	if (result->has_failed)
	{
		cfa_answer_problem(entry->ctx, CFA_PROBLEM_OVERLOADED, NULL);
		cfa_ctx_release(entry->ctx);
		return;
	}
	set_bytes(&params, 4, entry->token.hash);
	set_bytes(&params, 6, entry->admin_token_hash);
	cfa_pg_call(entry->sql, &params, on_account, entry);
}

static void
on_account(void *arg, const PGresult *result, const char *sqlstate)
{
	Entry *entry = arg;
	CfaCtx *ctx = entry->ctx;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0)
		refuse_login(ctx);
	else
	{
		cfa_log(CFA_LOG_INFO,
				"account_made",
				CFA_STR("account_id", PQgetvalue(result, 0, COL_ACCOUNT)),
				CFA_STR("route", ctx->route->path),
				CFA_STR("request_id", ctx->request_id));
		cfa_answer_header(ctx, "location", "/api/v1/me");
		answer_session(ctx, 201, result, 0, &entry->token);
	}
	cfa_ctx_release(ctx);
}

/* --- Log-in ------------------------------------------------------------------- */

static void
on_login_begun(void *arg, const PGresult *result, const char *sqlstate)
{
	Entry *entry = arg;
	CfaCtx *ctx = entry->ctx;
	CfaPasswordJob job = {.work = CFA_PASSWORD_CHECK,
						  .password = entry->password};
	bool goes_on = result != NULL && strcmp(PQgetvalue(result, 0, 0), "0") == 0;

	if (goes_on && !PQgetisnull(result, 0, 1))
	{
		entry->account =
			cfa_arena_printf(&ctx->arena, "%s", PQgetvalue(result, 0, 1));
		entry->seen_hash =
			cfa_arena_printf(&ctx->arena, "%s", PQgetvalue(result, 0, 2));
		job.hash = entry->seen_hash;
		job.pepper_id = PQgetvalue(result, 0, 3);
		cfa_factor_read(&entry->factor, result, 4);
	}
	if (goes_on)
		cfa_passwords_run(&job, on_checked, entry);
	cfa_wipe(entry->password);
	if (goes_on)
		return;
	cfa_passwords_release();
	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else
		cfa_refuse_attempt(ctx, PQgetvalue(result, 0, 0));
	cfa_ctx_release(ctx);
}

static void
on_checked(void *arg, const CfaPasswordResult *result)
{
	Entry *entry = arg;
	CfaPgParams params = {.count = 8,
						  .values = {entry->account,
									 entry->seen_hash,
									 result->new_hash,
									 result->new_pepper_id,
									 NULL,
									 entry->user_agent}};

	if (result->is_match && prove_factor(entry, &params))
	{
		set_bytes(&params, 4, entry->token.hash);
		cfa_pg_query(CFA_PG_LOGIN_FINISH, &params, false, on_login, entry);
		return;
	}
	if (result->is_match)
		cfa_factor_refuse(entry->ctx, entry->code);
	else if (result->has_failed)
		cfa_answer_problem(entry->ctx, CFA_PROBLEM_OVERLOADED, NULL);
	else
		refuse_login(entry->ctx);
	cfa_ctx_release(entry->ctx);
}

static void
on_login(void *arg, const PGresult *result, const char *sqlstate)
{
	Entry *entry = arg;
	CfaCtx *ctx = entry->ctx;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0 && entry->factor.is_enrolled)
		cfa_factor_refuse(ctx, entry->code);
	else if (PQntuples(result) == 0)
		refuse_login(ctx);
	else
	{
		cfa_meter_add(CFA_M_LOGIN_OK, 1);
		answer_session(ctx, 200, result, 0, &entry->token);
	}
	cfa_ctx_release(ctx);
}

/*
 * Whether the account has no second factor, or the code that came is one of it; then
 * it is the last two parameters. Wipes the code, so that only its being there is told.
 */
static bool
prove_factor(Entry *entry, CfaPgParams *params)
{
	bool is_right = cfa_factor_prove(entry->ctx,
									 &entry->factor,
									 entry->account,
									 entry->code,
									 params,
									 6);

	if (entry->code != NULL)
		cfa_wipe(entry->code);
	return is_right;
}

/* One answer for an unknown account, a disabled one, and a wrong password. */
static void
refuse_login(CfaCtx *ctx)
{
	cfa_meter_add(CFA_M_LOGIN_WRONG, 1);
	cfa_log(CFA_LOG_INFO,
			"login_refused",
			CFA_STR("route", ctx->route->path),
			CFA_STR("request_id", ctx->request_id));
	cfa_limit_charge(ctx, CFA_LIMIT_FAILURE_COST);
	cfa_answer_header(ctx, "www-authenticate", "Bearer realm=\"careforall\"");
	cfa_answer_problem(ctx, CFA_PROBLEM_CREDENTIALS_INVALID, NULL);
}

/* --- Refresh and log-out -------------------------------------------------------- */

static void
on_refreshed(void *arg, const PGresult *result, const char *sqlstate)
{
	Entry *entry = arg;
	CfaCtx *ctx = entry->ctx;
	const char *outcome = result ? PQgetvalue(result, 0, 0) : "";

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (strcmp(outcome, "refreshed") == 0 ||
			 strcmp(outcome, "forgiven") == 0)
	{
		cfa_meter_add(outcome[0] == 'r' ? CFA_M_REFRESH_REFRESHED
										: CFA_M_REFRESH_FORGIVEN,
					  1);
		answer_session(ctx, 200, result, 1, &entry->token);
	}
	else
	{
		if (strcmp(outcome, "reused") == 0)
		{
			cfa_meter_add(CFA_M_REFRESH_REUSED, 1);
			cfa_log(CFA_LOG_WARN,
					"refresh_token_reused",
					CFA_STR("account_id", PQgetvalue(result, 0, 1)),
					CFA_STR("session_id", PQgetvalue(result, 0, 2)),
					CFA_STR("request_id", ctx->request_id));
		}
		refuse_refresh(ctx, true);
	}
	cfa_ctx_release(ctx);
}

static void
refuse_refresh(CfaCtx *ctx, bool had_cookie)
{
	cfa_meter_add(CFA_M_REFRESH_REFUSED, 1);
	if (had_cookie)
		cfa_refresh_cookie_clear(ctx);
	cfa_auth_refuse(ctx, NULL, "The session is over; log in again.");
}

static void
on_logout(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaCtx *ctx = arg;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else
	{
		cfa_refresh_cookie_clear(ctx);
		cfa_answer_empty(ctx, 204);
	}
	cfa_ctx_release(ctx);
}

/* --- Answers ------------------------------------------------------------------- */

/* The columns of the session begin at first. */
static void
answer_session(CfaCtx *ctx, int status, const PGresult *result, int first,
			   const CfaRefreshToken *token)
{
	char *access = cfa_tokens_issue(PQgetvalue(result, 0, first + COL_ACCOUNT),
									PQgetvalue(result, 0, first + COL_SESSION),
									time(NULL));
	CfaBuf body = {0};

	if (access == NULL)
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_INTERNAL, NULL);
		return;
	}
	cfa_buf_addf(&body,
				 "{\"access_token\":\"%s\",\"token_type\":\"Bearer\","
				 "\"expires_in\":%d,\"account\":%s}",
				 access,
				 CFA_TOKENS_LIFETIME_S,
				 PQgetvalue(result, 0, first + COL_DOC));
	cfa_refresh_cookie_set(ctx,
						   token,
						   PQgetvalue(result, 0, first + COL_MAX_AGE));
	cfa_answer_copy(ctx, status, "application/json", body.data, body.len);
	cfa_buf_clear(&body);
	free(access);
}

static void
set_bytes(CfaPgParams *params, int index, const uint8_t *bytes)
{
	params->values[index] = (const char *) bytes;
	params->lengths[index] = CFA_REFRESH_HASH_SIZE;
	params->formats[index] = 1;
}
