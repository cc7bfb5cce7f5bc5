/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_event.c: reads rows and writes the header lines of messages; decides nothing.
 *
 * Rows come in binary format: ids need no parsing then, and times no arithmetic in
 * the server.
 */
#include "relay_event.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pg.h"

/* PostgreSQL counts from 2000. */
#define EPOCH_MS INT64_C(946684800000)

enum
{
	COLUMN_SNAPSHOT,
	COLUMN_ID,
	COLUMN_EVENT_ID,
	COLUMN_XID,
	COLUMN_AGGREGATE_TYPE,
	COLUMN_AGGREGATE_ID,
	COLUMN_AGGREGATE_VERSION,
	COLUMN_CAMPAIGN_ID,
	COLUMN_TYPE,
	COLUMN_DATA,
	COLUMN_TRACEPARENT,
	COLUMN_OCCURRED_AT,
	COLUMN_RECORDED_AT
};

const char *
cfa_row_snapshot(const PGresult *result)
{
	return cfa_pg_text(result, 0, COLUMN_SNAPSHOT);
}

/* A text column that is never NULL in the outbox. */
static const char *
text_of(const PGresult *result, int column)
{
	const char *text = cfa_pg_text(result, 0, column);

	return text == NULL ? "" : text;
}

/* Eight bytes; 0 if the column is NULL. */
static int64_t
number_of(const PGresult *result, int column)
{
	uint64_t raw;

	if (PQgetlength(result, 0, column) != sizeof(raw))
		return 0;
	memcpy(&raw, PQgetvalue(result, 0, column), sizeof(raw));
	return (int64_t) be64toh(raw);
}

/* Milliseconds since 1970, rounded down; -1 for an infinite time. */
static int64_t
time_of(const PGresult *result, int column)
{
	int64_t us = number_of(result, column);

	if (us == INT64_MAX || us == INT64_MIN)
		return -1;
	return us / 1000 - (us % 1000 < 0) + EPOCH_MS;
}

/* The text stays empty, and is refused later, if the column is no UUID. */
static void
read_uuid(const PGresult *result, int column, uint8_t id[16],
		  char text[CFA_UUID_TEXT_LEN + 1])
{
	text[0] = '\0';
	memset(id, 0, 16);
	if (PQgetlength(result, 0, column) != 16)
		return;
	memcpy(id, PQgetvalue(result, 0, column), 16);
	cfa_uuid_format(id, text);
}

bool
cfa_row_read(const PGresult *result, CfaRow *row)
{
	CfaEvent *event = &row->event;
	uint8_t campaign_id[16];

	event->outbox_id = number_of(result, COLUMN_ID);
	if (event->outbox_id == 0)
		return false;
	read_uuid(result, COLUMN_EVENT_ID, row->event_id, row->event_id_text);
	read_uuid(result,
			  COLUMN_AGGREGATE_ID,
			  row->aggregate_id,
			  row->aggregate_id_text);
	read_uuid(result, COLUMN_CAMPAIGN_ID, campaign_id, row->campaign_id_text);
	event->event_id = row->event_id_text;
	event->aggregate_type = text_of(result, COLUMN_AGGREGATE_TYPE);
	event->aggregate_id = row->aggregate_id_text;
	event->aggregate_version = number_of(result, COLUMN_AGGREGATE_VERSION);
	event->campaign_id = row->campaign_id_text;
	event->type = text_of(result, COLUMN_TYPE);
	event->traceparent = cfa_pg_text(result, 0, COLUMN_TRACEPARENT);
	event->occurred_at_ms = time_of(result, COLUMN_OCCURRED_AT);
	event->data = text_of(result, COLUMN_DATA);
	event->data_len = (size_t) PQgetlength(result, 0, COLUMN_DATA);
	event->transaction_id = (uint64_t) number_of(result, COLUMN_XID);
	row->recorded_ms = time_of(result, COLUMN_RECORDED_AT);
	return true;
}

/* The server's own come first: it searches the lines for each of them. */
size_t
cfa_event_lines(const CfaEvent *event, uint64_t expected, const char *previous,
				int64_t replay, char lines[CFA_EVENT_LINES_MAX])
{
	int len =
		snprintf(lines, 64, CFA_HEADER_EXPECT ": %" PRIu64 "\r\n", expected);

	if (previous[0] != '\0')
		len += snprintf(lines + len,
						96,
						CFA_HEADER_PREVIOUS ": %.36s\r\n",
						previous);
	if (replay != 0)
		len += snprintf(lines + len,
						64,
						CFA_HEADER_REPLAY ": %" PRId64 "\r\n",
						replay);
	return (size_t) len + cfa_event_head(event, lines + len);
}
