/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payments_plan.c - the steps of a payment, a cancellation and a refund.
 *
 * Rules that hold for all of them:
 * - the database is read first, so a pledge that is settled is never paid again;
 * - idempotency keys of the provider live for a day: older work is searched for
 *   before it is made again;
 * - a declined payment is cancelled, because a pledge has one try and only the
 *   cancellation is final;
 * - what the provider refuses for good is parked, what it cannot answer is retried.
 */
#include <stdio.h>
#include <string.h>

#include "payments_plan.h"

#define KEY_LIFE_S (12 * 3600)
#define DELAY_FIRST_MS 500
#define DELAY_MAX_MS (5 * 60 * 1000)

static CfaStep after_find(CfaJob *job);
static CfaStep after_find_refund(CfaJob *job);
static CfaStep after_answer(CfaJob *job, CfaStep done);
static CfaStep after_ok(CfaJob *job, CfaStep done);
static CfaStep after_not_found(CfaJob *job, CfaStep done);
static CfaStep after_attach(CfaJob *job);
static CfaStep settle_payment(CfaJob *job);
static CfaStep settle_refund(CfaJob *job);
static CfaStep apply(CfaJob *job, const char *kind);
static CfaStep finish(CfaJob *job, const char *outcome);
static CfaStep give_up(CfaJob *job);
static bool is_status(const CfaJob *job, const char *status);

CfaStep
cfa_plan_next(CfaJob *job, CfaStep done)
{
	/* A provider that contradicts itself must not keep a job busy for ever. */
	if (++job->steps > CFA_JOB_STEPS_MAX && done != CFA_STEP_PARK)
		return give_up(job);
	switch (done)
	{
		case CFA_STEP_FIND:
			return job->kind == CFA_JOB_REFUND ? after_find_refund(job)
											   : after_find(job);
		case CFA_STEP_CREATE:
		case CFA_STEP_SEARCH:
		case CFA_STEP_GET:
		case CFA_STEP_CANCEL:
		case CFA_STEP_REFUND:
		case CFA_STEP_REFUND_LIST:
		case CFA_STEP_REFUND_GET:
			return after_answer(job, done);
		case CFA_STEP_ATTACH:
			return after_attach(job);
		case CFA_STEP_APPLY:
			return finish(job, "applied");
		case CFA_STEP_PARK:
			job->outcome = "parked";
			return CFA_STEP_DONE;
		case CFA_STEP_UNPARK:
		case CFA_STEP_DONE:
			return CFA_STEP_DONE;
		case CFA_STEP_RETRY:
			return CFA_STEP_RETRY;
	}
	return CFA_STEP_RETRY;
}

int
cfa_plan_call(CfaStep step)
{
	switch (step)
	{
		case CFA_STEP_CREATE:
			return CFA_CALL_CREATE;
		case CFA_STEP_SEARCH:
			return CFA_CALL_SEARCH;
		case CFA_STEP_GET:
			return CFA_CALL_GET;
		case CFA_STEP_CANCEL:
			return CFA_CALL_CANCEL;
		case CFA_STEP_REFUND:
			return CFA_CALL_REFUND;
		case CFA_STEP_REFUND_LIST:
			return CFA_CALL_REFUND_LIST;
		case CFA_STEP_REFUND_GET:
			return CFA_CALL_REFUND_GET;
		case CFA_STEP_FIND:
		case CFA_STEP_ATTACH:
		case CFA_STEP_APPLY:
		case CFA_STEP_PARK:
		case CFA_STEP_UNPARK:
		case CFA_STEP_DONE:
		case CFA_STEP_RETRY:
			return -1;
	}
	return -1;
}

const char *
cfa_job_kind_name(CfaJobKind kind)
{
	switch (kind)
	{
		case CFA_JOB_PAYMENT:
			return "payment";
		case CFA_JOB_CANCEL:
			return "cancel";
		case CFA_JOB_REFUND:
			return "refund";
	}
	return "unknown";
}

int64_t
cfa_plan_delay_ms(int attempts, unsigned jitter, int64_t asked_ms)
{
	int64_t delay = DELAY_FIRST_MS;

	for (int i = 1; i < attempts && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	if (delay > DELAY_MAX_MS)
		delay = DELAY_MAX_MS;
	/* Between three and five quarters, so that a crowd does not come at once. */
	delay = delay * 3 / 4 + delay / 2 * (int64_t) (jitter & 255) / 255;
	return delay < asked_ms ? asked_ms : delay;
}

static CfaStep
after_find(CfaJob *job)
{
	bool has_payment = job->payment_id[0] != '\0';
	bool is_cancel = job->kind == CFA_JOB_CANCEL || job->is_cancel_requested;

	if (!job->is_found)
		return finish(job, "unknown");
	if (has_payment && strcmp(job->provider, CFA_PROVIDER_NAME) != 0)
		return finish(job, "foreign");
	/* The reconciler comes for the payment of a pledge that nobody waits for. */
	if (strcmp(job->state, "failed") == 0 && has_payment && job->is_reconcile)
		return CFA_STEP_CANCEL;
	/* It failed before its payment was noted, but an earlier try may have made it. */
	if (strcmp(job->state, "failed") == 0 && !has_payment && job->attempts > 1)
		return CFA_STEP_SEARCH;
	if (strcmp(job->state, "pending") != 0)
		return finish(job, "settled");
	if (has_payment)
		return is_cancel ? CFA_STEP_CANCEL : CFA_STEP_GET;
	/* To be cancelled, and the answer to its creation may have been lost. */
	if (is_cancel || job->age_s > KEY_LIFE_S)
		return CFA_STEP_SEARCH;
	return CFA_STEP_CREATE;
}

static CfaStep
after_find_refund(CfaJob *job)
{
	if (!job->is_found)
		return finish(job, "unknown");
	if (strcmp(job->state, "requested") != 0)
		return finish(job, "settled");
	if (job->payment_id[0] == '\0' ||
		strcmp(job->provider, CFA_PROVIDER_NAME) != 0)
	{
		memset(&job->answer, 0, sizeof(job->answer));
		snprintf(job->answer.code, sizeof(job->answer.code), "no_payment");
		return give_up(job);
	}
	if (job->provider_refund_id[0] != '\0')
		return CFA_STEP_REFUND_GET;
	return job->age_s > KEY_LIFE_S ? CFA_STEP_REFUND_LIST : CFA_STEP_REFUND;
}

static CfaStep
after_answer(CfaJob *job, CfaStep done)
{
	job->asked = done;
	switch (job->answer.outcome)
	{
		case CFA_PROVIDER_OK:
			return after_ok(job, done);
		case CFA_PROVIDER_NOT_FOUND:
			return after_not_found(job, done);
		case CFA_PROVIDER_STATE:
			/* Past what was asked: see what it is. */
			return done == CFA_STEP_CANCEL ? CFA_STEP_GET : give_up(job);
		case CFA_PROVIDER_RETRY:
			/* While the provider is down for all, no single one is to blame. */
			if (job->attempts >= job->attempts_max && !job->is_provider_down)
				return give_up(job);
			return CFA_STEP_RETRY;
		case CFA_PROVIDER_REFUSED:
			return give_up(job);
	}
	return CFA_STEP_RETRY;
}

static CfaStep
after_ok(CfaJob *job, CfaStep done)
{
	if (done == CFA_STEP_CREATE || done == CFA_STEP_SEARCH ||
		done == CFA_STEP_REFUND || done == CFA_STEP_REFUND_LIST)
		return CFA_STEP_ATTACH;
	return job->kind == CFA_JOB_REFUND ? settle_refund(job)
									   : settle_payment(job);
}

static CfaStep
after_not_found(CfaJob *job, CfaStep done)
{
	if (done == CFA_STEP_SEARCH)
	{
		/* Nothing to cancel: expiry fails the pledge by itself. */
		if (job->kind == CFA_JOB_CANCEL || job->is_cancel_requested)
			return finish(job, "nothing_to_cancel");
		if (strcmp(job->state, "pending") != 0)
			return finish(job, "settled");
		return CFA_STEP_CREATE;
	}
	if (done == CFA_STEP_REFUND_LIST)
		return CFA_STEP_REFUND;
	return give_up(job);
}

static CfaStep
after_attach(CfaJob *job)
{
	if (job->kind == CFA_JOB_REFUND)
		return settle_refund(job);
	/* Two payments of one pledge: the one that is not its own must go. */
	if (job->attach == CFA_ATTACH_MISMATCH)
		return is_status(job, "canceled") ? finish(job, "mismatch")
										  : CFA_STEP_CANCEL;
	if (job->kind == CFA_JOB_CANCEL || job->is_cancel_requested ||
		job->attach == CFA_ATTACH_ENDED)
		return CFA_STEP_CANCEL;
	return settle_payment(job);
}

/* What the state of the payment at the provider asks for. */
static CfaStep
settle_payment(CfaJob *job)
{
	if (job->attach == CFA_ATTACH_MISMATCH)
		/* Money of a second payment: the database shows it to operators. */
		return is_status(job, "succeeded") ? apply(job, "payment_succeeded")
										   : finish(job, "mismatch");
	if (is_status(job, "requires_payment_method") ||
		is_status(job, "requires_confirmation"))
		return CFA_STEP_CANCEL;
	/* Just made: the notice of the provider is on its way and comes first. */
	if (!job->is_reconcile && job->asked == CFA_STEP_CREATE)
		return finish(job, "created");
	if (!job->is_reconcile && job->asked == CFA_STEP_CANCEL)
		return finish(job, "canceled");
	/* A follow-up only looks for a declined payment; notices tell the rest. */
	if (job->is_follow_up)
		return finish(job, "waiting");
	if (is_status(job, "succeeded"))
		return apply(job, "payment_succeeded");
	if (is_status(job, "canceled"))
		return apply(job, "payment_canceled");
	return finish(job, "waiting");
}

static CfaStep
settle_refund(CfaJob *job)
{
	if (is_status(job, "succeeded"))
		return apply(job, "refund_succeeded");
	if (is_status(job, "failed") || is_status(job, "canceled"))
		return apply(job, "refund_failed");
	return finish(job, "waiting");
}

static CfaStep
apply(CfaJob *job, const char *kind)
{
	job->apply_kind = kind;
	return CFA_STEP_APPLY;
}

/* Only the reconciler can have been sent here by a dead letter. */
static CfaStep
finish(CfaJob *job, const char *outcome)
{
	job->outcome = outcome;
	return job->is_reconcile ? CFA_STEP_UNPARK : CFA_STEP_DONE;
}

/* A pledge that is unknown has nothing to hang a dead letter on. */
static CfaStep
give_up(CfaJob *job)
{
	if (job->is_found)
		return CFA_STEP_PARK;
	job->outcome = "unknown";
	return CFA_STEP_DONE;
}

static bool
is_status(const CfaJob *job, const char *status)
{
	return strcmp(job->answer.status, status) == 0;
}
