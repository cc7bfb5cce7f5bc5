/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_payments_plan.c - goal: whatever the provider answers, a pledge is paid once,
 * a declined payment is cancelled, refusals are parked and outages retried. Method:
 * each test plays a list of answers against the plan and compares the steps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "payments_plan.h"

#define MAX_STEPS 8

typedef struct Play
{
	const char *name;
	CfaJob job;
	CfaStep steps[MAX_STEPS]; /* after FIND; ends with DONE or RETRY */
	struct
	{
		CfaProviderOutcome outcome;
		const char *status;
	} answers[MAX_STEPS]; /* to the steps that ask the provider, in order */
	CfaAttach attach;
	const char *apply_kind;
	const char *outcome;
} Play;

static CfaJob
job_of(CfaJobKind kind, const char *state, const char *payment_id)
{
	CfaJob job = {.kind = kind,
				  .attempts = 1,
				  .attempts_max = 5,
				  .is_found = true,
				  .age_s = 1,
				  .amount_minor = 500,
				  .currency = "EUR"};

	snprintf(job.state, sizeof(job.state), "%s", state);
	snprintf(job.payment_id, sizeof(job.payment_id), "%s", payment_id);
	if (payment_id[0] != '\0')
		snprintf(job.provider, sizeof(job.provider), CFA_PROVIDER_NAME);
	return job;
}

static void
play(const Play *script)
{
	CfaJob job = script->job;
	CfaStep step = CFA_STEP_FIND;
	size_t answered = 0;

	for (size_t i = 0; i < MAX_STEPS; i++)
	{
		step = cfa_plan_next(&job, step);
		if (step != script->steps[i])
			print_error("%s: step %zu is %d, not %d\n",
						script->name,
						i,
						(int) step,
						(int) script->steps[i]);
		assert_int_equal(step, script->steps[i]);
		if (step == CFA_STEP_DONE || step == CFA_STEP_RETRY)
			break;
		if (cfa_plan_call(step) >= 0)
		{
			job.answer.outcome = script->answers[answered].outcome;
			snprintf(job.answer.status,
					 sizeof(job.answer.status),
					 "%s",
					 script->answers[answered].status != NULL
						 ? script->answers[answered].status
						 : "");
			answered++;
		}
		if (step == CFA_STEP_ATTACH)
			job.attach = script->attach != CFA_ATTACH_NONE ? script->attach
														   : CFA_ATTACH_OK;
		if (step == CFA_STEP_APPLY)
			assert_string_equal(job.apply_kind, script->apply_kind);
	}
	if (script->outcome != NULL)
		assert_string_equal(job.outcome, script->outcome);
}

static void
payments(void **state)
{
	Play plays[] = {
		{.name = "paid",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps = {CFA_STEP_CREATE, CFA_STEP_ATTACH, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "succeeded"}},
		 .outcome = "created"},
		{.name = "declined",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps =
			 {CFA_STEP_CREATE, CFA_STEP_ATTACH, CFA_STEP_CANCEL, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "requires_payment_method"},
					 {CFA_PROVIDER_OK, "canceled"}},
		 .outcome = "canceled"},
		{.name = "delivered again after a crash before the cancellation",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", "pi_1"),
		 .steps = {CFA_STEP_GET, CFA_STEP_CANCEL, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "requires_payment_method"},
					 {CFA_PROVIDER_OK, "canceled"}}},
		{.name = "delivered again when all is done",
		 .job = job_of(CFA_JOB_PAYMENT, "confirmed", "pi_1"),
		 .steps = {CFA_STEP_DONE},
		 .outcome = "settled"},
		{.name = "expired before it was paid",
		 .job = job_of(CFA_JOB_PAYMENT, "failed", ""),
		 .steps = {CFA_STEP_DONE},
		 .outcome = "settled"},
		{.name = "no answer",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps = {CFA_STEP_CREATE, CFA_STEP_RETRY},
		 .answers = {{CFA_PROVIDER_RETRY, NULL}}},
		{.name = "refused",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps = {CFA_STEP_CREATE, CFA_STEP_PARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_REFUSED, NULL}},
		 .outcome = "parked"},
		{.name = "another payment is there",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps =
			 {CFA_STEP_CREATE, CFA_STEP_ATTACH, CFA_STEP_CANCEL, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "processing"},
					 {CFA_PROVIDER_OK, "canceled"}},
		 .attach = CFA_ATTACH_MISMATCH,
		 .outcome = "mismatch"},
	};

	for (size_t i = 0; i < sizeof(plays) / sizeof(plays[0]); i++)
		play(&plays[i]);
}

static void
payments_that_cross(void **state)
{
	Play plays[] = {
		{.name = "expired while it was made by a try that died",
		 .job = job_of(CFA_JOB_PAYMENT, "failed", ""),
		 .steps =
			 {CFA_STEP_SEARCH, CFA_STEP_ATTACH, CFA_STEP_CANCEL, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "processing"},
					 {CFA_PROVIDER_OK, "canceled"}},
		 .attach = CFA_ATTACH_ENDED,
		 .outcome = "canceled"},
		{.name = "expired, and no try made it",
		 .job = job_of(CFA_JOB_PAYMENT, "failed", ""),
		 .steps = {CFA_STEP_SEARCH, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_NOT_FOUND, NULL}},
		 .outcome = "settled"},
		{.name = "the pledge failed while its payment was made",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps = {CFA_STEP_CREATE,
				   CFA_STEP_ATTACH,
				   CFA_STEP_CANCEL,
				   CFA_STEP_GET,
				   CFA_STEP_APPLY,
				   CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "processing"},
					 {CFA_PROVIDER_STATE, NULL},
					 {CFA_PROVIDER_OK, "succeeded"}},
		 .attach = CFA_ATTACH_ENDED,
		 .apply_kind = "payment_succeeded"},
		{.name = "another payment is there and this one has taken money",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps = {CFA_STEP_CREATE,
				   CFA_STEP_ATTACH,
				   CFA_STEP_CANCEL,
				   CFA_STEP_GET,
				   CFA_STEP_APPLY,
				   CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "succeeded"},
					 {CFA_PROVIDER_STATE, NULL},
					 {CFA_PROVIDER_OK, "succeeded"}},
		 .attach = CFA_ATTACH_MISMATCH,
		 .apply_kind = "payment_succeeded"},
	};

	plays[0].job.attempts = 2;
	plays[1].job.attempts = 2;
	for (size_t i = 0; i < sizeof(plays) / sizeof(plays[0]); i++)
		play(&plays[i]);
}

static void
reconciled_payments(void **state)
{
	Play plays[] = {
		{.name = "the notice was lost",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", "pi_1"),
		 .steps =
			 {CFA_STEP_GET, CFA_STEP_APPLY, CFA_STEP_UNPARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "succeeded"}},
		 .apply_kind = "payment_succeeded"},
		{.name = "the notice of the cancellation was lost",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", "pi_1"),
		 .steps =
			 {CFA_STEP_GET, CFA_STEP_APPLY, CFA_STEP_UNPARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "canceled"}},
		 .apply_kind = "payment_canceled"},
		{.name = "still under way",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", "pi_1"),
		 .steps = {CFA_STEP_GET, CFA_STEP_UNPARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "processing"}},
		 .outcome = "waiting"},
		{.name = "never made",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps =
			 {CFA_STEP_CREATE, CFA_STEP_ATTACH, CFA_STEP_UNPARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "processing"}}},
		{.name = "older than an idempotency key and made",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps = {CFA_STEP_SEARCH,
				   CFA_STEP_ATTACH,
				   CFA_STEP_APPLY,
				   CFA_STEP_UNPARK,
				   CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "succeeded"}},
		 .apply_kind = "payment_succeeded"},
		{.name = "older than an idempotency key and not made",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", ""),
		 .steps = {CFA_STEP_SEARCH,
				   CFA_STEP_CREATE,
				   CFA_STEP_ATTACH,
				   CFA_STEP_UNPARK,
				   CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_NOT_FOUND, NULL},
					 {CFA_PROVIDER_OK, "processing"}}},
		{.name = "failed, and the payment was never ended",
		 .job = job_of(CFA_JOB_PAYMENT, "failed", "pi_1"),
		 .steps =
			 {CFA_STEP_CANCEL, CFA_STEP_APPLY, CFA_STEP_UNPARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "canceled"}},
		 .apply_kind = "payment_canceled"},
		{.name = "unknown to the provider",
		 .job = job_of(CFA_JOB_PAYMENT, "pending", "pi_1"),
		 .steps = {CFA_STEP_GET, CFA_STEP_PARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_NOT_FOUND, NULL}}},
	};

	plays[4].job.age_s = 86400;
	plays[5].job.age_s = 86400;
	for (size_t i = 0; i < sizeof(plays) / sizeof(plays[0]); i++)
	{
		plays[i].job.is_reconcile = true;
		play(&plays[i]);
	}
}

static void
cancellations(void **state)
{
	Play plays[] = {
		{.name = "cancelled",
		 .job = job_of(CFA_JOB_CANCEL, "pending", "pi_1"),
		 .steps = {CFA_STEP_CANCEL, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "canceled"}},
		 .outcome = "canceled"},
		{.name = "too late: the money was taken",
		 .job = job_of(CFA_JOB_CANCEL, "pending", "pi_1"),
		 .steps =
			 {CFA_STEP_CANCEL, CFA_STEP_GET, CFA_STEP_APPLY, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_STATE, NULL},
					 {CFA_PROVIDER_OK, "succeeded"}},
		 .apply_kind = "payment_succeeded"},
		{.name = "no payment was made",
		 .job = job_of(CFA_JOB_CANCEL, "pending", ""),
		 .steps = {CFA_STEP_SEARCH, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_NOT_FOUND, NULL}},
		 .outcome = "nothing_to_cancel"},
		{.name = "the payment was made but not noted",
		 .job = job_of(CFA_JOB_CANCEL, "pending", ""),
		 .steps =
			 {CFA_STEP_SEARCH, CFA_STEP_ATTACH, CFA_STEP_CANCEL, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "processing"},
					 {CFA_PROVIDER_OK, "canceled"}}},
	};

	for (size_t i = 0; i < sizeof(plays) / sizeof(plays[0]); i++)
		play(&plays[i]);
}

static void
refunds(void **state)
{
	Play plays[] = {
		{.name = "refunded",
		 .job = job_of(CFA_JOB_REFUND, "requested", "pi_1"),
		 .steps = {CFA_STEP_REFUND, CFA_STEP_ATTACH, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "pending"}},
		 .outcome = "waiting"},
		{.name = "refunded at once",
		 .job = job_of(CFA_JOB_REFUND, "requested", "pi_1"),
		 .steps =
			 {CFA_STEP_REFUND, CFA_STEP_ATTACH, CFA_STEP_APPLY, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "succeeded"}},
		 .apply_kind = "refund_succeeded"},
		{.name = "done before",
		 .job = job_of(CFA_JOB_REFUND, "succeeded", "pi_1"),
		 .steps = {CFA_STEP_DONE},
		 .outcome = "settled"},
		{.name = "asked before, failed since",
		 .job = job_of(CFA_JOB_REFUND, "requested", "pi_1"),
		 .steps = {CFA_STEP_REFUND_GET, CFA_STEP_APPLY, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_OK, "failed"}},
		 .apply_kind = "refund_failed"},
		{.name = "old: looked for first",
		 .job = job_of(CFA_JOB_REFUND, "requested", "pi_1"),
		 .steps = {CFA_STEP_REFUND_LIST,
				   CFA_STEP_REFUND,
				   CFA_STEP_ATTACH,
				   CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_NOT_FOUND, NULL},
					 {CFA_PROVIDER_OK, "pending"}}},
		{.name = "no payment to refund",
		 .job = job_of(CFA_JOB_REFUND, "requested", ""),
		 .steps = {CFA_STEP_PARK, CFA_STEP_DONE},
		 .outcome = "parked"},
		{.name = "refused",
		 .job = job_of(CFA_JOB_REFUND, "requested", "pi_1"),
		 .steps = {CFA_STEP_REFUND, CFA_STEP_PARK, CFA_STEP_DONE},
		 .answers = {{CFA_PROVIDER_REFUSED, NULL}}},
	};

	snprintf(plays[3].job.provider_refund_id,
			 sizeof(plays[3].job.provider_refund_id),
			 "re_1");
	plays[4].job.age_s = 86400;
	for (size_t i = 0; i < sizeof(plays) / sizeof(plays[0]); i++)
		play(&plays[i]);
}

static void
attempts_end_unless_the_provider_is_down(void **state)
{
	CfaJob job = job_of(CFA_JOB_PAYMENT, "pending", "");

	job.attempts = job.attempts_max;
	job.answer.outcome = CFA_PROVIDER_RETRY;
	job.is_provider_down = true;
	assert_int_equal(cfa_plan_next(&job, CFA_STEP_CREATE), CFA_STEP_RETRY);
	job.is_provider_down = false;
	assert_int_equal(cfa_plan_next(&job, CFA_STEP_CREATE), CFA_STEP_PARK);
}

static void
contradictions_end(void **state)
{
	CfaJob job = job_of(CFA_JOB_CANCEL, "pending", "pi_1");
	CfaStep step = CFA_STEP_FIND;
	int steps = 0;

	/* Says that it needs a card, and refuses to be cancelled. */
	while (step != CFA_STEP_DONE && steps < 100)
	{
		step = cfa_plan_next(&job, step);
		job.answer.outcome =
			step == CFA_STEP_CANCEL ? CFA_PROVIDER_STATE : CFA_PROVIDER_OK;
		snprintf(job.answer.status,
				 sizeof(job.answer.status),
				 "requires_payment_method");
		steps++;
	}
	assert_true(steps < 20);
	assert_string_equal(job.outcome, "parked");
}

static void
delays_grow_and_respect_the_provider(void **state)
{
	assert_int_equal(cfa_plan_delay_ms(1, 0, 0), 375);
	assert_int_equal(cfa_plan_delay_ms(1, 255, 0), 625);
	assert_int_equal(cfa_plan_delay_ms(4, 0, 0), 3000);
	assert_int_equal(cfa_plan_delay_ms(1000, 0, 0), 225000);
	assert_int_equal(cfa_plan_delay_ms(1, 0, 9000), 9000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payments),
		cmocka_unit_test(payments_that_cross),
		cmocka_unit_test(reconciled_payments),
		cmocka_unit_test(cancellations),
		cmocka_unit_test(refunds),
		cmocka_unit_test(attempts_end_unless_the_provider_is_down),
		cmocka_unit_test(contradictions_end),
		cmocka_unit_test(delays_grow_and_respect_the_provider),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
