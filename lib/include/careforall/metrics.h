/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h: counters, gauges and histograms, rendered as Prometheus text 0.0.4 or as
 * OpenMetrics 1.0.0, where histograms have an exemplar in each bucket.
 *
 * All series are registered at start, with their labels, so that each is there at
 * 0 from the first scrape and the set of labels is bounded. Values live in memory
 * that the caller gives, one shard for each process that counts: Kore's workers
 * share one mapping, and any of them renders the sum. A value is a 64-bit integer
 * in a raw unit (bytes, microseconds); scale turns it into the unit shown
 * (1e-6: microseconds to seconds).
 *
 * A series that cannot be registered is a mistake of the programmer: it aborts.
 */
#ifndef CFA_METRICS_H
#define CFA_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "careforall/buf.h"

typedef struct CfaMetrics CfaMetrics;

/* A series; index of its first value. */
typedef uint32_t CfaMetric;

CfaMetrics *cfa_metrics_new(void);
void cfa_metrics_free(CfaMetrics *metrics);

/*
 * Writes label pairs name, value, ..., NULL as a="b",c="d", escaped. Returns out;
 * aborts if it does not fit.
 */
const char *cfa_metrics_labels(char *out, size_t size, ...)
	__attribute__((sentinel));

/*
 * Registers a series. name carries its unit and, for counters, _total; help is one
 * sentence; labels is NULL or as cfa_metrics_labels writes them. Series of one name
 * must be registered one after the other with the same help. name and help are
 * borrowed for ever, labels are copied.
 */
CfaMetric cfa_metrics_counter(CfaMetrics *metrics, const char *name,
							  const char *help, const char *labels,
							  double scale);
CfaMetric cfa_metrics_gauge(CfaMetrics *metrics, const char *name,
							const char *help, const char *labels, double scale);

/* bounds: upper bounds in the unit shown, growing, without +Inf; borrowed. */
CfaMetric cfa_metrics_histogram(CfaMetrics *metrics, const char *name,
								const char *help, const char *labels,
								double scale, const double *bounds,
								size_t bound_count);

/* The same, with room for the trace of the newest observation in each bucket. */
CfaMetric cfa_metrics_traced_histogram(CfaMetrics *metrics, const char *name,
									   const char *help, const char *labels,
									   double scale, const double *bounds,
									   size_t bound_count);

/* Bytes of one shard; a multiple of 64. To be asked when all is registered. */
size_t cfa_metrics_shard_size(const CfaMetrics *metrics);

/*
 * Gives the values their memory: shards * cfa_metrics_shard_size() zero bytes,
 * aligned to 64, that outlive metrics; and says which shard this process counts in.
 */
void cfa_metrics_attach(CfaMetrics *metrics, void *memory, unsigned shards,
						unsigned mine);

/* For a process of its own: one shard on the heap. */
void cfa_metrics_attach_own(CfaMetrics *metrics);

/* Sets the gauges of this process to 0, when it takes over a dead one's shard. */
void cfa_metrics_reset_gauges(CfaMetrics *metrics);

/* All of these may be called from any thread. */
void cfa_metrics_add(CfaMetrics *metrics, CfaMetric metric, uint64_t amount);
void cfa_metrics_set(CfaMetrics *metrics, CfaMetric metric, int64_t value);
void cfa_metrics_change(CfaMetrics *metrics, CfaMetric metric, int64_t by);
void cfa_metrics_observe(CfaMetrics *metrics, CfaMetric metric, uint64_t value);

/*
 * The same for a traced histogram: trace_id is 16 bytes, or NULL for none. One thread
 * of a shard only.
 */
void cfa_metrics_observe_traced(CfaMetrics *metrics, CfaMetric metric,
								uint64_t value, const uint8_t *trace_id);

/* The sum of a counter or gauge over all shards, in its raw unit. */
int64_t cfa_metrics_value(const CfaMetrics *metrics, CfaMetric metric);

typedef enum CfaMetricsFormat
{
	CFA_METRICS_TEXT,
	CFA_METRICS_OPEN
} CfaMetricsFormat;

/* What a client with this Accept (NULL: none) gets. */
CfaMetricsFormat cfa_metrics_format(const char *accept);
const char *cfa_metrics_content_type(CfaMetricsFormat format);

/* Appends the whole exposition. */
void cfa_metrics_render(const CfaMetrics *metrics, CfaMetricsFormat format,
						CfaBuf *out);

#define CFA_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
