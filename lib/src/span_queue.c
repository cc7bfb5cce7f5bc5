/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span_queue.c: a ring of bytes for one maker and one sender.
 *
 * A record is four bytes of length and the span. The maker publishes a record by
 * storing put_bytes, the sender gives room back by storing taken_bytes; both are
 * release stores that the other side reads with acquire, so bytes are never read
 * before they are written nor written before they are read.
 */
#include "careforall/span_queue.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_HEAD sizeof(uint32_t)

static void copy_in(CfaSpanQueue *queue, uint64_t at, const void *data,
					size_t len);
static void copy_out(const CfaSpanQueue *queue, uint64_t at, void *data,
					 size_t len);

void
cfa_span_queue_init(CfaSpanQueue *queue, uint64_t spans_max, size_t bytes)
{
	*queue = (CfaSpanQueue){.spans_max = spans_max, .size = 4096};
	while (queue->size < bytes)
		queue->size *= 2;
	queue->data = malloc(queue->size);
	if (queue->data == NULL)
		abort();
}

void
cfa_span_queue_clear(CfaSpanQueue *queue)
{
	free(queue->data);
	*queue = (CfaSpanQueue){0};
}

bool
cfa_span_queue_put(CfaSpanQueue *queue, const void *data, size_t len)
{
	uint64_t at = queue->put_bytes;
	uint64_t taken = __atomic_load_n(&queue->taken_bytes, __ATOMIC_ACQUIRE);
	uint32_t head = (uint32_t) len;

	if (len > UINT32_MAX || cfa_span_queue_length(queue) >= queue->spans_max ||
		at - taken + RECORD_HEAD + len > queue->size)
		return false;
	copy_in(queue, at, &head, RECORD_HEAD);
	copy_in(queue, at + RECORD_HEAD, data, len);
	__atomic_store_n(&queue->put_bytes,
					 at + RECORD_HEAD + len,
					 __ATOMIC_RELEASE);
	__atomic_store_n(&queue->put_spans, queue->put_spans + 1, __ATOMIC_RELEASE);
	return true;
}

uint64_t
cfa_span_queue_take(CfaSpanQueue *queue, uint64_t max, CfaBuf *out)
{
	uint64_t end = __atomic_load_n(&queue->put_bytes, __ATOMIC_ACQUIRE);
	uint64_t at = queue->taken_bytes;
	uint64_t count = 0;

	while (at != end && count < max)
	{
		uint32_t len;

		copy_out(queue, at, &len, RECORD_HEAD);
		cfa_buf_reserve(out, len);
		copy_out(queue, at + RECORD_HEAD, out->data + out->len, len);
		out->len += len;
		at += RECORD_HEAD + len;
		count++;
	}
	__atomic_store_n(&queue->taken_bytes, at, __ATOMIC_RELEASE);
	__atomic_store_n(&queue->taken_spans,
					 queue->taken_spans + count,
					 __ATOMIC_RELEASE);
	return count;
}

uint64_t
cfa_span_queue_length(const CfaSpanQueue *queue)
{
	uint64_t taken = __atomic_load_n(&queue->taken_spans, __ATOMIC_ACQUIRE);
	uint64_t put = __atomic_load_n(&queue->put_spans, __ATOMIC_ACQUIRE);

	/* The sender can be a span ahead of the number that the maker stores last. */
	return put > taken ? put - taken : 0;
}

static void
copy_in(CfaSpanQueue *queue, uint64_t at, const void *data, size_t len)
{
	size_t offset = at & (queue->size - 1);
	size_t first = queue->size - offset < len ? queue->size - offset : len;

	memcpy(queue->data + offset, data, first);
	memcpy(queue->data, (const uint8_t *) data + first, len - first);
}

static void
copy_out(const CfaSpanQueue *queue, uint64_t at, void *data, size_t len)
{
	size_t offset = at & (queue->size - 1);
	size_t first = queue->size - offset < len ? queue->size - offset : len;

	memcpy(data, queue->data + offset, first);
	memcpy((uint8_t *) data + first, queue->data, len - first);
}
