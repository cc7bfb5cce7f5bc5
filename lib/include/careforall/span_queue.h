/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span_queue.h: encoded spans between the thread that makes them and the thread
 * that sends them. One of each: neither ever waits for the other, there is no
 * lock. What does not fit is refused.
 */
#ifndef CFA_SPAN_QUEUE_H
#define CFA_SPAN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "careforall/buf.h"

typedef struct CfaSpanQueue
{
	uint8_t *data;
	size_t size; /* a power of two */
	uint64_t spans_max;
	/* Only ever grow. The maker writes the first two, the sender the others. */
	uint64_t put_bytes;
	uint64_t put_spans;
	uint64_t taken_bytes;
	uint64_t taken_spans;
} CfaSpanQueue;

/* Room for spans_max spans and for about bytes of them. Dies without memory. */
void cfa_span_queue_init(CfaSpanQueue *queue, uint64_t spans_max, size_t bytes);
void cfa_span_queue_clear(CfaSpanQueue *queue);

/* The maker: false if the queue is full. */
bool cfa_span_queue_put(CfaSpanQueue *queue, const void *data, size_t len);

/* The sender: appends up to max spans to out and returns how many. */
uint64_t cfa_span_queue_take(CfaSpanQueue *queue, uint64_t max, CfaBuf *out);

/* Spans in the queue. */
uint64_t cfa_span_queue_length(const CfaSpanQueue *queue);

#endif
