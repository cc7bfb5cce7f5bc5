/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_window.c: bookkeeping of one epoch; knows neither NATS nor PostgreSQL.
 *
 * Edges never overflow: two edges with the same ordinal become one, at most one edge
 * at or before the acknowledged ordinal is kept, and size ordinals come after it.
 */
#include "relay_window.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static CfaSent *
sent_at(const CfaWindow *window, uint64_t ordinal)
{
	return &window->sent[ordinal % window->size];
}

static CfaEdge *
edge_at(const CfaWindow *window, size_t number)
{
	return &window->edges[(window->first_edge + number) % (window->size + 1)];
}

void
cfa_window_init(CfaWindow *window, size_t size)
{
	*window = (CfaWindow){.size = size};
	window->sent = calloc(size, sizeof(*window->sent));
	window->edges = calloc(size + 1, sizeof(*window->edges));
	if (size == 0 || window->sent == NULL || window->edges == NULL)
		abort();
}

static void
pop_edge(CfaWindow *window)
{
	CfaEdge *edge = edge_at(window, 0);

	free(edge->snapshot);
	edge->snapshot = NULL;
	window->first_edge = (window->first_edge + 1) % (window->size + 1);
	window->edge_count--;
}

/* Edges that a later acknowledged one has passed are of no use. */
static void
pop_passed_edges(CfaWindow *window)
{
	while (window->edge_count > 1 &&
		   edge_at(window, 1)->ordinal <= window->acked)
		pop_edge(window);
}

void
cfa_window_clear(CfaWindow *window)
{
	while (window->edge_count > 0)
		pop_edge(window);
	free(window->sent);
	free(window->edges);
	*window = (CfaWindow){0};
}

void
cfa_window_start(CfaWindow *window, uint64_t base)
{
	while (window->edge_count > 0)
		pop_edge(window);
	window->base = base;
	window->last_ordinal = 0;
	window->acked = 0;
	window->last_outbox_id = 0;
	window->replayed_id = 0;
	window->replayed = 0;
}

bool
cfa_window_is_full(const CfaWindow *window)
{
	return cfa_window_in_flight(window) >= window->size;
}

size_t
cfa_window_in_flight(const CfaWindow *window)
{
	return (size_t) (window->last_ordinal - window->acked);
}

uint64_t
cfa_window_expected(const CfaWindow *window)
{
	return window->base + window->last_ordinal;
}

uint64_t
cfa_window_add(CfaWindow *window, int64_t outbox_id, int64_t recorded_ms,
			   int64_t now_us)
{
	assert(!cfa_window_is_full(window));
	window->last_ordinal++;
	*sent_at(window, window->last_ordinal) =
		(CfaSent){.outbox_id = outbox_id,
				  .sent_us = now_us,
				  .recorded_ms = recorded_ms};
	return window->last_ordinal;
}

void
cfa_window_mark_replay(CfaWindow *window)
{
	sent_at(window, window->last_ordinal)->is_replay = true;
}

const CfaSent *
cfa_window_find(const CfaWindow *window, uint64_t ordinal)
{
	if (ordinal <= window->acked || ordinal > window->last_ordinal)
		return NULL;
	return sent_at(window, ordinal);
}

CfaAckResult
cfa_window_ack(CfaWindow *window, uint64_t ordinal, uint64_t seq,
			   bool is_duplicate)
{
	if (ordinal <= window->acked || ordinal > window->last_ordinal ||
		sent_at(window, ordinal)->is_acked)
		return CFA_ACK_BROKEN;
	if (is_duplicate || seq != window->base + ordinal)
		return CFA_ACK_BROKEN;
	sent_at(window, ordinal)->is_acked = true;
	while (window->acked < window->last_ordinal &&
		   sent_at(window, window->acked + 1)->is_acked)
	{
		const CfaSent *sent = sent_at(window, ++window->acked);

		if (sent->is_replay)
		{
			window->replayed_id = sent->outbox_id;
			window->replayed++;
		}
	}
	return CFA_ACK_OK;
}

void
cfa_window_edge(CfaWindow *window, const char *snapshot, int64_t last_outbox_id)
{
	CfaEdge *edge = NULL;

	pop_passed_edges(window);
	if (window->edge_count > 0)
		edge = edge_at(window, window->edge_count - 1);
	if (edge == NULL || edge->ordinal != window->last_ordinal)
	{
		assert(window->edge_count <= window->size);
		window->edge_count++;
		edge = edge_at(window, window->edge_count - 1);
	}
	free(edge->snapshot);
	edge->snapshot = strdup(snapshot);
	if (edge->snapshot == NULL)
		abort();
	edge->ordinal = window->last_ordinal;
	/* An empty batch does not know one. */
	if (last_outbox_id > 0)
		window->last_outbox_id = last_outbox_id;
	edge->last_outbox_id = window->last_outbox_id;
}

bool
cfa_window_checkpoint(CfaWindow *window, CfaCheckpoint *checkpoint)
{
	CfaEdge *edge;

	pop_passed_edges(window);
	if (window->edge_count == 0)
		return false;
	edge = edge_at(window, 0);
	if (edge->ordinal > window->acked)
		return false;
	checkpoint->snapshot = edge->snapshot;
	checkpoint->stream_seq = window->base + edge->ordinal;
	checkpoint->last_outbox_id = edge->last_outbox_id;
	edge->snapshot = NULL;
	pop_edge(window);
	return true;
}

int64_t
cfa_window_oldest_us(const CfaWindow *window)
{
	if (window->acked == window->last_ordinal)
		return 0;
	return sent_at(window, window->acked + 1)->sent_us;
}
