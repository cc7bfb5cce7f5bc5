/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payments_plan.h - what the payment worker does for one pledge or refund, step by
 * step.
 *
 * Pure. A job holds all that is known; after each step the plan names the next
 * one. Every step can be repeated: creating and refunding carry an idempotency
 * key, noting and applying are idempotent in the database. So a job that dies
 * anywhere is simply begun again, by redelivery or by the reconciler.
 */
#ifndef CFA_PAYMENTS_PLAN_H
#define CFA_PAYMENTS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "provider.h"

#define CFA_JOB_STEPS_MAX 12

typedef enum CfaJobKind
{
	CFA_JOB_PAYMENT, /* target is a pledge: make its payment, or see after it */
	CFA_JOB_CANCEL,	 /* target is a pledge: cancel its payment */
	CFA_JOB_REFUND	 /* target is a refund */
} CfaJobKind;

#define CFA_JOB_KINDS 3

typedef enum CfaStep
{
	CFA_STEP_FIND, /* read the pledge or refund from the database */
	CFA_STEP_CREATE,
	CFA_STEP_SEARCH,
	CFA_STEP_ATTACH, /* note the provider's id in the database */
	CFA_STEP_GET,
	CFA_STEP_CANCEL,
	CFA_STEP_REFUND,
	CFA_STEP_REFUND_LIST,
	CFA_STEP_REFUND_GET,
	CFA_STEP_APPLY,	 /* tell the database what became of it */
	CFA_STEP_PARK,	 /* write a dead letter */
	CFA_STEP_UNPARK, /* a dead letter may stand that is no longer true */
	CFA_STEP_DONE,
	CFA_STEP_RETRY
} CfaStep;

typedef enum CfaAttach
{
	CFA_ATTACH_NONE,
	CFA_ATTACH_ENDED,	/* attached, but the pledge has failed meanwhile */
	CFA_ATTACH_OK,		/* attached now or before */
	CFA_ATTACH_MISMATCH /* the pledge has another payment */
} CfaAttach;

typedef struct CfaJob
{
	CfaJobKind kind;
	bool is_reconcile; /* begun by the reconciler, not by an event */
	bool is_follow_up; /* a look soon after the payment was made */
	int attempts;	   /* deliveries of the event so far */
	int attempts_max;
	int steps;			   /* taken in this attempt */
	bool is_provider_down; /* the breaker is not closed: set before each step */
	char target_id[37];

	/* What FIND told; is_found false: no such pledge or refund. */
	bool is_found;
	bool is_cancel_requested;
	int64_t age_s;
	int64_t amount_minor;
	char pledge_id[37];
	char state[16];
	char provider[32];
	char payment_id[CFA_PROVIDER_ID_MAX];
	char provider_refund_id[CFA_PROVIDER_ID_MAX];
	char currency[4];
	char traceparent[64];

	/* What the provider said last, and to which step. */
	CfaStep asked;
	CfaProviderAnswer answer;

	CfaAttach attach;
	const char
		*apply_kind;	 /* for CFA_STEP_APPLY: kind of payment_event_apply */
	const char *outcome; /* for the log and the metrics, with DONE */
} CfaJob;

/*
 * The step after `done`; CFA_STEP_FIND is the first one of a job. Sets
 * job->apply_kind and job->outcome when it names those steps.
 */
CfaStep cfa_plan_next(CfaJob *job, CfaStep done);

/* The provider call of a step; -1 if the step asks no provider. */
int cfa_plan_call(CfaStep step);

const char *cfa_job_kind_name(CfaJobKind kind);

/* Delay before attempt number attempts + 1, in ms: grows, with jitter 0..255. */
int64_t cfa_plan_delay_ms(int attempts, unsigned jitter, int64_t asked_ms);

#endif
