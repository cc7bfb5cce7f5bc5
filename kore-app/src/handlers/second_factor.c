/* SPDX-License-Identifier: Apache-2.0 */
/*
 * second_factor.c: the second factor of an account is set up, replaced and removed.
 *
 * Setting up takes two steps: a secret is offered, and taken into use with its first
 * code, so that nobody is locked out by an app that has not taken it. Offer and
 * removal want the password, and a code if there is a factor already: a session
 * that somebody else has got hold of changes nothing.
 */
#include "handlers/second_factor.h"

#include <careforall/buf.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "adapters/passwords.h"
#include "handlers/auth.h"
#include "handlers/call.h"
#include "handlers/factor.h"
#include "middleware/limit.h"

#define UNRESERVED \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

/* One change on its way. */
typedef struct Change
{
	CfaCtx *ctx;
	bool is_removal;
	char *password; /* until it was handed on */
	char *code;		/* NULL: none came */
	const char *seen_hash;
	const char *email;
	CfaFactor factor; /* what there is, or what is offered */
	uint8_t secret[CFA_TOTP_SECRET_SIZE];
	char codes[CFA_RECOVERY_COUNT][CFA_RECOVERY_TEXT];
} Change;

/* clang-format off */
static const CfaField change_fields[] = {
	{.name = "password", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = CFA_PASSWORD_MAX_CHARS},
	{.name = "code", .kind = CFA_FIELD_TEXT, .min = 1, .max = CFA_FACTOR_CODE_MAX},
	{.name = NULL},
};
static const CfaField confirm_fields[] = {
	{.name = "code", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = CFA_FACTOR_CODE_MAX},
	{.name = NULL},
};
static const CfaField reset_fields[] = {
	{.name = "reason", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 3, .max = 500},
	{.name = NULL},
};
/* clang-format on */

static void begin_change(CfaCtx *ctx, bool is_removal);
static void on_begun(void *arg, const PGresult *result, const char *sqlstate);
static void on_checked(void *arg, const CfaPasswordResult *result);
static void finish_change(Change *change, CfaPgParams *params);
static void on_changed(void *arg, const PGresult *result, const char *sqlstate);
static void answer_offer(Change *change);
static void on_offered(void *arg, const PGresult *result, const char *sqlstate);
static void take_into_use(Change *change, int64_t step);
static void on_confirmed(void *arg, const PGresult *result,
						 const char *sqlstate);
static void refuse_code(CfaCtx *ctx);
static void set_sealed(CfaPgParams *params, int index, const uint8_t *sealed);

void
api_second_factor_read(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT r.doc FROM careforall.second_factor_read($1::uuid) r",
		.status = 200,
	};

	cfa_call(ctx,
			 &call,
			 &(CfaPgParams){.count = 1, .values = {ctx->principal.account_id}});
}

void
api_second_factor_offer(CfaCtx *ctx)
{
	begin_change(ctx, false);
}

void
api_second_factor_remove(CfaCtx *ctx)
{
	begin_change(ctx, true);
}

void
api_second_factor_confirm(CfaCtx *ctx)
{
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};
	json_t *json = cfa_call_body(ctx, confirm_fields, NULL);
	Change *change;

	if (json == NULL)
		return;
	change = cfa_arena_zalloc(&ctx->arena, sizeof(*change));
	change->ctx = ctx;
	change->code = cfa_take_secret(ctx, json, "code");
	json_decref(json);
	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT encode(o.sealed, 'hex'), o.key_id FROM "
				"careforall.second_factor_offered($1::uuid) o",
				&params,
				on_offered,
				change);
}

void
api_user_second_factor_reset(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT r.doc, r.etag FROM "
			   "careforall.user_second_factor_reset($1::uuid, $2::uuid, "
			   "$3::text) r",
		.status = 200,
		.not_found = "There is no such account.",
	};
	CfaPgParams params = {.count = 3, .values = {ctx->principal.account_id}};
	const char *reason;
	json_t *json;

	params.values[1] = cfa_call_id(ctx, "id");
	json = params.values[1] ? cfa_call_body(ctx, reset_fields, NULL) : NULL;
	if (json == NULL)
		return;
	reason = json_string_value(json_object_get(json, "reason"));
	params.values[2] = cfa_arena_strndup(&ctx->arena, reason, strlen(reason));
	json_decref(json);
	cfa_call(ctx, &call, &params);
}

/* --- Offer and removal --------------------------------------------------------- */

static void
begin_change(CfaCtx *ctx, bool is_removal)
{
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};
	json_t *json = cfa_call_body(ctx, change_fields, NULL);
	Change *change;

	if (json == NULL)
		return;
	change = cfa_arena_zalloc(&ctx->arena, sizeof(*change));
	change->ctx = ctx;
	change->is_removal = is_removal;
	if (json_object_get(json, "code") != NULL)
		change->code = cfa_take_secret(ctx, json, "code");
	change->password = cfa_take_secret(ctx, json, "password");
	json_decref(json);
	if (!cfa_passwords_reserve())
	{
		cfa_wipe(change->password);
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
		return;
	}
	cfa_ctx_hold(ctx);
	cfa_pg_call(
		"SELECT b.retry_after_s, b.password_hash, b.pepper_id, b.email, "
		"encode(b.sealed, 'hex'), b.key_id FROM "
		"careforall.second_factor_begin($1::uuid) b",
		&params,
		on_begun,
		change);
}

static void
on_begun(void *arg, const PGresult *result, const char *sqlstate)
{
	Change *change = arg;
	CfaCtx *ctx = change->ctx;
	CfaPasswordJob job = {.work = CFA_PASSWORD_CHECK,
						  .password = change->password};
	bool goes_on = result != NULL && strcmp(PQgetvalue(result, 0, 0), "0") == 0;

	if (goes_on)
	{
		change->seen_hash =
			cfa_arena_printf(&ctx->arena, "%s", PQgetvalue(result, 0, 1));
		change->email =
			cfa_arena_printf(&ctx->arena, "%s", PQgetvalue(result, 0, 3));
		cfa_factor_read(&change->factor, result, 4);
		job.hash = change->seen_hash;
		job.pepper_id = PQgetvalue(result, 0, 2);
		cfa_passwords_run(&job, on_checked, change);
	}
	cfa_wipe(change->password);
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
	Change *change = arg;
	CfaCtx *ctx = change->ctx;
	CfaPgParams params = {.count = 0};
	const char *account = ctx->principal.account_id;
	bool is_proved = result->is_match && cfa_factor_prove(ctx,
														  &change->factor,
														  account,
														  change->code,
														  &params,
														  0);

	if (is_proved)
	{
		finish_change(change, &params);
		return;
	}
	if (result->has_failed)
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
	else if (!result->is_match)
	{
		cfa_limit_charge(ctx, CFA_LIMIT_FAILURE_COST);
		cfa_refuse_field(ctx,
						 "/password",
						 "wrong",
						 "Is not the password of this account.");
	}
	else
		refuse_code(ctx);
	cfa_ctx_release(ctx);
}

/* The parameters 0 and 1 are the proof. */
static void
finish_change(Change *change, CfaPgParams *params)
{
	CfaCtx *ctx = change->ctx;
	CfaPgParams call = {.values = {ctx->principal.account_id,
								   ctx->principal.session_id,
								   change->seen_hash,
								   params->values[0],
								   params->values[1]},
						.lengths = {[4] = params->lengths[1]},
						.formats = {[4] = params->formats[1]}};
	uint8_t sealed[CFA_TOTP_SEALED_SIZE];

	if (change->is_removal)
	{
		call.count = 5;
		cfa_pg_call("SELECT r.doc FROM careforall.second_factor_remove("
					"$1::uuid, $2::uuid, $3::text, $4::bigint, $5::bytea) r",
					&call,
					on_changed,
					change);
		return;
	}
	cfa_totp_make(change->secret);
	call.values[6] =
		cfa_factor_seal(ctx->principal.account_id, change->secret, sealed);
	set_sealed(&call, 5, sealed);
	call.count = 7;
	cfa_pg_call("SELECT o.doc FROM careforall.second_factor_offer($1::uuid, "
				"$3::text, $4::bigint, $5::bytea, $6::bytea, $7::text) o "
				"WHERE $2::uuid IS NOT NULL",
				&call,
				on_changed,
				change);
}

static void
on_changed(void *arg, const PGresult *result, const char *sqlstate)
{
	Change *change = arg;
	CfaCtx *ctx = change->ctx;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0)
		refuse_code(ctx);
	else if (change->is_removal)
		cfa_answer_empty(ctx, 204);
	else
		answer_offer(change);
	sodium_memzero(change->secret, sizeof(change->secret));
	cfa_ctx_release(ctx);
}

static void
answer_offer(Change *change)
{
	char secret[CFA_TOTP_SECRET_TEXT];
	CfaBuf body = {0};
	const char *at;

	cfa_totp_text(change->secret, secret);
	cfa_buf_addf(&body,
				 "{\"secret\":\"%s\",\"uri\":\"otpauth://totp/CareForAll:",
				 secret);
	for (at = change->email; *at != '\0'; at++)
		cfa_buf_addf(&body,
					 strspn(at, UNRESERVED) > 0 ? "%c" : "%%%02X",
					 (unsigned) (uint8_t) *at);
	cfa_buf_addf(&body,
				 "?secret=%s&issuer=CareForAll&algorithm=SHA1&digits=%d"
				 "&period=%d\"}",
				 secret,
				 CFA_TOTP_DIGITS,
				 CFA_TOTP_PERIOD_S);
	cfa_answer_copy(change->ctx, 200, "application/json", body.data, body.len);
	sodium_memzero(body.data, body.len);
	sodium_memzero(secret, sizeof(secret));
	cfa_buf_clear(&body);
}

/* --- Its first code -------------------------------------------------------------- */

static void
on_offered(void *arg, const PGresult *result, const char *sqlstate)
{
	Change *change = arg;
	CfaCtx *ctx = change->ctx;
	uint8_t secret[CFA_TOTP_SECRET_SIZE];
	int64_t step = -1;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0)
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_CONFLICT,
						   "No secret waits for its first code; begin again.");
	else
	{
		cfa_factor_read(&change->factor, result, 0);
		if (cfa_factor_open(&change->factor, ctx->principal.account_id, secret))
			step = cfa_totp_step(secret, change->code, time(NULL));
		sodium_memzero(secret, sizeof(secret));
		if (step >= 0)
		{
			take_into_use(change, step);
			return;
		}
		refuse_code(ctx);
	}
	cfa_ctx_release(ctx);
}

static void
take_into_use(Change *change, int64_t step)
{
	CfaCtx *ctx = change->ctx;
	uint8_t hash[CFA_RECOVERY_HASH_SIZE];
	char hex[2 * CFA_RECOVERY_HASH_SIZE + 1];
	CfaPgParams params = {.count = 5,
						  .values = {ctx->principal.account_id,
									 ctx->principal.session_id}};
	CfaBuf hashes = {0};
	int i;

	for (i = 0; i < CFA_RECOVERY_COUNT; i++)
	{
		cfa_recovery_make(change->codes[i]);
		(void) cfa_recovery_hash(change->codes[i], hash);
		(void) sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
		cfa_buf_addf(&hashes, "%s\"\\\\x%s\"", i == 0 ? "{" : ",", hex);
	}
	cfa_buf_addf(&hashes, "}");
	set_sealed(&params, 2, change->factor.sealed);
	params.values[3] = cfa_arena_printf(&ctx->arena, "%" PRId64, step);
	params.values[4] = hashes.data;
	cfa_pg_call("SELECT c.doc FROM careforall.second_factor_confirm($1::uuid, "
				"$2::uuid, $3::bytea, $4::bigint, $5::bytea[]) c",
				&params,
				on_confirmed,
				change);
	cfa_buf_clear(&hashes);
}

static void
on_confirmed(void *arg, const PGresult *result, const char *sqlstate)
{
	Change *change = arg;
	CfaCtx *ctx = change->ctx;
	CfaBuf body = {0};
	int i;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0)
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_CONFLICT,
						   "Another secret was offered meanwhile.");
	else
	{
		for (i = 0; i < CFA_RECOVERY_COUNT; i++)
		{
			cfa_buf_addf(&body,
						 "%s\"%s\"",
						 i == 0 ? "{\"recovery_codes\":[" : ",",
						 change->codes[i]);
		}
		cfa_buf_addf(&body, "]}");
		cfa_answer_copy(ctx, 200, "application/json", body.data, body.len);
		sodium_memzero(body.data, body.len);
		cfa_buf_clear(&body);
	}
	sodium_memzero(change->codes, sizeof(change->codes));
	cfa_ctx_release(ctx);
}

/* --- Answers --------------------------------------------------------------------- */

static void
refuse_code(CfaCtx *ctx)
{
	cfa_limit_charge(ctx, CFA_LIMIT_FAILURE_COST);
	cfa_refuse_field(ctx,
					 "/code",
					 "wrong",
					 "Is no code of this account that still works.");
}

static void
set_sealed(CfaPgParams *params, int index, const uint8_t *sealed)
{
	params->values[index] = (const char *) sealed;
	params->lengths[index] = CFA_TOTP_SEALED_SIZE;
	params->formats[index] = 1;
}
