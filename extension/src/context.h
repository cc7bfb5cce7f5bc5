/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h
 *	  What the functions of the engine tell the triggers about the rows that
 *	  they are just about to write: event, reason, actor, trace.
 *
 * A change by plain SQL has no such note; the trigger then goes by the columns
 * that changed and by the settings careforall.actor, reason, traceparent.
 */
#ifndef CFA_CONTEXT_H
#define CFA_CONTEXT_H

#include "postgres.h"

#include "lifecycle_core.h"
#include "utils/uuid.h"

/* One pledge that is about to be written. */
typedef struct CfaChange
{
	pg_uuid_t pledge_id;
	CfaPledgeEvent event;
	bool is_checked; /* create: campaign and reward are checked already */
	bool has_amount; /* amount_minor is what the event moves or asks for */
	int64 amount_minor;
	const char *reason; /* these may be NULL */
	const char *actor;
	const char *traceparent;
	const pg_uuid_t *refund_id;
	const char *refund_kind;
} CfaChange;

/*
 * Announce changes, sorted by pledge id, until cfa_changes_end or the end of
 * the subtransaction. The array must live that long.
 */
extern void cfa_changes_begin(const CfaChange *changes, int count);
extern void cfa_changes_end(void);

/* The announced change of a pledge, or NULL. */
extern const CfaChange *cfa_change_find(const pg_uuid_t *pledge_id);

/* While this is on, an update that changes nothing still counts as one. */
extern void cfa_campaign_bump_begin(void);
extern void cfa_campaign_bump_end(void);
extern bool cfa_campaign_bump_is_on(void);

/* Who acts, and in which trace, when no change says so. */
extern const char *cfa_context_actor(void);
extern const char *cfa_context_traceparent(void);

/* For xact.c only. */
extern void cfa_changes_at_end(void);
extern void cfa_changes_at_sub_abort(int level);

#endif /* CFA_CONTEXT_H */
