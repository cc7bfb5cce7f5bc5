/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_span.c: "publish careforall.pledge.created", from sending to the stream's
 * answer, as a child of the request that caused the event; and the batch that the
 * event was read in, as a child of the first that is traced, linked to the others.
 */
#include "relay_span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void end(CfaSentSpan *sent, const char *outcome, const char *error);

void
cfa_relay_spans_clear(CfaRelaySpans *spans)
{
	free(spans->sent);
	*spans = (CfaRelaySpans){0};
}

void
cfa_relay_spans_sent(CfaRelaySpans *spans, size_t size, uint64_t ordinal,
					 const CfaEvent *event)
{
	CfaOpenSpan span = cfa_open_span(event->traceparent);
	CfaSentSpan *sent;

	if (!span.is_traced)
		return;
	if (spans->sent == NULL)
	{
		spans->sent = calloc(size, sizeof(*spans->sent));
		if (spans->sent == NULL)
			abort();
		spans->size = size;
	}
	sent = &spans->sent[ordinal % spans->size];
	sent->ordinal = ordinal;
	sent->span = span;
	sent->is_first = !spans->batch.is_traced;
	if (sent->is_first)
		spans->batch = cfa_open_child(&span);
	else if (spans->link_count < CFA_SPAN_LINKS_MAX)
		spans->links[spans->link_count++] = span.trace;
	sent->batch = spans->batch.trace;
	(void) snprintf(sent->type, sizeof(sent->type), "%s", event->type);
	(void)
		snprintf(sent->event_id, sizeof(sent->event_id), "%s", event->event_id);
	(void) snprintf(sent->aggregate_id,
					sizeof(sent->aggregate_id),
					"%s",
					event->aggregate_id);
}

void
cfa_relay_spans_stored(CfaRelaySpans *spans, uint64_t ordinal,
					   bool is_duplicate)
{
	CfaSentSpan *sent;

	if (spans->sent == NULL)
		return;
	sent = &spans->sent[ordinal % spans->size];
	if (sent->ordinal == ordinal)
		end(sent, is_duplicate ? "duplicate" : "stored", NULL);
}

void
cfa_relay_spans_batch(CfaRelaySpans *spans, int64_t rows)
{
	const CfaLogField attributes[] =
		{CFA_STR("messaging.system", "nats"),
		 CFA_STR("messaging.operation.name", "publish"),
		 CFA_STR("messaging.operation.type", "send"),
		 CFA_STR("messaging.destination.name", "careforall"),
		 CFA_INT("messaging.batch.message_count", rows),
		 {0}};

	if (rows > 1)
		cfa_open_span_end(&spans->batch,
						  CFA_SPAN_CLIENT,
						  "publish careforall",
						  false,
						  attributes,
						  spans->links,
						  spans->link_count);
	spans->batch = (CfaOpenSpan){0};
	spans->link_count = 0;
}

void
cfa_relay_spans_lost(CfaRelaySpans *spans)
{
	for (size_t i = 0; i < spans->size; i++)
	{
		if (spans->sent[i].ordinal != 0)
			end(&spans->sent[i], NULL, "not_acknowledged");
	}
	spans->batch = (CfaOpenSpan){0};
	spans->link_count = 0;
}

static void
end(CfaSentSpan *sent, const char *outcome, const char *error)
{
	const CfaSpanEvent event = {.operation = "publish",
								.type = sent->type,
								.event_id = sent->event_id,
								.aggregate_id = sent->aggregate_id};

	sent->ordinal = 0;
	cfa_open_span_end_event(&sent->span,
							CFA_SPAN_PRODUCER,
							&event,
							outcome,
							error,
							&sent->batch,
							sent->is_first ? 0 : 1);
}
