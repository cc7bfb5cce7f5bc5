/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.c: the phases of careforall-relay.
 *
 *   STANDBY -> WAIT -> STREAM -> START -> TAIL -> FLOW
 *
 * Losing the lead goes back to STANDBY. Any doubt about what the stream holds goes
 * back to WAIT by cfa_relay_resync(), and the way from there is always the same as
 * after a start, so that recovery is what runs every day. What survives a crash is
 * in the database (checkpoints, parked events) and in the stream.
 */
#include "relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "careforall/text.h"
#include "notify.h"

#define RETRY_BASE_MS 50
#define RETRY_MAX_MS 5000
#define TICK_US INT64_C(500000)
#define ACK_LIMIT_US (INT64_C(5) * 1000000)
#define TAIL_LIMIT_US (INT64_C(2) * 1000000)
#define TAIL_DOUBLINGS_MAX 2
#define STOP_LIMIT_US (INT64_C(5) * 1000000)
#define JS_POLL_US 500

static void on_teardown(void *arg);
static void on_retry(void *arg);
static void on_tick(void *arg);
static void on_deadline(void *arg);
static void on_js_poll(void *arg);
static void on_nats_up(void *arg);
static void on_nats_down(void *arg, const char *error);
static void on_wire_room(void *arg);
static void try_stream(CfaRelay *relay);
static void describe(void *arg, CfaControlReport *report);
static void on_pause(void *arg, bool is_held);

void
cfa_relay_init(CfaRelay *relay, const CfaRelayConfig *config, CfaDaemon *daemon)
{
	*relay = (CfaRelay){.config = config,
						.daemon = daemon,
						.loop = daemon->loop,
						.phase = CFA_RELAY_STANDBY,
						.is_retry_due = true};
	snprintf(relay->reason, sizeof(relay->reason), "starting");
	relay->teardown = (CfaTimer){.fn = on_teardown, .arg = relay};
	relay->retry = (CfaTimer){.fn = on_retry, .arg = relay};
	relay->tick = (CfaTimer){.fn = on_tick, .arg = relay};
	relay->deadline = (CfaTimer){.fn = on_deadline, .arg = relay};
	relay->js_timer = (CfaTimer){.fn = on_js_poll, .arg = relay};
	cfa_backoff_init(&relay->backoff,
					 RETRY_BASE_MS,
					 RETRY_MAX_MS,
					 (uint64_t) cfa_clock_us());
	cfa_window_init(&relay->window, (size_t) config->window);
	cfa_relay_metrics_init(&relay->metrics, daemon->metrics);
}

void
cfa_relay_start(CfaRelay *relay)
{
	const CfaDaemonConfig *config = &relay->config->daemon;
	const CfaNatsOptions nats = {.name = "careforall-relay",
								 .url = config->nats_url,
								 .tls = CFA_DAEMON_NATS_TLS(*config),
								 .user = config->nats_user,
								 .password = config->nats_password,
								 .in_loop = true,
								 .has_wire = true,
								 .on_up = on_nats_up,
								 .on_down = on_nats_down,
								 .on_read = on_js_poll,
								 .on_wire_message = cfa_publish_answer,
								 .on_wire_read = cfa_publish_answered,
								 .on_wire_room = on_wire_room,
								 .arg = relay};

	relay->nats = cfa_nats_new(relay->loop, &nats);
	relay->guard = cfa_guard_new(relay);
	cfa_source_init(relay);
	cfa_lead_init(relay);
	cfa_control_init(&relay->pause,
					 &(CfaControlOptions){.consumer = CFA_RELAY_CONSUMER,
										  .pg = relay->control,
										  .metrics = relay->metrics.registry,
										  .paused = relay->metrics.is_paused,
										  .describe = describe,
										  .on_change = on_pause,
										  .arg = relay});
	cfa_timer_set(relay->loop, &relay->tick, TICK_US);
}

void
cfa_relay_clear(CfaRelay *relay)
{
	cfa_timer_cancel(relay->loop, &relay->teardown);
	cfa_timer_cancel(relay->loop, &relay->retry);
	cfa_timer_cancel(relay->loop, &relay->tick);
	cfa_timer_cancel(relay->loop, &relay->deadline);
	cfa_timer_cancel(relay->loop, &relay->js_timer);
	cfa_replay_stop(relay);
	cfa_source_clear(relay);
	cfa_lead_clear(relay);
	cfa_publish_close(relay);
	cfa_js_free(relay->js);
	cfa_guard_free(relay->guard);
	cfa_nats_free(relay->nats);
	cfa_relay_spans_clear(&relay->spans);
	cfa_window_clear(&relay->window);
	cfa_ids_clear(&relay->done);
	cfa_ids_clear(&relay->parked);
	cfa_ids_clear(&relay->blocked);
	cfa_ids_clear(&relay->dropped);
}

static void
set_reason(CfaRelay *relay, const char *reason)
{
	snprintf(relay->reason, sizeof(relay->reason), "%s", reason);
}

/* ---- doubt */

void
cfa_relay_resync(CfaRelay *relay, const char *reason)
{
	CfaRelayMetrics *m = &relay->metrics;
	int64_t delay_ms;

	if (relay->phase == CFA_RELAY_STOPPING)
	{
		/* The next leader finds out what was stored. */
		cfa_loop_stop(relay->loop, CFA_EXIT_OK);
		return;
	}
	if (relay->phase == CFA_RELAY_STANDBY || relay->phase == CFA_RELAY_WAIT)
		return;
	delay_ms = cfa_backoff_next(&relay->backoff);
	cfa_metrics_add(m->registry, m->resyncs, 1);
	cfa_log(CFA_LOG_WARN,
			"resync",
			CFA_STR("reason", reason),
			CFA_INT("in_flight", cfa_window_in_flight(&relay->window)),
			CFA_INT("retry_ms", delay_ms));
	set_reason(relay, reason);
	snprintf(relay->doubt, sizeof(relay->doubt), "%s", reason);
	relay->phase = CFA_RELAY_WAIT;
	relay->is_retry_due = false;
	cfa_timer_set(relay->loop, &relay->teardown, 0);
	cfa_timer_set(relay->loop, &relay->retry, delay_ms * 1000);
}

void
cfa_relay_fail(CfaRelay *relay, const char *event, const char *reason)
{
	cfa_log(CFA_LOG_ERROR,
			event,
			CFA_STR("stream", relay->config->stream),
			CFA_STR("reason", reason));
	set_reason(relay, reason);
	relay->phase = CFA_RELAY_WAIT;
	relay->is_retry_due = false;
	cfa_loop_stop(relay->loop, CFA_EXIT_FAILED);
}

/* Ends what belongs to the epoch that is over. */
static void
on_teardown(void *arg)
{
	CfaRelay *relay = arg;

	cfa_source_stop(relay);
	cfa_replay_stop(relay);
	cfa_stream_end_tail(relay);
	cfa_ids_clear(&relay->done);
	cfa_nats_drop(relay->nats, "begins again");
}

static void
on_retry(void *arg)
{
	CfaRelay *relay = arg;

	relay->is_retry_due = true;
	try_stream(relay);
}

/* ---- NATS */

static void
on_nats_up(void *arg)
{
	CfaRelay *relay = arg;
	const char *error = NULL;

	relay->js = cfa_js_new(cfa_nats_connection(relay->nats), &error);
	if (relay->js == NULL || !cfa_publish_open(relay))
	{
		cfa_nats_drop(relay->nats, error == NULL ? "no inbox" : error);
		return;
	}
	try_stream(relay);
}

static void
on_nats_down(void *arg, const char *error)
{
	CfaRelay *relay = arg;

	cfa_metrics_add(relay->metrics.registry, relay->metrics.lost_nats, 1);
	cfa_timer_cancel(relay->loop, &relay->js_timer);
	relay->tail = NULL; /* freed with js */
	cfa_publish_close(relay);
	cfa_js_free(relay->js);
	relay->js = NULL;
	cfa_relay_resync(relay, error);
}

static void
on_js_poll(void *arg)
{
	CfaRelay *relay = arg;

	if (relay->js == NULL)
		return;
	cfa_js_poll(relay->js, cfa_monotonic_ms());
	/* The library may hold more messages than one poll takes. */
	if (relay->phase == CFA_RELAY_TAIL)
		cfa_timer_set(relay->loop, &relay->js_timer, JS_POLL_US);
}

static void
on_wire_room(void *arg)
{
	CfaRelay *relay = arg;

	if (relay->phase != CFA_RELAY_FLOW)
		return;
	cfa_source_room(relay);
	cfa_replay_room(relay);
}

/* ---- the way to the flow */

void
cfa_relay_lead_won(CfaRelay *relay)
{
	relay->phase = CFA_RELAY_WAIT;
	relay->broker_heard_us = cfa_loop_now_us(relay->loop);
	set_reason(relay, "waiting for NATS");
	cfa_notify("STATUS=leading");
	try_stream(relay);
}

void
cfa_relay_lead_lost(CfaRelay *relay, const char *reason)
{
	if (relay->phase == CFA_RELAY_STANDBY)
		return;
	if (relay->phase == CFA_RELAY_STOPPING)
	{
		cfa_loop_stop(relay->loop, CFA_EXIT_OK);
		return;
	}
	cfa_log(CFA_LOG_WARN, "lead_lost", CFA_STR("reason", reason));
	cfa_notify("STATUS=standing by");
	set_reason(relay, reason);
	relay->phase = CFA_RELAY_STANDBY;
	cfa_timer_set(relay->loop, &relay->teardown, 0);
}

static void
try_stream(CfaRelay *relay)
{
	if (relay->phase != CFA_RELAY_WAIT || !relay->is_retry_due ||
		relay->js == NULL)
		return;
	if (cfa_control_is_held(&relay->pause))
	{
		set_reason(relay, "paused");
		return;
	}
	relay->phase = CFA_RELAY_STREAM;
	set_reason(relay, "asking for the stream");
	cfa_stream_ask(relay);
}

/* The stream is known; goes on if it is known too that not anybody may write to it. */
void
cfa_relay_guarded(CfaRelay *relay)
{
	CfaGuardState state = CFA_GUARD_CLOSED;

	if (relay->phase != CFA_RELAY_STREAM || !relay->stream.is_known)
		return;
	if (!relay->config->stream_open)
		state = cfa_guard_state(relay->guard);
	if (state == CFA_GUARD_ASKING)
		return;
	if (state == CFA_GUARD_OPEN)
		cfa_relay_fail(relay,
					   "stream_open",
					   "anybody may publish careforall.> here: give the NATS "
					   "server users and let only the relay's publish it, or "
					   "set CAREFORALL_STREAM_OPEN=on");
	else
		cfa_relay_stream_known(relay);
}

void
cfa_relay_stream_known(CfaRelay *relay)
{
	relay->phase = CFA_RELAY_START;
	set_reason(relay, "asking the database where to go on");
	cfa_lead_ask_start(relay);
}

void
cfa_relay_start_known(CfaRelay *relay, const char *snapshot, int64_t stream_seq,
					  bool is_foreign, bool has_lost)
{
	CfaRelayMetrics *m = &relay->metrics;
	const CfaStreamState *stream = &relay->stream;

	if (relay->phase != CFA_RELAY_START)
		return;
	if (has_lost)
	{
		cfa_metrics_add(m->registry, m->stream_losses, 1);
		cfa_log(CFA_LOG_ERROR,
				"stream_has_lost",
				CFA_INT("last_seq", stream->last_seq));
	}
	free(relay->snapshot);
	relay->snapshot = snapshot == NULL ? NULL : strdup(snapshot);
	relay->tail_from = (uint64_t) stream_seq;
	if (snapshot == NULL)
		relay->tail_from = stream->first_seq > 0 ? stream->first_seq - 1 : 0;
	cfa_log(CFA_LOG_INFO,
			"goes_on",
			CFA_FLAG("from_checkpoint", snapshot != NULL),
			CFA_FLAG("other_cluster", is_foreign),
			CFA_INT("checkpoint_seq", relay->tail_from),
			CFA_INT("last_seq", stream->last_seq));
	cfa_ids_clear(&relay->done);
	/* Replays that the stream has lost begin again. */
	if (has_lost)
		relay->replay.tail_id = 0;
	if (stream->last_seq <= relay->tail_from)
	{
		cfa_relay_tail_known(relay);
		return;
	}
	relay->phase = CFA_RELAY_TAIL;
	set_reason(relay, "reading the stream's tail");
	cfa_stream_read_tail(relay);
	cfa_timer_set(relay->loop, &relay->js_timer, JS_POLL_US);
}

void
cfa_relay_tail_known(CfaRelay *relay)
{
	cfa_stream_end_tail(relay);
	cfa_window_start(&relay->window, relay->stream.last_seq);
	relay->previous[0] = '\0';
	cfa_replay_tail_known(relay);
	relay->phase = CFA_RELAY_FLOW;
	set_reason(relay, "");
	relay->checkpoint_us = 0;
	cfa_log(CFA_LOG_INFO,
			"flowing",
			CFA_INT("epoch", relay->epoch),
			CFA_INT("last_seq", relay->stream.last_seq),
			CFA_INT("tail", relay->done.count));
	cfa_source_start(relay);
}

void
cfa_relay_window_moved(CfaRelay *relay)
{
	if (relay->phase == CFA_RELAY_FLOW)
	{
		cfa_backoff_reset(&relay->backoff);
		cfa_source_room(relay);
		cfa_replay_room(relay);
		if (relay->checkpoint_us == 0)
			cfa_lead_checkpoint(relay, true);
	}
	else if (relay->phase == CFA_RELAY_STOPPING &&
			 cfa_window_in_flight(&relay->window) == 0)
		cfa_lead_checkpoint(relay, true);
}

/* ---- pausing */

static void
describe(void *arg, CfaControlReport *report)
{
	const CfaRelay *relay = arg;

	snprintf(report->state,
			 sizeof(report->state),
			 "%s",
			 relay->phase == CFA_RELAY_FLOW ? "flowing" : relay->reason);
	if (relay->phase == CFA_RELAY_FLOW)
		report->stream_seq =
			(int64_t) (relay->window.base + relay->window.acked);
	report->failures =
		cfa_metrics_value(relay->metrics.registry, relay->metrics.resyncs);
}

/*
 * A pause keeps the lead, so that no standby begins, and ends all else; what was in
 * flight is found in the stream's tail by the way that leads back.
 */
static void
on_pause(void *arg, bool is_held)
{
	CfaRelay *relay = arg;

	if (relay->phase == CFA_RELAY_STANDBY || relay->phase == CFA_RELAY_STOPPING)
		return;
	if (!is_held)
	{
		try_stream(relay);
		return;
	}
	set_reason(relay, "paused");
	if (relay->phase == CFA_RELAY_WAIT)
		return;
	relay->phase = CFA_RELAY_WAIT;
	cfa_timer_set(relay->loop, &relay->teardown, 0);
}

/* ---- stopping */

void
cfa_relay_stop(void *arg)
{
	CfaRelay *relay = arg;
	bool was_flowing = relay->phase == CFA_RELAY_FLOW;

	relay->is_stopping = true;
	if (!was_flowing)
	{
		cfa_loop_stop(relay->loop, CFA_EXIT_OK);
		return;
	}
	relay->phase = CFA_RELAY_STOPPING;
	set_reason(relay, "stopping");
	cfa_timer_set(relay->loop, &relay->deadline, STOP_LIMIT_US);
	cfa_source_stop(relay);
	cfa_replay_stop_reading(relay);
	cfa_relay_window_moved(relay);
}

static void
on_deadline(void *arg)
{
	CfaRelay *relay = arg;

	cfa_log(CFA_LOG_WARN,
			"stopped_with_messages_in_flight",
			CFA_INT("in_flight", cfa_window_in_flight(&relay->window)));
	cfa_loop_stop(relay->loop, CFA_EXIT_OK);
}

/* ---- looking after */

/*
 * How long the next message of the tail is waited for: a replica that lags can be made
 * its reader, delivers nothing and sends heartbeats all the same (nats-server 2.9); the
 * next attempt may get another one. Longer after each in vain, for brokers that are slow.
 */
static int64_t
tail_limit_us(const CfaRelay *relay)
{
	unsigned attempt = relay->backoff.attempt;

	return TAIL_LIMIT_US << (attempt < TAIL_DOUBLINGS_MAX ? attempt
														  : TAIL_DOUBLINGS_MAX);
}

static void
on_tick(void *arg)
{
	CfaRelay *relay = arg;
	int64_t now_us = cfa_loop_now_us(relay->loop);
	int64_t oldest_us = cfa_window_oldest_us(&relay->window);

	cfa_timer_set(relay->loop, &relay->tick, TICK_US);
	cfa_control_tick(&relay->pause);
	if (relay->js != NULL)
		cfa_js_tick(relay->js, cfa_monotonic_ms());
	if (oldest_us != 0 && now_us - oldest_us > ACK_LIMIT_US)
		cfa_relay_resync(relay, "an acknowledgement is missing for 5 s");
	if (relay->phase == CFA_RELAY_TAIL &&
		now_us - relay->tail_heard_us > tail_limit_us(relay))
		cfa_relay_resync(relay, "the stream's tail does not come");
	if (relay->phase == CFA_RELAY_FLOW && !relay->is_first_batch &&
		cfa_window_in_flight(&relay->window) == 0)
		relay->doubt[0] = '\0';
	cfa_stream_probe(relay);
}

bool
cfa_relay_is_ready(void *arg, CfaBuf *reason)
{
	CfaRelay *relay = arg;
	int64_t lag_ms =
		cfa_metrics_value(relay->metrics.registry, relay->metrics.lag_seconds);

	if (relay->phase == CFA_RELAY_STANDBY && relay->is_standby &&
		cfa_nats_connection(relay->nats) != NULL)
	{
		cfa_buf_adds(reason, "standing by");
		return true;
	}
	if (cfa_control_is_paused(&relay->pause))
	{
		cfa_buf_adds(reason, "paused");
		return true;
	}
	if (relay->phase != CFA_RELAY_FLOW)
	{
		cfa_buf_adds(reason, relay->reason);
		return false;
	}
	if (relay->doubt[0] != '\0')
	{
		/* It flows again, but whether anything is stored is not known yet. */
		cfa_buf_addf(reason, "not sure yet: %s", relay->doubt);
		return false;
	}
	if (lag_ms > relay->config->lag_limit_ms)
	{
		cfa_buf_addf(reason, "%lld ms behind", (long long) lag_ms);
		return false;
	}
	cfa_buf_adds(reason, "leading");
	return true;
}

void
cfa_relay_refresh(void *arg)
{
	CfaRelay *relay = arg;
	CfaRelayMetrics *m = &relay->metrics;
	int64_t age_us = relay->checkpoint_us == 0
						 ? 0
						 : cfa_loop_now_us(relay->loop) - relay->checkpoint_us;

	int64_t silent_us =
		relay->phase == CFA_RELAY_STANDBY
			? 0
			: cfa_loop_now_us(relay->loop) - relay->broker_heard_us;
	CfaBuf reason = {0};

	cfa_metrics_set(m->registry,
					m->is_ready,
					cfa_relay_is_ready(relay, &reason));
	cfa_buf_clear(&reason);
	cfa_metrics_set(m->registry, m->broker_silent, silent_us);
	cfa_metrics_set(m->registry,
					m->window_used,
					(int64_t) cfa_window_in_flight(&relay->window));
	cfa_metrics_set(m->registry, m->window_size, relay->config->window);
	cfa_metrics_set(m->registry, m->is_leader, relay->epoch > 0);
	cfa_metrics_set(m->registry, m->is_flowing, relay->phase == CFA_RELAY_FLOW);
	cfa_metrics_set(m->registry, m->is_asleep, relay->sleep == CFA_ASLEEP);
	cfa_metrics_set(m->registry, m->epoch, relay->epoch);
	cfa_metrics_set(m->registry, m->checkpoint_age, age_us);
	cfa_metrics_set(m->registry,
					m->parked_aggregates,
					(int64_t) relay->parked.count);
	cfa_metrics_set(m->registry,
					m->stream_seq,
					(int64_t) (relay->window.base + relay->window.acked));
}
