/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the edge keeps order, bounds and deadlines whatever a client does, and
 * leaves nothing behind. Method: the API in this process under the sanitizers
 * (test/harness); the clock is moved, statements are settled by hand.
 */
#include "unit.h"

#include "harness.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define LIST GET("/api/v1/campaigns?limit=1")

static int
assert_clean(void **state)
{
	/* Whatever lingers or waits ends in that time. */
	hn_pass_ms(10000);
	return hn_is_clean() ? 0 : -1;
}

/* Takes the statement that must be there, and gives it no rows. */
static void
settle_list(void)
{
	HnStatement *statement = hn_pg_next();

	assert_non_null(statement);
	assert_string_equal(statement->name, "campaign_list");
	hn_pg_rows(statement, 0, 3, NULL);
	hn_settle();
}

static void
assert_ended_with(HnClient *client, int status, const char *code)
{
	unsigned count = hn_count(client);
	HnAnswer answer = hn_answer(client, count - 1);

	assert_true(client->is_ended);
	assert_int_equal(answer.status, status);
	assert_string_equal(answer.code, code);
	assert_string_equal(hn_header(&answer, "connection"), "close");
}

static void
test_pieces(void **state)
{
	static const char text[] =
		"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET(
			"/healthz");
	size_t cut;

	for (cut = 1; cut < sizeof(text) - 1; cut++)
	{
		HnClient *client = hn_open();

		hn_send_bytes(client, text, cut);
		hn_send_bytes(client, text + cut, sizeof(text) - 1 - cut);
		assert_int_equal(hn_answer(client, 0).status, 404);
		assert_int_equal(hn_answer(client, 1).status, 200);
		assert_int_equal(hn_count(client), 2);
		hn_close(client);
	}
}

/* The next request is not looked at before the one before it is answered. */
static void
test_pipeline_order(void **state)
{
	HnClient *client = hn_open();

	hn_send(client, LIST GET("/healthz") LIST GET("/nothing") "broken\r\n\r\n");
	assert_int_equal(hn_count(client), 0);
	settle_list();
	assert_int_equal(hn_count(client), 2);
	assert_int_equal(hn_answer(client, 1).status, 200);
	settle_list();
	assert_int_equal(hn_count(client), 5);
	assert_int_equal(hn_answer(client, 3).status, 404);
	assert_ended_with(client, 400, "bad-request");
	hn_close(client);
}

static void
test_long_pipeline(void **state)
{
	enum
	{
		COUNT = 500
	};
	HnClient *client = hn_open();
	char *text = calloc(COUNT, 64);
	unsigned i;

	for (i = 0; i < COUNT; i++)
		(void) snprintf(text + strlen(text),
						64,
						"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n",
						i % 2 ? "healthz" : "nothing");
	hn_send(client, "%s", text);
	free(text);
	assert_int_equal(hn_count(client), COUNT);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(hn_answer(client, i).status, i % 2 ? 200 : 404);
	hn_close(client);
}

/* A client that does not read makes the server stop reading it, then go. */
static void
test_deaf_client(void **state)
{
	HnClient *client = hn_open();
	unsigned handled = 0;
	HnStatement *statement;
	char *big = malloc(300000);
	HnValue row[3] = {HN_TEXT("01900000-0000-7000-8000-000000000000"),
					  HN_TEXT(big),
					  HN_TEXT("0")};
	unsigned i;

	memset(big, '1', 299999);
	big[299999] = '\0';
	client->is_deaf = true;
	for (i = 0; i < 100; i++)
		hn_send(client, LIST);
	while ((statement = hn_pg_next()) != NULL)
	{
		hn_pg_rows(statement, 1, 3, row);
		hn_settle();
		assert_true(++handled < 10);
	}
	hn_pass_ms(29000);
	assert_false(hn_is_clean());
	hn_pass_ms(2000);
	assert_true(hn_is_clean());
	hn_close(client);
	free(big);
}

/* It reads again in time: all its requests are answered. */
static void
test_slow_reader(void **state)
{
	enum
	{
		COUNT = 30
	};
	HnClient *client = hn_open();
	HnStatement *statement;
	char *big = malloc(100000);
	HnValue row[3] = {HN_TEXT("01900000-0000-7000-8000-000000000000"),
					  HN_TEXT(big),
					  HN_TEXT("0")};
	unsigned i;

	memset(big, '1', 99999);
	big[99999] = '\0';
	for (i = 0; i < COUNT; i++)
		hn_send(client, LIST);
	for (i = 0; i < COUNT; i++)
	{
		client->is_deaf = true;
		statement = hn_pg_next();
		assert_non_null(statement);
		hn_pg_rows(statement, 1, 3, row);
		hn_settle();
		if (i % 3 == 2)
			hn_pass_ms(20000);
		client->is_deaf = false;
		hn_settle();
	}
	assert_int_equal(hn_count(client), COUNT);
	hn_close(client);
	free(big);
}

static void
test_slow_head(void **state)
{
	HnClient *client = hn_open();
	unsigned i;

	hn_send(client, "GET /healthz HTTP/1.1\r\nA: ");
	for (i = 0; i < 9; i++)
	{
		hn_pass_ms(1000);
		hn_send(client, "a");
	}
	assert_int_equal(hn_count(client), 0);
	hn_pass_ms(1500);
	assert_ended_with(client, 408, "request-timeout");
	hn_close(client);
}

static void
test_empty_lines(void **state)
{
	HnClient *client = hn_open();
	unsigned i;

	for (i = 0; i < 9; i++)
	{
		hn_send(client, "\r\n");
		hn_pass_ms(1000);
	}
	assert_int_equal(hn_count(client), 0);
	hn_pass_ms(1500);
	assert_ended_with(client, 408, "request-timeout");
	hn_close(client);
}

static void
test_slow_body(void **state)
{
	HnClient *client = hn_open();
	unsigned i;

	hn_send(client,
			"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
	for (i = 0; i < 29; i++)
	{
		hn_send(client, "b");
		hn_pass_ms(1000);
	}
	assert_int_equal(hn_count(client), 0);
	hn_pass_ms(1500);
	assert_ended_with(client, 408, "request-timeout");
	hn_close(client);
}

/* A body that came late but whole: its deadline does not hit the handler. */
static void
test_late_body(void **state)
{
	static const char body[] =
		"{\"amount\":{\"amount\":1000,\"currency\":\"EUR\"},"
		"\"donor\":{\"name\":\"A\",\"email\":\"a@example.org\"}}";
	HnClient *client = hn_open();
	HnStatement *statement;

	hn_send(client,
			"POST /api/v1/campaigns/01900000-0000-7000-8000-000000000000"
			"/pledges HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k\r\n"
			"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
			sizeof(body) - 1);
	hn_pass_ms(28000);
	hn_send(client, "%s", body);
	statement = hn_pg_next();
	assert_non_null(statement);
	hn_pass_ms(3000);
	assert_int_equal(hn_count(client), 0);
	hn_pg_fail(statement, "57014", NULL, NULL);
	hn_settle();
	assert_int_equal(hn_answer(client, 0).status, 503);
	hn_pass_ms(40000);
	assert_int_equal(hn_count(client), 1);
	assert_false(client->is_ended);
	hn_close(client);
}

static void
test_silence(void **state)
{
	HnClient *silent = hn_open();
	HnClient *idle = hn_open();

	hn_send(idle, GET("/healthz"));
	hn_pass_ms(14000);
	assert_false(silent->is_ended);
	hn_pass_ms(2000);
	assert_true(silent->is_ended);
	assert_int_equal(hn_count(silent), 0);
	hn_pass_ms(58000);
	assert_false(idle->is_ended);
	hn_send(idle, GET("/healthz"));
	assert_int_equal(hn_count(idle), 2);
	hn_pass_ms(74000);
	assert_false(idle->is_ended);
	hn_pass_ms(2000);
	assert_true(idle->is_ended);
	assert_int_equal(hn_count(idle), 2);
	hn_close(silent);
	hn_close(idle);
}

/* After the last answer the client may go on sending for a while, and read. */
static void
test_linger(void **state)
{
	HnClient *client = hn_open();
	char junk[10000];

	memset(junk, 'x', sizeof(junk));
	hn_send(client,
			"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n");
	hn_send_bytes(client, junk, sizeof(junk));
	hn_pass_ms(1000);
	hn_send_bytes(client, junk, sizeof(junk));
	assert_ended_with(client, 413, "payload-too-large");
	assert_false(hn_is_clean());
	hn_pass_ms(1500);
	assert_true(hn_is_clean());
	hn_close(client);
}

static void
test_linger_is_bounded(void **state)
{
	HnClient *client = hn_open();
	char junk[65536];
	unsigned i;

	memset(junk, 'x', sizeof(junk));
	hn_send(client, "broken\r\n\r\n");
	for (i = 0; i < 20; i++)
		hn_send_bytes(client, junk, sizeof(junk));
	assert_true(hn_is_clean());
	hn_close(client);
}

static void
test_connection_close(void **state)
{
	static const char *const requests[] = {
		"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
		"GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
	{
		HnClient *client = hn_open();

		hn_send(client, "%s" GET("/healthz"), requests[i]);
		assert_int_equal(hn_count(client), 1);
		assert_ended_with(client, 200, "");
		hn_close(client);
	}
}

/* The client's end is not the end of what it is owed. */
static void
test_half_closed(void **state)
{
	HnClient *client = hn_open();

	hn_send(client, LIST LIST);
	hn_end(client);
	assert_false(client->is_ended);
	settle_list();
	settle_list();
	assert_int_equal(hn_count(client), 2);
	assert_true(client->is_ended);
	hn_close(client);
	client = hn_open();
	hn_send(client, "GET /healthz HT");
	hn_end(client);
	assert_true(client->is_ended);
	assert_int_equal(hn_count(client), 0);
	hn_close(client);
}

/* A long answer to a client that has ended its half and reads late. */
static void
test_half_closed_slow_reader(void **state)
{
	static const int sizes[] = {30000, 60000, 80000, 500000};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		HnClient *client = hn_open();
		char *big = malloc((size_t) sizes[i] + 1);
		HnValue row[3] = {HN_TEXT("01900000-0000-7000-8000-000000000000"),
						  HN_TEXT(big),
						  HN_TEXT("0")};

		memset(big, '1', (size_t) sizes[i]);
		big[sizes[i]] = '\0';
		client->is_deaf = true;
		hn_send(client, LIST);
		hn_end(client);
		hn_pg_rows(hn_pg_next(), 1, 3, row);
		hn_pass_ms(5000);
		client->is_deaf = false;
		hn_settle();
		assert_int_equal(hn_count(client), 1);
		assert_true(hn_answer(client, 0).body_len > (size_t) sizes[i]);
		assert_true(client->is_ended);
		hn_close(client);
		free(big);
	}
}

static void
test_head_has_no_body(void **state)
{
	HnClient *client = hn_open();
	HnAnswer answer;

	client->is_head = true;
	hn_send(client,
			"HEAD /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
			"HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
			"HEAD /healthz HTTP/1.1\r\nHost: a\r\nBad : b\r\n\r\n");
	assert_int_equal(hn_count(client), 3);
	assert_int_equal(hn_answer(client, 0).status, 200);
	assert_int_equal(hn_answer(client, 1).status, 404);
	answer = hn_answer(client, 2);
	assert_int_equal(answer.status, 400);
	assert_int_equal(answer.body_len, 0);
	hn_close(client);
}

static void
test_connections_per_address(void **state)
{
	enum
	{
		BOUND = 4
	}; /* CONNECTIONS_PER_ADDRESS of the harness */
	HnClient *clients[BOUND];
	HnClient *other;
	unsigned i;

	for (i = 0; i < BOUND; i++)
		clients[i] = hn_open_from("203.0.113.5", false);
	other = hn_open_from("203.0.113.5", false);
	assert_ended_with(other, 429, "too-many-connections");
	hn_close(other);
	/* Another address, and the proxies, are served. */
	other = hn_open_from("203.0.113.6", false);
	hn_send(other, GET("/healthz"));
	assert_int_equal(hn_answer(other, 0).status, 200);
	hn_close(other);
	for (i = 0; i < 2 * BOUND; i++)
	{
		other = hn_open();
		hn_send(other, GET("/healthz"));
		assert_int_equal(hn_answer(other, 0).status, 200);
		hn_close(other);
	}
	/* A refused one takes no place, one that ends gives its own back. */
	hn_close(clients[0]);
	clients[0] = hn_open_from("203.0.113.5", false);
	for (i = 0; i < BOUND; i++)
	{
		hn_send(clients[i], GET("/healthz"));
		assert_int_equal(hn_answer(clients[i], 0).status, 200);
		hn_close(clients[i]);
	}
}

static void
test_surfaces(void **state)
{
	HnClient *admin = hn_open_from("127.0.0.1", true);
	HnClient *public = hn_open();

	hn_send(admin, GET("/metrics"));
	assert_int_equal(hn_answer(admin, 0).status, 200);
	hn_send(public, GET("/metrics"));
	assert_int_equal(hn_answer(public, 0).status, 404);
	hn_close(admin);
	hn_close(public);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_pieces, assert_clean),
		cmocka_unit_test_teardown(test_pipeline_order, assert_clean),
		cmocka_unit_test_teardown(test_long_pipeline, assert_clean),
		cmocka_unit_test_teardown(test_deaf_client, assert_clean),
		cmocka_unit_test_teardown(test_slow_reader, assert_clean),
		cmocka_unit_test_teardown(test_slow_head, assert_clean),
		cmocka_unit_test_teardown(test_empty_lines, assert_clean),
		cmocka_unit_test_teardown(test_slow_body, assert_clean),
		cmocka_unit_test_teardown(test_late_body, assert_clean),
		cmocka_unit_test_teardown(test_silence, assert_clean),
		cmocka_unit_test_teardown(test_linger, assert_clean),
		cmocka_unit_test_teardown(test_linger_is_bounded, assert_clean),
		cmocka_unit_test_teardown(test_connection_close, assert_clean),
		cmocka_unit_test_teardown(test_half_closed, assert_clean),
		cmocka_unit_test_teardown(test_half_closed_slow_reader, assert_clean),
		cmocka_unit_test_teardown(test_head_has_no_body, assert_clean),
		cmocka_unit_test_teardown(test_connections_per_address, assert_clean),
		cmocka_unit_test_teardown(test_surfaces, assert_clean),
	};

	hn_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
