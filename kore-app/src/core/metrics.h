/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_METRICS_H
#define CFA_APP_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include <careforall/buf.h>

#include "status.h"

struct CfaCtx;

typedef enum CfaMeterType
{
	CFA_METER_COUNTER,
	CFA_METER_GAUGE,
	CFA_METER_HISTOGRAM
} CfaMeterType;

/* One series. Series of one name stand together in their table. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as tables read */
typedef struct CfaMeterDef
{
	const char *name;	/* in full, with careforall_ and unit */
	const char *labels; /* a="b",c="d" or NULL */
	const char *help;
	CfaMeterType type;
	const double *bounds; /* of a histogram, in the unit of the metric */
	size_t bound_count;
	double scale; /* unit of the metric per observed unit; 0 is 1 */
} CfaMeterDef;

/* Meters of the core; those of the program begin at CFA_M_APP. */
typedef enum CfaCoreMeter
{
	CFA_M_CONNECTIONS,
	CFA_M_REQUESTS_WAITING,
	CFA_M_LOG_DROPPED,
	CFA_M_SLOW_READERS,
	CFA_M_STREAMS_CUT_LATE,
	CFA_M_STREAMS_CUT_FAILED,
	CFA_M_APP
} CfaCoreMeter;

/* In the parent, before workers: maps the memory that all workers share. */
void cfa_meters_init(void);

/* In a worker: takes its slot and sets its gauges to zero. */
void cfa_meters_worker(unsigned worker_id);

/* In a worker, from its tick: what the process uses. */
void cfa_meters_tick(uint64_t now_ms);

void cfa_meter_add(unsigned meter, int64_t delta);
void cfa_meter_set(unsigned meter, int64_t value);
void cfa_meter_observe(unsigned meter, uint64_t value);

/* A request is over; status as logged. */
void cfa_meter_request(const struct CfaCtx *ctx, int status, uint64_t us);
void cfa_meter_edge_refusal(CfaProblem problem);

/*
 * Answers with all series, summed over the workers: as OpenMetrics with exemplars if
 * the client accepts it, else as Prometheus text.
 */
void cfa_meters_answer(struct CfaCtx *ctx);

#endif
