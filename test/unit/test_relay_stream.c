/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the stream that the relay makes is one that it takes, and every setting that
 * would lose or reorder events is refused with its name.
 * Method: the settings of a new stream, changed one at a time.
 */
#include "unit.h"

#include "relay.h"

static char stream_name[] = "CAREFORALL";

static json_t *
fresh(void)
{
	CfaRelayConfig config = {.stream = stream_name,
							 .stream_max_age_ms = 14 * 86400000LL,
							 .stream_replicas = 1};
	json_t *settings = cfa_stream_settings(&config);

	assert_non_null(settings);
	return settings;
}

static void
test_own_stream_is_right(void **state)
{
	char reason[CFA_RELAY_REASON_MAX];
	json_t *settings = fresh();

	assert_null(cfa_stream_check(settings, reason, sizeof(reason)));
	assert_int_equal(json_integer_value(json_object_get(settings, "max_bytes")),
					 -1);
	json_decref(settings);
}

static void
refuses(const char *name, json_t *value, const char *word)
{
	char reason[CFA_RELAY_REASON_MAX] = "";
	json_t *settings = fresh();

	json_object_set_new(settings, name, value);
	assert_non_null(cfa_stream_check(settings, reason, sizeof(reason)));
	assert_non_null(strstr(reason, word));
	json_decref(settings);
}

static void
test_wrong_settings_are_refused(void **state)
{
	refuses("subjects", json_pack("[s]", "careforall.pledge.>"), "subjects");
	refuses("subjects", json_pack("[ss]", "careforall.>", "x"), "subjects");
	refuses("retention", json_string("workqueue"), "retention");
	refuses("storage", json_string("memory"), "storage");
	refuses("max_bytes", json_integer(1000000), "max_bytes");
	refuses("max_msgs_per_subject", json_integer(1), "max_msgs_per_subject");
	refuses("mirror", json_pack("{s:s}", "name", "X"), "mirror");
	refuses("sealed", json_true(), "sealed");
	refuses("no_ack", json_true(), "acknowledgements");
}

static void
test_operators_choice_is_taken(void **state)
{
	char reason[CFA_RELAY_REASON_MAX];
	json_t *settings = fresh();

	json_object_set_new(settings, "max_age", json_integer(0));
	json_object_set_new(settings, "num_replicas", json_integer(3));
	json_object_set_new(settings, "duplicate_window", json_integer(100000000));
	assert_null(cfa_stream_check(settings, reason, sizeof(reason)));
	json_decref(settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_stream_is_right),
		cmocka_unit_test(test_wrong_settings_are_refused),
		cmocka_unit_test(test_operators_choice_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
