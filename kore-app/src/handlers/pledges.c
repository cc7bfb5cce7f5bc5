/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledges.c: making and reading a pledge.
 *
 * A new pledge is checked here as far as that needs no data, then goes to
 * PostgreSQL in a batch with others. The Idempotency-Key is part of the same
 * transaction, so a repeated request, also after a crash or a lost connection,
 * gets the first answer: it is made only of what the pledge was at creation.
 *
 * A request whose client has gone is carried out all the same.
 */
#include "handlers/pledges.h"

#include <careforall/buf.h>
#include <careforall/log.h>
#include <careforall/text.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "adapters/batch.h"
#include "adapters/pg_array.h"
#include "core/ctx.h"
#include "core/loop.h"
#include "handlers/call.h"
#include "handlers/pledge_request.h"
#include "meters.h"
#include "middleware/headers.h"

typedef struct Pledge
{
	CfaBatchItem item; /* must be first */
	CfaCtx *ctx;
	uint8_t campaign_id[16];
	uint8_t key_hash[32];
	uint8_t fingerprint[32];
	CfaPledgeRequest request;
} Pledge;

/* Columns of pledge_create_many, as selected. */
enum
{
	COL_ITEM,
	COL_OUTCOME,
	COL_PLEDGE_ID,
	COL_STATE,
	COL_VERSION,
	COL_AMOUNT,
	COL_CURRENCY,
	COL_HOLD_EXPIRES,
	COL_CREATED,
	COL_DETAIL
};

/* What an outcome that is no pledge answers with. */
typedef struct Refusal
{
	const char *outcome;
	CfaProblem problem;
	unsigned meter;
	const char *detail;
	const char *members;
} Refusal;

/* clang-format off */
static const Refusal refusals[] = {
	{"key_reused", CFA_PROBLEM_IDEMPOTENCY_KEY_REUSED, CFA_M_PLEDGE_KEY_REUSED, "Take a new key for a new pledge.", NULL},
	{"campaign_unknown", CFA_PROBLEM_NOT_FOUND, CFA_M_PLEDGE_CAMPAIGN, "There is no such campaign.", NULL},
	{"campaign_paused", CFA_PROBLEM_CAMPAIGN_NOT_ACCEPTING, CFA_M_PLEDGE_CAMPAIGN, "The campaign is paused.", ",\"reason\":\"paused\""},
	{"campaign_not_started", CFA_PROBLEM_CAMPAIGN_NOT_ACCEPTING, CFA_M_PLEDGE_CAMPAIGN, "The campaign has not started.", ",\"reason\":\"not_started\""},
	{"campaign_ended", CFA_PROBLEM_CAMPAIGN_NOT_ACCEPTING, CFA_M_PLEDGE_CAMPAIGN, "The campaign has ended.", ",\"reason\":\"ended\""},
	{"campaign_closed", CFA_PROBLEM_CAMPAIGN_NOT_ACCEPTING, CFA_M_PLEDGE_CAMPAIGN, "The campaign is closed.", ",\"reason\":\"closed\""},
	{"reward_unknown", CFA_PROBLEM_REWARD_UNKNOWN, CFA_M_PLEDGE_REWARD, NULL, NULL},
	{"amount_invalid", CFA_PROBLEM_AMOUNT_OUT_OF_RANGE, CFA_M_PLEDGE_AMOUNT, NULL, ",\"reason\":\"invalid\""},
	{"amount_too_low", CFA_PROBLEM_AMOUNT_OUT_OF_RANGE, CFA_M_PLEDGE_AMOUNT, "The amount is lower than the campaign or the reward takes.", ",\"reason\":\"too_low\""},
	{"amount_too_high", CFA_PROBLEM_AMOUNT_OUT_OF_RANGE, CFA_M_PLEDGE_AMOUNT, "The amount is higher than the campaign takes.", ",\"reason\":\"too_high\""},
	{"currency_mismatch", CFA_PROBLEM_CURRENCY_MISMATCH, CFA_M_PLEDGE_CURRENCY, NULL, ",\"reason\":\"other_currency\""},
	{"currency_unknown", CFA_PROBLEM_CURRENCY_MISMATCH, CFA_M_PLEDGE_CURRENCY, "The currency is not known.", ",\"reason\":\"unknown_currency\""},
	{"quantity_invalid", CFA_PROBLEM_VALIDATION_FAILED, CFA_M_PLEDGE_FIELDS, NULL, ",\"errors\":[{\"pointer\":\"/quantity\",\"code\":\"invalid\",\"detail\":\"The quantity is invalid.\"}]"},
	{"donor_invalid", CFA_PROBLEM_VALIDATION_FAILED, CFA_M_PLEDGE_FIELDS, NULL, ",\"errors\":[{\"pointer\":\"/donor\",\"code\":\"invalid\",\"detail\":\"The name or the e-mail address is invalid.\"}]"},
	{"message_invalid", CFA_PROBLEM_VALIDATION_FAILED, CFA_M_PLEDGE_FIELDS, NULL, ",\"errors\":[{\"pointer\":\"/message\",\"code\":\"invalid\",\"detail\":\"The message is invalid.\"}]"},
	{"display_invalid", CFA_PROBLEM_VALIDATION_FAILED, CFA_M_PLEDGE_FIELDS, NULL, ",\"errors\":[{\"pointer\":\"/display\",\"code\":\"invalid\",\"detail\":\"The display level is invalid.\"}]"},
	{"limit_reached", CFA_PROBLEM_LIMIT_REACHED, CFA_M_PLEDGE_LIMIT, "Not as much is left.", NULL},
};
/* clang-format on */

static CfaBatch batch;
static const CfaTokenKeys *keys;
static const char *public_url;

static void encode(int param, CfaBatchItem **items, int count, CfaBuf *out);
static void encode_one(int param, const Pledge *pledge, CfaBuf *out);
static void deliver(CfaBatchItem *item, const PGresult *result, int row);
static void fail(CfaBatchItem *item, const char *sqlstate);
static void pump(void);
static void on_tick(uint64_t now_ms);
static bool read_key(Pledge *pledge);
static bool read_body(Pledge *pledge);
static void answer_created(CfaCtx *ctx, const PGresult *result, int row,
						   bool is_replay);
static void answer_refused(CfaCtx *ctx, const PGresult *result, int row,
						   const char *outcome);
static void on_read(void *arg, const PGresult *result, const char *sqlstate);

static const CfaBatchKind kind = {
	.statement = CFA_PG_PLEDGE_CREATE_MANY,
	.meter = CFA_M_BATCH_SIZE_PLEDGES,
	.param_count = 12,
	.encode = encode,
	.deliver = deliver,
	.fail = fail,
};

void
cfa_pledges_configure(const CfaTokenKeys *token_keys, const char *url)
{
	keys = token_keys;
	public_url = url;
}

void
cfa_pledges_start(void)
{
	cfa_batch_init(&batch, &kind);
	cfa_pg_on_idle(pump);
	cfa_tick_add(on_tick);
}

void
api_pledge_create(CfaCtx *ctx)
{
	Pledge *pledge = cfa_arena_zalloc(&ctx->arena, sizeof(*pledge));
	const char *id = cfa_ctx_param(ctx, "id");

	pledge->ctx = ctx;
	if (!cfa_uuid_parse(id, strlen(id), pledge->campaign_id))
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_NOT_FOUND,
						   "There is no such campaign.");
		return;
	}
	if (!read_key(pledge) || !read_body(pledge))
		return;
	if (!cfa_batch_add(&batch, &pledge->item))
	{
		cfa_meter_add(CFA_M_PLEDGE_FAILED, 1);
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
		return;
	}
	cfa_ctx_hold(ctx);
	cfa_defer(pump);
}

void
api_pledge_read(CfaCtx *ctx)
{
	const char *id = cfa_ctx_param(ctx, "id");
	const char *token = cfa_ctx_header(ctx, "pledge-token");
	char text[CFA_UUID_TEXT_LEN + 1];
	uint8_t uuid[16];
	CfaPgParams params = {.count = 1, .values = {text}};

	/* Unknown and forbidden look the same. */
	if (!cfa_uuid_parse(id, strlen(id), uuid) || token == NULL ||
		cfa_ctx_header_count(ctx, "pledge-token") != 1)
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	cfa_uuid_format(uuid, text);
	if (!cfa_token_check(keys, text, token, strlen(token)))
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	cfa_ctx_hold(ctx);
	cfa_pg_query(CFA_PG_PLEDGE_READ, &params, false, on_read, ctx);
}

/* Reads the Idempotency-Key; only its hash is kept. */
static bool
read_key(Pledge *pledge)
{
	static const char scope[] =
		"anonymous\nPOST\n/api/v1/campaigns/:id/pledges\n";
	CfaCtx *ctx = pledge->ctx;
	const char *header = cfa_ctx_header(ctx, "idempotency-key");
	char key[CFA_IDEMPOTENCY_KEY_MAX + 1];
	crypto_hash_sha256_state hash;

	if (header == NULL)
	{
		cfa_meter_add(CFA_M_PLEDGE_BAD_KEY, 1);
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_IDEMPOTENCY_KEY_MISSING,
						   "Send a key of your own, such as a random UUID.");
		return false;
	}
	if (cfa_ctx_header_count(ctx, "idempotency-key") != 1 ||
		!cfa_idempotency_key_read(header, key))
	{
		cfa_meter_add(CFA_M_PLEDGE_BAD_KEY, 1);
		cfa_answer_problem(
			ctx,
			CFA_PROBLEM_IDEMPOTENCY_KEY_INVALID,
			"The key must be given once, with 1 to 255 printable ASCII "
			"characters.");
		return false;
	}
	(void) crypto_hash_sha256_init(&hash);
	(void) crypto_hash_sha256_update(&hash,
									 (const uint8_t *) scope,
									 sizeof(scope) - 1);
	(void) crypto_hash_sha256_update(&hash, (const uint8_t *) key, strlen(key));
	(void) crypto_hash_sha256_final(&hash, pledge->key_hash);
	return true;
}

static bool
read_body(Pledge *pledge)
{
	CfaCtx *ctx = pledge->ctx;
	CfaPledgeRequest *request = &pledge->request;
	crypto_hash_sha256_state hash;
	CfaProblem problem;
	const char *detail;
	const char *members;
	size_t len;
	const uint8_t *body = cfa_ctx_body(ctx, &len);

	if (!cfa_pledge_request_read(
			body, len, &ctx->arena, request, &problem, &detail, &members))
	{
		cfa_meter_add(problem == CFA_PROBLEM_VALIDATION_FAILED
						  ? CFA_M_PLEDGE_FIELDS
						  : CFA_M_PLEDGE_BAD_BODY,
					  1);
		cfa_answer_problem_with(ctx, problem, members, "%s", detail);
		return false;
	}
	(void) crypto_hash_sha256_init(&hash);
	(void) crypto_hash_sha256_update(&hash, pledge->campaign_id, 16);
	(void) crypto_hash_sha256_update(&hash,
									 request->fingerprint,
									 sizeof(request->fingerprint));
	(void) crypto_hash_sha256_final(&hash, pledge->fingerprint);
	return true;
}

static void
pump(void)
{
	cfa_batch_pump(&batch);
}

static void
on_tick(uint64_t now_ms)
{
	cfa_batch_expire(&batch, now_ms);
}

static void
encode(int param, CfaBatchItem **items, int count, CfaBuf *out)
{
	static const uint32_t types[] = {CFA_OID_UUID,
									 CFA_OID_INT8,
									 CFA_OID_TEXT,
									 CFA_OID_TEXT,
									 CFA_OID_TEXT,
									 CFA_OID_UUID,
									 CFA_OID_INT4,
									 CFA_OID_TEXT,
									 CFA_OID_TEXT,
									 CFA_OID_BYTEA,
									 CFA_OID_BYTEA,
									 CFA_OID_TEXT};
	int i;

	cfa_pg_array_begin(out, types[param], count);
	for (i = 0; i < count; i++)
		encode_one(param, (const Pledge *) items[i], out);
}

static void
encode_one(int param, const Pledge *pledge, CfaBuf *out)
{
	const CfaPledgeRequest *request = &pledge->request;

	switch (param)
	{
		case 0:
			cfa_pg_array_bytes(out, pledge->campaign_id, 16);
			break;
		case 1:
			cfa_pg_array_int8(out, request->amount_minor);
			break;
		case 2:
			cfa_pg_array_text(out, request->currency);
			break;
		case 3:
			cfa_pg_array_text(out, request->donor_name);
			break;
		case 4:
			cfa_pg_array_text(out, request->donor_email);
			break;
		case 5:
			if (request->has_reward)
				cfa_pg_array_bytes(out, request->reward_id, 16);
			else
				cfa_pg_array_null(out);
			break;
		case 6:
			if (request->has_quantity)
				cfa_pg_array_int4(out, request->quantity);
			else
				cfa_pg_array_null(out);
			break;
		case 7:
			cfa_pg_array_text(out, request->display);
			break;
		case 8:
			cfa_pg_array_text(out, request->message);
			break;
		case 9:
			cfa_pg_array_bytes(out, pledge->key_hash, 32);
			break;
		case 10:
			cfa_pg_array_bytes(out, pledge->fingerprint, 32);
			break;
		default:
			cfa_pg_array_text(out, pledge->ctx->traceparent);
			break;
	}
}

static void
deliver(CfaBatchItem *item, const PGresult *result, int row)
{
	CfaCtx *ctx = ((Pledge *) item)->ctx;
	const char *outcome = PQgetvalue(result, row, COL_OUTCOME);

	if (strcmp(outcome, "created") == 0)
		answer_created(ctx, result, row, false);
	else if (strcmp(outcome, "replayed") == 0)
		answer_created(ctx, result, row, true);
	else
		answer_refused(ctx, result, row, outcome);
	cfa_ctx_release(ctx);
}

static void
fail(CfaBatchItem *item, const char *sqlstate)
{
	CfaCtx *ctx = ((Pledge *) item)->ctx;

	cfa_meter_add(CFA_M_PLEDGE_FAILED, 1);
	cfa_answer_sqlstate(ctx, sqlstate);
	cfa_ctx_release(ctx);
}

static void
answer_created(CfaCtx *ctx, const PGresult *result, int row, bool is_replay)
{
	char id[CFA_UUID_TEXT_LEN + 1];
	char campaign[CFA_UUID_TEXT_LEN + 1];
	char token[CFA_TOKEN_LEN + 1];
	char expires[CFA_TIME_TEXT_LEN + 1];
	char created[CFA_TIME_TEXT_LEN + 1];
	uint8_t uuid[16];
	const char *asked = cfa_ctx_param(ctx, "id");
	char *body;

	cfa_uuid_format((const uint8_t *) PQgetvalue(result, row, COL_PLEDGE_ID),
					id);
	(void) cfa_uuid_parse(asked, strlen(asked), uuid);
	cfa_uuid_format(uuid, campaign);
	cfa_token_make(keys, id, token);
	cfa_time_format_ms(cfa_pg_time_ms(
						   PQgetvalue(result, row, COL_HOLD_EXPIRES)),
					   expires);
	cfa_time_format_ms(cfa_pg_time_ms(PQgetvalue(result, row, COL_CREATED)),
					   created);
	body = cfa_arena_printf(
		&ctx->arena,
		"{\"id\":\"%s\",\"campaign_id\":\"%s\",\"amount\":{\"amount\":%" PRId64
		",\"currency\":\"%.3s\"},\"state\":\"%s\",\"version\":%" PRId64
		",\"hold_expires_at\":\"%s\",\"created_at\":\"%s\",\"token\":\"%s\","
		"\"links\":{\"self\":\"/api/v1/pledges/%s\","
		"\"page\":\"%s/pledges/%s#%s\"}}",
		id,
		campaign,
		cfa_pg_int8(PQgetvalue(result, row, COL_AMOUNT)),
		PQgetvalue(result, row, COL_CURRENCY),
		PQgetvalue(result, row, COL_STATE),
		cfa_pg_int8(PQgetvalue(result, row, COL_VERSION)),
		expires,
		created,
		token,
		id,
		public_url,
		id,
		token);
	cfa_answer_header(ctx,
					  "location",
					  cfa_arena_printf(&ctx->arena, "/api/v1/pledges/%s", id));
	if (is_replay)
		cfa_answer_header(ctx, "idempotency-replayed", "true");
	cfa_meter_add(is_replay ? CFA_M_PLEDGE_REPLAYED : CFA_M_PLEDGE_CREATED, 1);
	cfa_answer(ctx, 201, "application/json", body, strlen(body));
}

static void
answer_refused(CfaCtx *ctx, const PGresult *result, int row,
			   const char *outcome)
{
	const char *detail = PQgetvalue(result, row, COL_DETAIL);
	int detail_len = PQgetlength(result, row, COL_DETAIL);
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		const Refusal *refusal = &refusals[i];
		const char *members = refusal->members;

		if (strcmp(outcome, refusal->outcome) != 0)
			continue;
		/* limit_reached: {"limit":..,"id":..,"available":..} */
		if (members == NULL && detail_len > 2 && detail[0] == '{')
			members = cfa_arena_printf(&ctx->arena,
									   ",%.*s",
									   detail_len - 2,
									   detail + 1);
		cfa_meter_add(refusal->meter, 1);
		if (refusal->detail != NULL)
			cfa_answer_problem_with(ctx,
									refusal->problem,
									members,
									"%s",
									refusal->detail);
		else
			cfa_answer_problem_with(ctx, refusal->problem, members, NULL);
		return;
	}
	cfa_log(CFA_LOG_ERROR,
			"pledge_outcome_unknown",
			CFA_STR("outcome", outcome));
	cfa_meter_add(CFA_M_PLEDGE_FAILED, 1);
	cfa_answer_problem(ctx, CFA_PROBLEM_INTERNAL, NULL);
}

static void
on_read(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaCtx *ctx = arg;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0 || PQgetisnull(result, 0, 0))
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
	else
		cfa_answer_copy(ctx,
						200,
						"application/json",
						PQgetvalue(result, 0, 0),
						(size_t) PQgetlength(result, 0, 0));
	cfa_ctx_release(ctx);
}
