/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otlp.h: spans, and their form in OpenTelemetry's protocol (opentelemetry-proto
 * 1.x, trace service), as protobuf: about half the bytes of its JSON form, with
 * nothing to escape and no number to print, and what every collector takes.
 */
#ifndef CFA_OTLP_H
#define CFA_OTLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "careforall/buf.h"
#include "careforall/log.h"
#include "careforall/trace.h"

/* Longer texts are cut there, at the end of a character. */
#define CFA_SPAN_TEXT_MAX 512
#define CFA_SPAN_LINKS_MAX 128

typedef enum CfaSpanKind
{
	CFA_SPAN_INTERNAL = 1,
	CFA_SPAN_SERVER = 2,
	CFA_SPAN_CLIENT = 3,
	CFA_SPAN_PRODUCER = 4,
	CFA_SPAN_CONSUMER = 5
} CfaSpanKind;

/* A span that is over. Everything it points to is borrowed. */
typedef struct CfaSpan
{
	CfaTrace trace;		  /* its own ids */
	uint8_t parent_id[8]; /* all zero: it has none */
	bool is_parent_remote;
	bool has_failed; /* status Error; error.type says why */
	CfaSpanKind kind;
	const char *name;		 /* low cardinality */
	const char *trace_state; /* as it came in, or NULL */
	uint64_t start_ns;		 /* since 1970 */
	uint64_t end_ns;
	const CfaLogField *attributes; /* ended by CFA_LOG_END; NULL: none */
	const CfaTrace *links;		   /* CFA_SPAN_LINKS_MAX at most are kept */
	size_t link_count;
} CfaSpan;

/* Appends the span as a field of ScopeSpans. */
void cfa_otlp_add_span(CfaBuf *out, const CfaSpan *span);

/* Appends an attribute as the given field of the message around it. */
void cfa_otlp_add_attribute(CfaBuf *out, unsigned field,
							const CfaLogField *attribute);

/* The field of attributes in a Resource. */
#define CFA_OTLP_RESOURCE_ATTRIBUTES 1

/*
 * Appends a whole ExportTraceServiceRequest: resource holds the fields of the
 * Resource, spans those that cfa_otlp_add_span wrote.
 */
void cfa_otlp_add_request(CfaBuf *out, const CfaBuf *resource,
						  const char *scope, const char *version,
						  const void *spans, size_t spans_len);

/*
 * How many spans an ExportTraceServiceResponse says were rejected; 0 if it says
 * nothing or is not understood.
 */
uint64_t cfa_otlp_rejected(const void *response, size_t len);

#endif
