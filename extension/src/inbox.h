/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox.h
 *	  Events received from payment providers.
 */
#ifndef CFA_INBOX_H
#define CFA_INBOX_H

#include "postgres.h"

#include "pledge_apply.h"

#define CFA_INBOX_BATCH_MAX 256

typedef enum CfaNoticeKind
{
	CFA_NOTICE_PAYMENT_SUCCEEDED,
	CFA_NOTICE_PAYMENT_FAILED,
	CFA_NOTICE_PAYMENT_CANCELED,
	CFA_NOTICE_PAYMENT_ATTEMPT_FAILED,
	CFA_NOTICE_REFUND_SUCCEEDED,
	CFA_NOTICE_REFUND_FAILED,
	CFA_NOTICE_OTHER
} CfaNoticeKind;

#define CFA_NOTICE_KIND_COUNT (CFA_NOTICE_OTHER + 1)

typedef enum CfaNoticeOutcome
{
	CFA_NOTICE_APPLIED,
	CFA_NOTICE_STALE,
	CFA_NOTICE_LATE,
	CFA_NOTICE_ATTEMPT,
	CFA_NOTICE_IGNORED,
	CFA_NOTICE_UNKNOWN,
	CFA_NOTICE_MISMATCH,
	CFA_NOTICE_DUPLICATE
} CfaNoticeOutcome;

/* A refund that notices speak of. */
typedef struct CfaRefund
{
	pg_uuid_t id;
	pg_uuid_t pledge_id;
	bool is_late;
	bool is_settled;
	int64 amount_minor;
	char *payment_id;
} CfaRefund;

/* One received event and what became of it. NULL where nothing was given. */
typedef struct CfaNotice
{
	char *provider;
	char *event_id;
	CfaNoticeKind kind;
	char *payment_id;
	pg_uuid_t *pledge_id;
	pg_uuid_t *refund_id;
	bool has_amount;
	int64 amount_minor;
	char *currency;
	char *reason;
	char *payload;
	char *traceparent;

	struct CfaNotice *first; /* the same event earlier in this batch */
	int deliveries;			 /* of this event in this batch */
	bool is_known;			 /* stored by an earlier transaction */
	bool has_other_owner;	 /* the payment belongs to another pledge */
	bool has_late_refund;	 /* late money of the payment is refunded */
	CfaLocked *pledge;		 /* NULL when unknown */
	CfaRefund *refund;		 /* NULL when unknown */

	CfaNoticeOutcome outcome;
	const char *detail;
	CfaPledgeState state; /* right after this event */
	int64 version;
} CfaNotice;

/* Store and apply a batch in one transaction. */
extern void cfa_inbox_receive(CfaNotice *notices, int count);

extern bool cfa_notice_kind_parse(const char *name, CfaNoticeKind *kind);
extern const char *cfa_notice_kind_name(CfaNoticeKind kind);
extern const char *cfa_notice_outcome_name(CfaNoticeOutcome outcome);

/*
 * Decide what a notice does to its locked pledge, without writing. True when
 * *update is to be written.
 */
extern bool cfa_notice_decide(CfaNotice *notice, CfaUpdate *update);

#endif /* CFA_INBOX_H */
