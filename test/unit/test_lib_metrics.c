/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: exposition text, shards that add up, bucket borders. */
#include "unit.h"

#include "careforall/metrics.h"

static const double bounds[] = {0.001, 0.01, 0.1};

static void
test_exposition(void **state)
{
	CfaMetrics *metrics = cfa_metrics_new();
	char labels[64];
	CfaBuf out = {0};
	CfaMetric a;
	CfaMetric b;
	CfaMetric gauge;
	CfaMetric duration;

	a = cfa_metrics_counter(
		metrics,
		"careforall_x_total",
		"Xs.",
		cfa_metrics_labels(labels, sizeof(labels), "kind", "a\"b\\c\n", NULL),
		1);
	b = cfa_metrics_counter(metrics,
							"careforall_x_total",
							"Xs.",
							"kind=\"b\"",
							1);
	gauge = cfa_metrics_gauge(metrics,
							  "careforall_lag_seconds",
							  "Lag.",
							  NULL,
							  1e-3);
	duration = cfa_metrics_histogram(metrics,
									 "careforall_d_seconds",
									 "Time.",
									 "route=\"r\"",
									 1e-6,
									 bounds,
									 3);
	cfa_metrics_attach_own(metrics);
	cfa_metrics_add(metrics, a, 3);
	cfa_metrics_set(metrics, gauge, 1500);
	cfa_metrics_observe(metrics, duration, 1000);
	cfa_metrics_observe(metrics, duration, 1001);
	cfa_metrics_observe(metrics, duration, 5000000);
	cfa_metrics_render(metrics, CFA_METRICS_TEXT, &out);
	assert_string_equal(
		cfa_buf_text(&out),
		"# HELP careforall_x_total Xs.\n"
		"# TYPE careforall_x_total counter\n"
		"careforall_x_total{kind=\"a\\\"b\\\\c\\n\"} 3\n"
		"careforall_x_total{kind=\"b\"} 0\n"
		"# HELP careforall_lag_seconds Lag.\n"
		"# TYPE careforall_lag_seconds gauge\n"
		"careforall_lag_seconds 1.5\n"
		"# HELP careforall_d_seconds Time.\n"
		"# TYPE careforall_d_seconds histogram\n"
		"careforall_d_seconds_bucket{route=\"r\",le=\"0.001\"} 1\n"
		"careforall_d_seconds_bucket{route=\"r\",le=\"0.01\"} 2\n"
		"careforall_d_seconds_bucket{route=\"r\",le=\"0.1\"} 2\n"
		"careforall_d_seconds_bucket{route=\"r\",le=\"+Inf\"} 3\n"
		"careforall_d_seconds_sum{route=\"r\"} 5.002001\n"
		"careforall_d_seconds_count{route=\"r\"} 3\n");
	assert_int_equal(cfa_metrics_value(metrics, b), 0);
	cfa_buf_clear(&out);
	cfa_metrics_free(metrics);
}

static void
test_shards(void **state)
{
	CfaMetrics *metrics = cfa_metrics_new();
	CfaMetric counter = cfa_metrics_counter(metrics, "a_total", "A.", NULL, 1);
	CfaMetric gauge = cfa_metrics_gauge(metrics, "g", "G.", NULL, 1);
	size_t size = cfa_metrics_shard_size(metrics);
	void *memory = aligned_alloc(64, size * 2);

	assert_int_equal(size % 64, 0);
	memset(memory, 0, size * 2);
	cfa_metrics_attach(metrics, memory, 2, 0);
	cfa_metrics_add(metrics, counter, 1);
	cfa_metrics_change(metrics, gauge, 5);
	cfa_metrics_attach(metrics, memory, 2, 1);
	cfa_metrics_add(metrics, counter, 2);
	cfa_metrics_change(metrics, gauge, -2);
	assert_int_equal(cfa_metrics_value(metrics, counter), 3);
	assert_int_equal(cfa_metrics_value(metrics, gauge), 3);
	cfa_metrics_reset_gauges(metrics);
	assert_int_equal(cfa_metrics_value(metrics, gauge), 5);
	assert_int_equal(cfa_metrics_value(metrics, counter), 3);
	cfa_metrics_free(metrics);
	free(memory);
}

/* OpenMetrics: families of counters without _total, the newest exemplar of all shards, an end. */
static void
test_open_metrics(void **state)
{
	static const uint8_t trace[16] = {0x4b, 0xf9, [15] = 0x36};
	CfaMetrics *metrics = cfa_metrics_new();
	CfaMetric counter =
		cfa_metrics_counter(metrics, "careforall_x_total", "Xs.", NULL, 1);
	CfaMetric duration = cfa_metrics_traced_histogram(
		metrics, "careforall_d_seconds", "Time.", NULL, 1e-6, bounds, 3);
	size_t size = cfa_metrics_shard_size(metrics);
	void *memory = aligned_alloc(64, 2 * size);
	CfaBuf out = {0};
	const char *text;

	memset(memory, 0, 2 * size);
	cfa_metrics_attach(metrics, memory, 2, 0);
	cfa_metrics_add(metrics, counter, 1);
	cfa_metrics_observe_traced(metrics, duration, 900, NULL);
	cfa_metrics_attach(metrics, memory, 2, 1);
	cfa_metrics_observe_traced(metrics, duration, 5000, trace);
	cfa_metrics_render(metrics, CFA_METRICS_OPEN, &out);
	text = cfa_buf_text(&out);
	assert_non_null(
		strstr(text, "# TYPE careforall_x counter\ncareforall_x_total 1\n"));
	assert_non_null(strstr(text, "le=\"0.001\"} 1\n"));
	assert_non_null(strstr(text,
						   "le=\"0.01\"} 2 # "
						   "{trace_id=\"4bf90000000000000000000000000036\"} "
						   "0.005 1"));
	assert_non_null(strstr(text, "le=\"+Inf\"} 2\n"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	cfa_buf_clear(&out);

	cfa_metrics_render(metrics, CFA_METRICS_TEXT, &out);
	assert_null(strstr(cfa_buf_text(&out), "trace_id"));
	assert_null(strstr(cfa_buf_text(&out), "EOF"));
	cfa_buf_clear(&out);
	cfa_metrics_free(metrics);
	free(memory);
	assert_int_equal(cfa_metrics_format(NULL), CFA_METRICS_TEXT);
	assert_int_equal(cfa_metrics_format("text/plain"), CFA_METRICS_TEXT);
	assert_int_equal(
		cfa_metrics_format(
			"application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5"),
		CFA_METRICS_OPEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_exposition),
									   cmocka_unit_test(test_open_metrics),
									   cmocka_unit_test(test_shards)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
