/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_span.h: spans under way in a daemon. One that nobody wants is all zero, and
 * every function here takes it and does nothing.
 */
#ifndef CFA_OPEN_SPAN_H
#define CFA_OPEN_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "careforall/log.h"
#include "careforall/otlp.h"
#include "careforall/trace.h"

typedef struct CfaOpenSpan
{
	bool is_traced; /* else the rest is zero */
	bool is_parent_remote;
	CfaTrace trace;
	uint8_t parent_id[8];
	uint64_t start_ns;
} CfaOpenSpan;

/* What a span says of an event. */
typedef struct CfaSpanEvent
{
	const char *operation; /* "publish" or "process" */
	const char *type;	   /* "pledge.created" */
	const char *event_id;
	const char *aggregate_id;
	const char *group; /* of consumers; NULL: none */
} CfaSpanEvent;

/* Begins a child of a traceparent, if that is sampled and tracing is on. */
CfaOpenSpan cfa_open_span(const char *traceparent);

/* Begins a child of a span of this process. */
CfaOpenSpan cfa_open_child(const CfaOpenSpan *parent);

/* Its traceparent; "" if it is not traced. */
void cfa_open_span_text(const CfaOpenSpan *span,
						char out[CFA_TRACEPARENT_LEN + 1]);

/*
 * Ends it. attributes are ended by CFA_LOG_END; links are link_count traces, may be
 * NULL.
 */
void cfa_open_span_end(const CfaOpenSpan *span, CfaSpanKind kind,
					   const char *name, bool has_failed,
					   const CfaLogField *attributes, const CfaTrace *links,
					   size_t link_count);

/*
 * Ends the span of one event: "publish careforall.pledge.created". outcome and
 * error may be NULL; with an error the span has failed.
 */
void cfa_open_span_end_event(const CfaOpenSpan *span, CfaSpanKind kind,
							 const CfaSpanEvent *event, const char *outcome,
							 const char *error, const CfaTrace *links,
							 size_t link_count);

#endif
