/* SPDX-License-Identifier: Apache-2.0 */
/* What tracing.c and tracing_export.c share. */
#ifndef CFA_TRACING_PRIVATE_H
#define CFA_TRACING_PRIVATE_H

#include "careforall/buf.h"
#include "careforall/metrics.h"
#include "careforall/span_queue.h"

#define CFA_TRACING_HEADERS_MAX 16

/* What the thread that sends needs to know; it does not change while it runs. */
typedef struct CfaExportOptions
{
	char url[1024];
	const char *version;
	const char *certificate;				/* "" for those of the system */
	char *headers[CFA_TRACING_HEADERS_MAX]; /* "name: value" */
	size_t header_count;
	bool is_gzip;
	int64_t timeout_ms;		   /* of one attempt */
	int64_t export_timeout_ms; /* of one batch, with its repetitions */
	int64_t delay_ms;
	uint64_t batch_max;
	CfaBuf resource;
	CfaSpanQueue *queue;
	CfaMetrics *metrics; /* NULL: nothing is counted */
	CfaMetric exported;
	CfaMetric failed;
	CfaMetric length;
} CfaExportOptions;

/* Starts and ends the thread; a thread that cannot be started is logged. */
bool cfa_export_start(const CfaExportOptions *options);
void cfa_export_stop(int64_t within_ms);

/* Says that a batch is full. Never waits. */
void cfa_export_wake(void);

#endif
