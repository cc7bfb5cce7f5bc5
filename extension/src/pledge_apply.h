/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_apply.h
 *	  Events of pledges that exist: lock, decide, write.
 */
#ifndef CFA_PLEDGE_APPLY_H
#define CFA_PLEDGE_APPLY_H

#include "postgres.h"

#include "context.h"
#include "lifecycle_core.h"
#include "utils/uuid.h"

/* A pledge whose row this transaction has locked. */
typedef struct CfaLocked
{
	pg_uuid_t id;
	pg_uuid_t campaign_id;
	CfaPledgeState state;
	int64 amount_minor;
	char currency[4];
	int64 refunded_minor;
	char *provider;
	char *payment_id;
	bool has_cancel_requested;
	char *cancel_reason; /* why the cancellation was asked for */
	int64 version;
	int64 requested_minor; /* manual refunds asked for, not settled yet */
} CfaLocked;

/* What one update sets. NULL strings leave a column as it is. */
typedef struct CfaUpdate
{
	CfaChange change;
	CfaLocked *pledge; /* brought up to date by cfa_pledges_update */
	const CfaPledgeEdge *edge;
	const char *state_reason;
	int64 refunded_minor;
	const char *provider;
	const char *payment_id;
	bool requests_cancel;
} CfaUpdate;

/*
 * Lock pledges in id order; the caller is connected to SPI. Ids that do not
 * exist are left out. Returns the number found; strings live in the current
 * memory context. pledges is sorted by id.
 */
extern int cfa_pledges_lock(const pg_uuid_t *ids, int count,
							CfaLocked *pledges);

extern CfaLocked *cfa_locked_find(CfaLocked *pledges, int count,
								  const pg_uuid_t *id);

/* Write updates, at most one per pledge, in one statement. */
extern void cfa_pledges_update(CfaUpdate *updates, int count);

/* Add a row to refunds; its id. */
extern pg_uuid_t *cfa_refund_add(const CfaLocked *pledge, const char *kind,
								 int64 amount_minor, const char *reason,
								 const char *requested_by, const char *provider,
								 const char *payment_id);

#endif /* CFA_PLEDGE_APPLY_H */
