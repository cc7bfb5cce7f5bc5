/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c: a registry of series over shared memory.
 *
 * A counter or gauge takes one slot. A histogram takes one slot per bound, one for
 * +Inf, and one for the sum; buckets are counted apart and added up when rendered.
 * A traced one has an exemplar per bucket behind these: a number that is odd while the
 * rest is written, time, value, trace. The renderer leaves out what changes meanwhile.
 * Slots are changed by relaxed atomic operations: a scrape may see a histogram
 * whose sum is one observation ahead of its count.
 */
#include "careforall/metrics.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/text.h"

#define SHARD_ALIGN 64

/* The slots of an exemplar. */
enum
{
	EXEMPLAR_NUMBER,
	EXEMPLAR_MS,
	EXEMPLAR_VALUE,
	EXEMPLAR_TRACE,
	EXEMPLAR_TRACE_END,
	EXEMPLAR_SLOTS
};

typedef enum Kind
{
	KIND_COUNTER,
	KIND_GAUGE,
	KIND_HISTOGRAM
} Kind;

typedef struct Series
{
	Kind kind;
	const char *name;
	const char *help;
	char *labels; /* "" if none */
	double scale;
	const double *bounds;
	size_t bound_count;
	bool is_traced;
	CfaMetric first_slot;
} Series;

struct CfaMetrics
{
	Series *series;
	size_t count;
	uint32_t *series_of_slot;
	CfaMetric slots;
	uint64_t *memory;
	uint64_t *own; /* freed with the registry */
	unsigned shards;
	unsigned mine;
};

static CfaMetric add_series(CfaMetrics *metrics, const Series *series);
static size_t slots_of(const Series *series);
static const Series *series_at(const CfaMetrics *metrics, CfaMetric slot);
static uint64_t *slot_of(const CfaMetrics *metrics, CfaMetric slot);
static uint64_t sum_of(const CfaMetrics *metrics, CfaMetric slot);
static uint64_t *exemplar_of(const CfaMetrics *metrics, const Series *series,
							 size_t bucket, unsigned shard);
static void render_scalar(const CfaMetrics *metrics, const Series *series,
						  CfaBuf *out);
static void render_histogram(const CfaMetrics *metrics, const Series *series,
							 CfaMetricsFormat format, CfaBuf *out);
static void add_exemplar(const CfaMetrics *metrics, const Series *series,
						 size_t bucket, CfaBuf *out);
static void add_head(const Series *series, CfaMetricsFormat format,
					 CfaBuf *out);
static void add_name(CfaBuf *out, const Series *series, const char *suffix,
					 const char *bound);

CfaMetrics *
cfa_metrics_new(void)
{
	CfaMetrics *metrics = calloc(1, sizeof(*metrics));

	if (metrics == NULL)
		abort();
	return metrics;
}

void
cfa_metrics_free(CfaMetrics *metrics)
{
	size_t i;

	if (metrics == NULL)
		return;
	for (i = 0; i < metrics->count; i++)
		free(metrics->series[i].labels);
	free(metrics->series);
	free(metrics->series_of_slot);
	free(metrics->own);
	free(metrics);
}

const char *
cfa_metrics_labels(char *out, size_t size, ...)
{
	CfaBuf buf = {0};
	const char *name;
	va_list args;

	va_start(args, size);
	while ((name = va_arg(args, const char *)) != NULL)
	{
		const char *value = va_arg(args, const char *);

		if (buf.len > 0)
			cfa_buf_addc(&buf, ',');
		cfa_buf_addf(&buf, "%s=\"", name);
		for (; *value != '\0'; value++)
		{
			if (*value == '\\' || *value == '"')
				cfa_buf_addc(&buf, '\\');
			if (*value == '\n')
				cfa_buf_adds(&buf, "\\n");
			else
				cfa_buf_addc(&buf, *value);
		}
		cfa_buf_addc(&buf, '"');
	}
	va_end(args);
	if (buf.len >= size)
		abort();
	memcpy(out, cfa_buf_text(&buf), buf.len + 1);
	cfa_buf_clear(&buf);
	return out;
}

CfaMetric
cfa_metrics_counter(CfaMetrics *metrics, const char *name, const char *help,
					const char *labels, double scale)
{
	const Series series = {.kind = KIND_COUNTER,
						   .name = name,
						   .help = help,
						   .labels = strdup(labels ? labels : ""),
						   .scale = scale};

	return add_series(metrics, &series);
}

CfaMetric
cfa_metrics_gauge(CfaMetrics *metrics, const char *name, const char *help,
				  const char *labels, double scale)
{
	const Series series = {.kind = KIND_GAUGE,
						   .name = name,
						   .help = help,
						   .labels = strdup(labels ? labels : ""),
						   .scale = scale};

	return add_series(metrics, &series);
}

CfaMetric
cfa_metrics_histogram(CfaMetrics *metrics, const char *name, const char *help,
					  const char *labels, double scale, const double *bounds,
					  size_t bound_count)
{
	const Series series = {.kind = KIND_HISTOGRAM,
						   .name = name,
						   .help = help,
						   .labels = strdup(labels ? labels : ""),
						   .scale = scale,
						   .bounds = bounds,
						   .bound_count = bound_count};

	return add_series(metrics, &series);
}

CfaMetric
cfa_metrics_traced_histogram(CfaMetrics *metrics, const char *name,
							 const char *help, const char *labels, double scale,
							 const double *bounds, size_t bound_count)
{
	const Series series = {.kind = KIND_HISTOGRAM,
						   .name = name,
						   .help = help,
						   .labels = strdup(labels ? labels : ""),
						   .scale = scale,
						   .bounds = bounds,
						   .bound_count = bound_count,
						   .is_traced = true};

	return add_series(metrics, &series);
}

size_t
cfa_metrics_shard_size(const CfaMetrics *metrics)
{
	size_t size = metrics->slots * sizeof(uint64_t);

	return (size + SHARD_ALIGN - 1) / SHARD_ALIGN * SHARD_ALIGN;
}

void
cfa_metrics_attach(CfaMetrics *metrics, void *memory, unsigned shards,
				   unsigned mine)
{
	if (shards == 0 || mine >= shards)
		abort();
	metrics->memory = memory;
	metrics->shards = shards;
	metrics->mine = mine;
}

void
cfa_metrics_attach_own(CfaMetrics *metrics)
{
	size_t size = cfa_metrics_shard_size(metrics);

	metrics->own = calloc(1, size > 0 ? size : SHARD_ALIGN);
	if (metrics->own == NULL)
		abort();
	cfa_metrics_attach(metrics, metrics->own, 1, 0);
}

void
cfa_metrics_reset_gauges(CfaMetrics *metrics)
{
	size_t i;

	for (i = 0; i < metrics->count; i++)
	{
		if (metrics->series[i].kind == KIND_GAUGE)
			cfa_metrics_set(metrics, metrics->series[i].first_slot, 0);
	}
}

void
cfa_metrics_add(CfaMetrics *metrics, CfaMetric metric, uint64_t amount)
{
	__atomic_fetch_add(slot_of(metrics, metric), amount, __ATOMIC_RELAXED);
}

void
cfa_metrics_set(CfaMetrics *metrics, CfaMetric metric, int64_t value)
{
	__atomic_store_n(slot_of(metrics, metric),
					 (uint64_t) value,
					 __ATOMIC_RELAXED);
}

void
cfa_metrics_change(CfaMetrics *metrics, CfaMetric metric, int64_t by)
{
	cfa_metrics_add(metrics, metric, (uint64_t) by);
}

static size_t
bucket_of(const Series *series, uint64_t value)
{
	double shown = (double) value * series->scale;
	size_t i = 0;

	while (i < series->bound_count && shown > series->bounds[i])
		i++;
	return i;
}

void
cfa_metrics_observe_traced(CfaMetrics *metrics, CfaMetric metric,
						   uint64_t value, const uint8_t *trace_id)
{
	const Series *series = series_at(metrics, metric);
	uint64_t *slots;
	uint64_t trace[2];
	uint64_t number;

	cfa_metrics_observe(metrics, metric, value);
	if (trace_id == NULL || !series->is_traced)
		return;
	slots =
		exemplar_of(metrics, series, bucket_of(series, value), metrics->mine);
	number = __atomic_load_n(&slots[EXEMPLAR_NUMBER], __ATOMIC_RELAXED);
	/* A process that died while writing left it odd. */
	number += 1 + number % 2;
	memcpy(trace, trace_id, sizeof(trace));
	__atomic_store_n(&slots[EXEMPLAR_NUMBER], number, __ATOMIC_SEQ_CST);
	__atomic_store_n(&slots[EXEMPLAR_MS],
					 (uint64_t) cfa_now_ms(),
					 __ATOMIC_SEQ_CST);
	__atomic_store_n(&slots[EXEMPLAR_VALUE], value, __ATOMIC_SEQ_CST);
	__atomic_store_n(&slots[EXEMPLAR_TRACE], trace[0], __ATOMIC_SEQ_CST);
	__atomic_store_n(&slots[EXEMPLAR_TRACE_END], trace[1], __ATOMIC_SEQ_CST);
	__atomic_store_n(&slots[EXEMPLAR_NUMBER], number + 1, __ATOMIC_SEQ_CST);
}

void
cfa_metrics_observe(CfaMetrics *metrics, CfaMetric metric, uint64_t value)
{
	const Series *series = series_at(metrics, metric);
	size_t i = bucket_of(series, value);

	cfa_metrics_add(metrics, metric + (CfaMetric) i, 1);
	cfa_metrics_add(metrics,
					metric + (CfaMetric) series->bound_count + 1,
					value);
}

int64_t
cfa_metrics_value(const CfaMetrics *metrics, CfaMetric metric)
{
	return (int64_t) sum_of(metrics, metric);
}

CfaMetricsFormat
cfa_metrics_format(const char *accept)
{
	return accept != NULL &&
				   strstr(accept, "application/openmetrics-text") != NULL
			   ? CFA_METRICS_OPEN
			   : CFA_METRICS_TEXT;
}

const char *
cfa_metrics_content_type(CfaMetricsFormat format)
{
	return format == CFA_METRICS_OPEN ? "application/openmetrics-text; "
										"version=1.0.0; charset=utf-8"
									  : CFA_METRICS_CONTENT_TYPE;
}

void
cfa_metrics_render(const CfaMetrics *metrics, CfaMetricsFormat format,
				   CfaBuf *out)
{
	size_t i;

	for (i = 0; i < metrics->count; i++)
	{
		const Series *series = &metrics->series[i];

		if (i == 0 || strcmp(series->name, series[-1].name) != 0)
			add_head(series, format, out);
		if (series->kind == KIND_HISTOGRAM)
			render_histogram(metrics, series, format, out);
		else
			render_scalar(metrics, series, out);
	}
	if (format == CFA_METRICS_OPEN)
		cfa_buf_adds(out, "# EOF\n");
}

static CfaMetric
add_series(CfaMetrics *metrics, const Series *series)
{
	size_t slots = slots_of(series);
	CfaMetric first = metrics->slots;
	size_t i;

	if (metrics->memory != NULL || series->labels == NULL)
		abort();
	metrics->series = realloc(metrics->series,
							  (metrics->count + 1) * sizeof(*metrics->series));
	metrics->series_of_slot =
		realloc(metrics->series_of_slot,
				(first + slots) * sizeof(*metrics->series_of_slot));
	if (metrics->series == NULL || metrics->series_of_slot == NULL)
		abort();
	for (i = 0; i < slots; i++)
		metrics->series_of_slot[first + i] = (uint32_t) metrics->count;
	metrics->series[metrics->count] = *series;
	metrics->series[metrics->count++].first_slot = first;
	metrics->slots += (CfaMetric) slots;
	return first;
}

static size_t
slots_of(const Series *series)
{
	size_t buckets = series->bound_count + 1;

	if (series->kind != KIND_HISTOGRAM)
		return 1;
	return buckets + 1 + (series->is_traced ? buckets * EXEMPLAR_SLOTS : 0);
}

static const Series *
series_at(const CfaMetrics *metrics, CfaMetric slot)
{
	return &metrics->series[metrics->series_of_slot[slot]];
}

static uint64_t *
slot_of(const CfaMetrics *metrics, CfaMetric slot)
{
	size_t words = cfa_metrics_shard_size(metrics) / sizeof(uint64_t);

	return metrics->memory + metrics->mine * words + slot;
}

static uint64_t
sum_of(const CfaMetrics *metrics, CfaMetric slot)
{
	size_t words = cfa_metrics_shard_size(metrics) / sizeof(uint64_t);
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < metrics->shards; i++)
		sum += __atomic_load_n(metrics->memory + i * words + slot,
							   __ATOMIC_RELAXED);
	return sum;
}

static void
render_scalar(const CfaMetrics *metrics, const Series *series, CfaBuf *out)
{
	int64_t value = (int64_t) sum_of(metrics, series->first_slot);

	add_name(out, series, "", NULL);
	if (series->scale == 1.0)
		cfa_buf_addf(out, " %lld\n", (long long) value);
	else
		cfa_buf_addf(out, " %.15g\n", (double) value * series->scale);
}

static uint64_t *
exemplar_of(const CfaMetrics *metrics, const Series *series, size_t bucket,
			unsigned shard)
{
	size_t words = cfa_metrics_shard_size(metrics) / sizeof(uint64_t);

	return metrics->memory + shard * words + series->first_slot +
		   series->bound_count + 2 + bucket * EXEMPLAR_SLOTS;
}

/* In OpenMetrics the family of a counter has its name without _total. */
static void
add_head(const Series *series, CfaMetricsFormat format, CfaBuf *out)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	size_t len = strlen(series->name);

	if (format == CFA_METRICS_OPEN && series->kind == KIND_COUNTER)
		len -= strlen("_total");
	cfa_buf_addf(out,
				 "# HELP %.*s %s\n# TYPE %.*s %s\n",
				 (int) len,
				 series->name,
				 series->help,
				 (int) len,
				 series->name,
				 types[series->kind]);
}

/* The newest exemplar of a bucket over all shards, if there is one. */
static void
add_exemplar(const CfaMetrics *metrics, const Series *series, size_t bucket,
			 CfaBuf *out)
{
	uint64_t newest[EXEMPLAR_SLOTS] = {0};
	uint8_t trace[16];

	for (unsigned shard = 0; shard < metrics->shards; shard++)
	{
		const uint64_t *slots = exemplar_of(metrics, series, bucket, shard);
		uint64_t copy[EXEMPLAR_SLOTS];

		for (size_t i = 0; i < EXEMPLAR_SLOTS; i++)
			copy[i] = __atomic_load_n(&slots[i], __ATOMIC_SEQ_CST);
		if (copy[EXEMPLAR_NUMBER] % 2 == 0 &&
			copy[EXEMPLAR_MS] > newest[EXEMPLAR_MS] &&
			copy[EXEMPLAR_NUMBER] ==
				__atomic_load_n(&slots[EXEMPLAR_NUMBER], __ATOMIC_SEQ_CST))
			memcpy(newest, copy, sizeof(newest));
	}
	if (newest[EXEMPLAR_MS] == 0)
		return;
	memcpy(trace, &newest[EXEMPLAR_TRACE], sizeof(trace));
	cfa_buf_adds(out, " # {trace_id=\"");
	for (size_t i = 0; i < sizeof(trace); i++)
		cfa_buf_addf(out, "%02x", trace[i]);
	cfa_buf_addf(out,
				 "\"} %.15g %.3f",
				 (double) newest[EXEMPLAR_VALUE] * series->scale,
				 (double) newest[EXEMPLAR_MS] / 1000);
}

static void
render_histogram(const CfaMetrics *metrics, const Series *series,
				 CfaMetricsFormat format, CfaBuf *out)
{
	uint64_t count = 0;
	uint64_t sum;
	size_t i;

	for (i = 0; i <= series->bound_count; i++)
	{
		char bound[32] = "+Inf";

		if (i < series->bound_count)
			(void) snprintf(bound, sizeof(bound), "%.15g", series->bounds[i]);
		count += sum_of(metrics, series->first_slot + (CfaMetric) i);
		add_name(out, series, "_bucket", bound);
		cfa_buf_addf(out, " %llu", (unsigned long long) count);
		if (format == CFA_METRICS_OPEN && series->is_traced)
			add_exemplar(metrics, series, i, out);
		cfa_buf_addc(out, '\n');
	}
	sum = sum_of(metrics, series->first_slot + (CfaMetric) i);
	add_name(out, series, "_sum", NULL);
	cfa_buf_addf(out, " %.15g\n", (double) sum * series->scale);
	add_name(out, series, "_count", NULL);
	cfa_buf_addf(out, " %llu\n", (unsigned long long) count);
}

static void
add_name(CfaBuf *out, const Series *series, const char *suffix,
		 const char *bound)
{
	bool has_labels = series->labels[0] != '\0';

	cfa_buf_addf(out, "%s%s", series->name, suffix);
	if (!has_labels && bound == NULL)
		return;
	cfa_buf_addf(out, "{%s", series->labels);
	if (bound != NULL)
		cfa_buf_addf(out, "%sle=\"%s\"", has_labels ? "," : "", bound);
	cfa_buf_addc(out, '}');
}
