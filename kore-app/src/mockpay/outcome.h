/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.h
 *	  What can happen to a payment, as one const table: by metadata[simulate],
 *	  by test payment method, or by the last two digits of the amount.
 */
#ifndef CFA_MOCK_OUTCOME_H
#define CFA_MOCK_OUTCOME_H

#include <stddef.h>
#include <stdint.h>

enum
{
	CFA_MOCK_TIMES_OUT = 1 << 0,	/* the first answer comes too late */
	CFA_MOCK_ERRS_FIRST = 1 << 1,	/* the first request is answered 500 */
	CFA_MOCK_IS_SLOW = 1 << 2,		/* processing takes slow_ms */
	CFA_MOCK_IS_STUCK = 1 << 3,		/* processing never ends by itself */
	CFA_MOCK_RESISTS = 1 << 4,		/* cannot be canceled while processing */
	CFA_MOCK_DUPLICATES = 1 << 5,	/* each webhook comes twice */
	CFA_MOCK_REORDERS = 1 << 6,		/* the first webhook is kept back */
	CFA_MOCK_REFUND_FAILS = 1 << 7, /* refunds of it fail */
};

typedef struct CfaMockOutcome
{
	const char *name; /* as metadata[simulate] */
	int suffix;		  /* last two digits of the amount, -1: none */
	unsigned traits;
	const char *payment_method; /* Stripe's test method, or NULL */
	const char *code; /* error code if declined, or NULL: it succeeds */
	const char *decline_code;
	const char *message;
} CfaMockOutcome;

/* The outcome of a payment that nobody asked anything of. */
const CfaMockOutcome *cfa_mock_outcome_default(void);

/* What failure_rate makes of a payment. */
const CfaMockOutcome *cfa_mock_outcome_declined(void);

/* Each returns NULL if the table has no such outcome. */
const CfaMockOutcome *cfa_mock_outcome_by_name(const char *name);
const CfaMockOutcome *cfa_mock_outcome_by_method(const char *method);
const CfaMockOutcome *cfa_mock_outcome_by_amount(int64_t amount);

/* The i-th outcome, or NULL past the end. */
const CfaMockOutcome *cfa_mock_outcome_at(size_t i);

#endif /* CFA_MOCK_OUTCOME_H */
