/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otlp.c: the protobuf messages of the trace service, by hand.
 *
 * A message inside another one is written first and then moved up by the few
 * bytes of its field number and length: a span is some hundred bytes, so that is
 * cheaper than to count them beforehand.
 */
#include "careforall/otlp.h"

#include <string.h>

#include "careforall/text.h"

#define WIRE_VARINT 0
#define WIRE_FIXED64 1
#define WIRE_BYTES 2
#define WIRE_FIXED32 5

#define STATUS_ERROR 2
/* In the flags of spans and links, beside those of the trace. */
#define FLAG_HAS_IS_REMOTE 0x100
#define FLAG_IS_REMOTE 0x200

enum
{
	REQUEST_RESOURCE_SPANS = 1,
	RESOURCE_SPANS_RESOURCE = 1,
	RESOURCE_SPANS_SCOPE_SPANS = 2,
	SCOPE_SPANS_SCOPE = 1,
	SCOPE_SPANS_SPANS = 2,
	SCOPE_NAME = 1,
	SCOPE_VERSION = 2,
	SPAN_TRACE_ID = 1,
	SPAN_SPAN_ID = 2,
	SPAN_TRACE_STATE = 3,
	SPAN_PARENT_ID = 4,
	SPAN_NAME = 5,
	SPAN_KIND = 6,
	SPAN_START = 7,
	SPAN_END = 8,
	SPAN_ATTRIBUTES = 9,
	SPAN_LINKS = 13,
	SPAN_DROPPED_LINKS = 14,
	SPAN_STATUS = 15,
	SPAN_FLAGS = 16,
	LINK_TRACE_ID = 1,
	LINK_SPAN_ID = 2,
	LINK_FLAGS = 6,
	STATUS_CODE = 3,
	KEY_VALUE_KEY = 1,
	KEY_VALUE_VALUE = 2,
	VALUE_TEXT = 1,
	VALUE_FLAG = 2,
	VALUE_INTEGER = 3,
	VALUE_REAL = 4,
	RESPONSE_PARTIAL_SUCCESS = 1,
	PARTIAL_REJECTED = 1
};

static void put_varint(CfaBuf *out, uint64_t value);
static void put_tag(CfaBuf *out, unsigned field, unsigned wire);
static void put_uint(CfaBuf *out, unsigned field, uint64_t value);
static void put_fixed64(CfaBuf *out, unsigned field, uint64_t value);
static void put_fixed32(CfaBuf *out, unsigned field, uint32_t value);
static void put_bytes(CfaBuf *out, unsigned field, const void *data,
					  size_t len);
static void put_text(CfaBuf *out, unsigned field, const char *text);
static void put_link(CfaBuf *out, const CfaTrace *link);
static void put_value(CfaBuf *out, const CfaLogField *attribute);
static void close_message(CfaBuf *out, unsigned field, size_t start);
static bool is_zero(const uint8_t *bytes, size_t len);
static bool next_field(const uint8_t **at, const uint8_t *end,
					   unsigned *out_field, uint64_t *out_value,
					   const uint8_t **out_bytes);

void
cfa_otlp_add_span(CfaBuf *out, const CfaSpan *span)
{
	size_t start = out->len;
	size_t links = span->link_count;
	uint32_t flags = span->trace.flags;
	const CfaLogField *a;

	if (links > CFA_SPAN_LINKS_MAX)
		links = CFA_SPAN_LINKS_MAX;
	put_bytes(out, SPAN_TRACE_ID, span->trace.trace_id, 16);
	put_bytes(out, SPAN_SPAN_ID, span->trace.span_id, 8);
	put_text(out, SPAN_TRACE_STATE, span->trace_state);
	if (!is_zero(span->parent_id, sizeof(span->parent_id)))
	{
		put_bytes(out, SPAN_PARENT_ID, span->parent_id, 8);
		flags |=
			FLAG_HAS_IS_REMOTE | (span->is_parent_remote ? FLAG_IS_REMOTE : 0U);
	}
	put_text(out, SPAN_NAME, span->name);
	put_uint(out, SPAN_KIND, (uint64_t) span->kind);
	put_fixed64(out, SPAN_START, span->start_ns);
	/* Clocks that step must not make a span that ends before it begins. */
	put_fixed64(out,
				SPAN_END,
				span->end_ns > span->start_ns ? span->end_ns : span->start_ns);
	for (a = span->attributes; a != NULL && a->type != CFA_LOG_END; a++)
		cfa_otlp_add_attribute(out, SPAN_ATTRIBUTES, a);
	for (size_t i = 0; i < links; i++)
		put_link(out, &span->links[i]);
	if (links < span->link_count)
		put_uint(out, SPAN_DROPPED_LINKS, span->link_count - links);
	if (span->has_failed)
	{
		size_t status = out->len;

		put_uint(out, STATUS_CODE, STATUS_ERROR);
		close_message(out, SPAN_STATUS, status);
	}
	put_fixed32(out, SPAN_FLAGS, flags);
	close_message(out, SCOPE_SPANS_SPANS, start);
}

void
cfa_otlp_add_attribute(CfaBuf *out, unsigned field,
					   const CfaLogField *attribute)
{
	size_t start = out->len;
	size_t value;

	if (attribute->type == CFA_LOG_TEXT &&
		(attribute->value.text == NULL ||
		 !cfa_utf8_valid(attribute->value.text, strlen(attribute->value.text))))
		return;
	put_text(out, KEY_VALUE_KEY, attribute->key);
	value = out->len;
	put_value(out, attribute);
	close_message(out, KEY_VALUE_VALUE, value);
	close_message(out, field, start);
}

void
cfa_otlp_add_request(CfaBuf *out, const CfaBuf *resource, const char *scope,
					 const char *version, const void *spans, size_t spans_len)
{
	size_t resource_spans = out->len;
	size_t scope_spans;
	size_t inner;

	put_bytes(out, RESOURCE_SPANS_RESOURCE, resource->data, resource->len);
	scope_spans = out->len;
	inner = out->len;
	put_text(out, SCOPE_NAME, scope);
	put_text(out, SCOPE_VERSION, version);
	close_message(out, SCOPE_SPANS_SCOPE, inner);
	cfa_buf_add(out, spans, spans_len);
	close_message(out, RESOURCE_SPANS_SCOPE_SPANS, scope_spans);
	close_message(out, REQUEST_RESOURCE_SPANS, resource_spans);
}

uint64_t
cfa_otlp_rejected(const void *response, size_t len)
{
	const uint8_t *at = response;
	const uint8_t *end = at + len;
	const uint8_t *partial;
	const uint8_t *bytes;
	unsigned field;
	uint64_t value;

	while (next_field(&at, end, &field, &value, &partial))
	{
		const uint8_t *partial_end;

		if (field != RESPONSE_PARTIAL_SUCCESS || partial == NULL)
			continue;
		partial_end = partial + value;
		while (next_field(&partial, partial_end, &field, &value, &bytes))
		{
			if (field == PARTIAL_REJECTED && bytes == NULL)
				return value;
		}
	}
	return 0;
}

static void
put_varint(CfaBuf *out, uint64_t value)
{
	uint8_t bytes[10];
	size_t count = 0;

	while (value >= 0x80)
	{
		bytes[count++] = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	bytes[count++] = (uint8_t) value;
	cfa_buf_add(out, bytes, count);
}

static void
put_tag(CfaBuf *out, unsigned field, unsigned wire)
{
	put_varint(out, (uint64_t) field << 3 | wire);
}

static void
put_uint(CfaBuf *out, unsigned field, uint64_t value)
{
	put_tag(out, field, WIRE_VARINT);
	put_varint(out, value);
}

static void
put_fixed64(CfaBuf *out, unsigned field, uint64_t value)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t) (value >> (8 * i));
	put_tag(out, field, WIRE_FIXED64);
	cfa_buf_add(out, bytes, sizeof(bytes));
}

static void
put_fixed32(CfaBuf *out, unsigned field, uint32_t value)
{
	uint8_t bytes[4];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t) (value >> (8 * i));
	put_tag(out, field, WIRE_FIXED32);
	cfa_buf_add(out, bytes, sizeof(bytes));
}

static void
put_bytes(CfaBuf *out, unsigned field, const void *data, size_t len)
{
	put_tag(out, field, WIRE_BYTES);
	put_varint(out, len);
	cfa_buf_add(out, data, len);
}

/* Leaves out what is NULL or empty; cuts what is too long. */
static void
put_text(CfaBuf *out, unsigned field, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0)
		return;
	if (len > CFA_SPAN_TEXT_MAX)
	{
		len = CFA_SPAN_TEXT_MAX;
		while (len > 0 && ((uint8_t) text[len] & 0xc0) == 0x80)
			len--;
	}
	put_bytes(out, field, text, len);
}

static void
put_link(CfaBuf *out, const CfaTrace *link)
{
	size_t start = out->len;

	put_bytes(out, LINK_TRACE_ID, link->trace_id, 16);
	put_bytes(out, LINK_SPAN_ID, link->span_id, 8);
	put_fixed32(out, LINK_FLAGS, link->flags);
	close_message(out, SPAN_LINKS, start);
}

static void
put_value(CfaBuf *out, const CfaLogField *attribute)
{
	uint64_t bits;

	switch (attribute->type)
	{
		case CFA_LOG_END:
			break;
		case CFA_LOG_TEXT:
			/* An empty text has to be written, or it would have no type. */
			if (attribute->value.text[0] == '\0')
				put_bytes(out, VALUE_TEXT, "", 0);
			else
				put_text(out, VALUE_TEXT, attribute->value.text);
			break;
		case CFA_LOG_INTEGER:
			put_uint(out, VALUE_INTEGER, (uint64_t) attribute->value.integer);
			break;
		case CFA_LOG_REAL:
			memcpy(&bits, &attribute->value.real, sizeof(bits));
			put_fixed64(out, VALUE_REAL, bits);
			break;
		case CFA_LOG_FLAG:
			put_uint(out, VALUE_FLAG, attribute->value.flag);
			break;
	}
}

/* Makes what stands behind start the given field. */
static void
close_message(CfaBuf *out, unsigned field, size_t start)
{
	size_t len = out->len - start;
	size_t head;

	put_tag(out, field, WIRE_BYTES);
	put_varint(out, len);
	head = out->len - start - len;
	{
		char bytes[16];

		memcpy(bytes, out->data + start + len, head);
		memmove(out->data + start + head, out->data + start, len);
		memcpy(out->data + start, bytes, head);
	}
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t all = 0;

	while (len > 0)
		all |= bytes[--len];
	return all == 0;
}

static bool
get_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
	unsigned shift;

	*out = 0;
	for (shift = 0; shift < 64 && *at < end; shift += 7)
	{
		uint8_t byte = *(*at)++;

		*out |= (uint64_t) (byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/*
 * Reads a field: its number, and its value, or its bytes and their number. False
 * at the end and for what is malformed.
 */
static bool
next_field(const uint8_t **at, const uint8_t *end, unsigned *out_field,
		   uint64_t *out_value, const uint8_t **out_bytes)
{
	uint64_t tag;

	*out_bytes = NULL;
	if (!get_varint(at, end, &tag))
		return false;
	*out_field = (unsigned) (tag >> 3);
	switch (tag & 7)
	{
		case WIRE_VARINT:
			return get_varint(at, end, out_value);
		case WIRE_FIXED64:
			*out_value = 8;
			break;
		case WIRE_FIXED32:
			*out_value = 4;
			break;
		case WIRE_BYTES:
			if (!get_varint(at, end, out_value))
				return false;
			break;
		default:
			return false;
	}
	if (*out_value > (uint64_t) (end - *at))
		return false;
	*out_bytes = *at;
	*at += *out_value;
	return true;
}
