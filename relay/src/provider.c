/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.c - requests to the payment provider and what its answers mean.
 *
 * The classification of answers stands in read_error(); everything that is not
 * clearly a refusal is "retry", because every write carries an idempotency key.
 * 401 and 403 are retried too: they are faults of our configuration and touch all
 * payments, so they open the breaker instead of giving up pledges one by one.
 */
#include <careforall/decline.h>
#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider.h"

#define RETRY_AFTER_MAX_S 3600

static bool is_id(const char *text);
static void put_field(FILE *out, const char *name, const char *value);
static void put_amount(FILE *out, int64_t amount_minor);
static char *create_body(const CfaProviderTerms *terms);
static char *refund_body(const CfaProviderTerms *terms);
static int search_path(char *path, size_t len, const CfaProviderTerms *terms);
static void read_object(CfaProviderAnswer *answer, const json_t *object);
static void read_list(CfaProviderAnswer *answer, CfaProviderCall call,
					  const CfaProviderTerms *terms, const json_t *root);
static void read_error(CfaProviderAnswer *answer, CfaProviderCall call,
					   const json_t *root);
static void read_last_error(CfaProviderAnswer *answer, const json_t *object);
static bool is_match(CfaProviderCall call, const CfaProviderTerms *terms,
					 const json_t *object);
static int64_t read_retry_after(const char *text);
static void copy_text(char *buf, size_t len, const json_t *object,
					  const char *name);
static int64_t get_integer(const json_t *object, const char *name);

int
cfa_provider_request(CfaProviderRequest *request, CfaProviderCall call,
					 const CfaProviderTerms *terms)
{
	int written = 0;

	memset(request, 0, sizeof(*request));
	switch (call)
	{
		case CFA_CALL_CREATE:
			request->is_post = true;
			snprintf(request->path,
					 sizeof(request->path),
					 "/v1/payment_intents");
			snprintf(request->idempotency_key,
					 sizeof(request->idempotency_key),
					 "%s",
					 terms->pledge_id);
			request->body = create_body(terms);
			return request->body != NULL ? 0 : -1;
		case CFA_CALL_GET:
			if (!is_id(terms->payment_id))
				return -1;
			written = snprintf(request->path,
							   sizeof(request->path),
							   "/v1/payment_intents/%s",
							   terms->payment_id);
			break;
		case CFA_CALL_CANCEL:
			if (!is_id(terms->payment_id))
				return -1;
			request->is_post = true;
			written = snprintf(request->path,
							   sizeof(request->path),
							   "/v1/payment_intents/%s/cancel",
							   terms->payment_id);
			request->body = strdup("");
			break;
		case CFA_CALL_SEARCH:
			return search_path(request->path, sizeof(request->path), terms);
		case CFA_CALL_REFUND:
			if (!is_id(terms->payment_id))
				return -1;
			request->is_post = true;
			snprintf(request->path, sizeof(request->path), "/v1/refunds");
			snprintf(request->idempotency_key,
					 sizeof(request->idempotency_key),
					 "%s",
					 terms->refund_id);
			request->body = refund_body(terms);
			return request->body != NULL ? 0 : -1;
		case CFA_CALL_REFUND_GET:
			if (!is_id(terms->provider_refund_id))
				return -1;
			written = snprintf(request->path,
							   sizeof(request->path),
							   "/v1/refunds/%s",
							   terms->provider_refund_id);
			break;
		case CFA_CALL_REFUND_LIST:
			if (!is_id(terms->payment_id))
				return -1;
			written = snprintf(request->path,
							   sizeof(request->path),
							   "/v1/refunds?payment_intent=%s&limit=100",
							   terms->payment_id);
			break;
	}
	return written > 0 && (size_t) written < sizeof(request->path) ? 0 : -1;
}

void
cfa_provider_request_clear(CfaProviderRequest *request)
{
	free(request->body);
	memset(request, 0, sizeof(*request));
}

void
cfa_provider_read(CfaProviderAnswer *answer, CfaProviderCall call,
				  const CfaProviderTerms *terms, const CfaProviderReply *reply)
{
	json_t *root = NULL;

	memset(answer, 0, sizeof(*answer));
	answer->outcome = CFA_PROVIDER_RETRY;
	answer->http_status = reply->http_status;
	answer->retry_after_ms = read_retry_after(reply->retry_after);
	if (reply->http_status == 0)
	{
		answer->is_outage = true;
		snprintf(answer->code,
				 sizeof(answer->code),
				 "%s",
				 reply->failure != NULL ? reply->failure : "connection");
		return;
	}
	if (reply->body != NULL)
		root = json_loadb(reply->body,
						  reply->body_len,
						  JSON_REJECT_DUPLICATES,
						  NULL);
	if (reply->http_status < 200 || reply->http_status > 299)
		read_error(answer, call, root);
	else if (call == CFA_CALL_SEARCH || call == CFA_CALL_REFUND_LIST)
		read_list(answer, call, terms, root);
	else
		read_object(answer, root);
	json_decref(root);
}

const char *
cfa_provider_call_name(CfaProviderCall call)
{
	switch (call)
	{
		case CFA_CALL_CREATE:
			return "create";
		case CFA_CALL_GET:
			return "get";
		case CFA_CALL_CANCEL:
			return "cancel";
		case CFA_CALL_SEARCH:
			return "search";
		case CFA_CALL_REFUND:
			return "refund";
		case CFA_CALL_REFUND_GET:
			return "refund_get";
		case CFA_CALL_REFUND_LIST:
			return "refund_list";
	}
	return "unknown";
}

/* Ids become part of a path: only signs that mean nothing there. */
static bool
is_id(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len >= CFA_PROVIDER_ID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (!isalnum((unsigned char) text[i]) && text[i] != '_' &&
			text[i] != '-')
			return false;
	}
	return true;
}

static void
put_field(FILE *out, const char *name, const char *value)
{
	const unsigned char *at = (const unsigned char *) value;

	fprintf(out, "%s%s=", ftell(out) > 0 ? "&" : "", name);
	for (; *at != '\0'; at++)
	{
		if (isalnum(*at) || strchr("-_.~", *at) != NULL)
			fputc(*at, out);
		else
			fprintf(out, "%%%02X", *at);
	}
}

static void
put_amount(FILE *out, int64_t amount_minor)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, amount_minor);
	put_field(out, "amount", text);
}

static char *
create_body(const CfaProviderTerms *terms)
{
	char currency[4] = "";
	char *body = NULL;
	size_t size = 0;
	FILE *out;

	if (strlen(terms->currency) != 3 || terms->amount_minor <= 0)
		return NULL;
	for (int i = 0; i < 3; i++)
		currency[i] = (char) tolower((unsigned char) terms->currency[i]);
	out = open_memstream(&body, &size);
	if (out == NULL)
		return NULL;
	put_amount(out, terms->amount_minor);
	put_field(out, "currency", currency);
	put_field(out, "confirm", "true");
	put_field(out, "metadata[pledge_id]", terms->pledge_id);
	if (terms->traceparent != NULL && terms->traceparent[0] != '\0')
		put_field(out, "metadata[traceparent]", terms->traceparent);
	fclose(out);
	return body;
}

static char *
refund_body(const CfaProviderTerms *terms)
{
	char *body = NULL;
	size_t size = 0;
	FILE *out;

	if (terms->amount_minor <= 0)
		return NULL;
	out = open_memstream(&body, &size);
	if (out == NULL)
		return NULL;
	put_field(out, "payment_intent", terms->payment_id);
	put_amount(out, terms->amount_minor);
	put_field(out, "metadata[refund_id]", terms->refund_id);
	put_field(out, "metadata[pledge_id]", terms->pledge_id);
	if (terms->traceparent != NULL && terms->traceparent[0] != '\0')
		put_field(out, "metadata[traceparent]", terms->traceparent);
	fclose(out);
	return body;
}

static int
search_path(char *path, size_t len, const CfaProviderTerms *terms)
{
	int written;

	if (!is_id(terms->pledge_id))
		return -1;
	written = snprintf(path,
					   len,
					   "/v1/payment_intents/search?query="
					   "metadata%%5B%%27pledge_id%%27%%5D%%3A%%27%s%%27",
					   terms->pledge_id);
	return written > 0 && (size_t) written < len ? 0 : -1;
}

static void
read_object(CfaProviderAnswer *answer, const json_t *object)
{
	copy_text(answer->id, sizeof(answer->id), object, "id");
	copy_text(answer->status, sizeof(answer->status), object, "status");
	copy_text(answer->currency, sizeof(answer->currency), object, "currency");
	for (char *at = answer->currency; *at != '\0'; at++)
		*at = (char) toupper((unsigned char) *at);
	answer->amount_minor = get_integer(object, "amount");
	answer->received_minor = get_integer(object, "amount_received");
	read_last_error(answer, object);
	if (is_id(answer->id) && answer->status[0] != '\0')
	{
		answer->outcome = CFA_PROVIDER_OK;
		return;
	}
	answer->outcome = CFA_PROVIDER_RETRY;
	answer->is_outage = true;
	snprintf(answer->code, sizeof(answer->code), "invalid_answer");
}

static void
read_list(CfaProviderAnswer *answer, CfaProviderCall call,
		  const CfaProviderTerms *terms, const json_t *root)
{
	const json_t *data = json_object_get(root, "data");
	const json_t *object;
	size_t index;

	if (!json_is_array(data))
	{
		answer->is_outage = true;
		snprintf(answer->code, sizeof(answer->code), "invalid_answer");
		return;
	}
	json_array_foreach(data, index, object)
	{
		if (is_match(call, terms, object))
		{
			read_object(answer, object);
			return;
		}
	}
	answer->outcome = CFA_PROVIDER_NOT_FOUND;
}

static void
read_error(CfaProviderAnswer *answer, CfaProviderCall call, const json_t *root)
{
	const json_t *error = json_object_get(root, "error");
	const json_t *intent = json_object_get(error, "payment_intent");
	char code[sizeof(answer->code)] = "";

	copy_text(code, sizeof(code), error, "code");
	if (code[0] == '\0')
		copy_text(code, sizeof(code), error, "type");
	copy_text(answer->message, sizeof(answer->message), error, "message");
	switch (answer->http_status)
	{
		case 402:
			/* A declined card: the payment exists and is in the error. */
			if (call == CFA_CALL_CREATE && json_is_object(intent))
				read_object(answer, intent);
			else
				answer->outcome = CFA_PROVIDER_REFUSED;
			break;
		case 404:
			answer->outcome = CFA_PROVIDER_NOT_FOUND;
			break;
		case 408:
		case 409: /* another request with this idempotency key is under way */
		case 425:
			answer->outcome = CFA_PROVIDER_RETRY;
			break;
		case 401:
		case 403:
		case 429:
			answer->outcome = CFA_PROVIDER_RETRY;
			answer->is_outage = true;
			break;
		default:
			if (answer->http_status >= 400 && answer->http_status < 500)
				answer->outcome =
					strcmp(code, "payment_intent_unexpected_state") == 0
						? CFA_PROVIDER_STATE
						: CFA_PROVIDER_REFUSED;
			else
				answer->is_outage = true;
			break;
	}
	if (code[0] == '\0')
		snprintf(code, sizeof(code), "http_%d", answer->http_status);
	snprintf(answer->code, sizeof(answer->code), "%s", code);
}

static void
read_last_error(CfaProviderAnswer *answer, const json_t *object)
{
	const json_t *error = json_object_get(object, "last_payment_error");
	const char *decline =
		json_string_value(json_object_get(error, "decline_code"));
	char code[sizeof(answer->code)] = "";

	if (!json_is_object(error))
		return;
	copy_text(code, sizeof(code), error, "code");
	snprintf(answer->code,
			 sizeof(answer->code),
			 "%s",
			 cfa_decline_reason(code, decline));
	copy_text(answer->message, sizeof(answer->message), error, "message");
}

static bool
is_match(CfaProviderCall call, const CfaProviderTerms *terms,
		 const json_t *object)
{
	const char *name = call == CFA_CALL_SEARCH ? "pledge_id" : "refund_id";
	const char *wanted =
		call == CFA_CALL_SEARCH ? terms->pledge_id : terms->refund_id;
	const char *found = json_string_value(
		json_object_get(json_object_get(object, "metadata"), name));

	return found != NULL && wanted != NULL && strcmp(found, wanted) == 0;
}

/* Seconds only: providers do not send dates here. */
static int64_t
read_retry_after(const char *text)
{
	char *end;
	long seconds;

	if (text == NULL || *text < '0' || *text > '9')
		return 0;
	seconds = strtol(text, &end, 10);
	if (*end != '\0' || seconds < 0)
		return 0;
	return (int64_t) (seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S
												  : seconds) *
		   1000;
}

static void
copy_text(char *buf, size_t len, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	size_t end;

	if (text == NULL)
		return;
	end = strlen(text);
	if (end >= len)
	{
		/* Never cut in the middle of a character. */
		end = len - 1;
		while (end > 0 && ((unsigned char) text[end] & 0xC0) == 0x80)
			end--;
	}
	memcpy(buf, text, end);
	buf[end] = '\0';
}

static int64_t
get_integer(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}
