/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payments_work.c: carries out the steps that the plan names.
 *
 * A job lives in one list from start to end. It is always in exactly one place: a
 * statement of the database, the queue for the provider, a request, or blocked
 * until the database is back. An event is acknowledged only when its job is done,
 * so a crash anywhere brings it back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "careforall/trace.h"
#include "payments.h"

#define MS 1000

static CfaWork *find_work(CfaPayments *payments, CfaJobKind kind,
						  const char *target_id);
static void take_event(CfaWork *work, const CfaWorkEvent *event);
static void advance(CfaWork *work);
static void end_span(const CfaWork *work, const char *error);
static void end_request_span(const CfaWork *work,
							 const CfaProviderReply *reply);
static void query(CfaWork *work, const char *sql, int params,
				  const char *const *values);
static void end_query_span(const CfaWork *work, const PGresult *result);
static void carry_out(CfaWork *work);
static void finish(CfaWork *work);
static void retry(CfaWork *work);
static void free_work(CfaWork *work);
static void enqueue(CfaWork *work);
static void send_request(CfaWork *work);
static void answered(void *arg, const CfaProviderReply *reply);
static void note_answer(CfaPayments *payments, const CfaProviderAnswer *answer);
static void take_ids(CfaWork *work, CfaProviderCall call);
static CfaProviderTerms terms_of(const CfaJob *job);
static void query_find(CfaWork *work);
static void query_attach(CfaWork *work);
static void query_apply(CfaWork *work);
static void query_park(CfaWork *work);
static void query_unpark(CfaWork *work);
static void queried(void *arg, PGresult *result);
static void read_result(CfaWork *work, const PGresult *result);
static void read_found(CfaJob *job, const PGresult *result);
static void read_attached(CfaWork *work, const PGresult *result);
static void copy_field(char *buf, size_t len, const PGresult *result,
					   int column);
static const char *or_null(const char *text);
static void log_job(const CfaWork *work, CfaLogLevel level, const char *event);

bool
cfa_work_start(CfaPayments *payments, CfaJobKind kind, const char *target_id,
			   const CfaWorkEvent *event, int64_t attempts, bool is_reconcile,
			   int follow_up)
{
	CfaWork *work = find_work(payments, kind, target_id);

	if (work != NULL)
	{
		if (event != NULL)
			snprintf(work->reply, sizeof(work->reply), "%s", event->reply);
		return false;
	}
	work = calloc(1, sizeof(*work));
	if (work == NULL)
		abort();
	work->payments = payments;
	work->job.kind = kind;
	work->job.is_reconcile = is_reconcile;
	work->job.is_follow_up = follow_up > 0;
	work->job.attempts = (int) attempts;
	work->job.attempts_max = (int) payments->config.attempts_max;
	work->follow_up = follow_up;
	work->started_us = cfa_clock_us();
	snprintf(work->job.target_id, sizeof(work->job.target_id), "%s", target_id);
	if (event != NULL)
		take_event(work, event);
	work->next = payments->works;
	if (payments->works != NULL)
		payments->works->previous = work;
	payments->works = work;
	payments->work_count++;
	work->step = CFA_STEP_FIND;
	carry_out(work);
	return true;
}

void
cfa_work_unblock(CfaPayments *payments)
{
	CfaWork *work = payments->works;

	while (work != NULL)
	{
		if (!work->is_blocked)
		{
			work = work->next;
			continue;
		}
		work->is_blocked = false;
		carry_out(work);
		/* The list may have changed: from the start. */
		work = payments->works;
	}
}

void
cfa_work_pump(CfaPayments *payments)
{
	int64_t now_ms = cfa_clock_us() / MS;

	if (cfa_control_is_held(&payments->pause))
	{
		cfa_work_release(payments);
		return;
	}
	while (payments->waiting_first != NULL && !payments->is_stopping &&
		   payments->in_flight < payments->config.concurrency)
	{
		CfaWork *work = payments->waiting_first;

		if (!cfa_breaker_allows(&payments->breaker, now_ms))
		{
			if (payments->breaker.state == CFA_BREAKER_OPEN)
				cfa_timer_set(payments->daemon.loop,
							  &payments->probe,
							  (payments->breaker.probe_at_ms - now_ms + 1) *
								  MS);
			return;
		}
		payments->waiting_first = work->next_waiting;
		if (payments->waiting_first == NULL)
			payments->waiting_last = NULL;
		work->next_waiting = NULL;
		payments->waiting_count--;
		send_request(work);
	}
}

void
cfa_work_keep_alive(CfaPayments *payments)
{
	if (payments->js == NULL)
		return;
	for (const CfaWork *work = payments->works; work != NULL; work = work->next)
	{
		if (work->reply[0] != '\0')
			cfa_js_in_progress(payments->js, work->reply);
	}
}

bool
cfa_work_has_event(const CfaPayments *payments, CfaJobKind kind)
{
	const CfaWork *work = payments->works;

	while (work != NULL && (work->job.kind != kind || work->reply[0] == '\0'))
		work = work->next;
	return work != NULL;
}

void
cfa_work_release(CfaPayments *payments)
{
	while (payments->waiting_first != NULL)
	{
		CfaWork *work = payments->waiting_first;

		payments->waiting_first = work->next_waiting;
		payments->waiting_count--;
		if (work->reply[0] != '\0' && payments->js != NULL)
			cfa_js_nak(payments->js, work->reply, 0);
		free_work(work);
	}
	payments->waiting_last = NULL;
}

void
cfa_work_clear(CfaPayments *payments)
{
	CfaWork *work = payments->works;

	while (work != NULL)
	{
		CfaWork *next = work->next;

		work->previous = NULL;
		free_work(work);
		work = next;
	}
}

static CfaWork *
find_work(CfaPayments *payments, CfaJobKind kind, const char *target_id)
{
	for (CfaWork *work = payments->works; work != NULL; work = work->next)
	{
		if (work->job.kind == kind &&
			strcmp(work->job.target_id, target_id) == 0)
			return work;
	}
	return NULL;
}

static void
take_event(CfaWork *work, const CfaWorkEvent *event)
{
	snprintf(work->reply, sizeof(work->reply), "%s", event->reply);
	snprintf(work->event_type, sizeof(work->event_type), "%s", event->type);
	snprintf(work->event_id, sizeof(work->event_id), "%s", event->event_id);
	work->span = cfa_open_span(event->traceparent);
}

static void
advance(CfaWork *work)
{
	work->job.is_provider_down =
		work->payments->breaker.state != CFA_BREAKER_CLOSED;
	work->step = cfa_plan_next(&work->job, work->step);
	carry_out(work);
}

static void
carry_out(CfaWork *work)
{
	switch (work->step)
	{
		case CFA_STEP_FIND:
			query_find(work);
			break;
		case CFA_STEP_ATTACH:
			query_attach(work);
			break;
		case CFA_STEP_APPLY:
			query_apply(work);
			break;
		case CFA_STEP_PARK:
			query_park(work);
			break;
		case CFA_STEP_UNPARK:
			query_unpark(work);
			break;
		case CFA_STEP_CREATE:
		case CFA_STEP_SEARCH:
		case CFA_STEP_GET:
		case CFA_STEP_CANCEL:
		case CFA_STEP_REFUND:
		case CFA_STEP_REFUND_LIST:
		case CFA_STEP_REFUND_GET:
			enqueue(work);
			break;
		case CFA_STEP_DONE:
			finish(work);
			break;
		case CFA_STEP_RETRY:
			retry(work);
			break;
	}
}

static void
finish(CfaWork *work)
{
	CfaPayments *payments = work->payments;
	CfaJob *job = &work->job;
	CfaPaymentsOutcome outcome = cfa_payments_outcome(job->outcome);

	cfa_metrics_add(payments->daemon.metrics,
					payments->metrics.jobs[job->kind][outcome],
					1);
	if (work->reply[0] != '\0' && payments->js != NULL)
		cfa_js_ack(payments->js, work->reply);
	end_span(work,
			 outcome == CFA_OUTCOME_PARKED || outcome == CFA_OUTCOME_MISMATCH
				 ? job->outcome
				 : NULL);
	log_job(work,
			outcome == CFA_OUTCOME_PARKED || outcome == CFA_OUTCOME_MISMATCH
				? CFA_LOG_ERROR
			: outcome == CFA_OUTCOME_SETTLED || outcome == CFA_OUTCOME_WAITING
				? CFA_LOG_DEBUG
				: CFA_LOG_INFO,
			"job_done");
	if (job->kind == CFA_JOB_PAYMENT && !job->is_reconcile &&
		(outcome == CFA_OUTCOME_CREATED || outcome == CFA_OUTCOME_WAITING) &&
		strcmp(job->answer.status, "succeeded") != 0)
		cfa_follow_up(payments, job->target_id, work->follow_up);
	free_work(work);
}

/* An event comes again after the delay; the reconciler comes again by itself. */
static void
retry(CfaWork *work)
{
	CfaPayments *payments = work->payments;
	CfaJob *job = &work->job;

	cfa_metrics_add(payments->daemon.metrics,
					payments->metrics.jobs[job->kind][CFA_OUTCOME_RETRY],
					1);
	job->outcome = "retry";
	end_span(work, job->answer.code[0] != '\0' ? job->answer.code : "retry");
	log_job(work, CFA_LOG_WARN, "job_retry");
	if (work->reply[0] != '\0' && payments->js != NULL)
		cfa_js_nak(payments->js,
				   work->reply,
				   cfa_plan_delay_ms(job->attempts,
									 (unsigned) random(),
									 job->answer.retry_after_ms));
	free_work(work);
}

/* Ends the span of the job: of its event, or of a look that no event asked for. */
static void
end_span(const CfaWork *work, const char *error)
{
	const CfaJob *job = &work->job;
	const CfaSpanEvent event = {.operation = "process",
								.type = work->event_type,
								.event_id = work->event_id,
								.aggregate_id = job->pledge_id,
								.group = "payments"};
	const CfaLogField attributes[] = {CFA_STR("careforall.pledge.id",
											  or_null(job->pledge_id)),
									  CFA_STR("careforall.outcome",
											  job->outcome),
									  CFA_STR("error.type", error),
									  {0}};

	if (work->event_type[0] != '\0')
		cfa_open_span_end_event(&work->span,
								CFA_SPAN_CONSUMER,
								&event,
								job->outcome,
								error,
								NULL,
								0);
	else
		cfa_open_span_end(&work->span,
						  CFA_SPAN_INTERNAL,
						  job->is_reconcile ? "reconcile" : "follow up",
						  error != NULL,
						  attributes,
						  NULL,
						  0);
}

static void
free_work(CfaWork *work)
{
	CfaPayments *payments = work->payments;
	bool is_reconcile = work->job.is_reconcile;

	if (work->previous != NULL)
		work->previous->next = work->next;
	else
		payments->works = work->next;
	if (work->next != NULL)
		work->next->previous = work->previous;
	payments->work_count--;
	free(work);
	if (is_reconcile)
		cfa_sweep_done_one(payments);
}

static void
enqueue(CfaWork *work)
{
	CfaPayments *payments = work->payments;

	work->next_waiting = NULL;
	if (payments->waiting_last != NULL)
		payments->waiting_last->next_waiting = work;
	else
		payments->waiting_first = work;
	payments->waiting_last = work;
	payments->waiting_count++;
	/* In the next turn: sending may end this very job. */
	cfa_timer_set(payments->daemon.loop, &payments->probe, 0);
}

static void
send_request(CfaWork *work)
{
	CfaPayments *payments = work->payments;
	CfaProviderTerms terms = terms_of(&work->job);
	CfaProviderRequest request;
	char traceparent[CFA_TRACEPARENT_LEN + 1];

	if (cfa_provider_request(&request,
							 (CfaProviderCall) cfa_plan_call(work->step),
							 &terms) != 0)
	{
		memset(&work->job.answer, 0, sizeof(work->job.answer));
		work->job.answer.outcome = CFA_PROVIDER_REFUSED;
		snprintf(work->job.answer.code,
				 sizeof(work->job.answer.code),
				 "invalid_terms");
		cfa_provider_request_clear(&request);
		/* The breaker let a request through that is not sent. */
		if (payments->breaker.state == CFA_BREAKER_HALF_OPEN)
			cfa_breaker_failure(&payments->breaker, cfa_clock_us() / MS);
		advance(work);
		return;
	}
	work->step_span = cfa_open_child(&work->span);
	cfa_open_span_text(&work->step_span, traceparent);
	payments->in_flight++;
	work->started_us = cfa_clock_us();
	cfa_client_send(payments->client,
					&request,
					work->step_span.is_traced ? traceparent
											  : work->job.traceparent,
					answered,
					work);
	cfa_provider_request_clear(&request);
}

static void
answered(void *arg, const CfaProviderReply *reply)
{
	CfaWork *work = arg;
	CfaPayments *payments = work->payments;
	CfaProviderCall call = (CfaProviderCall) cfa_plan_call(work->step);
	CfaProviderTerms terms = terms_of(&work->job);
	CfaProviderAnswer answer;

	payments->in_flight--;
	end_request_span(work, reply);
	cfa_provider_read(&answer, call, &terms, reply);
	work->job.answer = answer;
	cfa_metrics_add(payments->daemon.metrics,
					payments->metrics.requests[call][answer.outcome],
					1);
	cfa_metrics_observe(payments->daemon.metrics,
						payments->metrics.request_seconds,
						(uint64_t) (cfa_clock_us() - work->started_us));
	note_answer(payments, &answer);
	take_ids(work, call);
	advance(work);
	cfa_work_pump(payments);
}

/* The paths hold ids of payments, so a template stands for them. */
static void
end_request_span(const CfaWork *work, const CfaProviderReply *reply)
{
	static const struct
	{
		const char *method;
		const char *path;
	} calls[CFA_PROVIDER_CALLS] =
		{[CFA_CALL_CREATE] = {"POST", "/v1/payment_intents"},
		 [CFA_CALL_CANCEL] = {"POST", "/v1/payment_intents/:id/cancel"},
		 [CFA_CALL_GET] = {"GET", "/v1/payment_intents/:id"},
		 [CFA_CALL_SEARCH] = {"GET", "/v1/payment_intents/search"},
		 [CFA_CALL_REFUND] = {"POST", "/v1/refunds"},
		 [CFA_CALL_REFUND_GET] = {"GET", "/v1/refunds/:id"},
		 [CFA_CALL_REFUND_LIST] = {"GET", "/v1/refunds"}};
	const char *method = calls[cfa_plan_call(work->step)].method;
	const char *path = calls[cfa_plan_call(work->step)].path;
	bool has_failed = reply->http_status == 0 || reply->http_status >= 400;
	char code[12];
	char name[64];
	char url[600];
	const CfaLogField attributes[] =
		{CFA_STR("http.request.method", method),
		 CFA_STR("url.template", path),
		 /* The real path may name a payment. */
		 CFA_STR("url.full", strchr(path, ':') == NULL ? url : NULL),
		 CFA_STR("careforall.pledge.id", or_null(work->job.pledge_id)),
		 CFA_STR("error.type",
				 reply->failure != NULL ? reply->failure
				 : has_failed			? code
										: NULL),
		 reply->http_status != 0
			 ? CFA_INT("http.response.status_code", reply->http_status)
			 : (CfaLogField){0},
		 {0}};

	if (!work->step_span.is_traced)
		return;
	snprintf(code, sizeof(code), "%d", reply->http_status);
	snprintf(name, sizeof(name), "%s %s", method, path);
	snprintf(url,
			 sizeof(url),
			 "%s%s",
			 work->payments->config.provider_url,
			 path);
	cfa_open_span_end(&work->step_span,
					  CFA_SPAN_CLIENT,
					  name,
					  has_failed,
					  attributes,
					  NULL,
					  0);
}

static void
note_answer(CfaPayments *payments, const CfaProviderAnswer *answer)
{
	CfaBreakerState before = payments->breaker.state;
	int64_t now_ms = cfa_clock_us() / MS;

	if (!answer->is_outage)
		cfa_breaker_success(&payments->breaker);
	else
		cfa_breaker_failure(&payments->breaker, now_ms);
	if (answer->is_outage && answer->retry_after_ms > 0)
		cfa_breaker_rest(&payments->breaker, now_ms, answer->retry_after_ms);
	if (payments->breaker.state == before)
		return;
	cfa_log(payments->breaker.state == CFA_BREAKER_CLOSED ? CFA_LOG_INFO
														  : CFA_LOG_ERROR,
			"breaker_changed",
			CFA_STR("state", cfa_breaker_name(payments->breaker.state)),
			CFA_STR("code", answer->code),
			CFA_INT("status", answer->http_status),
			CFA_INT("pause_ms", payments->breaker.pause_ms));
}

/* From now on the job is about the object that the provider named. */
static void
take_ids(CfaWork *work, CfaProviderCall call)
{
	CfaJob *job = &work->job;

	if (job->answer.outcome != CFA_PROVIDER_OK)
		return;
	if (call == CFA_CALL_CREATE || call == CFA_CALL_SEARCH)
		snprintf(job->payment_id,
				 sizeof(job->payment_id),
				 "%s",
				 job->answer.id);
	if (call == CFA_CALL_REFUND || call == CFA_CALL_REFUND_LIST)
		snprintf(job->provider_refund_id,
				 sizeof(job->provider_refund_id),
				 "%s",
				 job->answer.id);
}

static CfaProviderTerms
terms_of(const CfaJob *job)
{
	return (CfaProviderTerms){.pledge_id = job->pledge_id,
							  .payment_id = job->payment_id,
							  .refund_id = job->target_id,
							  .provider_refund_id = job->provider_refund_id,
							  .currency = job->currency,
							  .traceparent = job->traceparent,
							  .amount_minor = job->amount_minor};
}

/* ---- statements */

static void
query(CfaWork *work, const char *sql, int params, const char *const *values)
{
	work->step_span = cfa_open_child(&work->span);
	cfa_pg_query(work->payments->pg, sql, params, values, 0, queried, work);
}

static void
end_query_span(const CfaWork *work, const PGresult *result)
{
	bool is_refund = work->job.kind == CFA_JOB_REFUND;
	const char *function = "careforall.payment_unpark";
	bool has_failed = !cfa_pg_is_ok(result);
	char name[64];
	const CfaLogField attributes[] =
		{CFA_STR("db.system.name", "postgresql"),
		 CFA_STR("db.namespace", "careforall|careforall"),
		 CFA_STR("db.operation.name", "SELECT"),
		 CFA_STR("db.query.summary", name),
		 CFA_STR("db.response.status_code",
				 has_failed ? cfa_pg_sqlstate(result) : NULL),
		 CFA_STR("error.type", has_failed ? cfa_pg_sqlstate(result) : NULL),
		 {0}};

	if (!work->step_span.is_traced)
		return;
	if (work->step == CFA_STEP_FIND)
		function =
			is_refund ? "careforall.refund_find" : "careforall.payment_find";
	else if (work->step == CFA_STEP_ATTACH)
		function = is_refund ? "careforall.refund_attach"
							 : "careforall.payment_attach";
	else if (work->step == CFA_STEP_APPLY)
		function = "careforall.payment_event_apply";
	else if (work->step == CFA_STEP_PARK)
		function = "careforall.payment_park";
	snprintf(name, sizeof(name), "SELECT %s", function);
	cfa_open_span_end(&work->step_span,
					  CFA_SPAN_CLIENT,
					  name,
					  has_failed,
					  attributes,
					  NULL,
					  0);
}

static void
query_find(CfaWork *work)
{
	static const char payment_sql[] =
		"SELECT state, provider, payment_id, NULL, amount_minor, currency,"
		" is_cancel_requested, age_s, traceparent, pledge_id"
		" FROM careforall.payment_find($1)";
	static const char refund_sql[] =
		"SELECT state, provider, payment_id, provider_refund_id, amount_minor,"
		" currency, false, age_s, traceparent, pledge_id"
		" FROM careforall.refund_find($1)";
	const char *values[] = {work->job.target_id};

	query(work,
		  work->job.kind == CFA_JOB_REFUND ? refund_sql : payment_sql,
		  1,
		  values);
}

static void
query_attach(CfaWork *work)
{
	const CfaJob *job = &work->job;
	const char *values[] = {job->target_id,
							CFA_PROVIDER_NAME,
							job->kind == CFA_JOB_REFUND
								? job->provider_refund_id
								: job->payment_id};

	query(work,
		  job->kind == CFA_JOB_REFUND
			  ? "SELECT careforall.refund_attach($1, $2, $3)"
			  : "SELECT careforall.payment_attach($1, $2, $3)",
		  3,
		  values);
}

static void
query_apply(CfaWork *work)
{
	const CfaJob *job = &work->job;
	bool is_refund = job->kind == CFA_JOB_REFUND;
	int64_t amount = is_refund ? job->amount_minor : job->answer.received_minor;
	bool has_amount =
		is_refund || strcmp(job->apply_kind, "payment_succeeded") == 0;
	const char *currency = is_refund ? job->currency : job->answer.currency;
	char amount_text[24];
	char event_id[256];
	const char *values[] = {CFA_PROVIDER_NAME,
							event_id,
							job->apply_kind,
							job->payment_id,
							job->pledge_id,
							is_refund ? job->target_id : NULL,
							has_amount ? amount_text : NULL,
							has_amount ? or_null(currency) : NULL,
							or_null(job->answer.code),
							or_null(job->traceparent)};

	snprintf(amount_text, sizeof(amount_text), "%" PRId64, amount);
	snprintf(event_id,
			 sizeof(event_id),
			 "reconcile:%s:%s",
			 is_refund ? job->provider_refund_id : job->payment_id,
			 job->answer.status);
	query(work,
		  "SELECT outcome, state FROM careforall.payment_event_apply("
		  "$1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10)",
		  10,
		  values);
}

static void
query_park(CfaWork *work)
{
	const CfaJob *job = &work->job;
	bool is_cancel = job->kind != CFA_JOB_REFUND && job->payment_id[0] != '\0';
	char attempts[16];
	char status[16];
	const char *values[] = {is_cancel ? "cancel" : cfa_job_kind_name(job->kind),
							job->target_id,
							job->pledge_id,
							attempts,
							job->answer.http_status != 0 ? status : NULL,
							job->answer.code,
							job->answer.message,
							or_null(job->traceparent)};

	snprintf(attempts, sizeof(attempts), "%d", job->attempts);
	snprintf(status, sizeof(status), "%d", job->answer.http_status);
	query(work,
		  "SELECT careforall.payment_park($1, $2, $3, $4, $5, $6, $7, $8)",
		  8,
		  values);
}

static void
query_unpark(CfaWork *work)
{
	const CfaJob *job = &work->job;
	const char *values[] = {job->target_id,
							job->kind == CFA_JOB_REFUND ? "refund" : "payment",
							job->kind == CFA_JOB_REFUND ? "refund" : "cancel"};

	query(work,
		  "SELECT careforall.payment_unpark($2, $1),"
		  " careforall.payment_unpark($3, $1)",
		  3,
		  values);
}

static void
queried(void *arg, PGresult *result)
{
	CfaWork *work = arg;

	end_query_span(work, result);
	if (result == NULL)
	{
		/* Every statement here may be said twice. */
		work->is_blocked = true;
		return;
	}
	if (!cfa_pg_is_ok(result))
	{
		cfa_log(CFA_LOG_ERROR,
				"statement_failed",
				CFA_STR("target_id", work->job.target_id),
				CFA_INT("step", work->step),
				CFA_STR("sqlstate", cfa_pg_sqlstate(result)),
				CFA_STR("error",
						PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
		retry(work);
		return;
	}
	read_result(work, result);
	advance(work);
}

static void
read_result(CfaWork *work, const PGresult *result)
{
	if (work->step == CFA_STEP_FIND)
	{
		read_found(&work->job, result);
		/* No event said which trace this belongs to; the pledge does. */
		if (work->event_type[0] == '\0' && !work->span.is_traced)
			work->span = cfa_open_span(work->job.traceparent);
	}
	else if (work->step == CFA_STEP_ATTACH)
		read_attached(work, result);
	else if (work->step == CFA_STEP_APPLY)
	{
		cfa_metrics_add(work->payments->daemon.metrics,
						work->payments->metrics.reconciled,
						1);
		cfa_log(CFA_LOG_INFO,
				"reconciled",
				CFA_STR("target_id", work->job.target_id),
				CFA_STR("kind", work->job.apply_kind),
				CFA_STR("outcome", cfa_pg_text(result, 0, 0)),
				CFA_STR("state", cfa_pg_text(result, 0, 1)));
	}
}

static void
read_found(CfaJob *job, const PGresult *result)
{
	const char *is_cancel;

	job->is_found = PQntuples(result) == 1;
	if (!job->is_found)
		return;
	copy_field(job->state, sizeof(job->state), result, 0);
	copy_field(job->provider, sizeof(job->provider), result, 1);
	copy_field(job->payment_id, sizeof(job->payment_id), result, 2);
	copy_field(job->provider_refund_id,
			   sizeof(job->provider_refund_id),
			   result,
			   3);
	job->amount_minor = cfa_pg_int(result, 0, 4, 0);
	copy_field(job->currency, sizeof(job->currency), result, 5);
	is_cancel = cfa_pg_text(result, 0, 6);
	job->is_cancel_requested = is_cancel != NULL && is_cancel[0] == 't';
	job->age_s = cfa_pg_int(result, 0, 7, 0);
	copy_field(job->traceparent, sizeof(job->traceparent), result, 8);
	copy_field(job->pledge_id, sizeof(job->pledge_id), result, 9);
}

static void
read_attached(CfaWork *work, const PGresult *result)
{
	const char *outcome = cfa_pg_text(result, 0, 0);

	work->job.attach = CFA_ATTACH_OK;
	if (outcome == NULL || strcmp(outcome, "mismatch") == 0)
		work->job.attach = CFA_ATTACH_MISMATCH;
	else if (strcmp(outcome, "ended") == 0)
		work->job.attach = CFA_ATTACH_ENDED;
}

static void
copy_field(char *buf, size_t len, const PGresult *result, int column)
{
	const char *text = cfa_pg_text(result, 0, column);

	snprintf(buf, len, "%s", text != NULL ? text : "");
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
log_job(const CfaWork *work, CfaLogLevel level, const char *event)
{
	const CfaJob *job = &work->job;
	char trace_id[33] = "";
	CfaTrace trace;

	if (cfa_trace_parse(job->traceparent, strlen(job->traceparent), &trace))
		cfa_trace_id(&trace, trace_id);
	cfa_log(level,
			event,
			CFA_STR("kind", cfa_job_kind_name(job->kind)),
			CFA_STR("outcome", job->outcome),
			CFA_STR("target_id", job->target_id),
			CFA_STR("payment_id", or_null(job->payment_id)),
			CFA_STR("status", or_null(job->answer.status)),
			CFA_STR("code", or_null(job->answer.code)),
			CFA_INT("attempt", job->attempts),
			CFA_FLAG("reconcile", job->is_reconcile),
			CFA_STR("trace_id", or_null(trace_id)));
}
