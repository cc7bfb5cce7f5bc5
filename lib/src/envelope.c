/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope.c: outbox row to message headers and back.
 *
 * Every value written is printable ASCII without the characters that CloudEvents
 * asks to escape, because ids, types and numbers cannot hold any; what does not
 * pass cfa_event_check() is never sent.
 */
#include "careforall/envelope.h"

#include <stdio.h>
#include <string.h>

#include "careforall/text.h"
#include "careforall/trace.h"

#define TYPE_PREFIX "careforall."
#define TYPE_SUFFIX ".v1"
#define SOURCE "/careforall"

static bool is_uuid(const char *text);
static bool is_token(const char *text, size_t len);
static bool is_type(const CfaEvent *event);
static char *put(char *at, const char *name, size_t name_len, const char *value,
				 size_t len);
static char *put_number(char *at, const char *name, size_t name_len,
						size_t digits, uint64_t value);
static bool get_uuid(CfaHeaderGet get, void *message, const char *name,
					 char out[37]);
static bool get_number(CfaHeaderGet get, void *message, const char *name,
					   uint64_t *out);
static bool get_type(CfaHeaderGet get, void *message, CfaEventIn *event);

int
cfa_event_bucket(const char *campaign_id)
{
	uint8_t uuid[16];

	if (!cfa_uuid_parse(campaign_id, strlen(campaign_id), uuid))
		return -1;
	return uuid[15] & (CFA_EVENT_BUCKETS - 1);
}

const char *
cfa_event_check(const CfaEvent *event)
{
	char head[CFA_EVENT_HEAD_MAX];

	if (!is_uuid(event->event_id))
		return "event id is not a UUID";
	if (!is_uuid(event->aggregate_id))
		return "aggregate id is not a UUID";
	if (!is_uuid(event->campaign_id))
		return "campaign id is not a UUID";
	if (event->outbox_id <= 0 || event->aggregate_version <= 0)
		return "id or version is not positive";
	if (!is_type(event))
		return "type is not \"<aggregate>.<event>\" of lower-case words";
	if (event->occurred_at_ms < 0)
		return "time is before 1970";
	if (event->data_len > CFA_EVENT_SIZE_MAX - CFA_EVENT_HEAD_MAX &&
		event->data_len + cfa_event_head(event, head) > CFA_EVENT_SIZE_MAX)
		return "event is larger than 524288 bytes";
	return NULL;
}

void
cfa_event_subject(const CfaEvent *event, char subject[CFA_EVENT_SUBJECT_MAX])
{
	(void) snprintf(subject,
					CFA_EVENT_SUBJECT_MAX,
					TYPE_PREFIX "%s.%d",
					event->type,
					cfa_event_bucket(event->campaign_id));
}

size_t
cfa_event_head(const CfaEvent *event, char head[CFA_EVENT_HEAD_MAX])
{
	static const char fixed_1[] =
		"ce-specversion: 1.0\r\nce-source: " SOURCE "\r\nce-type: " TYPE_PREFIX;
	static const char fixed_2[] =
		TYPE_SUFFIX "\r\nce-datacontenttype: application/json\r\n";
	char text[CFA_TRACEPARENT_LEN + 1];
	CfaTrace trace;
	size_t type_len = strlen(event->type);
	char *at = head;

#define PUT(name, value, len) at = put(at, name, sizeof(name) - 1, value, len)
#define PUT_NUMBER(name, digits, value) \
	at = put_number(at, name, sizeof(name) - 1, digits, value)
	PUT(CFA_HEADER_ID, event->event_id, CFA_UUID_TEXT_LEN);
	PUT("ce-id", event->event_id, CFA_UUID_TEXT_LEN);
	at = mempcpy(at, fixed_1, sizeof(fixed_1) - 1);
	at = mempcpy(at, event->type, type_len);
	at = mempcpy(at, fixed_2, sizeof(fixed_2) - 1);
	PUT(CFA_HEADER_SUBJECT, event->aggregate_id, CFA_UUID_TEXT_LEN);
	PUT("ce-partitionkey", event->aggregate_id, CFA_UUID_TEXT_LEN);
	cfa_time_format_ms(event->occurred_at_ms, text);
	PUT(CFA_HEADER_TIME, text, CFA_TIME_TEXT_LEN);
	PUT_NUMBER(CFA_HEADER_SEQUENCE, 20, (uint64_t) event->outbox_id);
	PUT_NUMBER(CFA_HEADER_VERSION, 1, (uint64_t) event->aggregate_version);
	PUT(CFA_HEADER_CAMPAIGN, event->campaign_id, CFA_UUID_TEXT_LEN);
	PUT_NUMBER(CFA_HEADER_TRANSACTION, 1, event->transaction_id);
	/* A malformed trace context is dropped: it must never stop an event. */
	if (event->traceparent != NULL &&
		cfa_trace_parse(event->traceparent, strlen(event->traceparent), &trace))
	{
		cfa_trace_format(&trace, text);
		PUT(CFA_HEADER_TRACEPARENT, text, CFA_TRACEPARENT_LEN);
		PUT("ce-traceparent", text, CFA_TRACEPARENT_LEN);
	}
#undef PUT
#undef PUT_NUMBER
	return (size_t) (at - head);
}

bool
cfa_event_read(CfaHeaderGet get, void *message, CfaEventIn *event)
{
	const char *time = get(message, CFA_HEADER_TIME);
	const char *traceparent = get(message, CFA_HEADER_TRACEPARENT);
	uint64_t outbox_id;
	uint64_t version;

	*event = (CfaEventIn){0};
	if (!get_uuid(get, message, CFA_HEADER_ID, event->event_id) ||
		!get_uuid(get, message, CFA_HEADER_SUBJECT, event->aggregate_id) ||
		!get_uuid(get, message, CFA_HEADER_CAMPAIGN, event->campaign_id) ||
		!get_number(get, message, CFA_HEADER_SEQUENCE, &outbox_id) ||
		!get_number(get, message, CFA_HEADER_VERSION, &version) ||
		!get_number(get,
					message,
					CFA_HEADER_TRANSACTION,
					&event->transaction_id) ||
		!get_type(get, message, event) || time == NULL)
		return false;
	event->occurred_at_ms = cfa_time_parse_ms(time, strlen(time));
	event->outbox_id = (int64_t) outbox_id;
	event->aggregate_version = (int64_t) version;
	if (traceparent != NULL && strlen(traceparent) == CFA_TRACEPARENT_LEN)
		memcpy(event->traceparent, traceparent, CFA_TRACEPARENT_LEN + 1);
	return event->occurred_at_ms >= 0;
}

static bool
is_uuid(const char *text)
{
	uint8_t uuid[16];

	return text != NULL && cfa_uuid_parse(text, strlen(text), uuid);
}

/* A subject token: lower-case letters and underscores. */
static bool
is_token(const char *text, size_t len)
{
	return len > 0 && len <= 24 &&
		   strspn(text, "abcdefghijklmnopqrstuvwxyz_") >= len;
}

/* "<aggregate>.<event>", the aggregate being the event's own. */
static bool
is_type(const CfaEvent *event)
{
	size_t aggregate_len = strlen(event->aggregate_type);
	const char *name;

	if (!is_token(event->aggregate_type, aggregate_len) ||
		strncmp(event->type, event->aggregate_type, aggregate_len) != 0 ||
		event->type[aggregate_len] != '.')
		return false;
	name = event->type + aggregate_len + 1;
	return is_token(name, strlen(name));
}

static char *
put(char *at, const char *name, size_t name_len, const char *value, size_t len)
{
	at = mempcpy(at, name, name_len);
	at = mempcpy(at, ": ", 2);
	at = mempcpy(at, value, len);
	return mempcpy(at, "\r\n", 2);
}

/* Fills up with zeros to the given number of digits. */
static char *
put_number(char *at, const char *name, size_t name_len, size_t digits,
		   uint64_t value)
{
	char text[20];
	size_t first = sizeof(text);

	while (value > 0 || sizeof(text) - first < digits)
	{
		text[--first] = (char) ('0' + value % 10);
		value /= 10;
	}
	return put(at, name, name_len, text + first, sizeof(text) - first);
}

static bool
get_uuid(CfaHeaderGet get, void *message, const char *name, char out[37])
{
	const char *value = get(message, name);

	if (!is_uuid(value))
		return false;
	memcpy(out, value, 37);
	return true;
}

/* Zeros in front are part of ce-sequence. */
static bool
get_number(CfaHeaderGet get, void *message, const char *name, uint64_t *out)
{
	const char *value = get(message, name);

	if (value == NULL)
		return false;
	while (value[0] == '0' && value[1] != '\0')
		value++;
	return cfa_parse_uint(value, strlen(value), INT64_MAX, out);
}

static bool
get_type(CfaHeaderGet get, void *message, CfaEventIn *event)
{
	static const size_t prefix = sizeof(TYPE_PREFIX) - 1;
	static const size_t suffix = sizeof(TYPE_SUFFIX) - 1;
	const char *value = get(message, CFA_HEADER_TYPE);
	size_t len = value ? strlen(value) : 0;

	if (len <= prefix + suffix ||
		len - prefix - suffix >= sizeof(event->type) ||
		memcmp(value, TYPE_PREFIX, prefix) != 0 ||
		memcmp(value + len - suffix, TYPE_SUFFIX, suffix) != 0)
		return false;
	memcpy(event->type, value + prefix, len - prefix - suffix);
	return true;
}
