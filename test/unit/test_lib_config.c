/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: sources, types, ranges, and that no error or listing shows a secret. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "careforall/config.h"

static char *name;
static char *password;
static int64_t workers;
static int64_t timeout_ms;
static double rate;
static bool verbose;
static char error[512];

static const CfaConfigItem items[] = {
	{"T_NAME", CFA_CONFIG_TEXT, &name, NULL, 0, 0, "A name."},
	{"T_PASSWORD", CFA_CONFIG_SECRET, &password, "", 0, 0, "A password."},
	{"T_WORKERS", CFA_CONFIG_INTEGER, &workers, "2", 1, 64, "Workers."},
	{"T_TIMEOUT", CFA_CONFIG_DURATION, &timeout_ms, "5s", 10, 60000, "Wait."},
	{"T_RATE", CFA_CONFIG_REAL, &rate, "0.5", 0, 1, "Share."},
	{"T_VERBOSE", CFA_CONFIG_FLAG, &verbose, "off", 0, 0, "More lines."},
};
#define COUNT (sizeof(items) / sizeof(items[0]))

static int
reset(void **state)
{
	static const char *const names[] =
		{"NAME", "PASSWORD", "WORKERS", "TIMEOUT", "RATE", "VERBOSE"};
	char variable[64];
	size_t i;

	for (i = 0; i < COUNT; i++)
	{
		(void)
			snprintf(variable, sizeof(variable), "CAREFORALL_T_%s", names[i]);
		unsetenv(variable);
		(void) snprintf(variable,
						sizeof(variable),
						"CAREFORALL_T_%s_FILE",
						names[i]);
		unsetenv(variable);
	}
	setenv("CAREFORALL_T_NAME", "x", 1);
	return 0;
}

static int
clear(void **state)
{
	cfa_config_clear(items, COUNT);
	return 0;
}

static void
test_defaults_and_values(void **state)
{
	assert_int_equal(cfa_config_load(items, COUNT, error, sizeof(error)), 0);
	assert_string_equal(name, "x");
	assert_int_equal(workers, 2);
	assert_int_equal(timeout_ms, 5000);
	assert_false(verbose);
	setenv("CAREFORALL_T_TIMEOUT", "250ms", 1);
	setenv("CAREFORALL_T_VERBOSE", "on", 1);
	assert_int_equal(cfa_config_load(items, COUNT, error, sizeof(error)), 0);
	assert_int_equal(timeout_ms, 250);
	assert_true(verbose);
}

static void
test_missing(void **state)
{
	unsetenv("CAREFORALL_T_NAME");
	assert_int_equal(cfa_config_load(items, COUNT, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "CAREFORALL_T_NAME is not set"));
}

static void
test_refused(void **state)
{
	static const char *const bad[][2] = {{"CAREFORALL_T_WORKERS", "0"},
										 {"CAREFORALL_T_WORKERS", "65"},
										 {"CAREFORALL_T_WORKERS", "2x"},
										 {"CAREFORALL_T_WORKERS", ""},
										 {"CAREFORALL_T_WORKERS",
										  "99999999999999999999"},
										 {"CAREFORALL_T_TIMEOUT", "5"},
										 {"CAREFORALL_T_TIMEOUT", "2h"},
										 {"CAREFORALL_T_TIMEOUT", "-1s"},
										 {"CAREFORALL_T_RATE", "1.5"},
										 {"CAREFORALL_T_RATE", "nan"},
										 {"CAREFORALL_T_VERBOSE", "yes"}};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		reset(state);
		setenv(bad[i][0], bad[i][1], 1);
		assert_int_equal(cfa_config_load(items, COUNT, error, sizeof(error)),
						 -1);
		assert_non_null(strstr(error, bad[i][0]));
	}
}

static void
test_file(void **state)
{
	char path[] = "/tmp/cfa-config-XXXXXX";
	int fd = mkstemp(path);
	char *shown = NULL;
	size_t size;
	FILE *out;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hush\n", 5), 5);
	close(fd);
	setenv("CAREFORALL_T_PASSWORD_FILE", path, 1);
	assert_int_equal(cfa_config_load(items, COUNT, error, sizeof(error)), 0);
	assert_string_equal(password, "hush");
	out = open_memstream(&shown, &size);
	cfa_config_show(out, items, COUNT);
	cfa_config_help(out, items, COUNT);
	fclose(out);
	assert_null(strstr(shown, "hush"));
	assert_non_null(strstr(shown, "CAREFORALL_T_PASSWORD=(set)"));
	free(shown);
	setenv("CAREFORALL_T_PASSWORD", "other", 1);
	assert_int_equal(cfa_config_load(items, COUNT, error, sizeof(error)), -1);
	assert_null(strstr(error, "other"));
	unsetenv("CAREFORALL_T_PASSWORD");
	unlink(path);
	assert_int_equal(cfa_config_load(items, COUNT, error, sizeof(error)), -1);
	assert_non_null(strstr(error, path));
}

static void
test_address(void **state)
{
	char host[64];
	uint16_t port;

	assert_true(cfa_config_address("127.0.0.1:80", host, sizeof(host), &port));
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(port, 80);
	assert_true(cfa_config_address("[::1]:8081", host, sizeof(host), &port));
	assert_string_equal(host, "::1");
	assert_false(cfa_config_address("127.0.0.1", host, sizeof(host), &port));
	assert_false(cfa_config_address(":80", host, sizeof(host), &port));
	assert_false(cfa_config_address("a:0", host, sizeof(host), &port));
	assert_false(cfa_config_address("a:70000", host, sizeof(host), &port));
	assert_false(cfa_config_address("[::1:80", host, sizeof(host), &port));
	assert_false(cfa_config_address("[]:80", host, sizeof(host), &port));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults_and_values, reset, clear),
		cmocka_unit_test_setup_teardown(test_missing, reset, clear),
		cmocka_unit_test_setup_teardown(test_refused, reset, clear),
		cmocka_unit_test_setup_teardown(test_file, reset, clear),
		cmocka_unit_test(test_address)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
