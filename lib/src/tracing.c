/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracing.c: settings, sampling and the queue of spans.
 */
#include "careforall/tracing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "careforall/span_queue.h"
#include "careforall/text.h"
#include "tracing_private.h"

/* Room for a span of ours, by far the most are smaller. */
#define SPAN_BYTES 1024
#define SPANS_TOTAL "careforall_trace_spans_total"
#define SPANS_HELP                                                           \
	"Spans by what became of them: exported, failed (the collector did not " \
	"take them) or dropped (the queue was full)."
/* The last seven bytes of a trace id are random (W3C, level 2). */
#define RANDOM_RANGE (UINT64_C(1) << 56)

typedef enum Sampler
{
	SAMPLER_ALWAYS_OFF,
	SAMPLER_ALWAYS_ON,
	SAMPLER_RATIO
} Sampler;

static struct
{
	char *certificate;
	char *compression;
	char *disabled;
	char *endpoint;
	int64_t export_timeout_ms;
	char *headers;
	int64_t max_batch;
	int64_t max_queue;
	char *protocol;
	char *resource;
	char *sampler;
	char *sampler_arg;
	int64_t schedule_delay_ms;
	char *service_name;
	int64_t timeout_ms;
	char *traces_endpoint;
} settings;

/* clang-format off */
const CfaConfigItem cfa_tracing_settings[] = {
	{"OTEL_BSP_EXPORT_TIMEOUT", CFA_CONFIG_INTEGER, &settings.export_timeout_ms, "30000", 1, 600000, "Milliseconds for which a batch of spans is tried again."},
	{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", CFA_CONFIG_INTEGER, &settings.max_batch, "512", 1, 10000, "Most spans in one request to the collector."},
	{"OTEL_BSP_MAX_QUEUE_SIZE", CFA_CONFIG_INTEGER, &settings.max_queue, "2048", 1, 65536, "Spans that may wait; more are dropped and counted."},
	{"OTEL_BSP_SCHEDULE_DELAY", CFA_CONFIG_INTEGER, &settings.schedule_delay_ms, "5000", 1, 600000, "Milliseconds after which spans are sent even if they fill no batch."},
	{"OTEL_EXPORTER_OTLP_CERTIFICATE", CFA_CONFIG_TEXT, &settings.certificate, "", 0, 0, "File of the certificates that the collector's may be signed by; empty for those of the system."},
	{"OTEL_EXPORTER_OTLP_COMPRESSION", CFA_CONFIG_TEXT, &settings.compression, "none", 0, 0, "none or gzip."},
	{"OTEL_EXPORTER_OTLP_ENDPOINT", CFA_CONFIG_TEXT, &settings.endpoint, "", 0, 0, "Address of the collector, http(s)://host:4318; empty: no traces."},
	{"OTEL_EXPORTER_OTLP_HEADERS", CFA_CONFIG_SECRET, &settings.headers, "", 0, 0, "Headers for the collector, name=value, a comma list, percent-encoded."},
	{"OTEL_EXPORTER_OTLP_PROTOCOL", CFA_CONFIG_TEXT, &settings.protocol, "http/protobuf", 0, 0, "http/protobuf, the only one."},
	{"OTEL_EXPORTER_OTLP_TIMEOUT", CFA_CONFIG_INTEGER, &settings.timeout_ms, "10000", 1, 600000, "Milliseconds for one request to the collector."},
	{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", CFA_CONFIG_TEXT, &settings.traces_endpoint, "", 0, 0, "Whole address for traces, in place of OTEL_EXPORTER_OTLP_ENDPOINT and /v1/traces."},
	{"OTEL_RESOURCE_ATTRIBUTES", CFA_CONFIG_TEXT, &settings.resource, "deployment.environment.name=production", 0, 0, "Attributes of this installation, name=value, a comma list, percent-encoded."},
	{"OTEL_SDK_DISABLED", CFA_CONFIG_TEXT, &settings.disabled, "false", 0, 0, "true: no traces, whatever else is set."},
	{"OTEL_SERVICE_NAME", CFA_CONFIG_TEXT, &settings.service_name, "", 0, 0, "Name of this service in traces; empty for the name of the program."},
	{"OTEL_TRACES_SAMPLER", CFA_CONFIG_TEXT, &settings.sampler, "parentbased_always_on", 0, 0, "Which traces are recorded: always_on, always_off, traceidratio, or one of these behind parentbased_, which follows a caller that has decided."},
	{"OTEL_TRACES_SAMPLER_ARG", CFA_CONFIG_TEXT, &settings.sampler_arg, "", 0, 0, "The share for traceidratio, 0 to 1; empty for 1."},
};
/* clang-format on */

const size_t cfa_tracing_setting_count =
	sizeof(cfa_tracing_settings) / sizeof(cfa_tracing_settings[0]);

static struct
{
	bool is_wanted;	 /* by the settings */
	bool is_running; /* the thread is there */
	bool is_parent_based;
	Sampler sampler;
	uint64_t threshold; /* of the random part, from there on sampled */
	CfaSpanQueue queue;
	CfaExportOptions options;
	CfaMetric dropped;
	CfaBuf scratch;
} tracer;

static int check_texts(char *error, size_t error_size);
static int choose_url(char *error, size_t error_size);
static int choose_sampler(char *error, size_t error_size);
static int read_headers(char *error, size_t error_size);
static int make_resource(const char *service, char *error, size_t error_size);
static bool next_pair(const char **list, char *name, char *value, size_t size,
					  bool *is_bad);
static void add_text(const char *key, const char *value);

int
cfa_tracing_configure(const char *service, const char *version, char *error,
					  size_t error_size)
{
	CfaExportOptions *options = &tracer.options;

	for (size_t i = 0; i < options->header_count; i++)
		free(options->headers[i]);
	cfa_buf_clear(&options->resource);
	*options = (CfaExportOptions){.metrics = options->metrics,
								  .exported = options->exported,
								  .failed = options->failed,
								  .length = options->length};
	tracer.is_wanted = false;
	if (check_texts(error, error_size) != 0 ||
		choose_url(error, error_size) != 0 ||
		choose_sampler(error, error_size) != 0 ||
		read_headers(error, error_size) != 0)
		return -1;
	options->version = version;
	if (make_resource(service, error, error_size) != 0)
		return -1;
	options->certificate = settings.certificate;
	options->is_gzip = strcmp(settings.compression, "gzip") == 0;
	options->timeout_ms = settings.timeout_ms;
	options->export_timeout_ms = settings.export_timeout_ms;
	options->delay_ms = settings.schedule_delay_ms;
	options->batch_max = (uint64_t) (settings.max_batch < settings.max_queue
										 ? settings.max_batch
										 : settings.max_queue);
	tracer.is_wanted =
		options->url[0] != '\0' && strcmp(settings.disabled, "true") != 0;
	return 0;
}

void
cfa_tracing_register(CfaMetrics *metrics)
{
	tracer.options.metrics = metrics;
	tracer.options.exported = cfa_metrics_counter(metrics,
												  SPANS_TOTAL,
												  SPANS_HELP,
												  "outcome=\"exported\"",
												  1);
	tracer.options.failed = cfa_metrics_counter(metrics,
												SPANS_TOTAL,
												SPANS_HELP,
												"outcome=\"failed\"",
												1);
	tracer.dropped = cfa_metrics_counter(metrics,
										 SPANS_TOTAL,
										 SPANS_HELP,
										 "outcome=\"dropped\"",
										 1);
	tracer.options.length = cfa_metrics_gauge(metrics,
											  "careforall_trace_queue_spans",
											  "Spans that wait to be sent.",
											  NULL,
											  1);
}

void
cfa_tracing_start(void)
{
	if (!tracer.is_wanted || tracer.is_running)
		return;
	cfa_span_queue_init(&tracer.queue,
						(uint64_t) settings.max_queue,
						(size_t) settings.max_queue * SPAN_BYTES);
	tracer.options.queue = &tracer.queue;
	tracer.is_running = cfa_export_start(&tracer.options);
	if (!tracer.is_running)
		cfa_span_queue_clear(&tracer.queue);
}

void
cfa_tracing_stop(int64_t within_ms)
{
	if (!tracer.is_running)
		return;
	tracer.is_running = false;
	cfa_export_stop(within_ms);
	cfa_span_queue_clear(&tracer.queue);
	cfa_buf_clear(&tracer.scratch);
}

bool
cfa_tracing_is_on(void)
{
	return tracer.is_running;
}

void
cfa_tracing_sample(CfaTrace *trace, bool has_parent)
{
	uint64_t random = 0;
	bool is_sampled = false;

	if (!tracer.is_running || (has_parent && tracer.is_parent_based))
		return;
	switch (tracer.sampler)
	{
		case SAMPLER_ALWAYS_OFF:
			break;
		case SAMPLER_ALWAYS_ON:
			is_sampled = true;
			break;
		case SAMPLER_RATIO:
			for (size_t i = 9; i < sizeof(trace->trace_id); i++)
				random = random << 8 | trace->trace_id[i];
			is_sampled = random >= tracer.threshold;
			break;
	}
	trace->flags &= (uint8_t) ~CFA_TRACE_SAMPLED;
	if (is_sampled)
		trace->flags |= CFA_TRACE_SAMPLED;
}

bool
cfa_tracing_wants(const CfaTrace *trace)
{
	return tracer.is_running && (trace->flags & CFA_TRACE_SAMPLED) != 0;
}

void
cfa_span_add(const CfaSpan *span)
{
	const CfaExportOptions *options = &tracer.options;

	if (!tracer.is_running)
		return;
	cfa_buf_reset(&tracer.scratch);
	cfa_otlp_add_span(&tracer.scratch, span);
	/* Counted before, as the sender may take it away at once. */
	if (options->metrics != NULL)
		cfa_metrics_change(options->metrics, options->length, 1);
	if (cfa_span_queue_put(&tracer.queue,
						   tracer.scratch.data,
						   tracer.scratch.len))
	{
		if (cfa_span_queue_length(&tracer.queue) >= options->batch_max)
			cfa_export_wake();
		return;
	}
	if (options->metrics != NULL)
	{
		cfa_metrics_change(options->metrics, options->length, -1);
		cfa_metrics_add(options->metrics, tracer.dropped, 1);
	}
}

uint64_t
cfa_now_ns(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t) now.tv_sec * 1000000000U + (uint64_t) now.tv_nsec;
}

static int
check_texts(char *error, size_t error_size)
{
	if (strcmp(settings.disabled, "true") != 0 &&
		strcmp(settings.disabled, "false") != 0)
		(void) snprintf(error,
						error_size,
						"OTEL_SDK_DISABLED must be true or false");
	else if (strcmp(settings.protocol, "http/protobuf") != 0)
		(void) snprintf(error,
						error_size,
						"OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf");
	else if (strcmp(settings.compression, "none") != 0 &&
			 strcmp(settings.compression, "gzip") != 0 &&
			 settings.compression[0] != '\0')
		(void) snprintf(error,
						error_size,
						"OTEL_EXPORTER_OTLP_COMPRESSION must be none or gzip");
	else
		return 0;
	return -1;
}

static int
choose_url(char *error, size_t error_size)
{
	const char *whole = settings.traces_endpoint;
	const char *base = whole[0] != '\0' ? whole : settings.endpoint;
	size_t len = strlen(base);
	const char *path = "/v1/traces";

	if (len == 0)
		return 0;
	if (whole[0] != '\0')
		path = "";
	else if (base[len - 1] == '/')
		path++;
	if ((strncmp(base, "http://", 7) == 0 ||
		 strncmp(base, "https://", 8) == 0) &&
		strpbrk(base, " \r\n@") == NULL &&
		snprintf(tracer.options.url,
				 sizeof(tracer.options.url),
				 "%s%s",
				 base,
				 path) < (int) sizeof(tracer.options.url))
		return 0;
	(void) snprintf(error,
					error_size,
					"OTEL_EXPORTER_OTLP_%sENDPOINT must be a web address such "
					"as http://127.0.0.1:4318, without a user name",
					whole[0] != '\0' ? "TRACES_" : "");
	return -1;
}

static int
choose_sampler(char *error, size_t error_size)
{
	static const char parent[] = "parentbased_";
	static const char *const names[] = {[SAMPLER_ALWAYS_OFF] = "always_off",
										[SAMPLER_ALWAYS_ON] = "always_on",
										[SAMPLER_RATIO] = "traceidratio"};
	const char *name = settings.sampler;
	const char *arg = settings.sampler_arg;
	char *end = NULL;
	double ratio = arg[0] != '\0' ? strtod(arg, &end) : 1;

	tracer.is_parent_based = strncmp(name, parent, sizeof(parent) - 1) == 0;
	if (tracer.is_parent_based)
		name += sizeof(parent) - 1;
	for (int i = SAMPLER_ALWAYS_OFF; i <= SAMPLER_RATIO; i++)
	{
		if (strcmp(name, names[i]) != 0)
			continue;
		tracer.sampler = (Sampler) i;
		if (i != SAMPLER_RATIO)
			return 0;
		if ((end != NULL && (end == arg || *end != '\0')) ||
			!(ratio >= 0 && ratio <= 1))
		{
			(void) snprintf(error,
							error_size,
							"OTEL_TRACES_SAMPLER_ARG must be a number from 0 "
							"to 1");
			return -1;
		}
		tracer.threshold = (uint64_t) ((1 - ratio) * (double) RANDOM_RANGE);
		return 0;
	}
	(void) snprintf(error,
					error_size,
					"OTEL_TRACES_SAMPLER must be always_on, always_off or "
					"traceidratio, with or without parentbased_ in front");
	return -1;
}

static int
read_headers(char *error, size_t error_size)
{
	const char *list = settings.headers;
	char name[256];
	char value[1024];
	bool is_bad = false;
	CfaExportOptions *options = &tracer.options;

	while (next_pair(&list, name, value, sizeof(name), &is_bad))
	{
		size_t size = strlen(name) + strlen(value) + 3;

		if (strpbrk(name, "\r\n :") != NULL || strpbrk(value, "\r\n") != NULL ||
			options->header_count == CFA_TRACING_HEADERS_MAX)
		{
			is_bad = true;
			break;
		}
		options->headers[options->header_count] = malloc(size);
		if (options->headers[options->header_count] == NULL)
			abort();
		(void) snprintf(options->headers[options->header_count++],
						size,
						"%s: %s",
						name,
						value);
	}
	sodium_memzero(value, sizeof(value));
	if (!is_bad)
		return 0;
	(void) snprintf(error,
					error_size,
					"OTEL_EXPORTER_OTLP_HEADERS must be a comma list of "
					"name=value, percent-encoded");
	return -1;
}

static int
make_resource(const char *service, char *error, size_t error_size)
{
	const char *list = settings.resource;
	char name[256];
	char value[1024];
	bool is_bad = false;
	bool is_named = settings.service_name[0] != '\0';
	uint8_t random[16];
	char instance[CFA_UUID_TEXT_LEN + 1];

	while (next_pair(&list, name, value, sizeof(name), &is_bad))
	{
		if (strcmp(name, "service.name") == 0)
		{
			if (is_named)
				continue;
			is_named = true;
			service = NULL;
		}
		if (strcmp(name, "service.version") != 0 &&
			strcmp(name, "service.instance.id") != 0)
			add_text(name, value);
	}
	if (is_bad)
	{
		(void) snprintf(error,
						error_size,
						"OTEL_RESOURCE_ATTRIBUTES must be a comma list of "
						"name=value, percent-encoded");
		return -1;
	}
	if (settings.service_name[0] != '\0')
		service = settings.service_name;
	if (service != NULL)
		add_text("service.name", service);
	randombytes_buf(random, sizeof(random));
	random[6] = (uint8_t) ((random[6] & 0x0f) | 0x40);
	random[8] = (uint8_t) ((random[8] & 0x3f) | 0x80);
	cfa_uuid_format(random, instance);
	add_text("service.version", tracer.options.version);
	add_text("service.instance.id", instance);
	add_text("telemetry.sdk.name", "careforall");
	add_text("telemetry.sdk.language", "c");
	add_text("telemetry.sdk.version", tracer.options.version);
	return 0;
}

/*
 * Reads name=value off the list. name has room for size bytes, value for four
 * times as many. False at the end, and with *is_bad set for what is malformed.
 */
static bool
next_pair(const char **list, char *name, char *value, size_t size, bool *is_bad)
{
	const char *at = *list + strspn(*list, " ,");
	size_t len = strcspn(at, ",");
	const char *equals = memchr(at, '=', len);
	size_t name_len;
	size_t value_len;
	size_t out_len;

	if (len == 0)
		return false;
	*is_bad = true;
	*list = at + len;
	while (len > 0 && at[len - 1] == ' ')
		len--;
	if (equals == NULL || equals == at)
		return false;
	name_len = (size_t) (equals - at);
	value_len = len - name_len - 1;
	while (name_len > 0 && at[name_len - 1] == ' ')
		name_len--;
	for (equals++; value_len > 0 && *equals == ' '; equals++)
		value_len--;
	if (name_len >= size || value_len >= 4 * size ||
		!cfa_percent_decode(at, name_len, false, name, &out_len) ||
		!cfa_percent_decode(equals, value_len, false, value, &out_len))
		return false;
	*is_bad = false;
	return true;
}

static void
add_text(const char *key, const char *value)
{
	cfa_otlp_add_attribute(&tracer.options.resource,
						   CFA_OTLP_RESOURCE_ATTRIBUTES,
						   &CFA_STR(key, value));
}
