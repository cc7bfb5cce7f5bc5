/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c: counters of all workers in shared memory.
 *
 * One anonymous shared mapping is made before the workers; each worker writes
 * its own slot only and any of them renders the sum. A worker that is started
 * again goes on in the same slot, so counters never fall back; its gauges begin
 * at zero.
 */
#include "core/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/app.h"
#include "core/ctx.h"

#define STATUS_SLOTS 40
#define ROUTE_NONE CFA_ROUTES_MAX

static const CfaMeterDef core_meters[CFA_M_APP] = {
	[CFA_M_CONNECTIONS] = {"careforall_http_connections",
						   NULL,
						   "Open client connections.",
						   CFA_METER_GAUGE},
	[CFA_M_REQUESTS_WAITING] = {"careforall_http_requests_waiting",
								NULL,
								"Requests that wait for a back end.",
								CFA_METER_GAUGE},
	[CFA_M_LOG_DROPPED] = {"careforall_access_log_dropped_total",
						   NULL,
						   "Access log lines dropped because nobody read them.",
						   CFA_METER_COUNTER},
};

const uint64_t cfa_duration_bounds_us[14] = {5000,
											 10000,
											 25000,
											 50000,
											 75000,
											 100000,
											 250000,
											 500000,
											 750000,
											 1000000,
											 2500000,
											 5000000,
											 7500000,
											 10000000};

#define DURATION_BOUNDS \
	(sizeof(cfa_duration_bounds_us) / sizeof(cfa_duration_bounds_us[0]))

/* Status codes that get a series of their own; others count as the last. */
static const int statuses[] = {101, 200, 201, 202, 204, 304, 400, 401, 402,
							   403, 404, 405, 406, 408, 409, 411, 412, 413,
							   414, 415, 417, 422, 426, 428, 429, 431, 499,
							   500, 501, 502, 503, 504, 505, 0};

#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))
_Static_assert(STATUS_COUNT <= STATUS_SLOTS, "room for all status codes");

typedef struct RouteSlot
{
	int64_t by_status[STATUS_SLOTS];
	int64_t buckets[DURATION_BOUNDS + 1];
	int64_t sum_us;
} RouteSlot;

typedef struct WorkerSlot
{
	RouteSlot routes[CFA_ROUTES_MAX + 1];
	int64_t edge[CFA_PROBLEM_COUNT];
	int64_t values[]; /* meters: one each, histograms bounds + 2 */
} WorkerSlot;

static char *shared;
static size_t slot_size;
static WorkerSlot *mine;
static unsigned *value_at; /* where each meter begins in values */
static unsigned meter_count;

static const CfaMeterDef *meter_def(unsigned meter);
static WorkerSlot *slot_of(unsigned worker);
static int64_t sum_value(unsigned at);
static void add(int64_t *value, int64_t delta);
static int64_t get(const int64_t *value);
static void render_head(CfaBuf *out, const char *name, const char *help,
						CfaMeterType type);
static void render_meter(CfaBuf *out, unsigned meter);
static void render_requests(CfaBuf *out);
static void render_durations(CfaBuf *out);
static void route_labels(unsigned route, char *out, size_t size);

void
cfa_meters_init(void)
{
	unsigned at = 0;
	unsigned i;

	meter_count = CFA_M_APP + (unsigned) cfa_app.meter_count;
	value_at = calloc(meter_count + 1, sizeof(*value_at));
	if (value_at == NULL)
		abort();
	for (i = 0; i < meter_count; i++)
	{
		value_at[i] = at;
		at += meter_def(i)->type == CFA_METER_HISTOGRAM
				  ? meter_def(i)->bound_count + 2
				  : 1;
	}
	value_at[meter_count] = at;
	slot_size = (sizeof(WorkerSlot) + at * sizeof(int64_t) + 127) & ~127UL;
	shared = mmap(NULL,
				  slot_size * (CFA_WORKERS_MAX + 1),
				  PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS,
				  -1,
				  0);
	if (shared == MAP_FAILED)
		abort();
	mine = slot_of(0);
}

void
cfa_meters_worker(unsigned worker_id)
{
	unsigned i;

	mine = slot_of(worker_id <= CFA_WORKERS_MAX ? worker_id : 0);
	for (i = 0; i < meter_count; i++)
	{
		if (meter_def(i)->type == CFA_METER_GAUGE)
			cfa_meter_set(i, 0);
	}
}

void
cfa_meter_add(unsigned meter, int64_t delta)
{
	add(&mine->values[value_at[meter]], delta);
}

void
cfa_meter_set(unsigned meter, int64_t value)
{
	__atomic_store_n(&mine->values[value_at[meter]], value, __ATOMIC_RELAXED);
}

void
cfa_meter_observe(unsigned meter, uint64_t value)
{
	const CfaMeterDef *def = meter_def(meter);
	int64_t *values = &mine->values[value_at[meter]];
	unsigned i = 0;

	while (i < def->bound_count && value > def->bounds[i])
		i++;
	add(&values[i], 1);
	add(&values[def->bound_count + 1], (int64_t) value);
}

void
cfa_meter_request(const struct CfaCtx *ctx, int status, uint64_t us)
{
	RouteSlot *slot = &mine->routes[ctx->route ? ctx->match.index : ROUTE_NONE];
	size_t i = 0;
	size_t bucket = 0;

	while (i < STATUS_COUNT - 1 && statuses[i] != status)
		i++;
	while (bucket < DURATION_BOUNDS && us > cfa_duration_bounds_us[bucket])
		bucket++;
	add(&slot->by_status[i], 1);
	add(&slot->buckets[bucket], 1);
	add(&slot->sum_us, (int64_t) us);
}

void
cfa_meter_edge_refusal(CfaProblem problem)
{
	add(&mine->edge[problem], 1);
}

void
cfa_meters_render(CfaBuf *out)
{
	const char *last = "";
	unsigned i;
	unsigned w;

	render_requests(out);
	render_durations(out);
	render_head(out,
				"careforall_http_edge_refusals_total",
				"Requests refused before a handler saw them, by problem type.",
				CFA_METER_COUNTER);
	for (i = 0; i < CFA_PROBLEM_COUNT; i++)
	{
		int64_t sum = 0;

		for (w = 0; w <= CFA_WORKERS_MAX; w++)
			sum += get(&slot_of(w)->edge[i]);
		cfa_buf_addf(
			out,
			"careforall_http_edge_refusals_total{problem=\"%s\"} %lld\n",
			cfa_problem_info(i)->slug,
			(long long) sum);
	}
	for (i = 0; i < meter_count; i++)
	{
		const CfaMeterDef *def = meter_def(i);

		if (strcmp(last, def->name) != 0)
			render_head(out, def->name, def->help, def->type);
		last = def->name;
		render_meter(out, i);
	}
	cfa_buf_addf(out,
				 "# HELP careforall_build_info Version of the program.\n"
				 "# TYPE careforall_build_info gauge\n"
				 "careforall_build_info{service=\"%s\",version=\"%s\"} 1\n",
				 cfa_app.name,
				 CFA_VERSION);
}

static const CfaMeterDef *
meter_def(unsigned meter)
{
	return meter < CFA_M_APP ? &core_meters[meter]
							 : &cfa_app.meters[meter - CFA_M_APP];
}

static WorkerSlot *
slot_of(unsigned worker)
{
	return (WorkerSlot *) (void *) (shared + slot_size * worker);
}

static int64_t
sum_value(unsigned at)
{
	int64_t sum = 0;
	unsigned w;

	for (w = 0; w <= CFA_WORKERS_MAX; w++)
		sum += get(&slot_of(w)->values[at]);
	return sum;
}

static void
add(int64_t *value, int64_t delta)
{
	/* One writer each; readers in other processes want whole values. */
	__atomic_store_n(value, *value + delta, __ATOMIC_RELAXED);
}

static int64_t
get(const int64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static void
render_head(CfaBuf *out, const char *name, const char *help, CfaMeterType type)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};

	cfa_buf_addf(out,
				 "# HELP %s %s\n# TYPE %s %s\n",
				 name,
				 help,
				 name,
				 types[type]);
}

static void
render_meter(CfaBuf *out, unsigned meter)
{
	const CfaMeterDef *def = meter_def(meter);
	const char *labels = def->labels ? def->labels : "";
	double scale = def->scale > 0 ? def->scale : 1;
	unsigned at = value_at[meter];
	int64_t count = 0;
	unsigned i;

	if (def->type != CFA_METER_HISTOGRAM)
	{
		cfa_buf_addf(out,
					 def->labels ? "%s{%s} %lld\n" : "%s%s %lld\n",
					 def->name,
					 labels,
					 (long long) sum_value(at));
		return;
	}
	for (i = 0; i <= def->bound_count; i++)
	{
		count += sum_value(at + i);
		cfa_buf_addf(out,
					 "%s_bucket{%s%s",
					 def->name,
					 labels,
					 def->labels ? "," : "");
		if (i < def->bound_count)
			cfa_buf_addf(out, "le=\"%g\"}", (double) def->bounds[i] / scale);
		else
			cfa_buf_adds(out, "le=\"+Inf\"}");
		cfa_buf_addf(out, " %lld\n", (long long) count);
	}
	cfa_buf_addf(out,
				 def->labels ? "%s_sum{%s} %.9g\n" : "%s_sum%s %.9g\n",
				 def->name,
				 labels,
				 (double) sum_value(at + def->bound_count + 1) / scale);
	cfa_buf_addf(out,
				 def->labels ? "%s_count{%s} %lld\n" : "%s_count%s %lld\n",
				 def->name,
				 labels,
				 (long long) count);
}

static void
render_requests(CfaBuf *out)
{
	char labels[256];
	unsigned r;
	unsigned w;
	size_t s;

	render_head(out,
				"careforall_http_requests_total",
				"Requests answered, by route template and status.",
				CFA_METER_COUNTER);
	for (r = 0; r <= CFA_ROUTES_MAX; r++)
	{
		if (r >= cfa_app.route_count && r != ROUTE_NONE)
			continue;
		route_labels(r, labels, sizeof(labels));
		for (s = 0; s < STATUS_COUNT; s++)
		{
			int64_t sum = 0;

			for (w = 0; w <= CFA_WORKERS_MAX; w++)
				sum += get(&slot_of(w)->routes[r].by_status[s]);
			if (sum == 0 && statuses[s] != 200)
				continue;
			cfa_buf_addf(
				out,
				"careforall_http_requests_total{%s,status=\"%d\"} %lld\n",
				labels,
				statuses[s],
				(long long) sum);
		}
	}
}

static void
render_durations(CfaBuf *out)
{
	static const char name[] = "careforall_http_request_duration_seconds";
	char labels[256];
	unsigned r;
	unsigned w;
	size_t b;

	render_head(
		out,
		name,
		"Time from the complete request to its answer, by route template.",
		CFA_METER_HISTOGRAM);
	for (r = 0; r < cfa_app.route_count; r++)
	{
		int64_t count = 0;
		int64_t sum_us = 0;

		route_labels(r, labels, sizeof(labels));
		for (b = 0; b <= DURATION_BOUNDS; b++)
		{
			for (w = 0; w <= CFA_WORKERS_MAX; w++)
				count += get(&slot_of(w)->routes[r].buckets[b]);
			cfa_buf_addf(out, "%s_bucket{%s,le=\"", name, labels);
			if (b < DURATION_BOUNDS)
				cfa_buf_addf(out,
							 "%g",
							 (double) cfa_duration_bounds_us[b] / 1e6);
			else
				cfa_buf_adds(out, "+Inf");
			cfa_buf_addf(out, "\"} %lld\n", (long long) count);
		}
		for (w = 0; w <= CFA_WORKERS_MAX; w++)
			sum_us += get(&slot_of(w)->routes[r].sum_us);
		cfa_buf_addf(out,
					 "%s_sum{%s} %.9g\n",
					 name,
					 labels,
					 (double) sum_us / 1e6);
		cfa_buf_addf(out,
					 "%s_count{%s} %lld\n",
					 name,
					 labels,
					 (long long) count);
	}
}

static void
route_labels(unsigned route, char *out, size_t size)
{
	if (route == ROUTE_NONE)
		(void) snprintf(out, size, "method=\"_OTHER\",route=\"none\"");
	else
		(void) snprintf(out,
						size,
						"method=\"%s\",route=\"%s\"",
						cfa_method_name(cfa_app.routes[route].method),
						cfa_app.routes[route].path);
}
