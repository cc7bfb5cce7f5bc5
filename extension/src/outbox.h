/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h
 *	  Events of this transaction on their way into history, outbox and total
 *	  deltas.
 */
#ifndef CFA_OUTBOX_H
#define CFA_OUTBOX_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

typedef struct CfaEvent
{
	int level;		   /* of the subtransaction; set by cfa_outbox_add */
	int written_level; /* of the subtransaction that wrote it; 0 is none */
	const char *aggregate_type;
	pg_uuid_t event_id; /* set by cfa_outbox_add */
	pg_uuid_t aggregate_id;
	pg_uuid_t campaign_id;
	int64 aggregate_version;
	const char *type;
	char *data; /* JSON text */
	const char *traceparent;
	TimestampTz occurred_at;

	bool has_history; /* the next six go to pledge_history */
	const char *event;
	const char *from_state; /* NULL at creation */
	const char *to_state;
	bool has_amount;
	int64 amount_minor;
	const char *reason;
	const char *actor;

	int64 confirmed_minor; /* deltas of campaign totals */
	int64 confirmed_count;
	int64 refunded_minor;
} CfaEvent;

/*
 * Note an event after the row of its aggregate is written. Strings are copied.
 * The statement's end, or cfa_outbox_flush, writes it.
 */
extern void cfa_outbox_add(const CfaEvent *event);

/* Write all noted events, in order. */
extern void cfa_outbox_flush(void);

/* For xact.c only. */
extern bool cfa_outbox_in_use(void);
extern void cfa_outbox_at_pre_commit(void);
extern void cfa_outbox_at_end(bool is_commit);
extern void cfa_outbox_at_sub_commit(int level);
extern void cfa_outbox_at_sub_abort(int level);

#endif /* CFA_OUTBOX_H */
