/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h
 *	  The data of outbox events as JSON text (docs/reference/events.md).
 */
#ifndef CFA_EVENT_H
#define CFA_EVENT_H

#include "postgres.h"

#include "context.h"
#include "outbox.h"
#include "pledge_row.h"

/*
 * Fill type, data, history and deltas of an event of a pledge. old is NULL at
 * creation; change may be NULL. Strings point into the arguments.
 */
extern void cfa_event_of_pledge(CfaEvent *event, const CfaPledgeEdge *edge,
								const CfaPledge *old, const CfaPledge *new,
								const CfaChange *change, TimestampTz now);

/* The static public document of a campaign; NULL when there is none. */
extern char *cfa_event_campaign_document(const pg_uuid_t *campaign_id);

/* Append a time as RFC 3339 in UTC with milliseconds, quoted. */
struct StringInfoData;
extern void cfa_event_time(struct StringInfoData *json, TimestampTz time);

#endif /* CFA_EVENT_H */
