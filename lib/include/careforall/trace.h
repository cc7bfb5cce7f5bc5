/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h: W3C trace context (https://www.w3.org/TR/trace-context/), with the random
 * flag of its level 2.
 */
#ifndef CFA_TRACE_H
#define CFA_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_TRACEPARENT_LEN 55
#define CFA_TRACE_SAMPLED 0x01
#define CFA_TRACE_RANDOM 0x02 /* the trace id is random */

typedef struct CfaTrace
{
	uint8_t trace_id[16];
	uint8_t span_id[8];
	uint8_t flags;
} CfaTrace;

/*
 * Reads a traceparent header. False, and trace untouched, if it is malformed, of
 * version ff, or has an all-zero id: then start a new trace. Unknown flags are
 * dropped.
 */
bool cfa_trace_parse(const char *text, size_t len, CfaTrace *trace);

/* Writes a version 00 traceparent and a NUL. */
void cfa_trace_format(const CfaTrace *trace, char out[CFA_TRACEPARENT_LEN + 1]);

/* Writes the trace id alone: 32 hexadecimal digits and a NUL. */
void cfa_trace_id(const CfaTrace *trace, char out[33]);

/*
 * Starts a trace with random ids, not sampled. Needs sodium_init() to have been
 * called.
 */
void cfa_trace_new(CfaTrace *trace);

/* Gives the trace a new span id; the old one is the parent. */
void cfa_trace_child(CfaTrace *trace);

/* Most characters of a tracestate that are passed on. */
#define CFA_TRACESTATE_MAX 512

/*
 * Copies a tracestate (all its lines, with commas between) in the same order and
 * ends it with a NUL. What is too long loses whole entries, those of more than 128
 * characters first, then the last ones. False, and out is "", if it is malformed
 * or has more than 32 entries.
 */
bool cfa_tracestate_clean(const char *text, size_t len,
						  char out[CFA_TRACESTATE_MAX + 1]);

#endif
