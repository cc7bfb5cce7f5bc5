/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_span.c: spans of the daemons, by OpenTelemetry's conventions for messaging.
 *
 * An event carries the context of the request that caused it. What is done with it
 * is a child of that context, so that one trace tells the whole story; what is done
 * with many at once has a span of its own, which is linked to theirs.
 */
#include "open_span.h"

#include <stdio.h>
#include <string.h>

#include "careforall/tracing.h"

#define SUBJECT "careforall."

CfaOpenSpan
cfa_open_span(const char *traceparent)
{
	CfaOpenSpan span = {0};
	CfaTrace parent;

	if (!cfa_tracing_is_on() || traceparent == NULL ||
		!cfa_trace_parse(traceparent, strlen(traceparent), &parent) ||
		!cfa_tracing_wants(&parent))
		return span;
	span.is_traced = true;
	span.is_parent_remote = true;
	span.trace = parent;
	memcpy(span.parent_id, parent.span_id, sizeof(span.parent_id));
	cfa_trace_child(&span.trace);
	span.start_ns = cfa_now_ns();
	return span;
}

CfaOpenSpan
cfa_open_child(const CfaOpenSpan *parent)
{
	CfaOpenSpan span = *parent;

	if (!parent->is_traced)
		return span;
	span.is_parent_remote = false;
	memcpy(span.parent_id, parent->trace.span_id, sizeof(span.parent_id));
	cfa_trace_child(&span.trace);
	span.start_ns = cfa_now_ns();
	return span;
}

void
cfa_open_span_text(const CfaOpenSpan *span, char out[CFA_TRACEPARENT_LEN + 1])
{
	out[0] = '\0';
	if (span->is_traced)
		cfa_trace_format(&span->trace, out);
}

void
cfa_open_span_end(const CfaOpenSpan *span, CfaSpanKind kind, const char *name,
				  bool has_failed, const CfaLogField *attributes,
				  const CfaTrace *links, size_t link_count)
{
	CfaSpan whole = {.trace = span->trace,
					 .is_parent_remote = span->is_parent_remote,
					 .has_failed = has_failed,
					 .kind = kind,
					 .name = name,
					 .start_ns = span->start_ns,
					 .attributes = attributes,
					 .links = links,
					 .link_count = link_count};

	if (!span->is_traced)
		return;
	whole.end_ns = cfa_now_ns();
	memcpy(whole.parent_id, span->parent_id, sizeof(whole.parent_id));
	cfa_span_add(&whole);
}

void
cfa_open_span_end_event(const CfaOpenSpan *span, CfaSpanKind kind,
						const CfaSpanEvent *event, const char *outcome,
						const char *error, const CfaTrace *links,
						size_t link_count)
{
	char destination[96];
	char name[128];
	bool is_pledge = strncmp(event->type, "pledge.", 7) == 0;
	const CfaLogField attributes[] = {
		CFA_STR("messaging.system", "nats"),
		CFA_STR("messaging.operation.name", event->operation),
		CFA_STR("messaging.operation.type",
				kind == CFA_SPAN_CONSUMER ? "process" : "send"),
		CFA_STR("messaging.destination.name", destination),
		CFA_STR("messaging.consumer.group.name", event->group),
		CFA_STR("messaging.message.id", event->event_id),
		CFA_STR("careforall.pledge.id", is_pledge ? event->aggregate_id : NULL),
		CFA_STR("careforall.outcome", outcome),
		CFA_STR("error.type", error),
		{0}};

	if (!span->is_traced)
		return;
	(void)
		snprintf(destination, sizeof(destination), SUBJECT "%s", event->type);
	(void) snprintf(name, sizeof(name), "%s %s", event->operation, destination);
	cfa_open_span_end(
		span, kind, name, error != NULL, attributes, links, link_count);
}
