/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracing_export.c: the thread that sends spans.
 *
 * It sleeps until a batch is full or the delay is over, sends what is there, and
 * tries again what the collector may take later: 429, 502, 503, 504 and no answer
 * at all, with growing delays and never before Retry-After. Everything else is
 * final. While it waits the queue fills and the makers drop: nothing piles up.
 *
 * At the end each batch is tried once and the whole has a limit; a request that
 * hangs is cut there, at the latest a second after it.
 */
#include "tracing_private.h"

#include <curl/curl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "careforall/backoff.h"
#include "careforall/log.h"
#include "careforall/otlp.h"
#include "careforall/text.h"

#define RETRY_BASE_MS 500
#define RETRY_MAX_MS 10000
#define RETRY_AFTER_MAX_MS 300000
#define CONNECT_TIMEOUT_MS 3000
#define RESPONSE_KEPT 65536
#define RESPONSE_MAX (4 * 1024 * 1024)
#define COMPLAIN_EVERY_MS 60000

static struct
{
	CfaExportOptions options;
	pthread_t thread;
	sem_t wake;
	bool is_woken;	 /* atomic: a wake-up is on its way */
	int64_t stop_ms; /* atomic: when to end at the latest; 0 is not yet */
	/* The thread's own. */
	CURL *easy;
	struct curl_slist *headers;
	CfaBuf spans;
	CfaBuf body;
	CfaBuf packed;
	CfaBuf response;
	size_t response_len;
	CfaBackoff backoff;
	int64_t not_before_ms; /* by Retry-After of a batch that was given up */
	int64_t complained_ms;
	bool is_failing;
} exporter;

static void *run(void *arg);
static void prepare(void);
static void drain(void);
static void send_batch(uint64_t count);
static bool try_once(uint64_t count, int64_t *retry_ms);
static void pack(void);
static void delivered(uint64_t count);
static void gave_up(uint64_t count, long status, const char *error);
static int64_t stop_time(void);
static void wait_ms(int64_t ms);
static size_t take_response(char *data, size_t size, size_t count, void *arg);
static int check_stop(void *arg, curl_off_t total, curl_off_t now,
					  curl_off_t up_total, curl_off_t up_now);

bool
cfa_export_start(const CfaExportOptions *options)
{
	sigset_t all;
	sigset_t old;
	int result;

	exporter.options = *options;
	exporter.stop_ms = 0;
	exporter.is_woken = false;
	exporter.is_failing = false;
	exporter.complained_ms = 0;
	exporter.not_before_ms = 0;
	cfa_backoff_init(&exporter.backoff,
					 RETRY_BASE_MS,
					 RETRY_MAX_MS,
					 (uint64_t) getpid());
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		sem_init(&exporter.wake, 0, 0) != 0)
	{
		cfa_log(CFA_LOG_ERROR, "tracing_not_started");
		return false;
	}
	/* Signals are for the loop. */
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &old);
	result = pthread_create(&exporter.thread, NULL, run, NULL);
	(void) pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (result != 0)
	{
		cfa_log(CFA_LOG_ERROR,
				"tracing_not_started",
				CFA_STR("error", strerror(result)));
		(void) sem_destroy(&exporter.wake);
		return false;
	}
	return true;
}

void
cfa_export_stop(int64_t within_ms)
{
	__atomic_store_n(&exporter.stop_ms,
					 cfa_monotonic_ms() + within_ms,
					 __ATOMIC_RELEASE);
	(void) sem_post(&exporter.wake);
	(void) pthread_join(exporter.thread, NULL);
	(void) sem_destroy(&exporter.wake);
	curl_global_cleanup();
}

void
cfa_export_wake(void)
{
	if (!__atomic_exchange_n(&exporter.is_woken, true, __ATOMIC_ACQ_REL))
		(void) sem_post(&exporter.wake);
}

static void *
run(void *arg)
{
	(void) pthread_setname_np(pthread_self(), "traces");
	prepare();
	while (stop_time() == 0)
	{
		wait_ms(exporter.options.delay_ms);
		drain();
	}
	drain();
	curl_easy_cleanup(exporter.easy);
	curl_slist_free_all(exporter.headers);
	exporter.easy = NULL;
	exporter.headers = NULL;
	cfa_buf_clear(&exporter.spans);
	cfa_buf_clear(&exporter.body);
	cfa_buf_clear(&exporter.packed);
	cfa_buf_clear(&exporter.response);
	return NULL;
}

static void
add_header(const char *line)
{
	struct curl_slist *list = curl_slist_append(exporter.headers, line);

	if (list == NULL)
		abort();
	exporter.headers = list;
}

/* Sets up the one handle, which keeps its connection from batch to batch. */
static void
prepare(void)
{
	const CfaExportOptions *options = &exporter.options;
	CURL *easy = curl_easy_init();
	char agent[64];

	if (easy == NULL)
		abort();
	exporter.easy = easy;
	(void) snprintf(agent, sizeof(agent), "careforall/%s", options->version);
	add_header("Content-Type: application/x-protobuf");
	add_header("Expect:");
	if (options->is_gzip)
		add_header("Content-Encoding: gzip");
	for (size_t i = 0; i < options->header_count; i++)
		add_header(options->headers[i]);
	curl_easy_setopt(easy, CURLOPT_URL, options->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, agent);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exporter.headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_response);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_stop);
	curl_easy_setopt(easy,
					 CURLOPT_CONNECTTIMEOUT_MS,
					 (long) CONNECT_TIMEOUT_MS);
	if (options->certificate[0] != '\0')
		curl_easy_setopt(easy, CURLOPT_CAINFO, options->certificate);
}

/* Sends all that waits; in the end, what the time suffices for. */
static void
drain(void)
{
	const CfaExportOptions *options = &exporter.options;

	for (;;)
	{
		uint64_t count;

		while (stop_time() == 0 && cfa_monotonic_ms() < exporter.not_before_ms)
			wait_ms(exporter.not_before_ms - cfa_monotonic_ms());
		cfa_buf_reset(&exporter.spans);
		count = cfa_span_queue_take(options->queue,
									options->batch_max,
									&exporter.spans);
		if (count == 0)
			return;
		if (options->metrics != NULL)
			cfa_metrics_change(options->metrics,
							   options->length,
							   -(int64_t) count);
		send_batch(count);
		/* A batch that was not full can wait for company. */
		if (count < options->batch_max && stop_time() == 0)
			return;
	}
}

static void
send_batch(uint64_t count)
{
	const CfaExportOptions *options = &exporter.options;
	int64_t deadline = cfa_monotonic_ms() + options->export_timeout_ms;
	int64_t retry_ms = 0;

	cfa_buf_reset(&exporter.body);
	cfa_otlp_add_request(&exporter.body,
						 &options->resource,
						 "careforall",
						 options->version,
						 exporter.spans.data,
						 exporter.spans.len);
	if (options->is_gzip)
		pack();
	cfa_backoff_reset(&exporter.backoff);
	while (!try_once(count, &retry_ms))
	{
		int64_t until = cfa_monotonic_ms() + retry_ms;

		if (stop_time() != 0 || until >= deadline)
		{
			exporter.not_before_ms = until;
			gave_up(count, 0, "tried in vain");
			return;
		}
		while (stop_time() == 0 && cfa_monotonic_ms() < until)
			wait_ms(until - cfa_monotonic_ms());
	}
}

/*
 * Sends the batch. True when its fate is decided, and was counted; else it may be
 * sent again in *retry_ms.
 */
static bool
try_once(uint64_t count, int64_t *retry_ms)
{
	const CfaBuf *body =
		exporter.options.is_gzip ? &exporter.packed : &exporter.body;
	int64_t timeout = exporter.options.timeout_ms;
	int64_t stop = stop_time();
	curl_off_t retry_after_s = 0;
	long status = 0;
	CURLcode code;

	if (stop != 0 && stop - cfa_monotonic_ms() < timeout)
		timeout = stop - cfa_monotonic_ms();
	if (timeout <= 0)
	{
		gave_up(count, 0, "no time left");
		return true;
	}
	cfa_buf_reset(&exporter.response);
	exporter.response_len = 0;
	curl_easy_setopt(exporter.easy, CURLOPT_TIMEOUT_MS, (long) timeout);
	curl_easy_setopt(exporter.easy, CURLOPT_POSTFIELDS, body->data);
	curl_easy_setopt(exporter.easy,
					 CURLOPT_POSTFIELDSIZE_LARGE,
					 (curl_off_t) body->len);
	code = curl_easy_perform(exporter.easy);
	(void) curl_easy_getinfo(exporter.easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status >= 200 && status < 300)
	{
		delivered(count);
		return true;
	}
	if (code == CURLE_OK && status != 429 && status != 502 && status != 503 &&
		status != 504)
	{
		gave_up(count, status, "refused");
		return true;
	}
	(void) curl_easy_getinfo(exporter.easy,
							 CURLINFO_RETRY_AFTER,
							 &retry_after_s);
	*retry_ms = cfa_backoff_next(&exporter.backoff);
	if (code == CURLE_OK && retry_after_s * 1000 > *retry_ms)
		*retry_ms = retry_after_s * 1000 < RETRY_AFTER_MAX_MS
						? retry_after_s * 1000
						: RETRY_AFTER_MAX_MS;
	return false;
}

static void
pack(void)
{
	z_stream stream = {0};
	uLong bound;

	/* 15 bits of window, and 16 for the form of gzip. */
	if (deflateInit2(&stream,
					 Z_BEST_SPEED,
					 Z_DEFLATED,
					 15 + 16,
					 8,
					 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	bound = deflateBound(&stream, exporter.body.len);
	cfa_buf_reset(&exporter.packed);
	cfa_buf_reserve(&exporter.packed, bound);
	stream.next_in = (Bytef *) exporter.body.data;
	stream.avail_in = (uInt) exporter.body.len;
	stream.next_out = (Bytef *) exporter.packed.data;
	stream.avail_out = (uInt) bound;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	exporter.packed.len = stream.total_out;
	(void) deflateEnd(&stream);
}

/* The collector has answered 2xx, perhaps for a part only. */
static void
delivered(uint64_t count)
{
	const CfaExportOptions *options = &exporter.options;
	uint64_t rejected =
		cfa_otlp_rejected(exporter.response.data, exporter.response.len);

	if (rejected > count)
		rejected = count;
	if (options->metrics != NULL)
		cfa_metrics_add(options->metrics, options->exported, count - rejected);
	if (rejected > 0)
		gave_up(rejected, 200, "rejected");
	else if (exporter.is_failing)
	{
		exporter.is_failing = false;
		cfa_log(CFA_LOG_INFO, "traces_exported_again");
	}
}

/* Counts, and logs now and then. */
static void
gave_up(uint64_t count, long status, const char *error)
{
	const CfaExportOptions *options = &exporter.options;
	int64_t now_ms = cfa_monotonic_ms();

	if (options->metrics != NULL)
		cfa_metrics_add(options->metrics, options->failed, count);
	if (exporter.is_failing &&
		now_ms - exporter.complained_ms < COMPLAIN_EVERY_MS)
		return;
	exporter.is_failing = true;
	exporter.complained_ms = now_ms;
	cfa_log(CFA_LOG_WARN,
			"traces_not_exported",
			CFA_STR("error", error),
			CFA_INT("status", status),
			CFA_INT("spans", count));
}

static int64_t
stop_time(void)
{
	return __atomic_load_n(&exporter.stop_ms, __ATOMIC_ACQUIRE);
}

/* Waits until woken, or so long. */
static void
wait_ms(int64_t ms)
{
	struct timespec until;

	(void) clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void) sem_clockwait(&exporter.wake, CLOCK_MONOTONIC, &until);
	__atomic_store_n(&exporter.is_woken, false, __ATOMIC_RELEASE);
}

static size_t
take_response(char *data, size_t size, size_t count, void *arg)
{
	size_t len = size * count;

	exporter.response_len += len;
	if (exporter.response_len > RESPONSE_MAX)
		return 0;
	if (exporter.response.len + len <= RESPONSE_KEPT)
		cfa_buf_add(&exporter.response, data, len);
	return len;
}

/* curl asks at least once a second; not 0 ends the request. */
static int
check_stop(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
		   curl_off_t up_now)
{
	int64_t stop = stop_time();

	return stop != 0 && cfa_monotonic_ms() >= stop;
}
