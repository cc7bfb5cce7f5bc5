/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every frame a client may not send has its close code, and every whole one
 * is read wherever it is cut. Method: frames built by hand, and each one offered
 * byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/websocket.h"

#define PAYLOAD_MAX 1000

static const uint8_t mask[4] = {0x12, 0x00, 0xff, 0x7a};

/* Builds a masked frame; returns its length. */
static size_t
build(uint8_t *out, uint8_t first, const void *payload, size_t len)
{
	size_t head = 2;

	out[0] = first;
	out[1] = 0x80 | (uint8_t) (len < 126 ? len : 126);
	if (len >= 126)
	{
		out[2] = (uint8_t) (len >> 8);
		out[3] = (uint8_t) len;
		head = 4;
	}
	memcpy(out + head, mask, 4);
	for (size_t i = 0; i < len; i++)
		out[head + 4 + i] = ((const uint8_t *) payload)[i] ^ mask[i % 4];
	return head + 4 + len;
}

static void
reads_at_any_cut(void **state)
{
	static const size_t lens[] = {0, 1, 5, 125, 126, 127, 999, 1000};

	for (size_t n = 0; n < sizeof(lens) / sizeof(lens[0]); n++)
	{
		uint8_t payload[PAYLOAD_MAX];
		uint8_t wire[PAYLOAD_MAX + CFA_WS_FRAME_HEAD + 1];
		CfaWsFrame frame;
		size_t len;

		for (size_t i = 0; i < lens[n]; i++)
			payload[i] = (uint8_t) (i * 7);
		len = build(wire, 0x81, payload, lens[n]);
		wire[len] = 0xee; /* of the next frame */
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(cfa_ws_read(wire, cut, PAYLOAD_MAX, &frame),
							 CFA_WS_MORE);
		assert_int_equal(cfa_ws_read(wire, len + 1, PAYLOAD_MAX, &frame),
						 CFA_WS_FRAME);
		assert_int_equal(frame.frame_len, len);
		assert_int_equal(frame.op, CFA_WS_TEXT);
		assert_true(frame.is_final);
		assert_int_equal(frame.payload_len, lens[n]);
		assert_memory_equal(frame.payload, payload, lens[n]);
		assert_int_equal(wire[len], 0xee);
	}
}

static void
refuses(void **state)
{
	/* clang-format off */
	static const struct
	{
		uint8_t wire[14];
		size_t len;
		uint16_t code;
	} cases[] = {
		{{0x81, 0x05}, 2, CFA_WS_PROTOCOL_ERROR},			  /* not masked */
		{{0xc1, 0x85}, 2, CFA_WS_PROTOCOL_ERROR},			  /* reserved bits */
		{{0xa1, 0x85}, 2, CFA_WS_PROTOCOL_ERROR},
		{{0x91, 0x85}, 2, CFA_WS_PROTOCOL_ERROR},
		{{0x83, 0x85}, 2, CFA_WS_PROTOCOL_ERROR},			  /* unknown */
		{{0x8b, 0x85}, 2, CFA_WS_PROTOCOL_ERROR},
		{{0x8f, 0x85}, 2, CFA_WS_PROTOCOL_ERROR},
		{{0x09, 0x85}, 2, CFA_WS_PROTOCOL_ERROR},			  /* control in pieces */
		{{0x89, 0xfe}, 2, CFA_WS_PROTOCOL_ERROR},			  /* control too long */
		{{0x88, 0xff}, 2, CFA_WS_PROTOCOL_ERROR},
		{{0x81, 0xfe, 0x00, 0x7d}, 4, CFA_WS_PROTOCOL_ERROR}, /* longer than need be */
		{{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 10, CFA_WS_PROTOCOL_ERROR},
		{{0x81, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0}, 10, CFA_WS_PROTOCOL_ERROR},
		{{0x81, 0xfe, 0x03, 0xe9}, 4, CFA_WS_TOO_BIG},		  /* 1001 */
		{{0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0}, 10, CFA_WS_TOO_BIG},
		{{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 10, CFA_WS_TOO_BIG},
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		uint8_t wire[14];
		CfaWsFrame frame;

		memcpy(wire, cases[i].wire, sizeof(wire));
		assert_int_equal(cfa_ws_read(wire, cases[i].len, PAYLOAD_MAX, &frame),
						 CFA_WS_BROKEN);
		assert_int_equal(frame.code, cases[i].code);
	}
}

/* Offers frames "opcode text" one by one; returns the first code, or 0. */
static uint16_t
assemble(CfaWsMessage *message, const char *const *frames, bool *is_whole)
{
	uint16_t code = 0;

	for (; *frames != NULL && code == 0; frames++)
	{
		uint8_t wire[PAYLOAD_MAX + CFA_WS_FRAME_HEAD];
		CfaWsFrame frame;
		size_t len = build(wire,
						   (uint8_t) (*frames)[0],
						   *frames + 1,
						   strlen(*frames + 1));

		assert_int_equal(cfa_ws_read(wire, len, PAYLOAD_MAX, &frame),
						 CFA_WS_FRAME);
		code = cfa_ws_assemble(message, &frame, is_whole);
	}
	return code;
}

static void
judges_messages(void **state)
{
	/* clang-format off */
	static const struct
	{
		const char *frames[5];
		uint16_t code;
		const char *text;
	} cases[] = {
		{{"\x81" "abc"}, 0, "abc"},
		{{"\x01" "a\xc3", "\x80\xbc" "c"}, 0, "a\xc3\xbc" "c"},
		{{"\x80" "a"}, CFA_WS_PROTOCOL_ERROR, NULL},		 /* continues nothing */
		{{"\x01" "a", "\x81" "b"}, CFA_WS_PROTOCOL_ERROR, NULL}, /* begins inside */
		{{"\x82" "a"}, CFA_WS_UNSUPPORTED, NULL},
		{{"\x02" "a"}, CFA_WS_UNSUPPORTED, NULL},
		{{"\x81\xff"}, CFA_WS_NOT_UTF8, NULL},
		{{"\x81\xed\xa0\x80"}, CFA_WS_NOT_UTF8, NULL},		 /* a surrogate */
		{{"\x01" "123456789012", "\x80" "3"}, CFA_WS_TOO_BIG, NULL},
		{{"\x01" "123456789012", "\x80"}, 0, "123456789012"},
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		uint8_t data[12];
		CfaWsMessage message = {.data = data, .size = sizeof(data)};
		bool is_whole = false;

		assert_int_equal(assemble(&message, cases[i].frames, &is_whole),
						 cases[i].code);
		assert_int_equal(is_whole, cases[i].text != NULL);
		if (cases[i].text == NULL)
			continue;
		assert_int_equal(message.len, strlen(cases[i].text));
		assert_memory_equal(data, cases[i].text, message.len);
	}
}

static void
answers_a_close(void **state)
{
	/* clang-format off */
	static const struct
	{
		const char *payload;
		size_t len;
		uint16_t code;
	} cases[] = {
		{"", 0, 1000}, {"\x03", 1, 1002}, {"\x03\xe8", 2, 1000},
		{"\x03\xe7", 2, 1002}, {"\x03\xeb", 2, 1003}, {"\x03\xec", 2, 1002},
		{"\x03\xee", 2, 1002}, {"\x03\xef", 2, 1007}, {"\x03\xf7", 2, 1002},
		{"\x0b\xb7", 2, 1002}, {"\x0b\xb8", 2, 3000}, {"\x13\x87", 2, 4999},
		{"\x13\x88", 2, 1002}, {"\x03\xe8ok", 4, 1000}, {"\x03\xe8\xff", 3, 1007},
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		uint8_t payload[4];
		CfaWsFrame frame = {.payload = payload, .payload_len = cases[i].len};

		memcpy(payload, cases[i].payload, cases[i].len);
		assert_int_equal(cfa_ws_close_answer(&frame), cases[i].code);
	}
}

static void
heads(void **state)
{
	uint8_t out[CFA_WS_HEAD_MAX];

	assert_int_equal(cfa_ws_head(out, CFA_WS_TEXT, 125), 2);
	assert_memory_equal(out, "\x81\x7d", 2);
	assert_int_equal(cfa_ws_head(out, CFA_WS_CLOSE, 126), 4);
	assert_memory_equal(out, "\x88\x7e\x00\x7e", 4);
	assert_int_equal(cfa_ws_head(out, CFA_WS_TEXT, 65535), 4);
	assert_memory_equal(out, "\x81\x7e\xff\xff", 4);
	assert_int_equal(cfa_ws_head(out, CFA_WS_TEXT, 65536), 10);
	assert_memory_equal(out, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_at_any_cut),
		cmocka_unit_test(refuses),
		cmocka_unit_test(judges_messages),
		cmocka_unit_test(answers_a_close),
		cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
