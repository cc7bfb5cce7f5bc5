/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otlp.c: the protobuf messages of the trace service, by hand.
 *
 * Attributes, of which there are many, are counted and then written at once. Larger
 * messages are written first and then moved up by the few bytes of their field
 * number and length.
 */
#include "careforall/otlp.h"

#include <string.h>

#include "careforall/text.h"

/* Longest field number with a length or a number. */
#define HEAD_MAX 24

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

static size_t cut(const char *text);
static size_t varint_size(uint64_t value);
static size_t value_size(const CfaLogField *attribute, size_t text_len);
static uint8_t *write_varint(uint8_t *at, uint64_t value);
static uint8_t *write_fixed(uint8_t *at, uint64_t value, size_t bytes);
static uint8_t *write_head(uint8_t *at, unsigned field, size_t len);
static uint8_t *write_value(uint8_t *at, const CfaLogField *attribute,
							size_t text_len);
static void put_uint(CfaBuf *out, unsigned field, uint64_t value);
static void put_fixed64(CfaBuf *out, unsigned field, uint64_t value);
static void put_fixed32(CfaBuf *out, unsigned field, uint32_t value);
static void put_bytes(CfaBuf *out, unsigned field, const void *data,
					  size_t len);
static void put_text(CfaBuf *out, unsigned field, const char *text);
static void put_link(CfaBuf *out, const CfaTrace *link);
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
	const char *text = attribute->value.text;
	size_t key_len = strlen(attribute->key);
	size_t text_len = 0;
	size_t value_len;
	size_t len;
	uint8_t *at;

	if (attribute->type == CFA_LOG_TEXT)
	{
		if (text == NULL)
			return;
		text_len = cut(text);
		if (!cfa_utf8_valid(text, text_len))
			return;
	}
	value_len = value_size(attribute, text_len);
	len = 1 + varint_size(key_len) + key_len + 1 + varint_size(value_len) +
		  value_len;
	cfa_buf_reserve(out, len + HEAD_MAX);
	at = (uint8_t *) out->data + out->len;
	at = write_head(at, field, len);
	at = write_head(at, KEY_VALUE_KEY, key_len);
	memcpy(at, attribute->key, key_len);
	at = write_head(at + key_len, KEY_VALUE_VALUE, value_len);
	at = write_value(at, attribute, text_len);
	out->len = (size_t) (at - (uint8_t *) out->data);
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

/* How much of a text is kept: whole characters. */
static size_t
cut(const char *text)
{
	size_t len = strlen(text);

	if (len <= CFA_SPAN_TEXT_MAX)
		return len;
	len = CFA_SPAN_TEXT_MAX;
	while (len > 0 && ((uint8_t) text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static size_t
varint_size(uint64_t value)
{
	size_t size = 1;

	while ((value >>= 7) != 0)
		size++;
	return size;
}

static uint8_t *
write_varint(uint8_t *at, uint64_t value)
{
	while (value >= 0x80)
	{
		*at++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t) value;
	return at;
}

static uint8_t *
write_fixed(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*at++ = (uint8_t) (value >> (8 * i));
	return at;
}

/* The field number and length of what has one. */
static uint8_t *
write_head(uint8_t *at, unsigned field, size_t len)
{
	at = write_varint(at, (uint64_t) field << 3 | WIRE_BYTES);
	return write_varint(at, len);
}

static void
put_uint(CfaBuf *out, unsigned field, uint64_t value)
{
	uint8_t bytes[HEAD_MAX];
	uint8_t *at = write_varint(bytes, (uint64_t) field << 3 | WIRE_VARINT);

	at = write_varint(at, value);
	cfa_buf_add(out, bytes, (size_t) (at - bytes));
}

static void
put_fixed64(CfaBuf *out, unsigned field, uint64_t value)
{
	uint8_t bytes[HEAD_MAX];
	uint8_t *at = write_varint(bytes, (uint64_t) field << 3 | WIRE_FIXED64);

	at = write_fixed(at, value, sizeof(value));
	cfa_buf_add(out, bytes, (size_t) (at - bytes));
}

static void
put_fixed32(CfaBuf *out, unsigned field, uint32_t value)
{
	uint8_t bytes[HEAD_MAX];
	uint8_t *at = write_varint(bytes, (uint64_t) field << 3 | WIRE_FIXED32);

	at = write_fixed(at, value, sizeof(value));
	cfa_buf_add(out, bytes, (size_t) (at - bytes));
}

static void
put_bytes(CfaBuf *out, unsigned field, const void *data, size_t len)
{
	uint8_t *at;

	cfa_buf_reserve(out, len + HEAD_MAX);
	at = (uint8_t *) out->data + out->len;
	at = write_head(at, field, len);
	if (len > 0)
		memcpy(at, data, len);
	out->len = (size_t) (at - (uint8_t *) out->data) + len;
}

/* Leaves out what is NULL or empty; cuts what is too long. */
static void
put_text(CfaBuf *out, unsigned field, const char *text)
{
	size_t len = text != NULL ? cut(text) : 0;

	if (len > 0)
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

static size_t
value_size(const CfaLogField *attribute, size_t text_len)
{
	switch (attribute->type)
	{
		case CFA_LOG_END:
			break;
		case CFA_LOG_TEXT:
			return 1 + varint_size(text_len) + text_len;
		case CFA_LOG_INTEGER:
			return 1 + varint_size((uint64_t) attribute->value.integer);
		case CFA_LOG_REAL:
			return 1 + sizeof(uint64_t);
		case CFA_LOG_FLAG:
			return 2;
	}
	return 0;
}

static uint8_t *
write_value(uint8_t *at, const CfaLogField *attribute, size_t text_len)
{
	uint64_t bits;

	switch (attribute->type)
	{
		case CFA_LOG_END:
			break;
		case CFA_LOG_TEXT:
			at = write_head(at, VALUE_TEXT, text_len);
			memcpy(at, attribute->value.text, text_len);
			return at + text_len;
		case CFA_LOG_INTEGER:
			*at++ = VALUE_INTEGER << 3 | WIRE_VARINT;
			return write_varint(at, (uint64_t) attribute->value.integer);
		case CFA_LOG_REAL:
			memcpy(&bits, &attribute->value.real, sizeof(bits));
			*at++ = VALUE_REAL << 3 | WIRE_FIXED64;
			return write_fixed(at, bits, sizeof(bits));
		case CFA_LOG_FLAG:
			*at++ = VALUE_FLAG << 3 | WIRE_VARINT;
			*at++ = attribute->value.flag;
			break;
	}
	return at;
}

/* Makes what stands behind start the given field. */
static void
close_message(CfaBuf *out, unsigned field, size_t start)
{
	size_t len = out->len - start;
	uint8_t bytes[HEAD_MAX];
	size_t head = (size_t) (write_head(bytes, field, len) - bytes);
	char *at;

	cfa_buf_reserve(out, head);
	at = out->data + start;
	memmove(at + head, at, len);
	memcpy(at, bytes, head);
	out->len += head;
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
