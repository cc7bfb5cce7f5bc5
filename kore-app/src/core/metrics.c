/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c: the series of a program, over lib's metrics.
 *
 * All series are registered in the parent, in memory that is mapped before the
 * workers start: each worker counts in its own shard and any of them renders the
 * sum. A worker that is started again goes on in the same shard, so counters
 * never fall back; its gauges begin at zero.
 */
#include "core/metrics.h"

#include <careforall/metrics.h>
#include <careforall/process.h>
#include <careforall/tracing.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/app.h"
#include "core/ctx.h"

#define SHARDS (CFA_WORKERS_MAX + 1) /* the parent's is 0 */
#define ROUTE_NONE CFA_ROUTES_MAX
#define PROCESS_EVERY_MS 1000

#define REQUESTS "careforall_http_requests_total"
#define REQUESTS_HELP "Requests answered, by route template and status."
#define SECONDS "careforall_http_request_duration_seconds"
#define SECONDS_HELP \
	"Time from the complete request to its answer, by route template."
#define REFUSALS "careforall_http_edge_refusals_total"
#define REFUSALS_HELP \
	"Requests refused before a handler saw them, by problem type."

#define STREAMS_CUT "careforall_streams_cut_total"
#define STREAMS_CUT_HELP \
	"Streamed answers that were cut before their end, by reason."

/* clang-format off */
static const CfaMeterDef core_meters[CFA_M_APP] = {
	[CFA_M_CONNECTIONS] = {"careforall_http_connections", NULL, "Open client connections.", CFA_METER_GAUGE, NULL, 0, 0},
	[CFA_M_REQUESTS_WAITING] = {"careforall_http_requests_waiting", NULL, "Requests that wait for a back end.", CFA_METER_GAUGE, NULL, 0, 0},
	[CFA_M_LOG_DROPPED] = {"careforall_access_log_dropped_total", NULL, "Access log lines dropped because nobody read them.", CFA_METER_COUNTER, NULL, 0, 0},
	[CFA_M_SLOW_READERS] = {"careforall_http_slow_readers_total", NULL, "Connections closed because the client took nothing of its answer for too long.", CFA_METER_COUNTER, NULL, 0, 0},
	[CFA_M_STREAMS_CUT_LATE] = {STREAMS_CUT, "reason=\"too_long\"", STREAMS_CUT_HELP, CFA_METER_COUNTER, NULL, 0, 0},
	[CFA_M_STREAMS_CUT_FAILED] = {STREAMS_CUT, "reason=\"failed\"", STREAMS_CUT_HELP, CFA_METER_COUNTER, NULL, 0, 0},
};

/* By the conventions of OpenTelemetry. */
static const double duration_bounds[] = {
	0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};

/* Status codes with a series of their own; all others count as the last. */
static const int statuses[] = {
	101, 200, 201, 202, 204, 304, 400, 401, 402, 403, 404, 405, 406, 409, 411,
	413, 415, 422, 426, 429, 499, 500, 503, 0};
/* clang-format on */

#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

static CfaMetrics *metrics;
static void *memory;
static CfaMetric *meters;
static CfaProcess process;
static CfaMetric requests[CFA_ROUTES_MAX + 1][STATUS_COUNT];
static CfaMetric durations[CFA_ROUTES_MAX];
static CfaMetric refusals[CFA_PROBLEM_COUNT];

static const uint8_t *sampled_trace(const struct CfaCtx *ctx);
static void register_requests(void);
static void register_route(unsigned route);
static void register_refusals(void);
static void register_meters(void);
static CfaMetric register_meter(const CfaMeterDef *def);
static const CfaMeterDef *meter_def(unsigned meter);
static const char *route_labels(unsigned route, const char *status, char *out,
								size_t size);

void
cfa_meters_init(void)
{
	CfaMetric info;
	char labels[128];

	metrics = cfa_metrics_new();
	register_requests();
	register_refusals();
	register_meters();
	cfa_tracing_register(metrics);
	(void) cfa_metrics_labels(labels,
							  sizeof(labels),
							  "service",
							  cfa_app.name,
							  "version",
							  CFA_VERSION,
							  NULL);
	info = cfa_metrics_gauge(metrics,
							 "careforall_build_info",
							 "Version of the program.",
							 labels,
							 1);
	cfa_process_register(&process, metrics);
	memory = mmap(NULL,
				  SHARDS * cfa_metrics_shard_size(metrics),
				  PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS,
				  -1,
				  0);
	if (memory == MAP_FAILED)
		abort();
	cfa_metrics_attach(metrics, memory, SHARDS, 0);
	cfa_metrics_set(metrics, info, 1);
	cfa_process_started(&process, metrics);
}

void
cfa_meters_worker(unsigned worker_id)
{
	cfa_metrics_attach(metrics,
					   memory,
					   SHARDS,
					   worker_id <= CFA_WORKERS_MAX ? worker_id : 0);
	cfa_metrics_reset_gauges(metrics);
}

void
cfa_meters_tick(uint64_t now_ms)
{
	static uint64_t last_ms;

	if (now_ms - last_ms < PROCESS_EVERY_MS)
		return;
	last_ms = now_ms;
	cfa_process_update(&process, metrics);
}

void
cfa_meter_add(unsigned meter, int64_t delta)
{
	if (meter_def(meter)->type == CFA_METER_GAUGE)
		cfa_metrics_change(metrics, meters[meter], delta);
	else
		cfa_metrics_add(metrics, meters[meter], (uint64_t) delta);
}

void
cfa_meter_set(unsigned meter, int64_t value)
{
	cfa_metrics_set(metrics, meters[meter], value);
}

void
cfa_meter_observe(unsigned meter, uint64_t value)
{
	cfa_metrics_observe(metrics, meters[meter], value);
}

void
cfa_meter_request(const struct CfaCtx *ctx, int status, uint64_t us)
{
	unsigned route = ctx->route ? ctx->match.index : ROUTE_NONE;
	size_t i = 0;

	while (i < STATUS_COUNT - 1 && statuses[i] != status)
		i++;
	cfa_metrics_add(metrics, requests[route][i], 1);
	if (route != ROUTE_NONE)
		cfa_metrics_observe_traced(metrics,
								   durations[route],
								   us,
								   sampled_trace(ctx));
}

void
cfa_meter_edge_refusal(CfaProblem problem)
{
	cfa_metrics_add(metrics, refusals[problem], 1);
}

void
cfa_meters_answer(struct CfaCtx *ctx)
{
	CfaMetricsFormat format = cfa_metrics_format(cfa_ctx_header(ctx, "accept"));
	CfaBuf text = {0};

	cfa_metrics_render(metrics, format, &text);
	cfa_answer_copy(ctx,
					200,
					cfa_metrics_content_type(format),
					text.data,
					text.len);
	cfa_buf_clear(&text);
}

/* The trace that a request belongs to, if it is kept. */
static const uint8_t *
sampled_trace(const struct CfaCtx *ctx)
{
	return ctx->scope.trace.flags & CFA_TRACE_SAMPLED
			   ? ctx->scope.trace.trace_id
			   : NULL;
}

static void
register_requests(void)
{
	char labels[256];

	for (unsigned r = 0; r < cfa_app_route_count(); r++)
		register_route(r);
	register_route(ROUTE_NONE);
	for (unsigned r = 0; r < cfa_app_route_count(); r++)
		durations[r] = cfa_metrics_traced_histogram(
			metrics,
			SECONDS,
			SECONDS_HELP,
			route_labels(r, NULL, labels, sizeof(labels)),
			1e-6,
			duration_bounds,
			sizeof(duration_bounds) / sizeof(duration_bounds[0]));
}

static void
register_route(unsigned route)
{
	char labels[256];
	char status[16];

	for (size_t i = 0; i < STATUS_COUNT; i++)
	{
		(void) snprintf(status, sizeof(status), "%d", statuses[i]);
		requests[route][i] =
			cfa_metrics_counter(metrics,
								REQUESTS,
								REQUESTS_HELP,
								route_labels(route,
											 statuses[i] ? status : "other",
											 labels,
											 sizeof(labels)),
								1);
	}
}

static void
register_refusals(void)
{
	char labels[128];

	for (unsigned i = 0; i < CFA_PROBLEM_COUNT; i++)
	{
		(void) cfa_metrics_labels(labels,
								  sizeof(labels),
								  "problem",
								  cfa_problem_info((CfaProblem) i)->slug,
								  NULL);
		refusals[i] =
			cfa_metrics_counter(metrics, REFUSALS, REFUSALS_HELP, labels, 1);
	}
}

static void
register_meters(void)
{
	unsigned count = CFA_M_APP + (unsigned) cfa_app.meter_count;

	meters = calloc(count, sizeof(*meters));
	if (meters == NULL)
		abort();
	for (unsigned i = 0; i < count; i++)
		meters[i] = register_meter(meter_def(i));
}

static CfaMetric
register_meter(const CfaMeterDef *def)
{
	double scale = def->scale > 0 ? def->scale : 1;

	switch (def->type)
	{
		case CFA_METER_COUNTER:
			break;
		case CFA_METER_GAUGE:
			return cfa_metrics_gauge(metrics,
									 def->name,
									 def->help,
									 def->labels,
									 scale);
		case CFA_METER_HISTOGRAM:
			return cfa_metrics_histogram(metrics,
										 def->name,
										 def->help,
										 def->labels,
										 scale,
										 def->bounds,
										 def->bound_count);
	}
	return cfa_metrics_counter(metrics,
							   def->name,
							   def->help,
							   def->labels,
							   scale);
}

static const CfaMeterDef *
meter_def(unsigned meter)
{
	return meter < CFA_M_APP ? &core_meters[meter]
							 : &cfa_app.meters[meter - CFA_M_APP];
}

/* status NULL: without one. */
static const char *
route_labels(unsigned route, const char *status, char *out, size_t size)
{
	const CfaRoute *r = route == ROUTE_NONE ? NULL : &cfa_app.routes[route];
	const char *method = r ? cfa_method_name(r->method) : "_OTHER";
	const char *path = r ? r->path : "none";

	if (status == NULL)
		return cfa_metrics_labels(
			out, size, "method", method, "route", path, NULL);
	return cfa_metrics_labels(
		out, size, "method", method, "route", path, "status", status, NULL);
}
