/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledges.c: making a pledge.
 *
 * A new pledge is checked here as far as that needs no data; Redis is asked
 * whether its Idempotency-Key is known; then it goes to PostgreSQL in a batch
 * with others. The key is part of the same transaction, so a repeated request,
 * also after a crash or a lost connection, gets the first answer: it is made only
 * of what the pledge was at creation.
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
#include "handlers/idempotency.h"
#include "handlers/pledge_mark.h"
#include "handlers/pledge_request.h"
#include "meters.h"

typedef struct Pledge
{
	CfaBatchItem item; /* must be first */
	CfaCtx *ctx;
	uint8_t campaign_id[16];
	bool has_account;
	uint8_t account_id[16];
	CfaPledgeMark mark; /* with the hash of the key, and the fingerprint */
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
	COL_FEE,
	COL_CURRENCY,
	COL_HOLD_EXPIRES,
	COL_CREATED,
	COL_DETAIL,
	COL_HAS_NO_TOTAL /* the fee cannot be covered in this currency */
};

/* An answer never says more than what the pledge was at creation. */
#define STATE_AT_CREATION "pending"
#define VERSION_AT_CREATION 1

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
	{"amount_invalid", CFA_PROBLEM_AMOUNT_OUT_OF_RANGE, CFA_M_PLEDGE_AMOUNT, "The amount with its fee is more than can be charged at once.", ",\"reason\":\"invalid\""},
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

static void on_marked(void *arg, CfaCopyKind found, const CfaPledgeMade *made);
static void enqueue(Pledge *pledge);
static void encode(int param, CfaBatchItem **items, int count, CfaBuf *out);
static void encode_one(int param, const Pledge *pledge, CfaBuf *out);
static void deliver(CfaBatchItem *item, const PGresult *result, int row);
static void fail(CfaBatchItem *item, const char *sqlstate);
static void pump(void);
static void on_tick(uint64_t now_ms);
static bool read_key(Pledge *pledge);
static bool read_body(Pledge *pledge);
static void read_made(const PGresult *result, int row, const Pledge *pledge,
					  CfaPledgeMade *made);
static void answer_made(CfaCtx *ctx, const CfaPledgeMade *made, bool is_replay);
static const char *money(CfaCtx *ctx, int64_t amount, const char *currency);
static void answer_refused(CfaCtx *ctx, const PGresult *result, int row,
						   const char *outcome);
static void answer_no_fee(CfaCtx *ctx);

static const CfaBatchKind kind = {
	.statement = CFA_PG_PLEDGE_CREATE_MANY,
	.meter = CFA_M_BATCH_SIZE_PLEDGES,
	.param_count = 15,
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
	if (ctx->principal.is_known)
		pledge->has_account = cfa_uuid_parse(ctx->principal.account_id,
											 CFA_UUID_TEXT_LEN,
											 pledge->account_id);
	if (!read_key(pledge) || !read_body(pledge))
		return;
	cfa_ctx_hold(ctx);
	if (!cfa_pledge_mark_take(&pledge->mark, on_marked, pledge))
		enqueue(pledge);
}

static bool
read_key(Pledge *pledge)
{
	if (cfa_idempotency_read(pledge->ctx, pledge->mark.key_hash))
		return true;
	cfa_meter_add(CFA_M_PLEDGE_BAD_KEY, 1);
	return false;
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
	(void) crypto_hash_sha256_final(&hash, pledge->mark.fingerprint);
	return true;
}

/* What Redis knows of the key; if it knows nothing PostgreSQL is asked. */
static void
on_marked(void *arg, CfaCopyKind found, const CfaPledgeMade *made)
{
	Pledge *pledge = arg;

	switch (found)
	{
		case CFA_COPY_NONE:
			enqueue(pledge);
			return;
		case CFA_COPY_MARK:
			cfa_meter_add(CFA_M_PLEDGE_IN_PROGRESS, 1);
			cfa_answer_problem(pledge->ctx,
							   CFA_PROBLEM_REQUEST_IN_PROGRESS,
							   "Send the same request again in a moment.");
			break;
		case CFA_COPY_MADE:
			answer_made(pledge->ctx, made, true);
			break;
		case CFA_COPY_OTHER:
			cfa_meter_add(CFA_M_PLEDGE_KEY_REUSED, 1);
			cfa_answer_problem(pledge->ctx,
							   CFA_PROBLEM_IDEMPOTENCY_KEY_REUSED,
							   "Take a new key for a new pledge.");
			break;
	}
	cfa_ctx_release(pledge->ctx);
}

static void
enqueue(Pledge *pledge)
{
	if (cfa_batch_add(&batch, &pledge->item))
	{
		cfa_defer(pump);
		return;
	}
	cfa_meter_add(CFA_M_PLEDGE_FAILED, 1);
	cfa_pledge_mark_drop(&pledge->mark);
	cfa_answer_problem(pledge->ctx, CFA_PROBLEM_OVERLOADED, NULL);
	cfa_ctx_release(pledge->ctx);
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
									 CFA_OID_TEXT,
									 CFA_OID_BOOL,
									 CFA_OID_UUID,
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
			cfa_pg_array_bytes(out, pledge->mark.key_hash, 32);
			break;
		case 10:
			cfa_pg_array_bytes(out, pledge->mark.fingerprint, 32);
			break;
		case 11:
			cfa_pg_array_text(out, pledge->ctx->traceparent);
			break;
		case 12:
			cfa_pg_array_bool(out, request->covers_fee);
			break;
		case 13:
			if (pledge->has_account)
				cfa_pg_array_bytes(out, pledge->account_id, 16);
			else
				cfa_pg_array_null(out);
			break;
		default:
			if (request->news != NULL)
				cfa_pg_array_text(out, request->news);
			else
				cfa_pg_array_null(out);
			break;
	}
}

static void
deliver(CfaBatchItem *item, const PGresult *result, int row)
{
	Pledge *pledge = (Pledge *) item;
	CfaCtx *ctx = pledge->ctx;
	const char *outcome = PQgetvalue(result, row, COL_OUTCOME);
	bool is_created = strcmp(outcome, "created") == 0;
	CfaPledgeMade made;

	if (is_created || strcmp(outcome, "replayed") == 0)
	{
		read_made(result, row, pledge, &made);
		cfa_pledge_mark_keep(&pledge->mark, &made);
		answer_made(ctx, &made, !is_created);
	}
	else
	{
		cfa_pledge_mark_drop(&pledge->mark);
		answer_refused(ctx, result, row, outcome);
	}
	cfa_ctx_release(ctx);
}

static void
fail(CfaBatchItem *item, const char *sqlstate)
{
	Pledge *pledge = (Pledge *) item;
	CfaCtx *ctx = pledge->ctx;

	cfa_meter_add(CFA_M_PLEDGE_FAILED, 1);
	cfa_pledge_mark_drop(&pledge->mark);
	cfa_answer_sqlstate(ctx, sqlstate);
	cfa_ctx_release(ctx);
}

static void
read_made(const PGresult *result, int row, const Pledge *pledge,
		  CfaPledgeMade *made)
{
	*made = (CfaPledgeMade){
		.amount_minor = cfa_pg_int8(PQgetvalue(result, row, COL_AMOUNT)),
		.fee_minor = cfa_pg_int8(PQgetvalue(result, row, COL_FEE)),
		.hold_expires_ms =
			cfa_pg_time_ms(PQgetvalue(result, row, COL_HOLD_EXPIRES)),
		.created_ms = cfa_pg_time_ms(PQgetvalue(result, row, COL_CREATED)),
	};
	memcpy(made->id, PQgetvalue(result, row, COL_PLEDGE_ID), 16);
	memcpy(made->campaign_id, pledge->campaign_id, 16);
	memcpy(made->currency, PQgetvalue(result, row, COL_CURRENCY), 3);
}

/* The same bytes whether the pledge is new, read again, or copied in Redis. */
static void
answer_made(CfaCtx *ctx, const CfaPledgeMade *made, bool is_replay)
{
	char id[CFA_UUID_TEXT_LEN + 1];
	char campaign[CFA_UUID_TEXT_LEN + 1];
	char token[CFA_TOKEN_LEN + 1];
	char expires[CFA_TIME_TEXT_LEN + 1];
	char created[CFA_TIME_TEXT_LEN + 1];
	int64_t gift = made->amount_minor - made->fee_minor;
	char *body;

	cfa_uuid_format(made->id, id);
	cfa_uuid_format(made->campaign_id, campaign);
	cfa_token_make(keys, id, token);
	cfa_time_format_ms(made->hold_expires_ms, expires);
	cfa_time_format_ms(made->created_ms, created);
	body = cfa_arena_printf(
		&ctx->arena,
		"{\"id\":\"%s\",\"campaign_id\":\"%s\",\"amount\":%s,\"gift\":%s,"
		"\"fee\":%s,\"state\":\"" STATE_AT_CREATION "\",\"version\":%d"
		",\"hold_expires_at\":\"%s\",\"created_at\":\"%s\",\"token\":\"%s\","
		"\"links\":{\"self\":\"/api/v1/pledges/%s\","
		"\"page\":\"%s/pledges/%s#%s\"}}",
		id,
		campaign,
		money(ctx, made->amount_minor, made->currency),
		money(ctx, gift, made->currency),
		money(ctx, made->fee_minor, made->currency),
		VERSION_AT_CREATION,
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
	if (ctx->scope.is_traced)
		ctx->trace_pledge =
			cfa_arena_strndup(&ctx->arena, id, CFA_UUID_TEXT_LEN);
	if (is_replay)
		cfa_answer_header(ctx, "idempotency-replayed", "true");
	cfa_meter_add(is_replay ? CFA_M_PLEDGE_REPLAYED : CFA_M_PLEDGE_CREATED, 1);
	cfa_answer(ctx, 201, "application/json", body, strlen(body));
}

static const char *
money(CfaCtx *ctx, int64_t amount, const char *currency)
{
	return cfa_arena_printf(&ctx->arena,
							"{\"amount\":%" PRId64 ",\"currency\":\"%.3s\"}",
							amount,
							currency);
}

static void
answer_refused(CfaCtx *ctx, const PGresult *result, int row,
			   const char *outcome)
{
	const char *detail = PQgetvalue(result, row, COL_DETAIL);
	int detail_len = PQgetlength(result, row, COL_DETAIL);
	size_t i;

	if (strcmp(outcome, "amount_invalid") == 0 &&
		*PQgetvalue(result, row, COL_HAS_NO_TOTAL) != 0)
	{
		answer_no_fee(ctx);
		return;
	}
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
answer_no_fee(CfaCtx *ctx)
{
	cfa_meter_add(CFA_M_PLEDGE_FIELDS, 1);
	cfa_answer_problem_with(
		ctx,
		CFA_PROBLEM_VALIDATION_FAILED,
		",\"errors\":[{\"pointer\":\"/fee_cover\",\"code\":\"not_offered\","
		"\"detail\":\"There is no fee to cover in this currency.\"}]",
		"One field is invalid.");
}
