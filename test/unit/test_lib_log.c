/* SPDX-License-Identifier: Apache-2.0 */
/* Each line is one JSON object whatever the values; long lines stay whole JSON. */
#include "unit.h"

#include <unistd.h>

#include <jansson.h>

#include "careforall/log.h"

static int pipe_fds[2];

static json_t *
read_line(void)
{
	char line[CFA_LOG_LINE_MAX + 1];
	ssize_t len = read(pipe_fds[0], line, sizeof(line));
	json_t *json;

	assert_true(len > 0);
	assert_int_equal(line[len - 1], '\n');
	assert_null(memchr(line, '\n', (size_t) len - 1));
	json = json_loadb(line, (size_t) len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

static int
set_up(void **state)
{
	if (pipe(pipe_fds) != 0)
		return -1;
	cfa_log_init("test", CFA_LOG_INFO);
	cfa_log_set_fd(pipe_fds[1]);
	return 0;
}

static void
test_fields(void **state)
{
	json_t *line;

	cfa_log(CFA_LOG_DEBUG, "below_level");
	cfa_log(CFA_LOG_WARN,
			"batch_failed",
			CFA_INT("rows", 12),
			CFA_STR("text", "a\"b\\c\nd\x1b"),
			CFA_STR("absent", NULL),
			CFA_REAL("ms", 1.5),
			CFA_REAL("nan", 0.0 / 0.0),
			CFA_FLAG("leader", true));
	line = read_line();
	assert_string_equal(json_string_value(json_object_get(line, "event")),
						"batch_failed");
	assert_string_equal(json_string_value(json_object_get(line, "level")),
						"warn");
	assert_string_equal(json_string_value(json_object_get(line, "service")),
						"test");
	assert_int_equal(json_integer_value(json_object_get(line, "rows")), 12);
	assert_string_equal(json_string_value(json_object_get(line, "text")),
						"a\"b\\c\nd\x1b");
	assert_null(json_object_get(line, "absent"));
	assert_true(json_real_value(json_object_get(line, "ms")) == 1.5);
	assert_true(json_is_number(json_object_get(line, "nan")));
	assert_true(json_is_true(json_object_get(line, "leader")));
	json_decref(line);
}

static void
test_broken_utf8(void **state)
{
	json_t *line;

	cfa_log(CFA_LOG_INFO, "text", CFA_STR("value", "a\xff\xc3\xbc\xe2\x82"));
	line = read_line();
	assert_string_equal(json_string_value(json_object_get(line, "value")),
						"a\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(line);
}

static void
test_long_line(void **state)
{
	char text[CFA_LOG_LINE_MAX * 2];
	json_t *line;

	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cfa_log(CFA_LOG_INFO,
			"long",
			CFA_INT("before", 1),
			CFA_STR("value", text),
			CFA_INT("after", 2));
	line = read_line();
	assert_true(json_is_true(json_object_get(line, "truncated")));
	assert_int_equal(json_integer_value(json_object_get(line, "before")), 1);
	assert_null(json_object_get(line, "value"));
	json_decref(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields),
									   cmocka_unit_test(test_broken_utf8),
									   cmocka_unit_test(test_long_line)};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
