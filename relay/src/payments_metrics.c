/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payments_metrics.c: the series of careforall-payments.
 */
#include <string.h>

#include "payments.h"

static const char *const outcome_names[CFA_OUTCOMES] = {
	[CFA_OUTCOME_APPLIED] = "applied",
	[CFA_OUTCOME_CANCELED] = "canceled",
	[CFA_OUTCOME_CREATED] = "created",
	[CFA_OUTCOME_FOREIGN] = "foreign",
	[CFA_OUTCOME_MISMATCH] = "mismatch",
	[CFA_OUTCOME_NOTHING_TO_CANCEL] = "nothing_to_cancel",
	[CFA_OUTCOME_PARKED] = "parked",
	[CFA_OUTCOME_RETRY] = "retry",
	[CFA_OUTCOME_SETTLED] = "settled",
	[CFA_OUTCOME_UNKNOWN] = "unknown",
	[CFA_OUTCOME_WAITING] = "waiting",
};

static const char *const result_names[CFA_PROVIDER_OUTCOMES] = {
	[CFA_PROVIDER_OK] = "ok",
	[CFA_PROVIDER_NOT_FOUND] = "not_found",
	[CFA_PROVIDER_STATE] = "state",
	[CFA_PROVIDER_RETRY] = "retry",
	[CFA_PROVIDER_REFUSED] = "refused",
};

static const double seconds_bounds[] =
	{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

#define BOUNDS (sizeof(seconds_bounds) / sizeof(seconds_bounds[0]))

static void init_jobs(CfaPayments *payments);
static void init_requests(CfaPayments *payments);
static void init_gauges(CfaPayments *payments);
static void init_consumers(CfaPayments *payments);
static void init_paused(CfaPayments *payments);

void
cfa_payments_metrics_init(CfaPayments *payments)
{
	init_jobs(payments);
	init_requests(payments);
	init_gauges(payments);
}

void
cfa_payments_metrics_refresh(CfaPayments *payments)
{
	static const int states[] = {[CFA_BREAKER_CLOSED] = 0,
								 [CFA_BREAKER_HALF_OPEN] = 1,
								 [CFA_BREAKER_OPEN] = 2};
	CfaMetrics *metrics = payments->daemon.metrics;
	const CfaPaymentsMetrics *m = &payments->metrics;

	cfa_metrics_set(metrics, m->breaker_state, states[payments->breaker.state]);
	cfa_metrics_set(metrics,
					m->breaker_opened,
					(int64_t) payments->breaker.opened);
	cfa_metrics_set(metrics, m->in_flight, payments->in_flight);
	cfa_metrics_set(metrics, m->jobs_open, payments->work_count);
	cfa_metrics_set(metrics, m->waiting, payments->waiting_count);
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
		cfa_metrics_set(metrics, m->pending[i], payments->consumers[i].pending);
	cfa_metrics_set(metrics,
					m->nats_losses,
					(int64_t) cfa_nats_losses(payments->nats));
	cfa_metrics_set(metrics,
					m->pg_losses,
					(int64_t) cfa_pg_losses(payments->pg));
}

CfaPaymentsOutcome
cfa_payments_outcome(const char *name)
{
	for (int i = 0; name != NULL && i < CFA_OUTCOMES; i++)
	{
		if (strcmp(outcome_names[i], name) == 0)
			return (CfaPaymentsOutcome) i;
	}
	return CFA_OUTCOME_UNKNOWN;
}

static void
init_jobs(CfaPayments *payments)
{
	char labels[128];

	for (int kind = 0; kind < CFA_JOB_KINDS; kind++)
	{
		for (int i = 0; i < CFA_OUTCOMES; i++)
			payments->metrics.jobs[kind][i] =
				cfa_metrics_counter(payments->daemon.metrics,
									"careforall_payments_jobs_total",
									"Jobs ended, by kind and outcome.",
									cfa_metrics_labels(labels,
													   sizeof(labels),
													   "kind",
													   cfa_job_kind_name(
														   (CfaJobKind) kind),
													   "outcome",
													   outcome_names[i],
													   NULL),
									1);
	}
}

static void
init_requests(CfaPayments *payments)
{
	char labels[128];

	for (int call = 0; call < CFA_PROVIDER_CALLS; call++)
	{
		for (int i = 0; i < CFA_PROVIDER_OUTCOMES; i++)
			payments->metrics.requests[call][i] = cfa_metrics_counter(
				payments->daemon.metrics,
				"careforall_payments_requests_total",
				"Requests to the provider, by call and result.",
				cfa_metrics_labels(labels,
								   sizeof(labels),
								   "call",
								   cfa_provider_call_name(
									   (CfaProviderCall) call),
								   "result",
								   result_names[i],
								   NULL),
				1);
	}
	payments->metrics.request_seconds =
		cfa_metrics_histogram(payments->daemon.metrics,
							  "careforall_payments_request_seconds",
							  "Time to the provider's answer.",
							  NULL,
							  1e-6,
							  seconds_bounds,
							  BOUNDS);
	payments->metrics.event_seconds =
		cfa_metrics_histogram(payments->daemon.metrics,
							  "careforall_payments_event_delay_seconds",
							  "Time from an event to its delivery here.",
							  NULL,
							  1e-3,
							  seconds_bounds,
							  BOUNDS);
}

static void
init_gauges(CfaPayments *payments)
{
	CfaMetrics *metrics = payments->daemon.metrics;
	CfaPaymentsMetrics *m = &payments->metrics;
	const struct
	{
		CfaMetric *metric;
		bool is_counter;
		const char *name;
		const char *help;
	} series[] = {
		{&m->breaker_state,
		 false,
		 "careforall_payments_breaker_state",
		 "Circuit breaker of the provider: 0 closed, 1 half open, 2 open."},
		{&m->breaker_opened,
		 true,
		 "careforall_payments_breaker_opened_total",
		 "Times that the breaker opened."},
		{&m->in_flight,
		 false,
		 "careforall_payments_requests_in_flight",
		 "Requests without an answer."},
		{&m->jobs_open,
		 false,
		 "careforall_payments_jobs_open",
		 "Jobs under way."},
		{&m->waiting,
		 false,
		 "careforall_payments_jobs_waiting",
		 "Jobs that wait for the provider."},
		{&m->stuck_payments,
		 false,
		 "careforall_payments_stuck_pledges",
		 "Pledges pending for longer than PAYMENTS_RECONCILE_AFTER."},
		{&m->stuck_refunds,
		 false,
		 "careforall_payments_stuck_refunds",
		 "Refunds requested for longer than PAYMENTS_RECONCILE_AFTER."},
		{&m->dead_letters,
		 false,
		 "careforall_payments_dead_letters",
		 "Dead letters that wait for a decision."},
		{&m->reconciled,
		 true,
		 "careforall_payments_reconciled_total",
		 "Outcomes told to the database without a notice."},
		{&m->nats_losses,
		 true,
		 "careforall_payments_nats_losses_total",
		 "NATS connections lost."},
		{&m->pg_losses,
		 true,
		 "careforall_payments_pg_losses_total",
		 "PostgreSQL sessions lost."},
	};

	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++)
		*series[i].metric = series[i].is_counter
								? cfa_metrics_counter(metrics,
													  series[i].name,
													  series[i].help,
													  NULL,
													  1)
								: cfa_metrics_gauge(metrics,
													series[i].name,
													series[i].help,
													NULL,
													1);
	init_consumers(payments);
	init_paused(payments);
}

static void
init_consumers(CfaPayments *payments)
{
	CfaMetrics *metrics = payments->daemon.metrics;
	CfaPaymentsMetrics *m = &payments->metrics;
	char labels[CFA_PAYMENTS_CONSUMERS][64];

	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
		m->pending[i] =
			cfa_metrics_gauge(metrics,
							  "careforall_payments_consumer_pending",
							  "Events of the stream not delivered yet.",
							  cfa_metrics_labels(labels[i],
												 sizeof(labels[i]),
												 "consumer",
												 payments->consumers[i].durable,
												 NULL),
							  1);
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
		m->consumer_losses[i] = cfa_metrics_counter(
			metrics,
			"careforall_payments_consumer_losses_total",
			"Consumers that were gone or stood still and were made anew.",
			labels[i],
			1);
}

static void
init_paused(CfaPayments *payments)
{
	payments->metrics.paused = cfa_metrics_gauge(
		payments->daemon.metrics,
		"careforall_payments_paused",
		"1 while an administrator has paused the payment worker.",
		NULL,
		1);
}
