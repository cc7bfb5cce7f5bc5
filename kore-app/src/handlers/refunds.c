/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refunds.c: money given back by the people who run a campaign.
 *
 * A refund needs an Idempotency-Key. It is kept with the refund for good, so a
 * repeated request finds the refund of the first one however late it comes. What
 * needs a second person becomes a proposal, which keeps the key in its stead.
 */
#include "handlers/refunds.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/auth.h"
#include "handlers/call.h"
#include "handlers/idempotency.h"
#include "handlers/list_call.h"
#include "handlers/query.h"

/* clang-format off */
static const CfaField refund_fields[] = {
	{.name = "amount", .kind = CFA_FIELD_MONEY, .is_nullable = true, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "reason", .kind = CFA_FIELD_TEXT, .is_required = true, .is_multiline = true, .min = 3, .max = 500},
	{.name = NULL},
};

static const CfaField decision_fields[] = {
	{.name = "decision", .kind = CFA_FIELD_CHOICE, .is_required = true, .words = "accepted declined"},
	{.name = "amount", .kind = CFA_FIELD_MONEY, .is_nullable = true, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "note", .kind = CFA_FIELD_TEXT, .is_multiline = true, .max = 500},
	{.name = NULL},
};

static const CfaField proposal_fields[] = {
	{.name = "decision", .kind = CFA_FIELD_CHOICE, .is_required = true, .words = "approved rejected withdrawn"},
	{.name = "reason", .kind = CFA_FIELD_TEXT, .is_multiline = true, .max = 500},
	{.name = NULL},
};
/* clang-format on */

static void list_requests(CfaCtx *ctx, const char *name,
						  const char *campaign_id);
static void read_money(CfaCtx *ctx, const json_t *body, const char **amount,
					   const char **currency);
static const char *text_of(CfaCtx *ctx, const json_t *body, const char *name);
static void make_fingerprint(const char *pledge_id, const json_t *body,
							 uint8_t out[32]);

void
api_refund_create(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT c.doc, c.etag, c.location, c.status, c.is_replay FROM"
			   " careforall.refund_create($1::uuid, $2::uuid, $3::bigint,"
			   " $4::text, $5::text, $6::bytea, $7::bytea) c",
		.status = 202,
	};
	const char *id = cfa_call_id(ctx, "id");
	uint8_t key[CFA_IDEMPOTENCY_HASH_BYTES];
	uint8_t fingerprint[32];
	const char *amount;
	const char *currency;
	json_t *body;

	if (id == NULL || !cfa_idempotency_read(ctx, key))
		return;
	body = cfa_call_body(ctx, refund_fields, NULL);
	if (body == NULL)
		return;
	read_money(ctx, body, &amount, &currency);
	make_fingerprint(id, body, fingerprint);
	cfa_call(ctx,
			 &call,
			 &(CfaPgParams){.count = 7,
							.values = {ctx->principal.account_id,
									   id,
									   amount,
									   currency,
									   text_of(ctx, body, "reason"),
									   (const char *) key,
									   (const char *) fingerprint},
							.lengths =
								{[5] = sizeof(key), [6] = sizeof(fingerprint)},
							.formats = {[5] = 1, [6] = 1}});
	json_decref(body);
}

void
api_refund_request_list(CfaCtx *ctx)
{
	const char *id = cfa_call_id(ctx, "id");

	if (id != NULL)
		list_requests(ctx,
					  cfa_arena_printf(&ctx->arena,
									   "campaigns/%s/refund-requests",
									   id),
					  id);
}

void
api_me_refund_requests(CfaCtx *ctx)
{
	list_requests(ctx,
				  cfa_arena_printf(&ctx->arena,
								   "refund-requests of %s",
								   ctx->principal.account_id),
				  NULL);
}

void
api_refund_request_decide(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT d.doc FROM careforall.refund_request_decide($1::uuid,"
			   " $2::uuid, $3::text, $4::bigint, $5::text, $6::text) d",
		.status = 200,
	};
	const char *id = cfa_call_id(ctx, "id");
	const char *amount;
	const char *currency;
	const char *decision;
	const char *note;
	json_t *body =
		id == NULL ? NULL : cfa_call_body(ctx, decision_fields, NULL);

	if (body == NULL)
		return;
	read_money(ctx, body, &amount, &currency);
	decision = text_of(ctx, body, "decision");
	note = text_of(ctx, body, "note");
	json_decref(body);
	if (amount != NULL && strcmp(decision, "accepted") != 0)
		cfa_refuse_field(ctx,
						 "/amount",
						 "not_expected",
						 "Only an accepted request has one.");
	else
		cfa_call(ctx,
				 &call,
				 &(CfaPgParams){.count = 6,
								.values = {ctx->principal.account_id,
										   id,
										   decision,
										   amount,
										   currency,
										   note}});
}

void
api_me_refund_proposals(CfaCtx *ctx)
{
	static const CfaListCall call = {
		.sql =
			"SELECT l.doc, l.id FROM careforall.refund_proposal_list($1::uuid,"
			" NULL, $2::text, $3::uuid, $4::int) l",
		.count_sql = "SELECT careforall.refund_proposal_count($1::uuid,"
					 " NULL, $2::text)",
	};
	const char *state;

	if (cfa_query_choice(ctx,
						 "state",
						 "waiting approved rejected withdrawn expired",
						 &state))
		cfa_list_call(ctx,
					  &call,
					  cfa_arena_printf(&ctx->arena,
									   "refund-proposals of %s",
									   ctx->principal.account_id),
					  &(CfaPgParams){.count = 2,
									 .values = {ctx->principal.account_id,
												state}});
}

void
api_refund_proposal_decide(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT d.doc FROM careforall.refund_proposal_decide($1::uuid,"
			   " $2::uuid, $3::text, $4::text) d",
		.status = 200,
	};
	const char *id = cfa_call_id(ctx, "id");
	json_t *body =
		id == NULL ? NULL : cfa_call_body(ctx, proposal_fields, NULL);

	if (body == NULL)
		return;
	cfa_call(ctx,
			 &call,
			 &(CfaPgParams){.count = 4,
							.values = {ctx->principal.account_id,
									   id,
									   text_of(ctx, body, "decision"),
									   text_of(ctx, body, "reason")}});
	json_decref(body);
}

/* campaign_id NULL: of all campaigns that the account is in the team of. */
static void
list_requests(CfaCtx *ctx, const char *name, const char *campaign_id)
{
	static const CfaListCall call = {
		.sql =
			"SELECT l.doc, l.id FROM careforall.refund_request_list($1::uuid,"
			" $2::uuid, $3::text, $4::uuid, $5::int) l",
		.count_sql = "SELECT careforall.refund_request_count($1::uuid,"
					 " $2::uuid, $3::text)",
	};
	const char *state;

	if (cfa_query_choice(ctx, "state", "open accepted declined", &state))
		cfa_list_call(ctx,
					  &call,
					  name,
					  &(CfaPgParams){.count = 3,
									 .values = {ctx->principal.account_id,
												campaign_id,
												state}});
}

/* The member amount as parameters; NULL if there is none. */
static void
read_money(CfaCtx *ctx, const json_t *body, const char **amount,
		   const char **currency)
{
	const json_t *money = json_object_get(body, "amount");

	*amount = NULL;
	*currency = NULL;
	if (!json_is_object(money))
		return;
	*amount =
		cfa_arena_printf(&ctx->arena,
						 "%" JSON_INTEGER_FORMAT,
						 json_integer_value(json_object_get(money, "amount")));
	*currency = text_of(ctx, money, "currency");
}

static const char *
text_of(CfaCtx *ctx, const json_t *body, const char *name)
{
	const json_t *value = json_object_get(body, name);

	if (!json_is_string(value))
		return NULL;
	return cfa_arena_strndup(&ctx->arena,
							 json_string_value(value),
							 json_string_length(value));
}

/* Of the pledge, and of the body with its members in order of name. */
static void
make_fingerprint(const char *pledge_id, const json_t *body, uint8_t out[32])
{
	char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	crypto_hash_sha256_state state;

	(void) crypto_hash_sha256_init(&state);
	(void) crypto_hash_sha256_update(&state,
									 (const uint8_t *) pledge_id,
									 strlen(pledge_id));
	if (text != NULL)
		(void) crypto_hash_sha256_update(&state,
										 (const uint8_t *) text,
										 strlen(text));
	(void) crypto_hash_sha256_final(&state, out);
	free(text);
}
