/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: bodies, headers, cursors and parameters from outside are read strictly.
 * Method: good and bad examples; bodies also cut and changed at every byte.
 */
#include "unit.h"

#include <sodium.h>

#include "adapters/pg_array.h"
#include "core/cursor.h"
#include "handlers/pledge_request.h"
#include "handlers/provider_event.h"
#include "middleware/headers.h"

#define UUID "0199c0de-0000-7000-8000-000000000001"

static const char good[] =
	"{\"amount\":{\"amount\":2500,\"currency\":\"EUR\"},"
	"\"donor\":{\"name\":\"Ann\",\"email\":\"ann@example.org\"},"
	"\"reward_id\":\"" UUID "\",\"quantity\":2,\"display\":\"none\","
	"\"message\":\"h\\u00e9\"}";

static CfaArena arena;

static bool
read_pledge(const char *body, size_t len, CfaPledgeRequest *out,
			CfaProblem *problem, const char **members)
{
	char *copy = malloc(len ? len : 1);
	const char *detail;
	bool is_good;

	memcpy(copy, body, len);
	cfa_arena_clear(&arena);
	is_good = cfa_pledge_request_read(
		copy, len, &arena, out, problem, &detail, members);
	free(copy);
	if (!is_good)
		assert_non_null(detail);
	return is_good;
}

static void
assert_bad(const char *body, CfaProblem expected, const char *pointer)
{
	CfaPledgeRequest request;
	CfaProblem problem;
	const char *members;

	assert_false(read_pledge(body, strlen(body), &request, &problem, &members));
	assert_int_equal(problem, expected);
	if (pointer != NULL)
		assert_non_null(strstr(members, pointer));
}

static void
test_good_pledge(void **state)
{
	CfaPledgeRequest request;
	CfaPledgeRequest other;
	CfaProblem problem;
	const char *members;
	static const char turned[] =
		"{\"message\":\"h\xc3\xa9\", \"display\":\"none\",\"quantity\":2,"
		"\"reward_id\":\"" UUID "\",\"donor\":{\"email\":\"ann@example.org\","
		"\"name\":\"Ann\"},\"amount\":{\"currency\":\"EUR\",\"amount\":2500}}";

	assert_true(
		read_pledge(turned, strlen(turned), &other, &problem, &members));
	assert_true(read_pledge(good, strlen(good), &request, &problem, &members));
	assert_int_equal(request.amount_minor, 2500);
	assert_string_equal(request.currency, "EUR");
	assert_string_equal(request.donor_name, "Ann");
	assert_true(request.has_reward && request.has_quantity);
	assert_int_equal(request.quantity, 2);
	assert_string_equal(request.message, "h\xc3\xa9");
	assert_memory_equal(request.fingerprint, other.fingerprint, 32);
	assert_false(request.covers_fee);
}

static void
test_bad_form(void **state)
{
	static const char *const bodies[] =
		{"",
		 "[]",
		 "1",
		 "{",
		 "{}x",
		 "nul",
		 "{\"a\":1}",
		 "{\"amount\":1,\"amount\":1}",
		 "{\"message\":\"\\u0000\"}",
		 "{\"message\":\"\xff\"}",
		 "{\"message\":\"\\ud800\"}",
		 "{\"amount\":{\"amount\":9223372036854775808}}",
		 "{\"amount\":{\"x\":1}}",
		 "{\"donor\":{\"phone\":\"1\"}}",
		 "[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]"};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_bad(bodies[i], CFA_PROBLEM_INVALID_JSON, NULL);
}

static void
test_bad_values(void **state)
{
#define MONEY "\"amount\":{\"amount\":1,\"currency\":\"EUR\"}"
#define DONOR "\"donor\":{\"name\":\"A\",\"email\":\"a@b.cd\"}"
	static const struct
	{
		const char *body;
		const char *pointer;
	} cases[] = {
		{"{}", "\"/amount\""},
		{"{" MONEY "}", "\"/donor\""},
		{"{\"amount\":{\"amount\":0,\"currency\":\"EUR\"}," DONOR "}",
		 "\"/amount/amount\""},
		{"{\"amount\":{\"amount\":9007199254740992,\"currency\":\"EUR\"}," DONOR
		 "}",
		 "\"/amount/amount\""},
		{"{\"amount\":{\"amount\":1.0,\"currency\":\"EUR\"}," DONOR "}",
		 "\"/amount/amount\""},
		{"{\"amount\":{\"amount\":1,\"currency\":\"eur\"}," DONOR "}",
		 "\"/amount/currency\""},
		{"{\"amount\":{\"amount\":1,\"currency\":\"\xc3\xa9UR\"}," DONOR "}",
		 "\"/amount/currency\""},
		{"{" MONEY ",\"donor\":{\"name\":\"  \",\"email\":\"a@b.cd\"}}",
		 "\"/donor/name\""},
		{"{" MONEY ",\"donor\":{\"name\":\"A\",\"email\":\"a b@c.de\"}}",
		 "\"/donor/email\""},
		{"{" MONEY ",\"donor\":{\"name\":\"A\\n\",\"email\":\"a@b.cd\"}}",
		 "\"/donor/name\""},
		{"{" MONEY "," DONOR ",\"display\":\"all\"}", "\"/display\""},
		{"{" MONEY "," DONOR ",\"message\":1}", "\"/message\""},
		{"{" MONEY "," DONOR ",\"reward_id\":\"x\"}", "\"/reward_id\""},
		{"{" MONEY "," DONOR ",\"quantity\":1}", "\"/quantity\""},
		{"{" MONEY "," DONOR ",\"fee_cover\":1}", "\"/fee_cover\""},
		{"{" MONEY "," DONOR ",\"fee_cover\":null}", "\"/fee_cover\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_bad(cases[i].body,
				   CFA_PROBLEM_VALIDATION_FAILED,
				   cases[i].pointer);
}

static void
test_cut_and_changed_bodies(void **state)
{
	char changed[sizeof(good)];
	CfaPledgeRequest request;
	CfaProblem problem;
	const char *members;

	for (size_t i = 0; i < strlen(good); i++)
		assert_false(read_pledge(good, i, &request, &problem, &members));
	for (size_t i = 0; i < strlen(good); i++)
	{
		for (int c = 0; c < 256; c += 15)
		{
			memcpy(changed, good, sizeof(good));
			changed[i] = (char) c;
			(void) read_pledge(changed,
							   strlen(good),
							   &request,
							   &problem,
							   &members);
		}
	}
}

static void
test_provider_events(void **state)
{
	static const char paid[] =
		"{\"id\":\"evt_1\",\"type\":\"payment_intent.succeeded\",\"data\":{"
		"\"object\":{\"object\":\"payment_intent\",\"id\":\"pi_1\","
		"\"amount\":900,\"amount_received\":700,\"currency\":\"eur\","
		"\"metadata\":{\"pledge_id\":\"" UUID "\"}}}}";
	static const char other[] =
		"{\"id\":\"evt_2\",\"type\":\"customer.created\",\"data\":{"
		"\"object\":{\"object\":\"customer\"}}}";
	CfaProviderEvent event;
	const char *detail;

	cfa_arena_clear(&arena);
	assert_true(
		cfa_provider_event_read(paid, strlen(paid), &arena, &event, &detail));
	assert_string_equal(event.kind, "payment_succeeded");
	assert_string_equal(event.payment_id, "pi_1");
	assert_string_equal(event.currency, "EUR");
	assert_true(event.has_amount && event.has_pledge && !event.has_refund);
	assert_int_equal(event.amount_minor, 700);
	assert_true(
		cfa_provider_event_read(other, strlen(other), &arena, &event, &detail));
	assert_string_equal(event.kind, "other");
	assert_false(
		cfa_provider_event_read("{\"id\":\"a\"}", 10, &arena, &event, &detail));
	assert_false(cfa_provider_event_read("[]", 2, &arena, &event, &detail));
}

static void
test_idempotency_key(void **state)
{
	char key[CFA_IDEMPOTENCY_KEY_MAX + 1];
	char long_key[CFA_IDEMPOTENCY_KEY_MAX + 2];

	assert_true(cfa_idempotency_key_read("abc", key));
	assert_true(cfa_idempotency_key_read("\"a \\\"b\\\\\"", key));
	assert_string_equal(key, "a \"b\\");
	assert_false(cfa_idempotency_key_read("", key));
	assert_false(cfa_idempotency_key_read("\"\"", key));
	assert_false(cfa_idempotency_key_read("\"a", key));
	assert_false(cfa_idempotency_key_read("\"", key));
	assert_false(cfa_idempotency_key_read("a b", key));
	assert_false(cfa_idempotency_key_read("a, b", key));
	assert_false(cfa_idempotency_key_read("\xc3\xa9", key));
	memset(long_key, 'a', sizeof(long_key) - 1);
	long_key[sizeof(long_key) - 1] = '\0';
	assert_false(cfa_idempotency_key_read(long_key, key));
	long_key[CFA_IDEMPOTENCY_KEY_MAX] = '\0';
	assert_true(cfa_idempotency_key_read(long_key, key));
}

static void
test_negotiation(void **state)
{
	static const char json[] = "application/json";

	assert_true(cfa_accepts(NULL, json));
	assert_true(cfa_accepts("*/*", json));
	assert_true(cfa_accepts("text/html, application/*;q=0.1", json));
	assert_false(cfa_accepts("image/png", json));
	assert_false(cfa_accepts("application/json;q=0, */*", json));
	assert_false(cfa_accepts("*/*;q=0.0", json));
	assert_true(cfa_media_type_is("application/json", json));
	assert_true(cfa_media_type_is("Application/JSON; charset=\"UTF-8\"", json));
	assert_false(cfa_media_type_is("application/json; charset=latin1", json));
	assert_false(cfa_media_type_is("application/jsonp", json));
	assert_false(cfa_media_type_is(NULL, json));
	assert_true(cfa_etag_listed("\"a\", W/\"b\"", "\"b\""));
	assert_true(cfa_etag_listed("*", "\"b\""));
	assert_false(cfa_etag_listed("\"ab\"", "\"b\""));
	assert_false(cfa_etag_listed(NULL, "\"b\""));
	assert_true(cfa_request_id_is_safe("abc-DEF_1.2"));
	assert_false(cfa_request_id_is_safe("short"));
	assert_false(cfa_request_id_is_safe("with blank in it"));
}

static void
test_cursors(void **state)
{
	CfaCursor in = {.time_ms = 1795461748123};
	CfaCursor out;
	char text[CFA_CURSOR_TEXT_MAX];

	memset(in.id, 7, sizeof(in.id));
	cfa_cursor_write(&in, "list", text);
	assert_true(cfa_cursor_read(text, "list", &out));
	assert_int_equal(out.time_ms, in.time_ms);
	assert_memory_equal(out.id, in.id, 16);
	assert_false(cfa_cursor_read(text, "other", &out));
	for (size_t i = 0; i < strlen(text) - 1; i++)
	{
		char kept = text[i];

		text[i] = kept == 'A' ? 'B' : 'A';
		assert_false(cfa_cursor_read(text, "list", &out));
		text[i] = kept;
	}
	text[strlen(text) - 4] = '\0';
	assert_false(cfa_cursor_read(text, "list", &out));
	assert_false(cfa_cursor_read("", "list", &out));
}

static void
test_arrays(void **state)
{
	static const uint8_t wire[] = {0, 0,  0, 1, 0,	 0,	  0,   1,	0,	 0,
								   0, 25, 0, 0, 0,	 2,	  0,   0,	0,	 1,
								   0, 0,  0, 2, 'a', '"', 255, 255, 255, 255};
	CfaBuf buf = {0};

	cfa_pg_array_begin(&buf, CFA_OID_TEXT, 2);
	cfa_pg_array_text(&buf, "a\"");
	cfa_pg_array_text(&buf, NULL);
	assert_int_equal(buf.len, sizeof(wire));
	assert_memory_equal(buf.data, wire, sizeof(wire));
	cfa_buf_reset(&buf);
	cfa_pg_array_int8(&buf, -2);
	assert_int_equal(cfa_pg_int8(buf.data + 4), -2);
	assert_int_equal(cfa_pg_time_ms(buf.data + 4), 946684799999);
	cfa_buf_clear(&buf);
}

static int
set_up(void **state)
{
	cfa_arena_init(&arena);
	if (sodium_init() < 0)
		return -1;
	cfa_cursor_configure("secret", 6);
	return 0;
}

static int
tear_down(void **state)
{
	cfa_arena_clear(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_pledge),
		cmocka_unit_test(test_bad_form),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_cut_and_changed_bodies),
		cmocka_unit_test(test_provider_events),
		cmocka_unit_test(test_idempotency_key),
		cmocka_unit_test(test_negotiation),
		cmocka_unit_test(test_cursors),
		cmocka_unit_test(test_arrays),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
