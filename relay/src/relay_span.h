/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_span.h: what the relay does with an event, in the event's trace.
 */
#ifndef CFA_RELAY_SPAN_H
#define CFA_RELAY_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "careforall/envelope.h"
#include "open_span.h"

/* A message in flight whose event is traced. */
typedef struct CfaSentSpan
{
	uint64_t ordinal; /* 0: the place is free */
	CfaOpenSpan span;
	CfaTrace batch;
	bool is_first; /* of its batch, whose span is its child */
	char type[64];
	char event_id[37];
	char aggregate_id[37];
} CfaSentSpan;

/* All zero is one that nothing was sent in; memory is taken for the first span. */
typedef struct CfaRelaySpans
{
	CfaSentSpan *sent; /* ring: ordinal modulo size */
	size_t size;
	CfaOpenSpan batch; /* of the batch that is being read */
	CfaTrace links[CFA_SPAN_LINKS_MAX];
	size_t link_count;
} CfaRelaySpans;

void cfa_relay_spans_clear(CfaRelaySpans *spans);

/* A message was sent; size is how many may be in flight. */
void cfa_relay_spans_sent(CfaRelaySpans *spans, size_t size, uint64_t ordinal,
						  const CfaEvent *event);

/* A message was stored. */
void cfa_relay_spans_stored(CfaRelaySpans *spans, uint64_t ordinal,
							bool is_duplicate);

/* A batch of so many rows is sent. */
void cfa_relay_spans_batch(CfaRelaySpans *spans, int64_t rows);

/* What is in flight will never be answered. */
void cfa_relay_spans_lost(CfaRelaySpans *spans);

#endif
