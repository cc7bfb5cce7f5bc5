/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_event.h: from a row of the outbox to a message of the stream.
 */
#ifndef CFA_RELAY_EVENT_H
#define CFA_RELAY_EVENT_H

#include <libpq-fe.h>
#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

#include "careforall/envelope.h"

/* The columns of a batch, in order; the first one is the batch's snapshot. */
#define CFA_ROW_COLUMNS                                           \
	"o.id, o.event_id, o.xid, o.aggregate_type, o.aggregate_id, " \
	"o.aggregate_version, o.campaign_id, o.type, o.data, o.traceparent, "

/* The last two columns. */
#define CFA_ROW_TIMES                                                          \
	"floor(extract(epoch FROM o.occurred_at) * 1000)::bigint AS occurred_ms, " \
	"floor(extract(epoch FROM o.recorded_at) * 1000)::bigint AS recorded_ms "

typedef struct CfaRow
{
	CfaEvent event; /* borrows from the result */
	const char *xid;
	int64_t recorded_ms;
	uint8_t event_id[16];
	uint8_t aggregate_id[16];
} CfaRow;

/* The snapshot of the batch that the row belongs to, NULL if it carries none. */
const char *cfa_row_snapshot(const PGresult *result);

/* Reads the first row of a result. False if it carries no event (an empty batch). */
bool cfa_row_read(const PGresult *result, CfaRow *row);

/*
 * Makes the message of a checked event, which expects that last sequence and, unless
 * previous is empty, that event to be there. replay is the number of a replay, or 0.
 */
natsStatus cfa_event_message(const CfaEvent *event, uint64_t expected,
							 const char *previous, int64_t replay,
							 const char *reply, natsMsg **message);

#endif
