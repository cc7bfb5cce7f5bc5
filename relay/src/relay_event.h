/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_event.h: from a row of the outbox to a message of the stream.
 */
#ifndef CFA_RELAY_EVENT_H
#define CFA_RELAY_EVENT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "careforall/envelope.h"
#include "careforall/text.h"

#define CFA_EVENT_LINES_MAX (CFA_EVENT_HEAD_MAX + 256)

/* The columns of a batch behind its snapshot, in order. */
#define CFA_ROW_COLUMNS                                           \
	"o.id, o.event_id, o.xid, o.aggregate_type, o.aggregate_id, " \
	"o.aggregate_version, o.campaign_id, o.type, o.data, "        \
	"o.traceparent, o.occurred_at, o.recorded_at "

/* Points into the result and into itself: not to be copied. */
typedef struct CfaRow
{
	CfaEvent event;
	int64_t recorded_ms;
	uint8_t event_id[16];
	uint8_t aggregate_id[16];
	char event_id_text[CFA_UUID_TEXT_LEN + 1];
	char aggregate_id_text[CFA_UUID_TEXT_LEN + 1];
	char campaign_id_text[CFA_UUID_TEXT_LEN + 1];
} CfaRow;

/* The snapshot of the batch that the row belongs to, NULL if it carries none. */
const char *cfa_row_snapshot(const PGresult *result);

/*
 * Reads the first row of a result in binary format. False if it carries no event (an
 * empty batch).
 */
bool cfa_row_read(const PGresult *result, CfaRow *row);

/*
 * The header lines of a checked event's message, which expects that last sequence
 * and, unless previous is empty, that event to be there. replay is the number of a
 * replay, or 0. Returns their length.
 */
size_t cfa_event_lines(const CfaEvent *event, uint64_t expected,
					   const char *previous, int64_t replay,
					   char lines[CFA_EVENT_LINES_MAX]);

#endif
