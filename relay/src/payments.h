/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payments.h: what the files of careforall-payments share.
 *
 * payments_main.c     settings, connections, consumers, health
 * payments_work.c     carries out the steps of one job
 * payments_sweep.c    reconciler and follow-ups
 * payments_metrics.c  series
 * payments_plan.c     which step comes next (pure)
 */
#ifndef CFA_PAYMENTS_H
#define CFA_PAYMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "breaker.h"
#include "control.h"
#include "daemon.h"
#include "http_client.h"
#include "jetstream.h"
#include "nats_link.h"
#include "open_span.h"
#include "payments_plan.h"
#include "pg.h"

#define CFA_PAYMENTS_CONSUMERS 3
#define CFA_PAYMENTS_ACK_PENDING 256
#define CFA_PAYMENTS_ACK_WAIT_MS 15000
#define CFA_PAYMENTS_PAGE 100
#define CFA_FOLLOW_UPS 3
#define CFA_FOLLOW_UP_RING 4096
#define CFA_REPLY_MAX 256

typedef struct CfaPayments CfaPayments;

typedef struct CfaPaymentsConfig
{
	CfaDaemonConfig daemon;
	char *provider_key;
	char *provider_url;
	int64_t attempts_max;
	int64_t breaker_failures;
	int64_t breaker_pause_ms;
	int64_t breaker_pause_max_ms;
	int64_t concurrency;
	int64_t provider_timeout_ms;
	int64_t reconcile_after_ms;
	int64_t reconcile_every_ms;
} CfaPaymentsConfig;

/* One job under way. */
typedef struct CfaWork
{
	CfaPayments *payments;
	CfaJob job;
	CfaStep step;
	char reply[CFA_REPLY_MAX]; /* where to acknowledge; "" if it is no event */
	int follow_up;			   /* looks taken after the payment was made */
	bool is_blocked;		   /* waits for the database */
	CfaOpenSpan span;		   /* of the job */
	CfaOpenSpan step_span;	   /* of what it waits for */
	char event_type[32];	   /* "pledge.created"; "" if it is no event */
	char event_id[37];
	int64_t started_us;
	struct CfaWork *next;
	struct CfaWork *previous;
	struct CfaWork *next_waiting; /* for the provider */
} CfaWork;

typedef struct CfaPaymentsConsumer
{
	CfaPayments *payments;
	CfaJobKind kind;
	const char *durable;
	const char *filter;
	bool is_frequent; /* its events, among those of the stream */
	CfaConsumer *consumer;
	bool is_ready;
	bool is_stalled; /* the last one was: another takes its place */
	int64_t pending;
	CfaTimer retry;
} CfaPaymentsConsumer;

typedef struct CfaFollowUp
{
	int64_t due_us;
	char pledge_id[37];
} CfaFollowUp;

/* Looks of one delay, so due in the order they were put in. */
typedef struct CfaFollowUpRing
{
	size_t head;
	size_t count;
	CfaFollowUp items[CFA_FOLLOW_UP_RING];
} CfaFollowUpRing;

typedef struct CfaSweep
{
	bool is_running;
	int phase; /* which list, see payments_sweep.c */
	int runs;
	bool is_last_page;
	int open;		/* jobs of this page under way */
	char after[37]; /* "" at the start */
	CfaTimer timer;
} CfaSweep;

typedef enum CfaPaymentsOutcome
{
	CFA_OUTCOME_APPLIED,
	CFA_OUTCOME_CANCELED,
	CFA_OUTCOME_CREATED,
	CFA_OUTCOME_FOREIGN,
	CFA_OUTCOME_MISMATCH,
	CFA_OUTCOME_NOTHING_TO_CANCEL,
	CFA_OUTCOME_PARKED,
	CFA_OUTCOME_RETRY,
	CFA_OUTCOME_SETTLED,
	CFA_OUTCOME_UNKNOWN,
	CFA_OUTCOME_WAITING,
	CFA_OUTCOMES
} CfaPaymentsOutcome;

#define CFA_PROVIDER_OUTCOMES 5

typedef struct CfaPaymentsMetrics
{
	CfaMetric jobs[CFA_JOB_KINDS][CFA_OUTCOMES];
	CfaMetric requests[CFA_PROVIDER_CALLS][CFA_PROVIDER_OUTCOMES];
	CfaMetric request_seconds;
	CfaMetric event_seconds;
	CfaMetric breaker_state;
	CfaMetric breaker_opened;
	CfaMetric in_flight;
	CfaMetric jobs_open;
	CfaMetric waiting;
	CfaMetric pending[CFA_PAYMENTS_CONSUMERS];
	CfaMetric consumer_losses[CFA_PAYMENTS_CONSUMERS];
	CfaMetric stuck_payments;
	CfaMetric stuck_refunds;
	CfaMetric dead_letters;
	CfaMetric paused;
	CfaMetric reconciled;
	CfaMetric nats_losses;
	CfaMetric pg_losses;
} CfaPaymentsMetrics;

struct CfaPayments
{
	CfaDaemon daemon;
	CfaPaymentsConfig config;
	CfaPg *pg;
	CfaNatsLink *nats;
	CfaJetstream *js;
	CfaClient *client;
	CfaBreaker breaker;
	CfaPaymentsConsumer consumers[CFA_PAYMENTS_CONSUMERS];
	CfaPaymentsMetrics metrics;
	CfaWork *works;
	CfaWork *waiting_first;
	CfaWork *waiting_last;
	int work_count;
	int waiting_count;
	int in_flight;
	bool is_stopping;
	CfaControl pause; /* whether it may work */
	CfaTimer probe;	  /* when the breaker lets the next request through */
	CfaTimer tick;	  /* each second: deadlines, signs of life */
	CfaTimer stop;	  /* the end of the time to finish */
	CfaTimer follow_up;
	CfaFollowUpRing follow_ups[CFA_FOLLOW_UPS];
	CfaSweep sweep;
};

/* Registers all series; loads the gauges that only change by time. */
void cfa_payments_metrics_init(CfaPayments *payments);
void cfa_payments_metrics_refresh(CfaPayments *payments);
CfaPaymentsOutcome cfa_payments_outcome(const char *name);

/* The event that asks for a job. */
typedef struct CfaWorkEvent
{
	const char *reply;
	const char *type;
	const char *event_id;
	const char *traceparent; /* "" if none */
} CfaWorkEvent;

/*
 * Begins a job. event is NULL if no event asked for it. A job on the same target
 * that is under way takes the reply over; false if nothing was begun.
 */
bool cfa_work_start(CfaPayments *payments, CfaJobKind kind,
					const char *target_id, const CfaWorkEvent *event,
					int64_t attempts, bool is_reconcile, int follow_up);

/* Goes on with jobs that wait for the database. */
void cfa_work_unblock(CfaPayments *payments);

/* Sends what waits for the provider as far as breaker and window allow. */
void cfa_work_pump(CfaPayments *payments);

/* Tells the stream that jobs of events are still worked on. */
void cfa_work_keep_alive(CfaPayments *payments);

/* Whether a job of that kind is under way that an event asked for. */
bool cfa_work_has_event(const CfaPayments *payments, CfaJobKind kind);

/* Gives back what has not been sent to the provider yet. */
void cfa_work_release(CfaPayments *payments);

/* Frees all jobs; nobody is told. */
void cfa_work_clear(CfaPayments *payments);

/* Called when a job of the reconciler has ended. */
void cfa_sweep_done_one(CfaPayments *payments);
void cfa_sweep_init(CfaPayments *payments);

/* Begins a sweep now, unless one runs. */
void cfa_sweep_now(CfaPayments *payments);
void cfa_sweep_stop(CfaPayments *payments);

/* Looks again at a payment that is under way; look is 0 for the first time. */
void cfa_follow_up(CfaPayments *payments, const char *pledge_id, int look);

#endif
