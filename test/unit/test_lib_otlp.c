/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans as protobuf, read back by a reader of fields that knows nothing of the
 * writer; test/system/tracing.test.ts reads them by the official definitions.
 */
#include "unit.h"

#include <pthread.h>
#include <sodium.h>

#include "careforall/otlp.h"
#include "careforall/span_queue.h"

typedef struct Field
{
	const uint8_t *bytes;
	uint64_t value; /* or the number of bytes */
} Field;

static uint64_t
varint(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;

	do
		value |= (uint64_t) (**at & 0x7f) << shift;
	while (shift += 7, *(*at)++ & 0x80);
	return value;
}

/* The n-th field of that number; a value of ~0 if there is none. */
static Field
find(Field message, unsigned number, unsigned n)
{
	const uint8_t *at = message.bytes;
	const uint8_t *end = at + message.value;

	while (at < end)
	{
		uint64_t tag = varint(&at);
		Field field = {0};

		switch (tag & 7)
		{
			case 0:
				field.value = varint(&at);
				break;
			case 1:
				memcpy(&field.value, at, 8);
				at += 8;
				break;
			case 5:
				memcpy(&field.value, at, 4);
				at += 4;
				break;
			default:
				assert_int_equal(tag & 7, 2);
				field.value = varint(&at);
				field.bytes = at;
				at += field.value;
		}
		if (tag >> 3 == number && n-- == 0)
			return field;
	}
	assert_ptr_equal(at, end);
	return (Field){NULL, UINT64_MAX};
}

static bool
is_text(Field field, const char *text)
{
	return field.bytes != NULL && field.value == strlen(text) &&
		   memcmp(field.bytes, text, field.value) == 0;
}

static Field
encode(const CfaSpan *span, CfaBuf *out)
{
	cfa_buf_reset(out);
	cfa_otlp_add_span(out, span);
	return find((Field){(const uint8_t *) out->data, out->len}, 2, 0);
}

static void
test_span(void **state)
{
	const CfaTrace links[2] = {{.trace_id = {9}, .span_id = {8}, .flags = 3},
							   {.trace_id = {7}, .span_id = {6}}};
	const CfaLogField attributes[] = {CFA_STR("http.route", "/a/:id"),
									  CFA_INT("status", -1),
									  CFA_REAL("share", 0.5),
									  CFA_FLAG("ok", true),
									  CFA_STR("empty", ""),
									  CFA_STR("absent", NULL),
									  CFA_STR("broken", "a\xff"),
									  {0}};
	CfaSpan span = {.trace = {.trace_id = {1, 2},
							  .span_id = {3},
							  .flags = CFA_TRACE_SAMPLED},
					.parent_id = {5},
					.is_parent_remote = true,
					.has_failed = true,
					.kind = CFA_SPAN_SERVER,
					.name = "GET /a/:id",
					.trace_state = "a=1",
					.start_ns = 1700000000000000001,
					.end_ns = 1700000000000000005,
					.attributes = attributes,
					.links = links,
					.link_count = 2};
	CfaBuf out = {0};
	Field f = encode(&span, &out);

	assert_memory_equal(find(f, 1, 0).bytes, span.trace.trace_id, 16);
	assert_int_equal(find(f, 1, 0).value, 16);
	assert_memory_equal(find(f, 2, 0).bytes, span.trace.span_id, 8);
	assert_true(is_text(find(f, 3, 0), "a=1"));
	assert_memory_equal(find(f, 4, 0).bytes, span.parent_id, 8);
	assert_true(is_text(find(f, 5, 0), "GET /a/:id"));
	assert_int_equal(find(f, 6, 0).value, 2);
	assert_int_equal(find(f, 7, 0).value, 1700000000000000001);
	assert_int_equal(find(f, 8, 0).value, 1700000000000000005);
	assert_int_equal(find(f, 16, 0).value, 0x301);
	assert_int_equal(find(find(f, 15, 0), 3, 0).value, 2);

	assert_true(is_text(find(find(f, 9, 0), 1, 0), "http.route"));
	assert_true(is_text(find(find(find(f, 9, 0), 2, 0), 1, 0), "/a/:id"));
	assert_int_equal(find(find(find(f, 9, 1), 2, 0), 3, 0).value,
					 (uint64_t) -1);
	assert_int_equal(find(find(find(f, 9, 2), 2, 0), 4, 0).value,
					 0x3fe0000000000000);
	assert_int_equal(find(find(find(f, 9, 3), 2, 0), 2, 0).value, 1);
	assert_int_equal(find(find(find(f, 9, 4), 2, 0), 1, 0).value, 0);
	assert_int_equal(find(f, 9, 5).value, UINT64_MAX);

	assert_memory_equal(find(find(f, 13, 0), 1, 0).bytes,
						links[0].trace_id,
						16);
	assert_memory_equal(find(find(f, 13, 0), 2, 0).bytes, links[0].span_id, 8);
	assert_int_equal(find(find(f, 13, 0), 6, 0).value, 3);
	assert_memory_equal(find(find(f, 13, 1), 1, 0).bytes,
						links[1].trace_id,
						16);
	cfa_buf_clear(&out);
}

/* A root without anything, whose clock went back; and what is cut. */
static void
test_span_limits(void **state)
{
	static const CfaTrace links[CFA_SPAN_LINKS_MAX + 3];
	char text[CFA_SPAN_TEXT_MAX + 10];
	CfaSpan span = {.kind = CFA_SPAN_INTERNAL,
					.name = text,
					.start_ns = 9,
					.end_ns = 3,
					.links = links,
					.link_count = CFA_SPAN_LINKS_MAX + 3};
	CfaBuf out = {0};
	Field f;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	/* A character of two bytes astride the limit goes as a whole. */
	text[CFA_SPAN_TEXT_MAX - 1] = '\xc3';
	text[CFA_SPAN_TEXT_MAX] = '\xa4';
	f = encode(&span, &out);
	assert_int_equal(find(f, 5, 0).value, CFA_SPAN_TEXT_MAX - 1);
	assert_int_equal(find(f, 8, 0).value, 9);
	assert_int_equal(find(f, 4, 0).value, UINT64_MAX);
	assert_int_equal(find(f, 15, 0).value, UINT64_MAX);
	assert_int_equal(find(f, 16, 0).value, 0);
	assert_int_equal(find(f, 13, CFA_SPAN_LINKS_MAX).value, UINT64_MAX);
	assert_int_equal(find(f, 14, 0).value, 3);
	cfa_buf_clear(&out);
}

static void
test_request(void **state)
{
	CfaSpan span = {.kind = CFA_SPAN_CLIENT, .name = "a"};
	CfaBuf spans = {0};
	CfaBuf resource = {0};
	CfaBuf out = {0};
	Field f;
	Field scope_spans;

	cfa_otlp_add_span(&spans, &span);
	span.name = "b";
	cfa_otlp_add_span(&spans, &span);
	cfa_otlp_add_attribute(&resource,
						   CFA_OTLP_RESOURCE_ATTRIBUTES,
						   &CFA_STR("service.name", "s"));
	cfa_otlp_add_request(&out,
						 &resource,
						 "scope",
						 "1.2",
						 spans.data,
						 spans.len);
	f = find((Field){(const uint8_t *) out.data, out.len}, 1, 0);
	assert_true(is_text(find(find(find(f, 1, 0), 1, 0), 1, 0), "service.name"));
	scope_spans = find(f, 2, 0);
	assert_true(is_text(find(find(scope_spans, 1, 0), 1, 0), "scope"));
	assert_true(is_text(find(find(scope_spans, 1, 0), 2, 0), "1.2"));
	assert_true(is_text(find(find(scope_spans, 2, 0), 5, 0), "a"));
	assert_true(is_text(find(find(scope_spans, 2, 1), 5, 0), "b"));
	assert_int_equal(find(scope_spans, 2, 2).value, UINT64_MAX);
	cfa_buf_clear(&spans);
	cfa_buf_clear(&resource);
	cfa_buf_clear(&out);
}

static void
test_rejected(void **state)
{
	/* partial_success { rejected_spans: 300, error_message: "no" } */
	static const uint8_t some[] = "\x0a\x07\x08\xac\x02\x12\x02no";
	/* An unknown field in front, of each wire type. */
	static const uint8_t more[] = "\x50\x01\x59"
								  "12345678"
								  "\x5d"
								  "1234"
								  "\x62\x01x"
								  "\x0a\x02\x08\x05";

	assert_int_equal(cfa_otlp_rejected(some, sizeof(some) - 1), 300);
	assert_int_equal(cfa_otlp_rejected(more, sizeof(more) - 1), 5);
	assert_int_equal(cfa_otlp_rejected(NULL, 0), 0);
	assert_int_equal(cfa_otlp_rejected("\x0a\x00", 2), 0);
	assert_int_equal(cfa_otlp_rejected("{}", 2), 0);
	/* Cut anywhere it must not be read beyond its end. */
	for (size_t len = 0; len < sizeof(some) - 1; len++)
	{
		uint8_t *copy = malloc(len + 1);

		memcpy(copy, some, len);
		assert_int_equal(cfa_otlp_rejected(copy, len), 0);
		free(copy);
	}
}

static void
test_queue(void **state)
{
	CfaSpanQueue queue;
	CfaBuf out = {0};
	char text[1500];

	memset(text, 'a', sizeof(text));
	cfa_span_queue_init(&queue, 3, 1);
	assert_int_equal(cfa_span_queue_take(&queue, 10, &out), 0);
	/* By bytes: 4096 of them. */
	assert_true(cfa_span_queue_put(&queue, text, 1500));
	assert_true(cfa_span_queue_put(&queue, text, 1500));
	assert_false(cfa_span_queue_put(&queue, text, 1500));
	assert_int_equal(cfa_span_queue_length(&queue), 2);
	assert_int_equal(cfa_span_queue_take(&queue, 1, &out), 1);
	assert_int_equal(out.len, 1500);
	/* Around the end of the ring. */
	memset(text, 'b', sizeof(text));
	assert_true(cfa_span_queue_put(&queue, text, 1500));
	cfa_buf_reset(&out);
	assert_int_equal(cfa_span_queue_take(&queue, 10, &out), 2);
	assert_int_equal(out.len, 3000);
	assert_int_equal(out.data[1499], 'a');
	assert_memory_equal(out.data + 1500, text, 1500);
	/* By number. */
	assert_true(cfa_span_queue_put(&queue, text, 1));
	assert_true(cfa_span_queue_put(&queue, text, 0));
	assert_true(cfa_span_queue_put(&queue, text, 1));
	assert_false(cfa_span_queue_put(&queue, text, 1));
	assert_int_equal(cfa_span_queue_length(&queue), 3);
	cfa_buf_clear(&out);
	cfa_span_queue_clear(&queue);
}

#define RACED 20000

static void *
make_many(void *arg)
{
	CfaSpanQueue *queue = arg;

	for (uint32_t i = 0; i < RACED;)
	{
		uint32_t record[9] = {i, i, i, i, i, i, i, i, i};

		/* Lengths from 4 to 36, so that records fall anywhere. */
		if (cfa_span_queue_put(queue, record, 4 + i % 9 * 4))
			i++;
	}
	return NULL;
}

/* One thread makes, one takes: nothing is lost, torn or out of order. */
static void
test_queue_race(void **state)
{
	CfaSpanQueue queue;
	CfaBuf out = {0};
	pthread_t thread;
	uint32_t next = 0;

	cfa_span_queue_init(&queue, 50, 1);
	assert_int_equal(pthread_create(&thread, NULL, make_many, &queue), 0);
	while (next < RACED)
	{
		size_t at = 0;
		uint64_t count;

		cfa_buf_reset(&out);
		count = cfa_span_queue_take(&queue, 7, &out);
		for (; count > 0; count--, next++)
		{
			size_t words = 1 + next % 9;

			for (size_t i = 0; i < words; i++, at += 4)
			{
				uint32_t word;

				memcpy(&word, out.data + at, 4);
				assert_int_equal(word, next);
			}
		}
		assert_int_equal(at, out.len);
	}
	pthread_join(thread, NULL);
	assert_int_equal(cfa_span_queue_length(&queue), 0);
	cfa_buf_clear(&out);
	cfa_span_queue_clear(&queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_span),
									   cmocka_unit_test(test_span_limits),
									   cmocka_unit_test(test_request),
									   cmocka_unit_test(test_rejected),
									   cmocka_unit_test(test_queue),
									   cmocka_unit_test(test_queue_race)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
