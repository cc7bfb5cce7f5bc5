/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings, sampling and the thread that sends, against a collector in this
 * process that answers what each test tells it.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "careforall/text.h"
#include "careforall/tracing.h"

#define ANSWERS_MAX 8

static struct
{
	int listener;
	uint16_t port;
	pthread_t thread;
	const char *answers[ANSWERS_MAX]; /* in order; the last one for ever */
	unsigned requests;				  /* atomic */
	char head[4096];				  /* of the last request */
	uint8_t body[65536];
	size_t body_len;
} collector;

static CfaMetrics *metrics;

/* Reads one request; false when the client has gone. */
static bool
read_request(int fd)
{
	size_t got = 0;
	const char *end = NULL;
	const char *length;
	size_t body_len;

	while (end == NULL)
	{
		ssize_t n =
			read(fd, collector.head + got, sizeof(collector.head) - 1 - got);

		if (n <= 0)
			return false;
		got += (size_t) n;
		collector.head[got] = '\0';
		end = strstr(collector.head, "\r\n\r\n");
	}
	end += 4;
	length = strstr(collector.head, "Content-Length: ");
	assert_non_null(length);
	body_len = strtoul(length + 16, NULL, 10);
	collector.body_len = got - (size_t) (end - collector.head);
	memcpy(collector.body, end, collector.body_len);
	while (collector.body_len < body_len)
	{
		ssize_t n = read(fd,
						 collector.body + collector.body_len,
						 sizeof(collector.body) - collector.body_len);

		if (n <= 0)
			return false;
		collector.body_len += (size_t) n;
	}
	return true;
}

static void *
collect(void *arg)
{
	unsigned turn = 0;
	int fd;

	while ((fd = accept(collector.listener, NULL, NULL)) >= 0)
	{
		while (read_request(fd))
		{
			const char *answer = collector.answers[turn];

			if (turn + 1 < ANSWERS_MAX && collector.answers[turn + 1] != NULL)
				turn++;
			__atomic_add_fetch(&collector.requests, 1, __ATOMIC_RELEASE);
			/* "": a collector that never answers. */
			if (answer[0] != '\0' &&
				write(fd, answer, strlen(answer)) != (ssize_t) strlen(answer))
				break;
		}
		close(fd);
	}
	return NULL;
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static void
start_collector(const char *first, const char *second)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
								  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	memset(&collector, 0, sizeof(collector));
	collector.answers[0] = first;
	collector.answers[1] = second;
	collector.listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(collector.listener, (void *) &address, len), 0);
	assert_int_equal(listen(collector.listener, 4), 0);
	assert_int_equal(getsockname(collector.listener, (void *) &address, &len),
					 0);
	collector.port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&collector.thread, NULL, collect, NULL), 0);
}

static void
stop_collector(void)
{
	shutdown(collector.listener, SHUT_RDWR);
	pthread_join(collector.thread, NULL);
	close(collector.listener);
}

static int
configure(char error[256])
{
	error[0] = '\0';
	if (cfa_config_load(cfa_tracing_settings,
						cfa_tracing_setting_count,
						error,
						256) != 0)
		return -1;
	return cfa_tracing_configure("careforall-test", "1.2.3", error, 256);
}

/* Tracing to the collector, with one more setting. */
static void
start_tracing(const char *name, const char *value)
{
	char url[64];
	char error[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u", collector.port);
	setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url, 1);
	if (name != NULL)
		setenv(name, value, 1);
	metrics = cfa_metrics_new();
	cfa_tracing_register(metrics);
	cfa_metrics_attach_own(metrics);
	assert_int_equal(configure(error), 0);
	cfa_tracing_start();
	assert_true(cfa_tracing_is_on());
}

static int
tear_down(void **state)
{
	extern char **environ;

	cfa_tracing_stop(0);
	for (char **e = environ; *e != NULL;)
	{
		char name[128];

		if (strncmp(*e, "OTEL_", 5) != 0)
		{
			e++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int) strcspn(*e, "="), *e);
		unsetenv(name);
	}
	cfa_metrics_free(metrics);
	metrics = NULL;
	return 0;
}

static void
add_span(const char *name)
{
	CfaSpan span = {.kind = CFA_SPAN_SERVER,
					.name = name,
					.start_ns = cfa_now_ns()};

	cfa_trace_new(&span.trace);
	cfa_tracing_sample(&span.trace, false);
	span.end_ns = cfa_now_ns();
	cfa_span_add(&span);
}

static bool
shows(const char *line)
{
	CfaBuf out = {0};
	bool result;

	cfa_metrics_render(metrics, CFA_METRICS_TEXT, &out);
	result = strstr(cfa_buf_text(&out), line) != NULL;
	cfa_buf_clear(&out);
	return result;
}

static bool
body_holds(const char *text)
{
	return memmem(collector.body, collector.body_len, text, strlen(text)) !=
		   NULL;
}

static void
test_settings(void **state)
{
	static const char *const bad[][2] = {
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:secret@collector:4318"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://a"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
		{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "a"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "a=%0d%0ab"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
		{"OTEL_RESOURCE_ATTRIBUTES", "=b"},
		{"OTEL_RESOURCE_ATTRIBUTES", "a=%zz"},
		{"OTEL_SDK_DISABLED", "yes"},
		{"OTEL_TRACES_SAMPLER", "sometimes"},
		{"OTEL_BSP_MAX_QUEUE_SIZE", "0"},
	};
	static const char *const args[] = {"2", "-0.1", "x", "0.5x", "nan"};
	char error[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		setenv(bad[i][0], bad[i][1], 1);
		assert_int_equal(configure(error), -1);
		assert_non_null(strstr(error, bad[i][0]));
		unsetenv(bad[i][0]);
	}
	setenv("OTEL_TRACES_SAMPLER", "traceidratio", 1);
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++)
	{
		setenv("OTEL_TRACES_SAMPLER_ARG", args[i], 1);
		assert_int_equal(configure(error), -1);
		assert_non_null(strstr(error, "OTEL_TRACES_SAMPLER_ARG"));
	}
}

/* Without an endpoint, or disabled, nothing runs and no flag is touched. */
static void
test_off(void **state)
{
	CfaTrace trace;
	char error[256];

	for (int i = 0; i < 2; i++)
	{
		assert_int_equal(configure(error), 0);
		cfa_tracing_start();
		assert_false(cfa_tracing_is_on());
		cfa_trace_new(&trace);
		cfa_tracing_sample(&trace, false);
		assert_int_equal(trace.flags & CFA_TRACE_SAMPLED, 0);
		trace.flags |= CFA_TRACE_SAMPLED;
		cfa_tracing_sample(&trace, true);
		assert_int_equal(trace.flags & CFA_TRACE_SAMPLED, CFA_TRACE_SAMPLED);
		assert_false(cfa_tracing_wants(&trace));
		cfa_span_add(&(CfaSpan){.name = "nowhere"});
		setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", 1);
		setenv("OTEL_SDK_DISABLED", "true", 1);
	}
}

static unsigned
sampled_of_2000(bool has_parent, uint8_t flags)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 2000; i++)
	{
		CfaTrace trace;

		cfa_trace_new(&trace);
		trace.flags |= flags;
		cfa_tracing_sample(&trace, has_parent);
		count += (trace.flags & CFA_TRACE_SAMPLED) != 0;
		assert_int_equal(trace.flags & CFA_TRACE_RANDOM, CFA_TRACE_RANDOM);
	}
	return count;
}

static void
expect_sampler(const char *sampler, const char *arg, unsigned least,
			   unsigned most, bool follows_parent)
{
	setenv("OTEL_TRACES_SAMPLER", sampler, 1);
	start_tracing("OTEL_TRACES_SAMPLER_ARG", arg);
	assert_in_range(sampled_of_2000(false, 0), least, most);
	assert_in_range(sampled_of_2000(true, CFA_TRACE_SAMPLED),
					follows_parent ? 2000 : least,
					follows_parent ? 2000 : most);
	assert_in_range(sampled_of_2000(true, 0),
					follows_parent ? 0 : least,
					follows_parent ? 0 : most);
	tear_down(NULL);
}

static void
test_samplers(void **state)
{
	start_collector(OK, NULL);
	expect_sampler("always_on", "", 2000, 2000, false);
	expect_sampler("always_off", "", 0, 0, false);
	expect_sampler("traceidratio", "0.25", 350, 650, false);
	expect_sampler("traceidratio", "0", 0, 0, false);
	expect_sampler("traceidratio", "", 2000, 2000, false);
	expect_sampler("parentbased_traceidratio", "0.25", 350, 650, true);
	expect_sampler("parentbased_always_on", "", 2000, 2000, true);
	expect_sampler("parentbased_always_off", "", 0, 0, true);
	stop_collector();
}

/* What is queued goes out at the end, with the resource and the headers. */
static void
test_flush(void **state)
{
	start_collector(OK, NULL);
	setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x-other = 1", 1);
	setenv("OTEL_RESOURCE_ATTRIBUTES",
		   "deployment.environment.name=test%2C1,service.name=not-this",
		   1);
	start_tracing("OTEL_SERVICE_NAME", "my-service");
	add_span("first");
	add_span("second");
	cfa_tracing_stop(5000);
	assert_int_equal(__atomic_load_n(&collector.requests, __ATOMIC_ACQUIRE), 1);
	stop_collector();
	assert_non_null(strstr(collector.head, "POST /v1/traces HTTP/1.1\r\n"));
	assert_non_null(strstr(collector.head, "\r\napi-key: a b\r\n"));
	assert_non_null(strstr(collector.head, "\r\nx-other: 1\r\n"));
	assert_non_null(
		strstr(collector.head, "\r\nContent-Type: application/x-protobuf\r\n"));
	assert_true(body_holds("first") && body_holds("second"));
	assert_true(body_holds("my-service") && body_holds("test,1"));
	assert_false(body_holds("not-this") || body_holds("careforall-test"));
	assert_true(body_holds("service.instance.id") && body_holds("1.2.3"));
	assert_true(
		shows("careforall_trace_spans_total{outcome=\"exported\"} 2\n"));
	assert_true(shows("careforall_trace_queue_spans 0\n"));
}

static void
test_gzip(void **state)
{
	uint8_t plain[4096];
	z_stream stream = {.next_out = plain, .avail_out = sizeof(plain)};

	start_collector(OK, NULL);
	start_tracing("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
	add_span("packed well");
	cfa_tracing_stop(5000);
	stop_collector();
	assert_non_null(strstr(collector.head, "\r\nContent-Encoding: gzip\r\n"));
	assert_false(body_holds("packed well"));
	stream.next_in = collector.body;
	stream.avail_in = (uInt) collector.body_len;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_non_null(memmem(plain, stream.total_out, "packed well", 11));
	inflateEnd(&stream);
}

/* Waits for the counter; it is a mistake if it never comes. */
static void
wait_for(const char *line)
{
	for (int i = 0; i < 3000 && !shows(line); i++)
		usleep(10000);
	assert_true(shows(line));
}

static void
test_retry(void **state)
{
	start_collector("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n"
					"Content-Length: 0\r\n\r\n",
					OK);
	start_tracing("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1");
	add_span("again");
	wait_for("careforall_trace_spans_total{outcome=\"exported\"} 1\n");
	assert_int_equal(__atomic_load_n(&collector.requests, __ATOMIC_ACQUIRE), 2);
	assert_true(shows("careforall_trace_spans_total{outcome=\"failed\"} 0\n"));
	cfa_tracing_stop(1000);
	stop_collector();
	assert_true(body_holds("again"));
}

static void
test_no_retry(void **state)
{
	start_collector("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", OK);
	start_tracing("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1");
	add_span("refused");
	wait_for("careforall_trace_spans_total{outcome=\"failed\"} 1\n");
	add_span("taken");
	wait_for("careforall_trace_spans_total{outcome=\"exported\"} 1\n");
	assert_int_equal(__atomic_load_n(&collector.requests, __ATOMIC_ACQUIRE), 2);
	cfa_tracing_stop(1000);
	stop_collector();
	assert_true(body_holds("taken"));
}

static void
test_partial(void **state)
{
	/* partial_success { rejected_spans: 1 } */
	start_collector(
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x0a\x02\x08\x01", NULL);
	start_tracing(NULL, NULL);
	add_span("one");
	add_span("two");
	cfa_tracing_stop(5000);
	stop_collector();
	assert_true(
		shows("careforall_trace_spans_total{outcome=\"exported\"} 1\n"));
	assert_true(shows("careforall_trace_spans_total{outcome=\"failed\"} 1\n"));
}

/*
 * A collector that takes requests and never answers: spans beyond the queue are
 * dropped and counted, every one is accounted for, and the end does not hang.
 */
static void
test_silent_collector(void **state)
{
	int64_t sum;

	start_collector("", NULL);
	setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10", 1);
	start_tracing("OTEL_BSP_MAX_QUEUE_SIZE", "20");
	for (int i = 0; i < 10; i++)
		add_span("stuck");
	while (__atomic_load_n(&collector.requests, __ATOMIC_ACQUIRE) == 0)
		usleep(1000);
	for (int i = 0; i < 100; i++)
		add_span("late");
	assert_true(
		shows("careforall_trace_spans_total{outcome=\"dropped\"} 80\n"));
	assert_true(shows("careforall_trace_queue_spans 20\n"));
	cfa_tracing_stop(50);
	stop_collector();
	sum = shows("careforall_trace_spans_total{outcome=\"failed\"} 30\n");
	assert_true(sum);
	assert_true(shows("careforall_trace_queue_spans 0\n"));
}

/* Nobody listens: tried at the end once, counted, not waited for. */
static void
test_no_collector(void **state)
{
	start_collector(OK, NULL);
	stop_collector();
	start_tracing(NULL, NULL);
	add_span("lost");
	cfa_tracing_stop(5000);
	assert_true(shows("careforall_trace_spans_total{outcome=\"failed\"} 1\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] =
		{cmocka_unit_test_teardown(test_settings, tear_down),
		 cmocka_unit_test_teardown(test_off, tear_down),
		 cmocka_unit_test_teardown(test_samplers, tear_down),
		 cmocka_unit_test_teardown(test_flush, tear_down),
		 cmocka_unit_test_teardown(test_gzip, tear_down),
		 cmocka_unit_test_teardown(test_retry, tear_down),
		 cmocka_unit_test_teardown(test_no_retry, tear_down),
		 cmocka_unit_test_teardown(test_partial, tear_down),
		 cmocka_unit_test_teardown(test_silent_collector, tear_down),
		 cmocka_unit_test_teardown(test_no_collector, tear_down)};
	int result;

	if (sodium_init() < 0)
		return 1;
	cfa_log_init("test", CFA_LOG_ERROR);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	cfa_config_clear(cfa_tracing_settings, cfa_tracing_setting_count);
	return result;
}
