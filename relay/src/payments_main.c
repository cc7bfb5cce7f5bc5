/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payments_main.c: careforall-payments: events become payments, cancellations and
 * refunds at the provider.
 *
 * Three durable consumers, one for each kind of event, so that refunds never wait
 * behind new payments. They are shared by all processes that run. An event is
 * acknowledged when its job is done, and not before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/envelope.h"
#include "careforall/log.h"
#include "careforall/text.h"
#include "payments.h"

#define STREAM "CAREFORALL"
#define TICK_US 1000000
#define RETRY_US 2000000
#define STOP_US 5000000
#define FLUSH_US 100000
#define KEEP_ALIVE_TICKS 5
/* Clocks differ, and a stream may be late. */
#define REACH_BACK_MORE_MS 60000

static CfaPayments payments = {
	.consumers = {{.kind = CFA_JOB_PAYMENT,
				   .is_frequent = true,
				   .durable = "payments-create",
				   .filter = "careforall.pledge.created.*"},
				  {.kind = CFA_JOB_CANCEL,
				   .durable = "payments-cancel",
				   .filter = "careforall.pledge.cancel_requested.*"},
				  {.kind = CFA_JOB_REFUND,
				   .durable = "payments-refund",
				   .filter = "careforall.pledge.refund_requested.*"}}};

static const CfaConfigItem items[] = {
	CFA_DAEMON_ITEMS(payments.config.daemon, "127.0.0.1:9103"),
	{"PAYMENTS_ATTEMPTS_MAX",
	 CFA_CONFIG_INTEGER,
	 &payments.config.attempts_max,
	 "20",
	 1,
	 1000,
	 "Tries of one piece of work before it is parked while the provider serves "
	 "others."},
	{"PAYMENTS_BREAKER_FAILURES",
	 CFA_CONFIG_INTEGER,
	 &payments.config.breaker_failures,
	 "5",
	 1,
	 1000,
	 "Failures in a row after which the provider gets a rest."},
	{"PAYMENTS_BREAKER_PAUSE",
	 CFA_CONFIG_DURATION,
	 &payments.config.breaker_pause_ms,
	 "1s",
	 10,
	 600000,
	 "First rest of the provider; it doubles with each failed probe."},
	{"PAYMENTS_BREAKER_PAUSE_MAX",
	 CFA_CONFIG_DURATION,
	 &payments.config.breaker_pause_max_ms,
	 "30s",
	 10,
	 3600000,
	 "Longest rest of the provider."},
	{"PAYMENTS_CONCURRENCY",
	 CFA_CONFIG_INTEGER,
	 &payments.config.concurrency,
	 "32",
	 1,
	 1024,
	 "Requests to the provider at the same time."},
	{"PAYMENTS_RECONCILE_AFTER",
	 CFA_CONFIG_DURATION,
	 &payments.config.reconcile_after_ms,
	 "60s",
	 100,
	 86400000,
	 "Age from which a pending pledge or requested refund is looked after."},
	{"PAYMENTS_RECONCILE_EVERY",
	 CFA_CONFIG_DURATION,
	 &payments.config.reconcile_every_ms,
	 "30s",
	 100,
	 86400000,
	 "Time between two runs of the reconciler."},
	{"PROVIDER_KEY",
	 CFA_CONFIG_SECRET,
	 &payments.config.provider_key,
	 "",
	 0,
	 0,
	 "Secret key at the provider."},
	{"PROVIDER_TIMEOUT",
	 CFA_CONFIG_DURATION,
	 &payments.config.provider_timeout_ms,
	 "10s",
	 10,
	 120000,
	 "Longest time for an answer of the provider."},
	{"PROVIDER_URL",
	 CFA_CONFIG_TEXT,
	 &payments.config.provider_url,
	 "http://127.0.0.1:8082",
	 0,
	 0,
	 "Where the provider is, without a path."},
};

static bool check_settings(char *error, size_t error_size);
static bool is_ready(void *arg, CfaBuf *reason);
static void refresh(void *arg);
static void on_stop(void *arg);
static void finish_stop(void *arg);
static void start_connections(void);
static void pg_up(void *arg);
static void pg_down(void *arg, const char *error);
static void nats_up(void *arg);
static void nats_down(void *arg, const char *error);
static void nats_read(void *arg);
static void make_consumer(void *arg);
static void drop_consumer(CfaPaymentsConsumer *consumer);
static void consumer_ready(void *arg, int64_t pending);
static void consumer_waiting(void *arg, int64_t count);
static bool consumer_is_busy(void *arg);
static void consumer_lost(void *arg, const char *reason);
static bool consumer_message(void *arg, const CfaDelivery *delivery);
static bool refund_id_of(const CfaDelivery *delivery, char *buf, size_t len);
static const char *get_header(void *message, const char *name);
static void on_tick(void *arg);
static void on_probe(void *arg);
static int64_t pending_events(void);
static void describe(void *arg, CfaControlReport *report);
static void on_pause(void *arg, bool is_held);

static const CfaDaemonSpec spec = {
	.name = "careforall-payments",
	.summary =
		"Makes, cancels and refunds payments at the provider, as events of "
		"pledges ask.",
	.config = &payments.config.daemon,
	.items = items,
	.item_count = sizeof(items) / sizeof(items[0]),
	.check = check_settings,
	.on_stop = on_stop,
	.is_ready = is_ready,
	.refresh = refresh,
};

int
main(int argc, char **argv)
{
	int code;

	if (cfa_daemon_init(&payments.daemon, &spec, argc, argv, &code))
		return code;
	srandom((unsigned) cfa_clock_us());
	cfa_breaker_init(&payments.breaker,
					 (int) payments.config.breaker_failures,
					 payments.config.breaker_pause_ms,
					 payments.config.breaker_pause_max_ms);
	cfa_payments_metrics_init(&payments);
	start_connections();
	cfa_sweep_init(&payments);
	code = cfa_daemon_run(&payments.daemon);
	cfa_sweep_stop(&payments);
	cfa_timer_cancel(payments.daemon.loop, &payments.tick);
	cfa_client_free(payments.client);
	cfa_pg_free(payments.pg);
	cfa_js_free(payments.js);
	cfa_nats_free(payments.nats);
	payments.is_stopping = true;
	cfa_work_clear(&payments);
	cfa_daemon_clear(&payments.daemon);
	return code;
}

static bool
check_settings(char *error, size_t error_size)
{
	const char *url = payments.config.provider_url;
	const char *host = strstr(url, "://");

	if ((strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0) &&
		host[3] != '\0' && strchr(host + 3, '/') == NULL &&
		strchr(host + 3, '@') == NULL)
		return true;
	snprintf(
		error,
		error_size,
		"CAREFORALL_PROVIDER_URL is invalid: http(s)://host:port without a path "
		"or a user");
	return false;
}

static bool
is_ready(void *arg, CfaBuf *reason)
{
	bool is_consuming = true;

	if (cfa_control_is_paused(&payments.pause) && !payments.is_stopping)
	{
		cfa_buf_adds(reason, "paused");
		return true;
	}
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
		is_consuming = is_consuming && payments.consumers[i].is_ready;
	if (!cfa_pg_is_up(payments.pg))
		cfa_buf_adds(reason, "postgresql is away; ");
	if (!is_consuming)
		cfa_buf_adds(reason, "the stream is not consumed; ");
	if (payments.breaker.state != CFA_BREAKER_CLOSED)
		cfa_buf_addf(reason,
					 "the provider fails: breaker %s; ",
					 cfa_breaker_name(payments.breaker.state));
	if (payments.is_stopping)
		cfa_buf_adds(reason, "stopping; ");
	return reason->len == 0;
}

static void
refresh(void *arg)
{
	cfa_payments_metrics_refresh(&payments);
}

/* Takes nothing new, gives back what waits, and lets requests under way end. */
static void
on_stop(void *arg)
{
	payments.is_stopping = true;
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
		drop_consumer(&payments.consumers[i]);
	cfa_work_release(&payments);
	payments.stop = (CfaTimer){.fn = finish_stop};
	cfa_timer_set(payments.daemon.loop, &payments.stop, STOP_US);
}

static void
finish_stop(void *arg)
{
	cfa_loop_stop(payments.daemon.loop, 0);
}

static void
start_connections(void)
{
	const CfaPaymentsConfig *config = &payments.config;
	CfaLoop *loop = payments.daemon.loop;
	const CfaPgOptions pg = {.name = "payments",
							 .dsn = config->daemon.pg_dsn,
							 .password = config->daemon.pg_password,
							 .setup = "SET statement_timeout = '20s'",
							 .needs_primary = true,
							 .on_up = pg_up,
							 .on_down = pg_down};
	const CfaNatsOptions nats = {.name = "careforall-payments",
								 .url = config->daemon.nats_url,
								 .tls = CFA_DAEMON_NATS_TLS(config->daemon),
								 .user = config->daemon.nats_user,
								 .password = config->daemon.nats_password,
								 .in_loop = true,
								 .on_up = nats_up,
								 .on_down = nats_down,
								 .on_read = nats_read};
	const CfaClientOptions client = {.base_url = config->provider_url,
									 .key = config->provider_key,
									 .timeout_ms = config->provider_timeout_ms};

	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
	{
		payments.consumers[i].payments = &payments;
		payments.consumers[i].retry =
			(CfaTimer){.fn = make_consumer, .arg = &payments.consumers[i]};
	}
	payments.tick = (CfaTimer){.fn = on_tick};
	payments.probe = (CfaTimer){.fn = on_probe};
	cfa_timer_set(loop, &payments.tick, TICK_US);
	payments.client = cfa_client_new(loop, &client);
	payments.pg = cfa_pg_new(loop, &pg);
	cfa_control_init(&payments.pause,
					 &(CfaControlOptions){.consumer = "payments",
										  .pg = payments.pg,
										  .metrics = payments.daemon.metrics,
										  .paused = payments.metrics.paused,
										  .describe = describe,
										  .on_change = on_pause});
	payments.nats = cfa_nats_new(loop, &nats);
}

static void
pg_up(void *arg)
{
	cfa_control_tick(&payments.pause);
	cfa_work_unblock(&payments);
}

static void
pg_down(void *arg, const char *error)
{
	cfa_log(CFA_LOG_WARN, "postgresql_lost", CFA_STR("error", error));
}

static void
nats_up(void *arg)
{
	const char *error = NULL;

	payments.js = cfa_js_new(cfa_nats_connection(payments.nats), &error);
	if (payments.js == NULL)
	{
		cfa_nats_drop(payments.nats, error);
		return;
	}
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS && !payments.is_stopping; i++)
		make_consumer(&payments.consumers[i]);
}

/* Jobs go on: what they would acknowledge comes again and finds itself done. */
static void
nats_down(void *arg, const char *error)
{
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
		drop_consumer(&payments.consumers[i]);
	cfa_js_free(payments.js);
	payments.js = NULL;
	for (CfaWork *work = payments.works; work != NULL; work = work->next)
		work->reply[0] = '\0';
}

static void
nats_read(void *arg)
{
	if (payments.js != NULL)
		cfa_js_poll(payments.js, cfa_clock_us() / 1000);
}

static void
make_consumer(void *arg)
{
	CfaPaymentsConsumer *consumer = arg;
	const CfaConsumerConfig config = {.stream = STREAM,
									  .durable = consumer->durable,
									  .filter = consumer->filter,
									  .is_replaced = consumer->is_stalled,
									  .is_frequent = consumer->is_frequent,
									  /* What is older the reconciler finds. */
									  .reach_back_ms =
										  payments.config.reconcile_after_ms +
										  REACH_BACK_MORE_MS,
									  .ack_wait_ms = CFA_PAYMENTS_ACK_WAIT_MS,
									  .ack_pending_max =
										  CFA_PAYMENTS_ACK_PENDING,
									  .ready = consumer_ready,
									  .message = consumer_message,
									  .lost = consumer_lost,
									  .waiting = consumer_waiting,
									  .is_busy = consumer_is_busy,
									  .arg = consumer};

	if (payments.js == NULL || payments.is_stopping ||
		cfa_control_is_held(&payments.pause))
		return;
	consumer->consumer =
		cfa_consumer_new(payments.js, &config, cfa_clock_us() / 1000);
	if (consumer->consumer == NULL)
		cfa_timer_set(payments.daemon.loop, &consumer->retry, RETRY_US);
}

static void
drop_consumer(CfaPaymentsConsumer *consumer)
{
	cfa_timer_cancel(payments.daemon.loop, &consumer->retry);
	cfa_consumer_free(consumer->consumer);
	consumer->consumer = NULL;
	consumer->is_ready = false;
}

static void
consumer_ready(void *arg, int64_t pending)
{
	CfaPaymentsConsumer *consumer = arg;

	cfa_log(CFA_LOG_INFO,
			"consuming",
			CFA_STR("consumer", consumer->durable),
			CFA_INT("pending", pending));
	consumer->is_ready = true;
	consumer->is_stalled = false;
	consumer->pending = pending;
}

static void
consumer_waiting(void *arg, int64_t count)
{
	CfaPaymentsConsumer *consumer = arg;

	consumer->pending = count;
}

static bool
consumer_is_busy(void *arg)
{
	const CfaPaymentsConsumer *consumer = arg;

	return cfa_work_has_event(&payments, consumer->kind);
}

/* One that stands still does so for a reason that the others may share. */
static void
consumer_lost(void *arg, const char *reason)
{
	CfaPaymentsConsumer *lost = arg;
	bool is_stalled = strcmp(reason, CFA_CONSUMER_STALLED) == 0;

	cfa_log(CFA_LOG_WARN,
			"consumer_lost",
			CFA_STR("consumer", lost->durable),
			CFA_STR("reason", reason));
	cfa_metrics_add(payments.daemon.metrics,
					payments.metrics.consumer_losses[lost - payments.consumers],
					1);
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
	{
		CfaPaymentsConsumer *consumer = &payments.consumers[i];

		if (consumer != lost && !is_stalled)
			continue;
		drop_consumer(consumer);
		consumer->is_stalled = is_stalled;
		cfa_timer_set(payments.daemon.loop, &consumer->retry, RETRY_US);
	}
}

static bool
consumer_message(void *arg, const CfaDelivery *delivery)
{
	CfaPaymentsConsumer *consumer = arg;
	CfaEventIn event;
	CfaWorkEvent work_event;
	char target_id[37];
	bool is_readable = cfa_event_read(get_header, delivery->message, &event);

	consumer->pending = delivery->pending;
	if (is_readable && consumer->kind == CFA_JOB_REFUND)
		is_readable = refund_id_of(delivery, target_id, sizeof(target_id));
	else if (is_readable)
		snprintf(target_id, sizeof(target_id), "%s", event.aggregate_id);
	if (!is_readable)
	{
		/* Nothing can ever be done with it; the reconciler covers its pledge. */
		cfa_log(CFA_LOG_ERROR,
				"event_unreadable",
				CFA_STR("consumer", consumer->durable),
				CFA_INT("sequence", delivery->sequence));
		cfa_js_ack(payments.js, delivery->reply);
		return true;
	}
	if (delivery->deliveries == 1 && cfa_now_ms() > event.occurred_at_ms)
		cfa_metrics_observe(payments.daemon.metrics,
							payments.metrics.event_seconds,
							(uint64_t) (cfa_now_ms() - event.occurred_at_ms));
	work_event = (CfaWorkEvent){.reply = delivery->reply,
								.type = event.type,
								.event_id = event.event_id,
								.traceparent = event.traceparent};
	cfa_work_start(&payments,
				   consumer->kind,
				   target_id,
				   &work_event,
				   delivery->deliveries,
				   false,
				   0);
	return true;
}

static bool
refund_id_of(const CfaDelivery *delivery, char *buf, size_t len)
{
	json_t *data = json_loadb(natsMsg_GetData(delivery->message),
							  (size_t) natsMsg_GetDataLength(delivery->message),
							  0,
							  NULL);
	const char *id = json_string_value(json_object_get(data, "refund_id"));
	uint8_t uuid[16];
	bool is_id = id != NULL && cfa_uuid_parse(id, strlen(id), uuid);

	if (is_id)
		snprintf(buf, len, "%s", id);
	json_decref(data);
	return is_id;
}

static const char *
get_header(void *message, const char *name)
{
	const char *value = NULL;

	return natsMsgHeader_Get(message, name, &value) == NATS_OK ? value : NULL;
}

static void
on_tick(void *arg)
{
	static int ticks;

	cfa_timer_set(payments.daemon.loop, &payments.tick, TICK_US);
	cfa_control_tick(&payments.pause);
	if (payments.js != NULL)
		cfa_js_tick(payments.js, cfa_clock_us() / 1000);
	/* A statement refused while the database was away may say so after it is back. */
	if (cfa_pg_is_up(payments.pg))
		cfa_work_unblock(&payments);
	if (++ticks % KEEP_ALIVE_TICKS == 0)
		cfa_work_keep_alive(&payments);
	if (payments.is_stopping && payments.in_flight == 0)
		cfa_timer_set(payments.daemon.loop, &payments.stop, FLUSH_US);
}

static void
on_probe(void *arg)
{
	cfa_work_pump(&payments);
}

/* ---- pausing */

static int64_t
pending_events(void)
{
	int64_t pending = 0;

	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
	{
		if (!payments.consumers[i].is_ready)
			return CFA_CONTROL_UNKNOWN;
		pending += payments.consumers[i].pending;
	}
	return pending;
}

static void
describe(void *arg, CfaControlReport *report)
{
	CfaBuf reason = {0};

	if (cfa_control_is_held(&payments.pause))
		cfa_buf_adds(&reason, "paused");
	else if (is_ready(NULL, &reason))
		cfa_buf_adds(&reason, "consuming");
	snprintf(report->state, sizeof(report->state), "%s", cfa_buf_text(&reason));
	cfa_buf_clear(&reason);
	report->pending = pending_events();
	for (int kind = 0; kind < CFA_JOB_KINDS; kind++)
		report->failures +=
			cfa_metrics_value(payments.daemon.metrics,
							  payments.metrics.jobs[kind][CFA_OUTCOME_RETRY]) +
			cfa_metrics_value(payments.daemon.metrics,
							  payments.metrics.jobs[kind][CFA_OUTCOME_PARKED]);
}

/* Requests under way end and are noted; everything else is given back. */
static void
on_pause(void *arg, bool is_held)
{
	if (payments.is_stopping)
		return;
	if (is_held)
	{
		for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
			drop_consumer(&payments.consumers[i]);
		cfa_work_release(&payments);
		return;
	}
	for (int i = 0; i < CFA_PAYMENTS_CONSUMERS; i++)
		make_consumer(&payments.consumers[i]);
	cfa_sweep_now(&payments);
}
