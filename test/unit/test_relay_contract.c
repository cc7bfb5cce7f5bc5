/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the stream that the relay makes is one that it takes, and every setting that
 * would lose or reorder events is refused with its name.
 * Method: the settings of a new stream, changed one at a time.
 */
#include "unit.h"

#include "relay.h"

#define DAY_MS INT64_C(86400000)
#define NS_PER_MS INT64_C(1000000)

static char stream_name[] = "CAREFORALL";
static const CfaContract contract = {.retention_ms = 7 * DAY_MS,
									 .messages_min = 1000000,
									 .window_min_ms = 120000,
									 .replicas_min = 1};

static json_t *
fresh(void)
{
	CfaRelayConfig config = {.stream = stream_name,
							 .stream_max_age_ms = 14 * DAY_MS,
							 .stream_messages = 1000000,
							 .stream_window_ms = 120000,
							 .stream_replicas = 1};
	json_t *settings = cfa_contract_settings(&config);

	assert_non_null(settings);
	return settings;
}

static void
test_own_stream_is_right(void **state)
{
	char reason[CFA_CONTRACT_REASON_MAX];
	json_t *settings = fresh();

	assert_null(
		cfa_contract_check(&contract, settings, reason, sizeof(reason)));
	assert_int_equal(json_integer_value(json_object_get(settings, "max_bytes")),
					 -1);
	assert_string_equal(json_string_value(json_object_get(settings, "discard")),
						"new");
	json_decref(settings);
}

static void
judges(const CfaContract *wanted, const char *name, json_t *value,
	   const char *word)
{
	char reason[CFA_CONTRACT_REASON_MAX] = "";
	json_t *settings = fresh();
	const char *wrong;

	json_object_set_new(settings, name, value);
	wrong = cfa_contract_check(wanted, settings, reason, sizeof(reason));
	if (word == NULL)
		assert_null(wrong);
	else
	{
		assert_non_null(wrong);
		assert_non_null(strstr(reason, word));
		/* One thing is wrong, so one is said. */
		assert_null(strstr(reason, "; "));
	}
	json_decref(settings);
}

static void
refuses(const char *name, json_t *value, const char *word)
{
	judges(&contract, name, value, word);
}

static void
test_wrong_settings_are_refused(void **state)
{
	refuses("subjects", json_pack("[s]", "careforall.pledge.>"), "subjects");
	refuses("subjects", json_pack("[ss]", "careforall.>", "x"), "subjects");
	refuses("retention", json_string("workqueue"), "retention is workqueue");
	refuses("storage", json_string("memory"), "must be file");
	refuses("max_bytes", json_integer(1000000), "max_bytes is 1000000");
	refuses("max_msgs_per_subject", json_integer(1), "max_msgs_per_subject");
	refuses("mirror", json_pack("{s:s}", "name", "X"), "mirror");
	refuses("sources", json_pack("[{s:s}]", "name", "X"), "sources");
	refuses("sealed", json_true(), "sealed");
	refuses("no_ack", json_true(), "no_ack");
	refuses("deny_delete", json_false(), "deny_delete");
	refuses("deny_purge", json_false(), "deny_purge");
	refuses("allow_rollup_hdrs", json_true(), "allow_rollup_hdrs");
}

static void
test_age_must_outlast_the_outbox(void **state)
{
	refuses("max_age",
			json_integer(7 * DAY_MS * NS_PER_MS),
			"max_age is 7d and must be more than 7d");
	refuses("max_age", json_integer(90000 * NS_PER_MS), "max_age is 90s");
	judges(&contract,
		   "max_age",
		   json_integer((7 * DAY_MS + 1) * NS_PER_MS),
		   NULL);
	judges(&contract, "max_age", json_integer(0), NULL);
}

static void
test_count_must_be_large_and_stop_at_its_end(void **state)
{
	CfaContract unlimited = contract;

	unlimited.messages_min = 0;
	refuses("max_msgs", json_integer(999999), "at least 1000000");
	refuses("discard", json_string("old"), "discard is old");
	judges(&contract, "max_msgs", json_integer(1000000), NULL);
	judges(&contract, "max_msgs", json_integer(-1), NULL);
	judges(&unlimited, "max_msgs", json_integer(-1), NULL);
	judges(&unlimited, "max_msgs", json_integer(1000000), "must be none");
}

static void
test_window_and_replicas_have_a_least_value(void **state)
{
	CfaContract three = contract;

	three.replicas_min = 3;
	refuses("duplicate_window",
			json_integer(119999 * NS_PER_MS),
			"duplicate_window is 119999ms and must be at least 120s");
	judges(&contract,
		   "duplicate_window",
		   json_integer(600000 * NS_PER_MS),
		   NULL);
	judges(&three, "num_replicas", json_integer(2), "at least 3");
	judges(&three, "num_replicas", json_integer(3), NULL);
}

static void
test_all_that_is_wrong_is_said(void **state)
{
	char reason[CFA_CONTRACT_REASON_MAX] = "";
	json_t *settings = fresh();

	json_object_set_new(settings, "storage", json_string("memory"));
	json_object_set_new(settings, "deny_purge", json_false());
	assert_non_null(
		cfa_contract_check(&contract, settings, reason, sizeof(reason)));
	assert_string_equal(reason,
						"storage is memory and must be file; deny_purge must "
						"be on");
	json_decref(settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_stream_is_right),
		cmocka_unit_test(test_wrong_settings_are_refused),
		cmocka_unit_test(test_age_must_outlast_the_outbox),
		cmocka_unit_test(test_count_must_be_large_and_stop_at_its_end),
		cmocka_unit_test(test_window_and_replicas_have_a_least_value),
		cmocka_unit_test(test_all_that_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
