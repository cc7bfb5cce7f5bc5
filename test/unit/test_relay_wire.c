/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire's side of the NATS protocol: what it writes byte for byte, what it reads
 * however it is cut, and what it refuses. That a real server agrees is for
 * test/system/outbox.test.ts.
 */
#include "unit.h"

#include <stdio.h>

#include "nats_wire.h"

typedef struct Heard
{
	int messages;
	char subject[64];
	char head[64];
	char data[128];
} Heard;

static void
on_message(void *arg, const CfaWireMessage *message)
{
	Heard *heard = arg;

	heard->messages++;
	snprintf(heard->subject,
			 sizeof(heard->subject),
			 "%.*s",
			 (int) message->subject_len,
			 message->subject);
	snprintf(heard->head,
			 sizeof(heard->head),
			 "%.*s",
			 (int) message->head_len,
			 message->head);
	snprintf(heard->data,
			 sizeof(heard->data),
			 "%.*s",
			 (int) message->data_len,
			 message->data);
}

static CfaWire *
new_wire(Heard *heard)
{
	const CfaWireHandlers handlers = {.on_message = on_message, .arg = heard};

	*heard = (Heard){0};
	return cfa_wire_new(&handlers);
}

static void
assert_pending(const CfaWire *wire, const char *expected)
{
	size_t len = 0;
	const char *pending = cfa_wire_pending(wire, &len);

	assert_int_equal(len, strlen(expected));
	assert_memory_equal(pending, expected, len);
}

static void
test_publish(void **state)
{
	Heard heard;
	CfaWire *wire = new_wire(&heard);

	cfa_wire_subscribe(wire, "_INBOX.a.*");
	cfa_wire_publish(wire, "a.b", "_INBOX.a.1", "x: 1\r\n", 6, "{\"n\":1}", 7);
	cfa_wire_publish(wire, "c", "r", "", 0, "", 0);
	/* 10 bytes of first line, 6 of lines, 2 of the empty one; then the data. */
	assert_pending(wire,
				   "SUB _INBOX.a.* 1\r\n"
				   "HPUB a.b _INBOX.a.1 18 25\r\nNATS/1.0\r\nx: 1\r\n\r\n"
				   "{\"n\":1}\r\n"
				   "HPUB c r 12 12\r\nNATS/1.0\r\n\r\n\r\n");
	assert_false(cfa_wire_is_behind(wire));
	cfa_wire_free(wire);
}

static void
test_behind(void **state)
{
	static char data[1024 * 1024];
	Heard heard;
	CfaWire *wire = new_wire(&heard);

	for (int i = 0; i < 4; i++)
	{
		assert_false(cfa_wire_is_behind(wire));
		cfa_wire_publish(wire, "a", "r", "", 0, data, sizeof(data));
	}
	assert_true(cfa_wire_is_behind(wire));
	cfa_wire_free(wire);
}

static const char stream[] =
	"PING\r\nINFO {\"x\":1}\r\n+OK\r\n"
	"MSG _INBOX.a.1 1 25\r\n{\"stream\":\"S\",\"seq\":\"\r\n\"}\r\n"
	"HMSG _INBOX.a.2 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
	"HMSG _INBOX.a.3 1 reply 12 14\r\nNATS/1.0\r\n\r\nhi\r\n";

/* Cut at any place, the same comes out: what is not whole is left for later. */
static void
test_cut_anywhere(void **state)
{
	size_t len = sizeof(stream) - 1;

	for (size_t cut = 0; cut <= len; cut++)
	{
		Heard heard;
		CfaWire *wire = new_wire(&heard);
		const char *error = NULL;
		long first = cfa_wire_parse(wire, stream, cut, &error);
		long rest;

		assert_in_range(first, 0, cut);
		rest = cfa_wire_parse(wire, stream + first, len - first, &error);
		assert_int_equal(first + rest, len);
		assert_int_equal(heard.messages, 3);
		assert_string_equal(heard.subject, "_INBOX.a.3");
		assert_string_equal(heard.head, "NATS/1.0\r\n\r\n");
		assert_string_equal(heard.data, "hi");
		assert_pending(wire, "PONG\r\n");
		cfa_wire_free(wire);
	}
}

static void
test_message(void **state)
{
	static const char text[] =
		"MSG s 1 25\r\n{\"stream\":\"S\",\"seq\":12}  \r\n";
	Heard heard;
	CfaWire *wire = new_wire(&heard);
	const char *error = NULL;

	assert_int_equal(cfa_wire_parse(wire, text, sizeof(text) - 1, &error),
					 sizeof(text) - 1);
	assert_string_equal(heard.data, "{\"stream\":\"S\",\"seq\":12}  ");
	assert_string_equal(heard.head, "");
	cfa_wire_free(wire);
}

static void
assert_refused(const char *text, const char *reason)
{
	Heard heard;
	CfaWire *wire = new_wire(&heard);
	const char *error = NULL;

	assert_int_equal(cfa_wire_parse(wire, text, strlen(text), &error), -1);
	assert_string_equal(error, reason);
	assert_int_equal(heard.messages, 0);
	cfa_wire_free(wire);
}

static void
test_refused(void **state)
{
	static const char nonsense[] = "the server does not speak the protocol";
	static char endless[40000];

	assert_refused("-ERR 'Maximum Payload Violation'\r\n",
				   "-ERR 'Maximum Payload Violation'");
	assert_refused("HTTP/1.1 400 Bad Request\r\n", nonsense);
	assert_refused("MSG a 1\r\n", nonsense);
	assert_refused("MSG a 1 r r 3\r\nabc\r\n", nonsense);
	assert_refused("MSG a 1 -3\r\nabc\r\n", nonsense);
	assert_refused("MSG a 1 99999999\r\n", nonsense);
	assert_refused("MSG a 1 3\r\nabcde\r\n", nonsense);
	assert_refused("HMSG a 1 9 3\r\nabc\r\n", nonsense);
	assert_refused("MSG a b c d e f g 3\r\nabc\r\n", nonsense);
	memset(endless, 'x', sizeof(endless) - 1);
	assert_refused(endless, nonsense);
}

static void
test_signs_of_life(void **state)
{
	Heard heard;
	CfaWire *wire = new_wire(&heard);
	const char *error = NULL;

	assert_int_equal(cfa_wire_unheard(wire), 0);
	assert_int_equal(cfa_wire_ping(wire), 1);
	assert_int_equal(cfa_wire_ping(wire), 2);
	assert_pending(wire, "PING\r\n");
	assert_int_equal(cfa_wire_parse(wire, "PONG\r\n", 6, &error), 6);
	assert_int_equal(cfa_wire_unheard(wire), 0);
	assert_int_equal(cfa_wire_ping(wire), 1);
	assert_pending(wire, "PING\r\nPING\r\n");
	cfa_wire_free(wire);
}

static void
test_unreachable(void **state)
{
	static const char *const urls[] = {"nats://127.0.0.1:1",
									   "nats://[::1]:1",
									   "nats://:4222",
									   "nats://127.0.0.1:999999999",
									   ""};
	char error[64];

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
	{
		const CfaWireOptions options = {.name = "test",
										.url = urls[i],
										.timeout_ms = 200};

		error[0] = '\0';
		assert_null(cfa_wire_open(&options, error, sizeof(error)));
		assert_string_equal(error, "the server cannot be reached");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publish),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_signs_of_life),
		cmocka_unit_test(test_unreachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
