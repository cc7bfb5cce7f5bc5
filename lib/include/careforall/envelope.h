/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope.h: how an event looks on the stream.
 *
 * CloudEvents 1.0 in binary mode over NATS headers: attributes are headers ce-*,
 * the data is the payload, byte for byte as the outbox holds it. docs/reference/events.md is
 * the reference for readers.
 */
#ifndef CFA_ENVELOPE_H
#define CFA_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_EVENT_BUCKETS 64
#define CFA_EVENT_SUBJECT_MAX 96
/* Above all header lines that cfa_event_head() can write. */
#define CFA_EVENT_HEAD_MAX 1024
/* Largest event on the wire, headers and data: half of NATS' usual limit. Events
 * of pledges stay far below the 64 KiB that every CloudEvents intermediary has to
 * forward; a campaign with a long story and many rewards may not. */
#define CFA_EVENT_SIZE_MAX 524288

#define CFA_HEADER_ID "Nats-Msg-Id"
#define CFA_HEADER_EXPECT "Nats-Expected-Last-Sequence"
#define CFA_HEADER_PREVIOUS "Nats-Expected-Last-Msg-Id"
#define CFA_HEADER_REPLAY "careforall-replay"
#define CFA_HEADER_TYPE "ce-type"
#define CFA_HEADER_SEQUENCE "ce-sequence"
#define CFA_HEADER_SUBJECT "ce-subject"
#define CFA_HEADER_VERSION "ce-aggregateversion"
#define CFA_HEADER_CAMPAIGN "ce-campaignid"
#define CFA_HEADER_TRANSACTION "ce-transactionid"
#define CFA_HEADER_TIME "ce-time"
#define CFA_HEADER_TRACEPARENT "traceparent"

/* An outbox row. All texts are borrowed. */
typedef struct CfaEvent
{
	const char *event_id;		/* UUID text */
	int64_t outbox_id;			/* > 0 */
	uint64_t transaction_id;	/* xid8 */
	const char *aggregate_type; /* "pledge" */
	const char *aggregate_id;	/* UUID text */
	int64_t aggregate_version;	/* > 0 */
	const char *campaign_id;	/* UUID text */
	const char *type;			/* "pledge.created" */
	const char *traceparent;	/* NULL if none */
	int64_t occurred_at_ms;
	const char *data;
	size_t data_len;
} CfaEvent;

/* What a consumer reads back from the headers of a message. */
typedef struct CfaEventIn
{
	char event_id[37];
	char type[64]; /* "pledge.created": without prefix and version */
	char aggregate_id[37];
	char campaign_id[37];
	char traceparent[56]; /* "" if none */
	int64_t outbox_id;
	int64_t aggregate_version;
	uint64_t transaction_id;
	int64_t occurred_at_ms;
} CfaEventIn;

/* The low six bits of a campaign's UUID, or -1 if the text is not a UUID. */
int cfa_event_bucket(const char *campaign_id);

/*
 * NULL if the event can be published, else the reason why it never can, for the
 * table of parked events: a malformed id, type or time, or more than
 * CFA_EVENT_SIZE_MAX bytes.
 */
const char *cfa_event_check(const CfaEvent *event);

/* Writes careforall.<aggregate>.<event>.<bucket>; the event was checked. */
void cfa_event_subject(const CfaEvent *event,
					   char subject[CFA_EVENT_SUBJECT_MAX]);

/*
 * Writes the header lines of a checked event, "name: value" CR LF each, all but
 * Nats-Expected-*, and returns their length. No value is empty. Those that the
 * server looks for come first.
 */
size_t cfa_event_head(const CfaEvent *event, char head[CFA_EVENT_HEAD_MAX]);

/* Returns the value of a header, or NULL. */
typedef const char *(*CfaHeaderGet)(void *message, const char *name);

/* Reads the headers of a message. False if one that must be there is not right. */
bool cfa_event_read(CfaHeaderGet get, void *message, CfaEventIn *event);

#endif
