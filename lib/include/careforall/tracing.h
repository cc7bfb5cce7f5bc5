/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracing.h: which requests are traced, and the way of their spans to a collector:
 * OTLP over HTTP, set by OpenTelemetry's own variables (docs/howto/tracing.md).
 *
 * Off unless an endpoint is set; cfa_tracing_is_on() is then all that it costs.
 * One tracer for each process. Spans are encoded where they end and queued for a
 * thread of their own that sends them: adding one never waits and makes no system
 * call. When the queue is full, spans are dropped and counted.
 *
 * Spans are added from one thread only, the one of the event loop.
 */
#ifndef CFA_TRACING_H
#define CFA_TRACING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "careforall/config.h"
#include "careforall/metrics.h"
#include "careforall/otlp.h"
#include "careforall/trace.h"

/* How long the end of a process waits for its last spans to be sent. */
#define CFA_TRACING_STOP_MS 2000

extern const CfaConfigItem cfa_tracing_settings[];
extern const size_t cfa_tracing_setting_count;

/*
 * Checks the settings, which were loaded. service is the name of the program
 * unless OTEL_SERVICE_NAME says another one; it and version are borrowed for ever.
 * 0, or -1 with a sentence in error.
 */
int cfa_tracing_configure(const char *service, const char *version, char *error,
						  size_t error_size);

/* Registers the series; without this nothing is counted. */
void cfa_tracing_register(CfaMetrics *metrics);

/* Starts the thread, if tracing is on: after the last fork. */
void cfa_tracing_start(void);

/* Sends what is queued, for within_ms at most, and ends the thread. */
void cfa_tracing_stop(int64_t within_ms);

bool cfa_tracing_is_on(void);

/*
 * Decides by OTEL_TRACES_SAMPLER whether the trace is sampled, and sets or clears
 * the flag. has_parent: the flag there is that of the caller. If tracing is off it
 * stays as it is.
 */
void cfa_tracing_sample(CfaTrace *trace, bool has_parent);

/* Whether spans of this trace are wanted. */
bool cfa_tracing_wants(const CfaTrace *trace);

/* Queues a span that is over. */
void cfa_span_add(const CfaSpan *span);

/* Wall clock in nanoseconds since 1970. */
uint64_t cfa_now_ns(void);

#endif
