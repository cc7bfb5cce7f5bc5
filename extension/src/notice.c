/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.c
 *	  What a provider's event means for a pledge.
 *
 * Providers deliver more than once and in any order. Each decision goes by the
 * state of the locked pledge, so every order ends in the same state; money that
 * comes for a pledge that has failed is sent back, never counted.
 */
#include "postgres.h"

#include "ids.h"
#include "inbox.h"

static const char *const kind_names[CFA_NOTICE_KIND_COUNT] = {
	[CFA_NOTICE_PAYMENT_SUCCEEDED] = "payment_succeeded",
	[CFA_NOTICE_PAYMENT_FAILED] = "payment_failed",
	[CFA_NOTICE_PAYMENT_CANCELED] = "payment_canceled",
	[CFA_NOTICE_PAYMENT_ATTEMPT_FAILED] = "payment_attempt_failed",
	[CFA_NOTICE_REFUND_SUCCEEDED] = "refund_succeeded",
	[CFA_NOTICE_REFUND_FAILED] = "refund_failed",
	[CFA_NOTICE_OTHER] = "other",
};

static const char *const outcome_names[] = {
	[CFA_NOTICE_APPLIED] = "applied",
	[CFA_NOTICE_STALE] = "stale",
	[CFA_NOTICE_LATE] = "late",
	[CFA_NOTICE_ATTEMPT] = "attempt",
	[CFA_NOTICE_IGNORED] = "ignored",
	[CFA_NOTICE_UNKNOWN] = "unknown",
	[CFA_NOTICE_MISMATCH] = "mismatch",
	[CFA_NOTICE_DUPLICATE] = "duplicate",
};

static bool payment_differs(CfaNotice *notice);
static bool decide_success(CfaNotice *notice, CfaUpdate *update);
static bool decide_late(CfaNotice *notice, CfaUpdate *update);
static bool decide_failure(CfaNotice *notice, CfaUpdate *update);
static bool decide_cancel(CfaNotice *notice, CfaUpdate *update);
static bool decide_refund(CfaNotice *notice, CfaUpdate *update);
static bool refund_differs(CfaNotice *notice);
static bool settle(CfaNotice *notice, CfaUpdate *update, CfaPledgeEvent event,
				   CfaPledgeGuard guard);
static bool answer(CfaNotice *notice, CfaNoticeOutcome outcome);
static bool mismatch(CfaNotice *notice, const char *detail);
static void attach(const CfaNotice *notice, CfaUpdate *update);

bool
cfa_notice_kind_parse(const char *name, CfaNoticeKind *kind)
{
	for (int i = 0; i < CFA_NOTICE_KIND_COUNT; i++)
	{
		if (strcmp(kind_names[i], name) == 0)
		{
			*kind = (CfaNoticeKind) i;
			return true;
		}
	}
	return false;
}

const char *
cfa_notice_kind_name(CfaNoticeKind kind)
{
	return kind_names[kind];
}

const char *
cfa_notice_outcome_name(CfaNoticeOutcome outcome)
{
	return outcome_names[outcome];
}

bool
cfa_notice_decide(CfaNotice *notice, CfaUpdate *update)
{
	memset(update, 0, sizeof(*update));
	if (notice->kind == CFA_NOTICE_OTHER)
		return answer(notice, CFA_NOTICE_IGNORED);
	if (notice->pledge == NULL)
		return answer(notice, CFA_NOTICE_UNKNOWN);

	update->pledge = notice->pledge;
	update->refunded_minor = notice->pledge->refunded_minor;
	update->change.pledge_id = notice->pledge->id;
	update->change.reason = notice->reason;
	update->change.actor = notice->provider;
	update->change.traceparent = notice->traceparent;
	switch (notice->kind)
	{
		case CFA_NOTICE_PAYMENT_SUCCEEDED:
			return !payment_differs(notice) && decide_success(notice, update);
		case CFA_NOTICE_PAYMENT_FAILED:
			return !payment_differs(notice) && decide_failure(notice, update);
		case CFA_NOTICE_PAYMENT_CANCELED:
			return !payment_differs(notice) && decide_cancel(notice, update);
		case CFA_NOTICE_PAYMENT_ATTEMPT_FAILED:
			return !payment_differs(notice) &&
				   answer(notice, CFA_NOTICE_ATTEMPT);
		case CFA_NOTICE_REFUND_SUCCEEDED:
		case CFA_NOTICE_REFUND_FAILED:
			return decide_refund(notice, update);
		case CFA_NOTICE_OTHER:
			break;
	}
	return false;
}

/* Whether the event is about another payment than that of the pledge. */
static bool
payment_differs(CfaNotice *notice)
{
	const CfaLocked *pledge = notice->pledge;

	if (notice->has_other_owner)
	{
		mismatch(notice, "the payment belongs to another pledge");
		return true;
	}
	if (pledge->payment_id == NULL || notice->payment_id == NULL)
		return false;
	if (strcmp(pledge->payment_id, notice->payment_id) == 0 &&
		pledge->provider != NULL &&
		strcmp(pledge->provider, notice->provider) == 0)
		return false;
	mismatch(notice, "the pledge has another payment");
	return true;
}

static bool
decide_success(CfaNotice *notice, CfaUpdate *update)
{
	const CfaLocked *pledge = notice->pledge;

	if (!notice->has_amount || notice->amount_minor != pledge->amount_minor)
		return mismatch(notice, "the amount is not that of the pledge");
	if (notice->currency == NULL ||
		pg_strcasecmp(notice->currency, pledge->currency) != 0)
		return mismatch(notice, "the currency is not that of the pledge");
	if (pledge->state == CFA_PLEDGE_FAILED)
		return decide_late(notice, update);
	update->change.reason = NULL;
	attach(notice, update);
	return settle(notice,
				  update,
				  CFA_PLEDGE_PAYMENT_SUCCEEDED,
				  CFA_GUARD_ALWAYS);
}

/* Money for a pledge that cannot take it: ask once per payment to return it. */
static bool
decide_late(CfaNotice *notice, CfaUpdate *update)
{
	if (notice->has_late_refund)
		return answer(notice, CFA_NOTICE_STALE);
	attach(notice, update);
	update->change.reason = "late_payment";
	update->change.has_amount = true;
	update->change.amount_minor = notice->amount_minor;
	update->change.refund_kind = "late";
	if (!settle(notice, update, CFA_PLEDGE_REFUND_REQUEST, CFA_GUARD_LATE))
		return false;
	notice->outcome = CFA_NOTICE_LATE;
	return true;
}

static bool
decide_failure(CfaNotice *notice, CfaUpdate *update)
{
	update->state_reason =
		notice->reason != NULL ? notice->reason : "payment_failed";
	update->change.reason = update->state_reason;
	attach(notice, update);
	return settle(notice, update, CFA_PLEDGE_PAYMENT_FAILED, CFA_GUARD_ALWAYS);
}

/* Why a pledge is canceled: as it was asked for, else as the provider says. */
static bool
decide_cancel(CfaNotice *notice, CfaUpdate *update)
{
	const CfaLocked *pledge = notice->pledge;
	CfaPledgeEvent event = CFA_PLEDGE_CANCEL;

	if (pledge->state == CFA_PLEDGE_CONFIRMED ||
		pledge->state == CFA_PLEDGE_REFUNDED)
		return answer(notice, CFA_NOTICE_STALE);
	update->state_reason = notice->reason;
	if (pledge->has_cancel_requested && pledge->cancel_reason != NULL)
		update->state_reason = pledge->cancel_reason;
	if (update->state_reason == NULL)
		update->state_reason = "canceled";
	if (strcmp(update->state_reason, "expired") == 0)
		event = CFA_PLEDGE_EXPIRE;
	update->change.reason = update->state_reason;
	attach(notice, update);
	return settle(notice, update, event, CFA_GUARD_ALWAYS);
}

static bool
decide_refund(CfaNotice *notice, CfaUpdate *update)
{
	CfaRefund *refund = notice->refund;
	CfaLocked *pledge = notice->pledge;

	if (refund == NULL)
		return answer(notice, CFA_NOTICE_UNKNOWN);
	if (refund_differs(notice))
		return false;
	if (refund->is_settled)
		return answer(notice, CFA_NOTICE_STALE);
	if (notice->kind == CFA_NOTICE_REFUND_FAILED)
		return answer(notice, CFA_NOTICE_APPLIED);

	update->change.has_amount = true;
	update->change.amount_minor = refund->amount_minor;
	update->change.refund_id = &refund->id;
	update->change.refund_kind = refund->is_late ? "late" : "manual";
	if (refund->is_late)
		return settle(notice, update, CFA_PLEDGE_REFUND, CFA_GUARD_LATE);
	if (refund->amount_minor > pledge->amount_minor - pledge->refunded_minor)
		return mismatch(notice, "the refund is more than what is left");
	update->refunded_minor += refund->amount_minor;
	return settle(notice,
				  update,
				  CFA_PLEDGE_REFUND,
				  update->refunded_minor == pledge->amount_minor
					  ? CFA_GUARD_REST
					  : CFA_GUARD_PART);
}

static bool
refund_differs(CfaNotice *notice)
{
	const CfaRefund *refund = notice->refund;
	const CfaLocked *pledge = notice->pledge;

	if (cfa_uuid_compare(&refund->pledge_id, &pledge->id) != 0)
	{
		mismatch(notice, "the refund belongs to another pledge");
		return true;
	}
	if (notice->payment_id != NULL && refund->payment_id != NULL &&
		strcmp(notice->payment_id, refund->payment_id) != 0)
	{
		mismatch(notice, "the refund is of another payment");
		return true;
	}
	if (notice->has_amount && notice->amount_minor != refund->amount_minor)
	{
		mismatch(notice, "the amount is not that of the refund");
		return true;
	}
	if (notice->currency != NULL &&
		pg_strcasecmp(notice->currency, pledge->currency) != 0)
	{
		mismatch(notice, "the currency is not that of the pledge");
		return true;
	}
	return false;
}

/* Go along the edge of an event, if its result is not there already. */
static bool
settle(CfaNotice *notice, CfaUpdate *update, CfaPledgeEvent event,
	   CfaPledgeGuard guard)
{
	update->change.event = event;
	update->edge = cfa_pledge_edge(notice->pledge->state, event, guard);
	if (update->edge == NULL || update->edge->effect == CFA_EFFECT_NOTHING)
		return answer(notice, CFA_NOTICE_STALE);
	notice->outcome = CFA_NOTICE_APPLIED;
	return true;
}

static bool
answer(CfaNotice *notice, CfaNoticeOutcome outcome)
{
	notice->outcome = outcome;
	return false;
}

static bool
mismatch(CfaNotice *notice, const char *detail)
{
	notice->detail = detail;
	return answer(notice, CFA_NOTICE_MISMATCH);
}

/* A pledge that does not know its payment yet learns it from the event. */
static void
attach(const CfaNotice *notice, CfaUpdate *update)
{
	if (notice->pledge->payment_id != NULL || notice->payment_id == NULL)
		return;
	update->provider = notice->provider;
	update->payment_id = notice->payment_id;
}
