/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_event.c: reads batch rows and builds NATS messages of them. What a message
 * looks like is decided in lib/ (envelope.h), for writers and readers alike.
 */
#include "relay_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "careforall/text.h"
#include "pg.h"

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
	COLUMN_OCCURRED_MS,
	COLUMN_RECORDED_MS
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

bool
cfa_row_read(const PGresult *result, CfaRow *row)
{
	CfaEvent *event = &row->event;

	*row = (CfaRow){0};
	event->outbox_id = cfa_pg_int(result, 0, COLUMN_ID, 0);
	if (event->outbox_id == 0)
		return false;
	event->event_id = text_of(result, COLUMN_EVENT_ID);
	event->aggregate_type = text_of(result, COLUMN_AGGREGATE_TYPE);
	event->aggregate_id = text_of(result, COLUMN_AGGREGATE_ID);
	event->aggregate_version =
		cfa_pg_int(result, 0, COLUMN_AGGREGATE_VERSION, 0);
	event->campaign_id = text_of(result, COLUMN_CAMPAIGN_ID);
	event->type = text_of(result, COLUMN_TYPE);
	event->traceparent = cfa_pg_text(result, 0, COLUMN_TRACEPARENT);
	event->occurred_at_ms = cfa_pg_int(result, 0, COLUMN_OCCURRED_MS, 0);
	event->data = text_of(result, COLUMN_DATA);
	event->data_len = (size_t) PQgetlength(result, 0, COLUMN_DATA);
	row->xid = text_of(result, COLUMN_XID);
	row->recorded_ms = cfa_pg_int(result, 0, COLUMN_RECORDED_MS, 0);
	/* Columns of type uuid and xid8: these cannot fail. */
	(void) cfa_parse_uint(row->xid,
						  strlen(row->xid),
						  UINT64_MAX,
						  &event->transaction_id);
	(void) cfa_uuid_parse(event->event_id,
						  strlen(event->event_id),
						  row->event_id);
	(void) cfa_uuid_parse(event->aggregate_id,
						  strlen(event->aggregate_id),
						  row->aggregate_id);
	return true;
}

natsStatus
cfa_event_message(const CfaEvent *event, uint64_t expected,
				  const char *previous, int64_t replay, const char *reply,
				  natsMsg **message)
{
	char subject[CFA_EVENT_SUBJECT_MAX];
	char number[24];
	CfaEventHeader headers[CFA_EVENT_HEADERS];
	size_t count = cfa_event_headers(event, headers);
	natsStatus s;

	cfa_event_subject(event, subject);
	s = natsMsg_Create(message,
					   subject,
					   reply,
					   event->data,
					   (int) event->data_len);
	for (size_t i = 0; s == NATS_OK && i < count; i++)
		s = natsMsgHeader_Set(*message, headers[i].name, headers[i].value);
	snprintf(number, sizeof(number), "%" PRIu64, expected);
	if (s == NATS_OK)
		s = natsMsgHeader_Set(*message, CFA_HEADER_EXPECT, number);
	if (s == NATS_OK && previous[0] != '\0')
		s = natsMsgHeader_Set(*message, CFA_HEADER_PREVIOUS, previous);
	snprintf(number, sizeof(number), "%" PRId64, replay);
	if (s == NATS_OK && replay != 0)
		s = natsMsgHeader_Set(*message, CFA_HEADER_REPLAY, number);
	if (s != NATS_OK)
	{
		natsMsg_Destroy(*message);
		*message = NULL;
	}
	return s;
}
