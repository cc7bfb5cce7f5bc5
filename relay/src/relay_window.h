/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_window.h: what was sent and not acknowledged yet, and the chain.
 *
 * An epoch begins with the last sequence of the stream. Its n-th message (n is the
 * ordinal, from 1) says that it expects the sequence base + n - 1 to be the last one,
 * so it can only be stored as base + n, or not at all: any other answer breaks the
 * epoch. An edge is the end of a batch: when all ordinals up to it are acknowledged,
 * everything that its snapshot sees is on the stream, and that is a checkpoint.
 */
#ifndef CFA_RELAY_WINDOW_H
#define CFA_RELAY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CfaSent
{
	int64_t outbox_id;
	int64_t sent_us;	 /* monotonic */
	int64_t recorded_ms; /* wall clock: when the event was written */
	bool is_replay;
	bool is_acked;
} CfaSent;

typedef struct CfaEdge
{
	uint64_t ordinal;
	char *snapshot;
	int64_t last_outbox_id; /* 0: no event yet in this epoch */
} CfaEdge;

typedef struct CfaWindow
{
	size_t size;	/* messages that may be unacknowledged */
	CfaSent *sent;	/* ring: ordinal modulo size */
	CfaEdge *edges; /* ring of size + 1 */
	size_t first_edge;
	size_t edge_count;
	uint64_t base; /* last sequence of the stream before the epoch */
	uint64_t last_ordinal;
	uint64_t acked;			/* all ordinals up to it are acknowledged */
	int64_t last_outbox_id; /* of the last edge that had one */
	int64_t replayed_id;	/* the last replayed event among the acknowledged */
	uint64_t replayed;		/* how many, since its owner set it to 0 */
} CfaWindow;

/* A checkpoint that is due; snapshot belongs to the caller. */
typedef struct CfaCheckpoint
{
	char *snapshot;
	uint64_t stream_seq;
	int64_t last_outbox_id;
} CfaCheckpoint;

typedef enum CfaAckResult
{
	CFA_ACK_OK,
	CFA_ACK_BROKEN /* not what the chain demands: the epoch is over */
} CfaAckResult;

/* Dies when memory is out. */
void cfa_window_init(CfaWindow *window, size_t size);
void cfa_window_clear(CfaWindow *window);

/* Begins an epoch: forgets everything. */
void cfa_window_start(CfaWindow *window, uint64_t base);

bool cfa_window_is_full(const CfaWindow *window);
size_t cfa_window_in_flight(const CfaWindow *window);

/* What the next message has to expect as the last sequence. */
uint64_t cfa_window_expected(const CfaWindow *window);

/* Notes a message that was sent; gives its ordinal. The window is not full. */
uint64_t cfa_window_add(CfaWindow *window, int64_t outbox_id,
						int64_t recorded_ms, int64_t now_us);

/* The message noted last is a replay. */
void cfa_window_mark_replay(CfaWindow *window);

/* The record of a message in flight, or NULL if the ordinal is not in flight. */
const CfaSent *cfa_window_find(const CfaWindow *window, uint64_t ordinal);

/* Takes an acknowledgement: stored as seq, or known already as a duplicate. */
CfaAckResult cfa_window_ack(CfaWindow *window, uint64_t ordinal, uint64_t seq,
							bool is_duplicate);

/* Notes that a batch ended here; snapshot is copied. */
void cfa_window_edge(CfaWindow *window, const char *snapshot,
					 int64_t last_outbox_id);

/* Takes the newest edge that is wholly acknowledged; false if there is none. */
bool cfa_window_checkpoint(CfaWindow *window, CfaCheckpoint *checkpoint);

/* When the oldest message in flight was sent; 0 if none is. */
int64_t cfa_window_oldest_us(const CfaWindow *window);

#endif
