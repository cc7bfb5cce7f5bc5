/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_lead.c: the control session: leadership, checkpoints, parked events.
 *
 * The session holds the advisory lock, so losing it is losing the lead, and all that
 * the leader writes goes through it in order: an event is parked before any
 * checkpoint that passes it. synchronous_commit is off here because an old
 * checkpoint is as right as a new one, only further back; becoming the leader is
 * made durable by its function.
 */
#include "relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "careforall/log.h"
#include "careforall/text.h"
#include "relay_fault.h"

#define LEAD_POLL_US INT64_C(250000)
/* A leader gives a sign of life each second. One whose sign does not get through in
 * three loses its session; one that is silent for three is ended by a standby, which
 * leads before five are over. */
#define HEARTBEAT_US INT64_C(1000000)
#define HEARTBEAT_TIMEOUT_MS 3000
#define SILENT_TEXT "3 s"
#define SILENT_CHECK_US INT64_C(500000)
/* A leader without NATS makes way after that time. */
#define NATS_LIMIT_US (INT64_C(3) * 1000000)
#define PRUNE_US (INT64_C(60) * 1000000)
/* A checkpoint is renewed even if nothing was published, so that rotation goes on. */
#define RENEW_US (INT64_C(60) * 1000000)
#define LAG_US (INT64_C(5) * 1000000)
#define CONTROL_TIMEOUT_MS 15000
/* relay_start() may have to rewrite the ids of restored rows. */
#define START_TIMEOUT_MS 600000
#define NUMBER_MAX 24

static const char setup_sql[] = "SET synchronous_commit = off;"
								"SET statement_timeout = '10min';"
								"SET lock_timeout = '10s';"
								"SET idle_in_transaction_session_timeout = 0;"
								"LISTEN careforall_outbox";

static void on_up(void *arg);
static void on_down(void *arg, const char *error);
static void on_notify(void *arg, const char *channel);
static void on_lead_timer(void *arg);
static void on_checkpoint_timer(void *arg);
static void on_lead(void *arg, PGresult *result);
static void on_parked(void *arg, PGresult *result);
static void on_start(void *arg, PGresult *result);

/* Signs of life come each second even where checkpoints are rarer. */
static void
set_checkpoint_timer(CfaRelay *relay)
{
	int64_t every_us = relay->config->checkpoint_ms * 1000;

	cfa_timer_set(relay->loop,
				  &relay->checkpoint_timer,
				  every_us < HEARTBEAT_US ? every_us : HEARTBEAT_US);
}

void
cfa_lead_init(CfaRelay *relay)
{
	const CfaDaemonConfig *config = &relay->config->daemon;
	const CfaPgOptions options = {.name = "careforall-relay control",
								  .dsn = config->pg_dsn,
								  .password = config->pg_password,
								  .setup = setup_sql,
								  .needs_primary = true,
								  .on_up = on_up,
								  .on_down = on_down,
								  .on_notify = on_notify,
								  .arg = relay};
	char host[64] = "";

	(void) gethostname(host, sizeof(host) - 1);
	snprintf(relay->holder,
			 sizeof(relay->holder),
			 "%s:%d",
			 host,
			 (int) getpid());
	relay->lead_timer = (CfaTimer){.fn = on_lead_timer, .arg = relay};
	relay->checkpoint_timer =
		(CfaTimer){.fn = on_checkpoint_timer, .arg = relay};
	relay->control = cfa_pg_new(relay->loop, &options);
	cfa_timer_set(relay->loop, &relay->lead_timer, LEAD_POLL_US);
	set_checkpoint_timer(relay);
}

void
cfa_lead_clear(CfaRelay *relay)
{
	cfa_timer_cancel(relay->loop, &relay->lead_timer);
	cfa_timer_cancel(relay->loop, &relay->checkpoint_timer);
	cfa_pg_free(relay->control);
	relay->control = NULL;
	free(relay->sent_released);
	relay->sent_released = NULL;
}

/* ---- the session */

static void
ask_for_lead(CfaRelay *relay)
{
	const char *const values[] = {CFA_RELAY_CONSUMER, relay->holder};

	relay->is_asking = true;
	cfa_pg_query(relay->control,
				 "SELECT careforall.relay_lead($1, $2)",
				 2,
				 values,
				 CONTROL_TIMEOUT_MS,
				 on_lead,
				 relay);
}

static void
on_up(void *arg)
{
	CfaRelay *relay = arg;

	ask_for_lead(relay);
	cfa_control_tick(&relay->pause);
}

static void
on_down(void *arg, const char *error)
{
	CfaRelay *relay = arg;

	cfa_metrics_add(relay->metrics.registry, relay->metrics.lost_pg, 1);
	relay->epoch = 0;
	relay->is_asking = false;
	relay->is_standby = false;
	relay->is_checkpointing = false;
	cfa_relay_lead_lost(relay, "the database session was lost");
}

static void
on_notify(void *arg, const char *channel)
{
	CfaRelay *relay = arg;

	cfa_metrics_add(relay->metrics.registry, relay->metrics.notifications, 1);
	cfa_source_notified(relay);
}

/* A statement that must not fail did. */
static void
control_failed(CfaRelay *relay, const char *what, const PGresult *result)
{
	cfa_log(CFA_LOG_ERROR,
			"control_failed",
			CFA_STR("statement", what),
			CFA_STR("sqlstate", cfa_pg_sqlstate(result)),
			CFA_STR("error",
					result == NULL
						? "connection lost"
						: PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
	if (result != NULL)
		cfa_pg_drop(relay->control, what);
}

/* ---- leading */

static void
on_retention(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	if (cfa_pg_is_ok(result))
		relay->retention_ms = cfa_pg_int(result, 0, 0, 0);
	else
		control_failed(relay, "outbox_retention", result);
}

static void
ask_retention(CfaRelay *relay)
{
	cfa_pg_query(relay->control,
				 "SELECT (extract(epoch FROM careforall.outbox_retention()) "
				 "* 1000)::bigint",
				 0,
				 NULL,
				 CONTROL_TIMEOUT_MS,
				 on_retention,
				 relay);
}

static void
ask_parked(CfaRelay *relay)
{
	relay->parks_since_load = 0;
	cfa_pg_query(relay->control,
				 "SELECT p.aggregate_id, p.first_outbox_id "
				 "FROM careforall.relay_parked() p",
				 0,
				 NULL,
				 CONTROL_TIMEOUT_MS,
				 on_parked,
				 relay);
}

static void
on_lead(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	int64_t epoch;

	relay->is_asking = false;
	relay->is_standby = false;
	if (!cfa_pg_is_ok(result))
	{
		control_failed(relay, "relay_lead", result);
		return;
	}
	epoch = cfa_pg_int(result, 0, 0, 0);
	if (epoch == 0 || relay->is_stopping)
	{
		relay->is_standby = true;
		snprintf(relay->reason, sizeof(relay->reason), "standing by");
		return;
	}
	relay->epoch = epoch;
	relay->nats_seen_us = cfa_loop_now_us(relay->loop);
	cfa_log(CFA_LOG_INFO, "leads", CFA_INT("epoch", epoch));
	ask_retention(relay);
	ask_parked(relay);
}

/* Fills a map with the ids of column 0 and the numbers of column 1, if any. */
static void
load_ids(CfaIds *ids, const PGresult *result)
{
	bool has_numbers = PQnfields(result) > 1;

	cfa_ids_clear(ids);
	for (int i = 0; i < PQntuples(result); i++)
	{
		uint8_t id[16];
		const char *text = PQgetvalue(result, i, 0);
		int64_t number = has_numbers ? cfa_pg_int(result, i, 1, 0) : 1;

		if (!cfa_uuid_parse(text, strlen(text), id) ||
			!cfa_ids_put(ids, id, number))
			abort();
	}
}

static void
on_parked(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	if (!cfa_pg_is_ok(result))
	{
		control_failed(relay, "relay_parked", result);
		return;
	}
	/* Parks that were queued behind this query are not in its result. */
	if (relay->parks_since_load == 0)
		load_ids(&relay->parked, result);
	if (relay->epoch > 0 && relay->phase == CFA_RELAY_STANDBY)
		cfa_relay_lead_won(relay);
}

static void
on_dropped(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	if (cfa_pg_is_ok(result))
		load_ids(&relay->dropped, result);
	else
		control_failed(relay, "relay_dropped", result);
}

static void
on_silent(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	const char *pid = NULL;

	if (cfa_pg_is_ok(result) && PQntuples(result) > 0)
		pid = cfa_pg_text(result, 0, 0);
	if (pid == NULL || relay->epoch > 0)
		return;
	cfa_log(CFA_LOG_WARN, "silent_leader_ended", CFA_STR("backend", pid));
	cfa_pg_query(relay->control,
				 "SELECT pg_catalog.pg_terminate_backend($1::integer)",
				 1,
				 &pid,
				 CONTROL_TIMEOUT_MS,
				 NULL,
				 NULL);
}

static void
check_silent(CfaRelay *relay)
{
	static const char *const values[] = {CFA_RELAY_CONSUMER, SILENT_TEXT};
	int64_t now_us = cfa_loop_now_us(relay->loop);

	if (now_us - relay->silent_check_us < SILENT_CHECK_US)
		return;
	relay->silent_check_us = now_us;
	cfa_pg_query(
		relay->control,
		/* Of its own role a session may see what it does: a leader whose
				  * statement runs is busy, not silent. */
		"SELECT a.pid "
		"FROM careforall.relay_silent_leader($1, $2::interval) AS s (pid) "
		"JOIN pg_catalog.pg_stat_activity a USING (pid) "
		"WHERE a.state IS DISTINCT FROM 'active' "
		"OR a.wait_event_type = 'Client'",
		2,
		values,
		CONTROL_TIMEOUT_MS,
		on_silent,
		relay);
}

/* Leading without NATS would only keep one that has it from the work. */
static void
make_way(CfaRelay *relay)
{
	cfa_lead_resign(relay);
	relay->epoch = 0;
	cfa_relay_lead_lost(relay, "NATS is away");
}

static void
on_lead_timer(void *arg)
{
	CfaRelay *relay = arg;
	int64_t now_us = cfa_loop_now_us(relay->loop);
	bool has_nats = cfa_nats_connection(relay->nats) != NULL;

	cfa_timer_set(relay->loop, &relay->lead_timer, LEAD_POLL_US);
	if (has_nats)
		relay->nats_seen_us = now_us - cfa_nats_silent_us(relay->nats);
	if (!cfa_pg_is_up(relay->control) || relay->is_asking || relay->is_stopping)
		return;
	if (relay->epoch > 0)
	{
		if (now_us - relay->nats_seen_us > NATS_LIMIT_US)
			make_way(relay);
		return;
	}
	if (has_nats)
		ask_for_lead(relay);
	else
	{
		relay->is_standby = false;
		snprintf(relay->reason, sizeof(relay->reason), "NATS is away");
	}
	check_silent(relay);
}

void
cfa_lead_resign(CfaRelay *relay)
{
	static const char *const values[] = {CFA_RELAY_CONSUMER};

	cfa_pg_query(relay->control,
				 "SELECT careforall.relay_resign($1)",
				 1,
				 values,
				 CONTROL_TIMEOUT_MS,
				 NULL,
				 NULL);
}

/* ---- where to go on */

void
cfa_lead_ask_start(CfaRelay *relay)
{
	char epoch[NUMBER_MAX];
	char first[NUMBER_MAX];
	char last[NUMBER_MAX];
	const char *const values[] = {CFA_RELAY_CONSUMER,
								  epoch,
								  relay->config->stream,
								  relay->stream.created,
								  first,
								  last};

	snprintf(epoch, sizeof(epoch), "%" PRId64, relay->epoch);
	snprintf(first, sizeof(first), "%" PRIu64, relay->stream.first_seq);
	snprintf(last, sizeof(last), "%" PRIu64, relay->stream.last_seq);
	/* Answered in this order: what was decided is known before the first row. */
	cfa_replay_ask_position(relay);
	ask_parked(relay);
	cfa_pg_query(relay->control,
				 "SELECT d.event_id FROM careforall.relay_dropped() d",
				 0,
				 NULL,
				 CONTROL_TIMEOUT_MS,
				 on_dropped,
				 relay);
	cfa_pg_query(relay->control,
				 "SELECT s.is_leader, s.snapshot, s.stream_seq, s.is_foreign, "
				 "s.has_lost "
				 "FROM careforall.relay_start($1, $2, $3, $4, $5, $6) s",
				 6,
				 values,
				 START_TIMEOUT_MS,
				 on_start,
				 relay);
}

static bool
is_true(const PGresult *result, int column)
{
	return strcmp(PQgetvalue(result, 0, column), "t") == 0;
}

static void
on_start(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	if (!cfa_pg_is_ok(result) || PQntuples(result) != 1)
		control_failed(relay, "relay_start", result);
	else if (!is_true(result, 0))
		cfa_relay_fail(relay, "fenced", "another relay leads");
	else
		cfa_relay_start_known(relay,
							  cfa_pg_text(result, 0, 1),
							  cfa_pg_int(result, 0, 2, 0),
							  is_true(result, 3),
							  is_true(result, 4));
}

/* ---- checkpoints */

static void
stop_if_done(CfaRelay *relay)
{
	if (relay->phase != CFA_RELAY_STOPPING)
		return;
	cfa_lead_resign(relay);
	cfa_loop_stop(relay->loop, CFA_EXIT_OK);
}

static void
on_checkpoint(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	relay->is_checkpointing = false;
	if (!cfa_pg_is_ok(result))
	{
		control_failed(relay, "relay_checkpoint", result);
		return;
	}
	if (!is_true(result, 0))
	{
		cfa_relay_fail(relay, "fenced", "another relay leads");
		return;
	}
	CFA_FAULT("after_checkpoint");
	stop_if_done(relay);
}

static void
heartbeat(CfaRelay *relay)
{
	char epoch[NUMBER_MAX];
	const char *const values[] = {CFA_RELAY_CONSUMER, epoch};

	snprintf(epoch, sizeof(epoch), "%" PRId64, relay->epoch);
	relay->is_checkpointing = true;
	cfa_pg_query(relay->control,
				 "SELECT careforall.relay_heartbeat($1, $2)",
				 2,
				 values,
				 HEARTBEAT_TIMEOUT_MS,
				 on_checkpoint,
				 relay);
}

/* Writes the array of released events that are on the stream now. */
static void
add_sent(const CfaRelay *relay, bool is_stored, CfaBuf *array)
{
	cfa_buf_addc(array, '{');
	for (size_t i = 0; is_stored && i < relay->sent_released_count; i++)
		cfa_buf_addf(array,
					 "%s%" PRId64,
					 i == 0 ? "" : ",",
					 relay->sent_released[i]);
	cfa_buf_addc(array, '}');
}

static void
write_checkpoint(CfaRelay *relay, const CfaCheckpoint *checkpoint)
{
	char epoch[NUMBER_MAX];
	char seq[NUMBER_MAX];
	char last[NUMBER_MAX];
	bool is_stored = relay->window.acked >= relay->released_ordinal;
	CfaBuf sent = {0};
	const char *values[] = {CFA_RELAY_CONSUMER,
							epoch,
							checkpoint->snapshot,
							relay->config->stream,
							relay->stream.created,
							seq,
							checkpoint->last_outbox_id > 0 ? last : NULL,
							NULL};

	cfa_replay_note(relay);
	add_sent(relay, is_stored, &sent);
	values[7] = cfa_buf_text(&sent);
	snprintf(epoch, sizeof(epoch), "%" PRId64, relay->epoch);
	snprintf(seq, sizeof(seq), "%" PRIu64, checkpoint->stream_seq);
	snprintf(last, sizeof(last), "%" PRId64, checkpoint->last_outbox_id);
	CFA_FAULT("before_checkpoint");
	cfa_pg_query(relay->control,
				 "SELECT careforall.relay_checkpoint($1, $2, $3, $4, $5, $6, "
				 "$7, $8)",
				 8,
				 values,
				 HEARTBEAT_TIMEOUT_MS,
				 on_checkpoint,
				 relay);
	cfa_buf_clear(&sent);
	relay->is_checkpointing = true;
	if (is_stored)
		relay->sent_released_count = 0;
	relay->checkpoint_seq = checkpoint->stream_seq;
	relay->checkpoint_us = cfa_loop_now_us(relay->loop);
	cfa_metrics_add(relay->metrics.registry, relay->metrics.checkpoints, 1);
}

void
cfa_lead_checkpoint(CfaRelay *relay, bool is_forced)
{
	CfaCheckpoint checkpoint = {0};
	int64_t age_us = cfa_loop_now_us(relay->loop) - relay->checkpoint_us;
	bool is_flowing =
		relay->phase == CFA_RELAY_FLOW || relay->phase == CFA_RELAY_STOPPING;

	if (relay->epoch == 0 || relay->is_checkpointing)
		return;
	/* A little early rather than a whole second late. */
	if (!is_forced && age_us + HEARTBEAT_US / 10 <
						  relay->config->checkpoint_ms * INT64_C(1000))
		is_flowing = false;
	if (!is_flowing || !cfa_window_checkpoint(&relay->window, &checkpoint))
	{
		if (!is_forced || relay->phase == CFA_RELAY_STOPPING)
			heartbeat(relay);
		return;
	}
	if (is_forced || relay->checkpoint_us == 0 || age_us > RENEW_US ||
		relay->sent_released_count > 0 ||
		checkpoint.stream_seq != relay->checkpoint_seq)
		write_checkpoint(relay, &checkpoint);
	else
		heartbeat(relay);
	free(checkpoint.snapshot);
}

static void
on_lag(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	CfaRelayMetrics *m = &relay->metrics;

	if (!cfa_pg_is_ok(result) || PQntuples(result) != 1)
		return;
	cfa_metrics_set(m->registry, m->lag_events, cfa_pg_int(result, 0, 0, 0));
	cfa_metrics_set(m->registry, m->lag_seconds, cfa_pg_int(result, 0, 1, 0));
}

static void
on_released(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	if (cfa_pg_is_ok(result) && PQntuples(result) > 0)
		relay->has_released = true;
}

/* Figures, pruning, and what operators decided about parked events. */
static void
look_after(CfaRelay *relay)
{
	static const char *const values[] = {CFA_RELAY_CONSUMER};
	int64_t now_us = cfa_loop_now_us(relay->loop);

	if (now_us - relay->lag_us > LAG_US)
	{
		relay->lag_us = now_us;
		cfa_pg_query(relay->control,
					 "SELECT COALESCE(max(c.events_behind), 0), COALESCE("
					 "(extract(epoch FROM max(c.oldest_behind)) * 1000)"
					 "::bigint, 0) FROM careforall.relay_consumers() c",
					 0,
					 NULL,
					 CONTROL_TIMEOUT_MS,
					 on_lag,
					 relay);
	}
	if (relay->epoch == 0)
		return;
	cfa_replay_tick(relay);
	if (now_us - relay->prune_us > PRUNE_US)
	{
		relay->prune_us = now_us;
		ask_retention(relay);
		cfa_pg_query(relay->control,
					 "SELECT careforall.relay_prune($1)",
					 1,
					 values,
					 CONTROL_TIMEOUT_MS,
					 NULL,
					 NULL);
	}
	if (relay->parked.count == 0)
		return;
	ask_parked(relay);
	cfa_pg_query(relay->control,
				 "SELECT r.id FROM careforall.relay_released(1) r",
				 0,
				 NULL,
				 CONTROL_TIMEOUT_MS,
				 on_released,
				 relay);
}

static void
on_checkpoint_timer(void *arg)
{
	CfaRelay *relay = arg;

	set_checkpoint_timer(relay);
	if (!cfa_pg_is_up(relay->control))
		return;
	cfa_lead_checkpoint(relay, false);
	look_after(relay);
}

/* ---- parked events */

static void
on_park(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	if (!cfa_pg_is_ok(result))
		control_failed(relay, "relay_park", result);
	else if (PQgetisnull(result, 0, 0))
		cfa_relay_fail(relay, "fenced", "an event could not be parked");
}

void
cfa_lead_park(CfaRelay *relay, const CfaRow *row, const char *reason)
{
	char epoch[NUMBER_MAX];
	char id[NUMBER_MAX];
	char xid[NUMBER_MAX];
	const char *const values[] = {CFA_RELAY_CONSUMER, epoch, id, xid, reason};
	int64_t first = 0;

	snprintf(epoch, sizeof(epoch), "%" PRId64, relay->epoch);
	snprintf(id, sizeof(id), "%" PRId64, row->event.outbox_id);
	snprintf(xid, sizeof(xid), "%" PRIu64, row->event.transaction_id);
	relay->parks_since_load++;
	if ((!cfa_ids_get(&relay->parked, row->aggregate_id, &first) ||
		 row->event.outbox_id < first) &&
		!cfa_ids_put(&relay->parked, row->aggregate_id, row->event.outbox_id))
		abort();
	if (relay->batch.is_released &&
		!cfa_ids_put(&relay->blocked, row->aggregate_id, 1))
		abort();
	cfa_metrics_add(relay->metrics.registry, relay->metrics.parked, 1);
	cfa_log(CFA_LOG_ERROR,
			"event_parked",
			CFA_INT("outbox_id", row->event.outbox_id),
			CFA_STR("event_id", row->event.event_id),
			CFA_STR("type", row->event.type),
			CFA_STR("reason", reason));
	cfa_pg_query(relay->control,
				 "SELECT careforall.relay_park($1, $2, $3, $4, $5)",
				 5,
				 values,
				 CONTROL_TIMEOUT_MS,
				 on_park,
				 relay);
}
