/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge.h
 *	  Creating pledges.
 */
#ifndef CFA_PLEDGE_H
#define CFA_PLEDGE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "rules.h"
#include "utils/uuid.h"

#define CFA_BATCH_MAX 256
#define CFA_KEY_HASH_BYTES 32

/* One pledge asked for and what became of it. NULL where nothing was given. */
typedef struct CfaRequest
{
	const pg_uuid_t *campaign_id;
	const pg_uuid_t *reward_id;
	bool has_amount;
	int64 amount_minor;
	char *currency;
	char *donor_name;
	char *donor_email;
	bool has_quantity;
	int32 quantity;
	char *display;
	char *message;
	const bytea *key_hash;
	const bytea *fingerprint;
	char *traceparent;
	int64 fee_minor; /* the part of amount_minor that covers a fee */
	const pg_uuid_t *account_id;

	const CfaCampaign *campaign; /* set while the batch runs */
	const CfaReward *reward;

	CfaOutcome outcome;
	char *detail;
	pg_uuid_t pledge_id;
	char *result_currency;
	int64 result_amount_minor;
	int64 result_fee_minor;
	TimestampTz hold_expires_at;
	TimestampTz created_at;
} CfaRequest;

/* Create all pledges of a batch; each request gets its outcome. */
extern void cfa_pledges_create(CfaRequest *requests, int count);

/* The first thing wrong with a request by itself; CREATED when nothing is. */
extern CfaOutcome cfa_request_check(CfaRequest *request);

#endif /* CFA_PLEDGE_H */
