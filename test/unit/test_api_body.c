/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a body passes only if each member is in its table and fits it.
 * Method: one table with a field of each kind; bodies that are good, and bodies with
 * one fault each, with the problem and the pointer that it must give.
 */
#include "unit.h"

#include "core/body.h"

static const CfaField inner[] = {
	{.name = "id", .kind = CFA_FIELD_UUID, .is_required = true},
	{.name = NULL},
};

static const CfaField fields[] = {
	{.name = "title",
	 .kind = CFA_FIELD_TEXT,
	 .is_required = true,
	 .min = 1,
	 .max = 5},
	{.name = "story", .kind = CFA_FIELD_TEXT, .is_multiline = true, .max = 9},
	{.name = "email", .kind = CFA_FIELD_EMAIL, .min = 3, .max = 254},
	{.name = "at", .kind = CFA_FIELD_TIME, .is_nullable = true},
	{.name = "kind", .kind = CFA_FIELD_CHOICE, .words = "big small"},
	{.name = "is_open", .kind = CFA_FIELD_BOOLEAN},
	{.name = "places", .kind = CFA_FIELD_INTEGER, .min = 0, .max = 10},
	{.name = "goal", .kind = CFA_FIELD_MONEY, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "inner", .kind = CFA_FIELD_OBJECT, .fields = inner},
	{.name = "ids", .kind = CFA_FIELD_UUIDS, .min = 1, .max = 2},
	{.name = NULL},
};

static const char *members;
static const char *detail;

/* Reads a body; the problem, or -1 if it is good. */
static int
read_body(const char *body)
{
	static CfaArena arena;
	CfaProblem problem;
	json_t *json;

	cfa_arena_clear(&arena);
	json = cfa_body_read(
		body, strlen(body), fields, &arena, &problem, &detail, &members);
	if (json == NULL)
	{
		assert_non_null(detail);
		return (int) problem;
	}
	json_decref(json);
	return -1;
}

static void
assert_invalid(const char *member, const char *pointer, const char *code)
{
	char body[512];
	char expected[128];

	(void) snprintf(body, sizeof(body), "{\"title\":\"a\",%s}", member);
	assert_int_equal(read_body(body), CFA_PROBLEM_VALIDATION_FAILED);
	(void) snprintf(expected,
					sizeof(expected),
					"\"pointer\":\"%s\",\"code\":\"%s\"",
					pointer,
					code);
	assert_non_null(members);
	assert_non_null(strstr(members, expected));
}

static void
test_good(void **state)
{
	assert_int_equal(read_body("{\"title\":\"a\"}"), -1);
	assert_int_equal(read_body(
						 "{\"title\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\","
						 "\"story\":\"a\\nb\",\"email\":\"a@b.c\",\"at\":null,"
						 "\"kind\":\"small\",\"is_open\":false,\"places\":10,"
						 "\"goal\":{\"amount\":9007199254740991,\"currency\":"
						 "\"EUR\"},"
						 "\"inner\":{\"id\":\"0199c0de-0000-7000-8000-"
						 "000000000001\"},"
						 "\"ids\":[\"0199c0de-0000-7000-8000-000000000001\"]}"),
					 -1);
}

static void
test_form(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"1",
		"{\"title\":\"a\"",
		"{\"title\":\"a\",\"title\":\"b\"}",
		"{\"title\":\"a\"} x",
		"{\"title\":\"a\",\"places\":99999999999999999999}",
		"{\"title\":\"a\",\"titel\":\"a\"}",
		"{\"title\":\"a\",\"inner\":{\"x\":1}}",
		"{\"title\":\"a\",\"goal\":{\"amount\":1,\"currency\":\"EUR\",\"x\":1}}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_body(bad[i]), CFA_PROBLEM_INVALID_JSON);
	assert_int_equal(read_body("{\"title\":\"a\",\"<b>\":1}"),
					 CFA_PROBLEM_INVALID_JSON);
	assert_string_equal(detail, "The member \"<b>\" does not exist.");
}

static void
test_values(void **state)
{
	assert_int_equal(read_body("{}"), CFA_PROBLEM_VALIDATION_FAILED);
	assert_non_null(
		strstr(members, "\"pointer\":\"/title\",\"code\":\"required\""));
	assert_int_equal(read_body("{\"title\":\" \"}"),
					 CFA_PROBLEM_VALIDATION_FAILED);
	assert_non_null(strstr(members, "blank"));
	assert_int_equal(read_body("{\"title\":\"aaaaaa\"}"),
					 CFA_PROBLEM_VALIDATION_FAILED);
	assert_int_equal(read_body("{\"title\":\"a\\nb\"}"),
					 CFA_PROBLEM_VALIDATION_FAILED);
	assert_int_equal(read_body("{\"title\":null}"),
					 CFA_PROBLEM_VALIDATION_FAILED);
	assert_invalid("\"story\":1", "/story", "text_required");
	assert_invalid("\"story\":\"\\u0007\"", "/story", "control_character");
	assert_invalid("\"email\":\"a@b\"", "/email", "invalid_email");
	assert_invalid("\"kind\":\"big small\"", "/kind", "invalid_choice");
	assert_invalid("\"kind\":\"\"", "/kind", "invalid_choice");
	assert_invalid("\"is_open\":1", "/is_open", "boolean_required");
	assert_invalid("\"places\":11", "/places", "out_of_range");
	assert_invalid("\"places\":-1", "/places", "out_of_range");
	assert_invalid("\"places\":1.0", "/places", "integer_required");
	assert_invalid("\"goal\":5", "/goal", "money_required");
	assert_invalid("\"goal\":{\"amount\":0,\"currency\":\"EUR\"}",
				   "/goal/amount",
				   "out_of_range");
	assert_invalid("\"goal\":{\"amount\":1,\"currency\":\"eur\"}",
				   "/goal/currency",
				   "invalid_currency");
	assert_invalid("\"goal\":{\"amount\":1}", "/goal/currency", "required");
	assert_invalid("\"inner\":{\"id\":\"x\"}", "/inner/id", "invalid_id");
	assert_invalid("\"inner\":[]", "/inner", "object_required");
	assert_invalid("\"ids\":[]", "/ids", "length_out_of_range");
	assert_invalid("\"ids\":{}", "/ids", "length_out_of_range");
	assert_invalid("\"ids\":[1,2,3]", "/ids", "length_out_of_range");
	assert_invalid("\"ids\":[\"0199c0de-0000-7000-8000-000000000001\",7]",
				   "/ids/1",
				   "invalid_id");
	assert_invalid("\"at\":\"tomorrow\"", "/at", "invalid_time");
}

static void
test_all_faults_at_once(void **state)
{
	assert_int_equal(read_body("{\"places\":11,\"kind\":3,\"is_open\":0}"),
					 CFA_PROBLEM_VALIDATION_FAILED);
	assert_non_null(strstr(members, "/title"));
	assert_non_null(strstr(members, "/places"));
	assert_non_null(strstr(members, "/kind"));
	assert_non_null(strstr(members, "/is_open"));
	assert_string_equal(detail, "Several fields are invalid.");
}

static void
test_times(void **state)
{
	static const char *const good[] = {
		"2026-11-26T11:00:00Z",
		"2024-02-29T23:59:59.123456789Z",
		"2026-11-26T11:00:00+05:30",
		"2026-11-26T11:00:00.1-08:00",
	};
	static const char *const bad[] = {
		"",
		"2026-11-26",
		"2026-11-26 11:00:00Z",
		"2026-11-26T11:00:00",
		"2026-11-26T11:00:00z",
		"2026-11-26T24:00:00Z",
		"2026-11-26T11:60:00Z",
		"2026-11-26T11:00:60Z",
		"2026-02-29T11:00:00Z",
		"2100-02-29T11:00:00Z",
		"2026-13-01T11:00:00Z",
		"2026-00-01T11:00:00Z",
		"2026-04-31T11:00:00Z",
		"0000-01-01T11:00:00Z",
		"2026-11-26T11:00:00.Z",
		"2026-11-26T11:00:00.1234567890Z",
		"2026-11-26T11:00:00+5:30",
		"2026-11-26T11:00:00+24:00",
		"2026-11-26T11:00:00Z ",
		"infinity",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(cfa_time_is_rfc3339(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cfa_time_is_rfc3339(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_all_faults_at_once),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
