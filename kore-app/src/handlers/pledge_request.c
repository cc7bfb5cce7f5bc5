/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_request.c: the body of a new pledge.
 *
 * Pure: bytes in, a checked request or a problem out. Wrong form (no JSON, a
 * member that is unknown or twice, a wrong type) is one problem at once; wrong
 * values are gathered, each with a JSON Pointer, so that a form can show all.
 */
#include "handlers/pledge_request.h"

#include <careforall/buf.h>
#include <careforall/text.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "core/body.h"
#include "core/json.h"

#define DEPTH_MAX 4
#define NAME_MAX_CHARS 120
#define EMAIL_MAX_CHARS 254
#define MESSAGE_MAX_CHARS 500

typedef struct Reader
{
	CfaArena *arena;
	CfaPledgeRequest *out;
	CfaBuf errors;
	int error_count;
	const char *unknown; /* name of a member that does not exist */
} Reader;

static void read_all(Reader *r, json_t *json);
static void read_amount(Reader *r, json_t *json);
static void read_donor(Reader *r, json_t *json);
static void read_reward(Reader *r, json_t *reward, json_t *quantity);
static void read_display(Reader *r, json_t *json);
static void read_message(Reader *r, json_t *json);
static void check_members(Reader *r, json_t *json, const char *const *known);
static const char *take_text(Reader *r, json_t *json, const char *pointer,
							 size_t min_chars, size_t max_chars,
							 const char *controls);
static void add_error(Reader *r, const char *pointer, const char *code,
					  const char *detail);
static void make_fingerprint(json_t *json, uint8_t out[32]);

bool
cfa_pledge_request_read(const void *body, size_t len, CfaArena *arena,
						CfaPledgeRequest *out, CfaProblem *problem,
						const char **detail, const char **members)
{
	Reader r = {.arena = arena, .out = out};
	json_t *json = cfa_json_read(body, len, DEPTH_MAX, detail);

	*members = NULL;
	*problem = CFA_PROBLEM_INVALID_JSON;
	*out = (CfaPledgeRequest){.display = "name", .message = ""};
	if (json == NULL)
		return false;
	if (!json_is_object(json))
	{
		*detail = "The body must be an object.";
		json_decref(json);
		return false;
	}
	read_all(&r, json);
	make_fingerprint(json, out->fingerprint);
	json_decref(json);
	if (r.unknown != NULL)
	{
		*detail = cfa_arena_printf(arena,
								   "The member \"%s\" does not exist.",
								   r.unknown);
		cfa_buf_clear(&r.errors);
		return false;
	}
	if (r.error_count == 0)
		return true;
	*problem = CFA_PROBLEM_VALIDATION_FAILED;
	*detail = r.error_count == 1 ? "One field is invalid."
								 : "Several fields are invalid.";
	*members =
		cfa_arena_printf(arena, ",\"errors\":[%s]", cfa_buf_text(&r.errors));
	cfa_buf_clear(&r.errors);
	return false;
}

static void
read_all(Reader *r, json_t *json)
{
	static const char *const known[] = {
		"amount", "donor", "reward_id", "quantity", "display", "message", NULL};

	check_members(r, json, known);
	read_amount(r, json_object_get(json, "amount"));
	read_donor(r, json_object_get(json, "donor"));
	read_reward(r,
				json_object_get(json, "reward_id"),
				json_object_get(json, "quantity"));
	read_display(r, json_object_get(json, "display"));
	read_message(r, json_object_get(json, "message"));
}

static void
read_amount(Reader *r, json_t *json)
{
	static const char *const known[] = {"amount", "currency", NULL};
	json_t *minor = json_object_get(json, "amount");
	const char *currency = json_string_value(json_object_get(json, "currency"));

	if (!json_is_object(json))
	{
		add_error(r,
				  "/amount",
				  "required",
				  "Must be an object with amount and currency.");
		return;
	}
	check_members(r, json, known);
	if (!json_is_integer(minor))
		add_error(r,
				  "/amount/amount",
				  "integer_required",
				  "Must be an integer number of minor units.");
	else if (json_integer_value(minor) < 1 ||
			 json_integer_value(minor) > CFA_PLEDGE_AMOUNT_MAX)
		add_error(r,
				  "/amount/amount",
				  "out_of_range",
				  "Must be at least 1 and at most 9007199254740991.");
	else
		r->out->amount_minor = json_integer_value(minor);
	if (currency == NULL || strlen(currency) != 3 ||
		strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		add_error(r,
				  "/amount/currency",
				  "currency_required",
				  "Must be an ISO 4217 code of three capital letters.");
	else
		memcpy(r->out->currency, currency, 4);
}

static void
read_donor(Reader *r, json_t *json)
{
	static const char *const known[] = {"name", "email", NULL};

	if (!json_is_object(json))
	{
		add_error(r,
				  "/donor",
				  "required",
				  "Must be an object with name and email.");
		return;
	}
	check_members(r, json, known);
	r->out->donor_name = take_text(r,
								   json_object_get(json, "name"),
								   "/donor/name",
								   1,
								   NAME_MAX_CHARS,
								   "");
	r->out->donor_email = take_text(r,
									json_object_get(json, "email"),
									"/donor/email",
									3,
									EMAIL_MAX_CHARS,
									"");
	if (r->out->donor_name != NULL &&
		strspn(r->out->donor_name, " ") == strlen(r->out->donor_name))
		add_error(r, "/donor/name", "blank", "Must not be blank.");
	if (r->out->donor_email != NULL &&
		!cfa_email_is_plausible(r->out->donor_email))
		add_error(r,
				  "/donor/email",
				  "invalid_email",
				  "Must be an e-mail address.");
}

static void
read_reward(Reader *r, json_t *reward, json_t *quantity)
{
	const char *id = json_string_value(reward);
	json_int_t number = json_integer_value(quantity);

	if (reward != NULL && !json_is_null(reward))
	{
		r->out->has_reward = true;
		if (id == NULL || !cfa_uuid_parse(id, strlen(id), r->out->reward_id))
			add_error(r, "/reward_id", "invalid_id", "Must be a UUID.");
	}
	if (quantity == NULL || json_is_null(quantity))
		return;
	if (!json_is_integer(quantity) || number < 1 ||
		number > CFA_PLEDGE_QUANTITY_MAX)
	{
		add_error(r,
				  "/quantity",
				  "out_of_range",
				  "Must be an integer from 1 to 1000.");
		return;
	}
	if (!r->out->has_reward)
	{
		add_error(r,
				  "/quantity",
				  "reward_required",
				  "A quantity needs a reward_id.");
		return;
	}
	r->out->has_quantity = true;
	r->out->quantity = (int32_t) number;
}

static void
read_display(Reader *r, json_t *json)
{
	static const char *const levels[] = {"name_amount_message",
										 "name_message",
										 "name",
										 "none"};
	const char *text = json_string_value(json);
	size_t i;

	if (json == NULL)
		return;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
	{
		if (text != NULL && strcmp(text, levels[i]) == 0)
		{
			r->out->display = levels[i];
			return;
		}
	}
	add_error(r,
			  "/display",
			  "invalid_choice",
			  "Must be name_amount_message, name_message, name or none.");
}

static void
read_message(Reader *r, json_t *json)
{
	const char *text;

	if (json == NULL)
		return;
	text = take_text(r, json, "/message", 0, MESSAGE_MAX_CHARS, "\n\t");
	if (text != NULL)
		r->out->message = text;
}

/* Notes the first member that the object should not have. */
static void
check_members(Reader *r, json_t *json, const char *const *known)
{
	const char *name;
	json_t *value;

	json_object_foreach(json, name, value)
	{
		const char *const *k = known;

		while (*k != NULL && strcmp(*k, name) != 0)
			k++;
		if (*k == NULL && r->unknown == NULL)
			r->unknown = cfa_arena_strndup(r->arena, name, strnlen(name, 60));
	}
}

static const char *
take_text(Reader *r, json_t *json, const char *pointer, size_t min_chars,
		  size_t max_chars, const char *controls)
{
	const char *text = json_string_value(json);
	size_t len = json_string_length(json);
	size_t chars;

	if (text == NULL)
	{
		add_error(r, pointer, "text_required", "Must be a text.");
		return NULL;
	}
	chars = cfa_utf8_length(text, len);
	if (chars < min_chars || chars > max_chars)
	{
		add_error(r,
				  pointer,
				  "length_out_of_range",
				  cfa_arena_printf(r->arena,
								   "Must have %zu to %zu characters.",
								   min_chars,
								   max_chars));
		return NULL;
	}
	if (cfa_text_has_control(text, len, controls))
	{
		add_error(r,
				  pointer,
				  "control_character",
				  "Must not hold control characters.");
		return NULL;
	}
	return cfa_arena_strndup(r->arena, text, len);
}

static void
add_error(Reader *r, const char *pointer, const char *code, const char *detail)
{
	if (r->error_count++ >= CFA_PLEDGE_ERRORS_MAX)
		return;
	cfa_buf_addf(&r->errors,
				 "%s{\"pointer\":\"%s\",\"code\":\"%s\",\"detail\":",
				 r->errors.len > 0 ? "," : "",
				 pointer,
				 code);
	cfa_buf_add_json(&r->errors, detail, strlen(detail));
	cfa_buf_addc(&r->errors, '}');
}

/* Members in order of name and no blanks: their order does not matter. */
static void
make_fingerprint(json_t *json, uint8_t out[32])
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	if (text != NULL)
		(void) crypto_hash_sha256(out,
								  (const unsigned char *) text,
								  strlen(text));
	free(text);
}
