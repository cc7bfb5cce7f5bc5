/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_request.c: the body of a new pledge.
 *
 * Pure: bytes in, a checked request or a problem out.
 */
#include "handlers/pledge_request.h"

#include <careforall/text.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/body.h"

/* clang-format off */
static const CfaField donor_fields[] = {
	{.name = "name", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 120},
	{.name = "email", .kind = CFA_FIELD_EMAIL, .is_required = true, .min = 3, .max = 254},
	{.name = NULL},
};

static const CfaField news_fields[] = {
	{.name = "text", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 1, .max = 40},
	{.name = "language", .kind = CFA_FIELD_TEXT, .is_required = true, .min = 2, .max = 35},
	{.name = NULL},
};

static const CfaField fields[] = {
	{.name = "amount", .kind = CFA_FIELD_MONEY, .is_required = true, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "donor", .kind = CFA_FIELD_OBJECT, .is_required = true, .fields = donor_fields},
	{.name = "fee_cover", .kind = CFA_FIELD_BOOLEAN},
	{.name = "reward_id", .kind = CFA_FIELD_UUID, .is_nullable = true},
	{.name = "quantity", .kind = CFA_FIELD_INTEGER, .is_nullable = true, .min = 1, .max = CFA_PLEDGE_QUANTITY_MAX},
	{.name = "display", .kind = CFA_FIELD_CHOICE, .words = "name_amount_message name_message name none"},
	{.name = "message", .kind = CFA_FIELD_TEXT, .is_multiline = true, .max = 500},
	{.name = "news", .kind = CFA_FIELD_OBJECT, .is_nullable = true, .fields = news_fields},
	{.name = NULL},
};
/* clang-format on */

static void take(const json_t *json, CfaArena *arena, CfaPledgeRequest *out);
static const char *text_of(const json_t *json, const char *name,
						   const char *otherwise, CfaArena *arena);
static const char *json_text(const json_t *json, CfaArena *arena);
static void make_fingerprint(const json_t *json, uint8_t out[32]);

bool
cfa_pledge_request_read(const void *body, size_t len, CfaArena *arena,
						CfaPledgeRequest *out, CfaProblem *problem,
						const char **detail, const char **members)
{
	json_t *json =
		cfa_body_read(body, len, fields, arena, problem, detail, members);

	*out = (CfaPledgeRequest){0};
	if (json == NULL)
		return false;
	take(json, arena, out);
	make_fingerprint(json, out->fingerprint);
	json_decref(json);
	if (!out->has_quantity || out->has_reward)
		return true;
	*problem = CFA_PROBLEM_VALIDATION_FAILED;
	*detail = "One field is invalid.";
	*members = ",\"errors\":[{\"pointer\":\"/quantity\",\"code\":"
			   "\"reward_required\",\"detail\":\"A quantity needs a "
			   "reward_id.\"}]";
	return false;
}

/* Takes the values of a body that was found good. */
static void
take(const json_t *json, CfaArena *arena, CfaPledgeRequest *out)
{
	const json_t *amount = json_object_get(json, "amount");
	const json_t *donor = json_object_get(json, "donor");
	const json_t *quantity = json_object_get(json, "quantity");
	const char *reward = json_string_value(json_object_get(json, "reward_id"));

	out->amount_minor = json_integer_value(json_object_get(amount, "amount"));
	memcpy(out->currency,
		   json_string_value(json_object_get(amount, "currency")),
		   3);
	out->covers_fee = json_is_true(json_object_get(json, "fee_cover"));
	out->donor_name = text_of(donor, "name", "", arena);
	out->donor_email = text_of(donor, "email", "", arena);
	out->has_reward = reward != NULL &&
					  cfa_uuid_parse(reward, strlen(reward), out->reward_id);
	out->has_quantity = json_is_integer(quantity);
	out->quantity = (int32_t) json_integer_value(quantity);
	out->display = text_of(json, "display", "name", arena);
	out->message = text_of(json, "message", "", arena);
	out->news = json_text(json_object_get(json, "news"), arena);
}

static const char *
text_of(const json_t *json, const char *name, const char *otherwise,
		CfaArena *arena)
{
	const json_t *value = json_object_get(json, name);

	if (!json_is_string(value))
		return otherwise;
	return cfa_arena_strndup(arena,
							 json_string_value(value),
							 json_string_length(value));
}

/* An object as JSON text; NULL for anything else. */
static const char *
json_text(const json_t *json, CfaArena *arena)
{
	char *text = json_is_object(json) ? json_dumps(json, JSON_COMPACT) : NULL;
	const char *copy =
		text != NULL ? cfa_arena_strndup(arena, text, strlen(text)) : NULL;

	free(text);
	return copy;
}

/* Members in order of name and no blanks: their order does not matter. */
static void
make_fingerprint(const json_t *json, uint8_t out[32])
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	if (text != NULL)
		(void) crypto_hash_sha256(out,
								  (const unsigned char *) text,
								  strlen(text));
	free(text);
}
