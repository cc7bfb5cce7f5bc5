/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_row.h
 *	  A row of careforall.pledges as a C struct.
 */
#ifndef CFA_PLEDGE_ROW_H
#define CFA_PLEDGE_ROW_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "lifecycle_core.h"
#include "utils/rel.h"
#include "utils/uuid.h"

/* Columns in the order of pledge_columns in pledge_row.c. */
typedef enum CfaPledgeColumn
{
	CFA_PLEDGE_ID,
	CFA_PLEDGE_CAMPAIGN_ID,
	CFA_PLEDGE_REWARD_ID,
	CFA_PLEDGE_POOL_ID,
	CFA_PLEDGE_QUANTITY,
	CFA_PLEDGE_AMOUNT_MINOR,
	CFA_PLEDGE_CURRENCY,
	CFA_PLEDGE_STATE,
	CFA_PLEDGE_STATE_REASON,
	CFA_PLEDGE_REFUNDED_MINOR,
	CFA_PLEDGE_HELD_MINOR,
	CFA_PLEDGE_HELD_PLACES,
	CFA_PLEDGE_DONOR_NAME,
	CFA_PLEDGE_DISPLAY,
	CFA_PLEDGE_MESSAGE,
	CFA_PLEDGE_PROVIDER,
	CFA_PLEDGE_PAYMENT_ID,
	CFA_PLEDGE_CANCEL_REQUESTED_AT,
	CFA_PLEDGE_HOLD_EXPIRES_AT,
	CFA_PLEDGE_VERSION,
	CFA_PLEDGE_TRACEPARENT,
	CFA_PLEDGE_CREATED_AT,
	CFA_PLEDGE_UPDATED_AT,
	CFA_PLEDGE_FEE_MINOR,
	CFA_PLEDGE_ACCOUNT_ID
} CfaPledgeColumn;

#define CFA_PLEDGE_COLUMN_COUNT (CFA_PLEDGE_ACCOUNT_ID + 1)

/* Strings are NULL for NULL. has_* tell whether an id or time is not NULL. */
typedef struct CfaPledge
{
	pg_uuid_t id;
	pg_uuid_t campaign_id;
	pg_uuid_t reward_id;
	pg_uuid_t pool_id;
	bool has_id;
	bool has_campaign;
	bool has_reward;
	bool has_pool;
	int32 quantity;
	int64 amount_minor;
	bool has_amount;
	int64 fee_minor;
	char *currency;
	char *state_name;
	CfaPledgeState state;
	char *state_reason;
	int64 refunded_minor;
	int64 held_minor;
	int32 held_places;
	char *donor_name;
	char *display;
	char *message;
	char *provider;
	char *payment_id;
	bool has_cancel_requested;
	bool has_hold_expires;
	int64 version;
	char *traceparent;
	TimestampTz created_at;
} CfaPledge;

/* Changes to a row on their way into a new tuple. */
typedef struct CfaPledgePatch
{
	int count;
	int columns[CFA_PLEDGE_COLUMN_COUNT];
	Datum values[CFA_PLEDGE_COLUMN_COUNT];
	bool nulls[CFA_PLEDGE_COLUMN_COUNT];
} CfaPledgePatch;

/* Read a tuple; strings live in the current memory context. */
extern void cfa_pledge_read(Relation relation, HeapTuple tuple,
							CfaPledge *pledge);

extern void cfa_pledge_patch(CfaPledgePatch *patch, CfaPledgeColumn column,
							 Datum value);

/* The tuple with the changes; itself when there are none. */
extern HeapTuple cfa_pledge_patched(Relation relation, HeapTuple tuple,
									CfaPledgePatch *patch);

/* Name of the first column that differs and must not change; NULL if none. */
extern const char *cfa_pledge_fixed_change(Relation relation,
										   HeapTuple old_tuple,
										   HeapTuple new_tuple);

#endif /* CFA_PLEDGE_ROW_H */
