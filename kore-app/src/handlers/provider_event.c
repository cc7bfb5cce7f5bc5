/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider_event.c: events in the form of Stripe's webhooks.
 *
 * Pure: bytes in, arguments of payment_event_apply out. A declined attempt is
 * not final, so payment_failed is only an attempt; the end of a payment is its
 * cancellation.
 */
#include "handlers/provider_event.h"

#include <careforall/decline.h>
#include <careforall/text.h>
#include <careforall/trace.h>
#include <jansson.h>
#include <string.h>

#include "core/json.h"

#define DEPTH_MAX 16
#define TEXT_MAX 255

static const struct
{
	const char *type;
	const char *kind;
} kinds[] = {
	{"payment_intent.succeeded", "payment_succeeded"},
	{"payment_intent.payment_failed", "payment_attempt_failed"},
	{"payment_intent.canceled", "payment_canceled"},
	{"refund.failed", "refund_failed"},
};

static void read_intent(json_t *object, CfaArena *arena, CfaProviderEvent *out);
static const char *read_decline(json_t *error, CfaArena *arena);
static void read_refund(json_t *object, CfaArena *arena, CfaProviderEvent *out);
static void read_metadata(json_t *object, CfaArena *arena,
						  CfaProviderEvent *out);
static void read_money(json_t *amount, json_t *currency, CfaArena *arena,
					   CfaProviderEvent *out);
static const char *find_kind(const char *type, json_t *object);
static const char *take(json_t *json, CfaArena *arena);

bool
cfa_provider_event_read(const void *body, size_t len, CfaArena *arena,
						CfaProviderEvent *out, const char **detail)
{
	json_t *json = cfa_json_read(body, len, DEPTH_MAX, detail);
	const char *type = json_string_value(json_object_get(json, "type"));
	json_t *object = json_object_get(json_object_get(json, "data"), "object");
	const char *what;

	*out = (CfaProviderEvent){0};
	if (json == NULL)
		return false;
	*detail = "The event must have type and data.object.";
	out->event_id = take(json_object_get(json, "id"), arena);
	if (type == NULL || !json_is_object(object))
	{
		json_decref(json);
		return false;
	}
	out->kind = find_kind(type, object);
	what = json_string_value(json_object_get(object, "object"));
	if (what != NULL && strcmp(what, "payment_intent") == 0)
		read_intent(object, arena, out);
	else if (what != NULL && strcmp(what, "refund") == 0)
		read_refund(object, arena, out);
	else
		out->kind = "other";
	read_metadata(object, arena, out);
	json_decref(json);
	return true;
}

static void
read_intent(json_t *object, CfaArena *arena, CfaProviderEvent *out)
{
	json_t *error = json_object_get(object, "last_payment_error");
	json_t *amount = json_object_get(object, "amount_received");

	if (strcmp(out->kind, "payment_succeeded") != 0)
		amount = json_object_get(object, "amount");
	out->payment_id = take(json_object_get(object, "id"), arena);
	read_money(amount, json_object_get(object, "currency"), arena, out);
	out->reason = read_decline(error, arena);
	if (out->reason == NULL)
		out->reason =
			take(json_object_get(object, "cancellation_reason"), arena);
}

/* NULL if the provider says nothing. */
static const char *
read_decline(json_t *error, CfaArena *arena)
{
	const char *decline =
		json_string_value(json_object_get(error, "decline_code"));

	return cfa_decline_reason(take(json_object_get(error, "code"), arena),
							  decline);
}

static void
read_refund(json_t *object, CfaArena *arena, CfaProviderEvent *out)
{
	out->payment_id = take(json_object_get(object, "payment_intent"), arena);
	read_money(json_object_get(object, "amount"),
			   json_object_get(object, "currency"),
			   arena,
			   out);
	out->reason = take(json_object_get(object, "failure_reason"), arena);
}

static void
read_metadata(json_t *object, CfaArena *arena, CfaProviderEvent *out)
{
	json_t *metadata = json_object_get(object, "metadata");
	const char *pledge =
		json_string_value(json_object_get(metadata, "pledge_id"));
	const char *refund =
		json_string_value(json_object_get(metadata, "refund_id"));
	const char *trace = take(json_object_get(metadata, "traceparent"), arena);
	CfaTrace parsed;

	if (pledge != NULL)
		out->has_pledge =
			cfa_uuid_parse(pledge, strlen(pledge), out->pledge_id);
	if (refund != NULL)
		out->has_refund =
			cfa_uuid_parse(refund, strlen(refund), out->refund_id);
	if (trace != NULL && cfa_trace_parse(trace, strlen(trace), &parsed))
		out->traceparent = trace;
}

static void
read_money(json_t *amount, json_t *currency, CfaArena *arena,
		   CfaProviderEvent *out)
{
	const char *text = take(currency, arena);
	char *capitals;
	size_t i;

	if (json_is_integer(amount))
	{
		out->has_amount = true;
		out->amount_minor = json_integer_value(amount);
	}
	if (text == NULL)
		return;
	capitals = cfa_arena_strndup(arena, text, strlen(text));
	for (i = 0; capitals[i] != '\0'; i++)
	{
		if (capitals[i] >= 'a' && capitals[i] <= 'z')
			capitals[i] = (char) (capitals[i] - 'a' + 'A');
	}
	out->currency = capitals;
}

static const char *
find_kind(const char *type, json_t *object)
{
	const char *status = json_string_value(json_object_get(object, "status"));
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (strcmp(type, kinds[i].type) == 0)
			return kinds[i].kind;
	}
	if ((strcmp(type, "refund.updated") == 0 ||
		 strcmp(type, "refund.created") == 0) &&
		status != NULL)
	{
		if (strcmp(status, "succeeded") == 0)
			return "refund_succeeded";
		if (strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0)
			return "refund_failed";
	}
	return "other";
}

/* A text of sensible length, or NULL. */
static const char *
take(json_t *json, CfaArena *arena)
{
	const char *text = json_string_value(json);
	size_t len = json_string_length(json);

	if (text == NULL || len == 0 || len > TEXT_MAX ||
		cfa_text_has_control(text, len, ""))
		return NULL;
	return cfa_arena_strndup(arena, text, len);
}
