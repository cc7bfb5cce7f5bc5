/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_source.c: the reader session: batches between two snapshots, and sleeping.
 *
 * A batch is one statement. Its own snapshot is its upper edge; below, it leaves out
 * what the snapshot before has seen: rows of transactions that had not begun then,
 * and rows of those that were open then. A late commit of a low id is in the first
 * batch that can see it, and a long transaction delays its own events only. Rows are
 * ordered by id, which is drawn while the aggregate's row is locked; the transaction
 * id would not do.
 *
 * While events flow, the outbox is polled. After a while without any, the writers
 * are told that the relay sleeps (outbox_sleep), then it looks once more, because a
 * commit may have come before they knew, and only then waits for a notification. A
 * slow poll goes on beside it: what it finds first is counted as a missed wake-up.
 */
#include "relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"

#define SAFETY_POLL_US INT64_C(1000000)
/* Sorting the backlog of days comes before the first row. */
#define BATCH_TIMEOUT_MS 600000
#define RELEASED_MAX 1000
#define MS_US INT64_C(1000)

static const char setup_sql[] =
	/* Right after a truncation the planner would take a sequential scan, and keep
	 * it. */
	"SET enable_seqscan = off;"
	"SET plan_cache_mode = force_generic_plan;"
	"SET max_parallel_workers_per_gather = 0;"
	"SET jit = off;"
	"SET work_mem = '64MB';"
	"SET statement_timeout = 0;"
	"SET default_transaction_read_only = on;"
	"PREPARE cfa_batch (pg_snapshot) AS "
	"SELECT s.snapshot, t.* FROM "
	"(SELECT pg_current_snapshot()::text AS snapshot) s LEFT JOIN ("
	"SELECT " CFA_ROW_COLUMNS "FROM careforall.outbox o "
	"WHERE o.xid >= pg_snapshot_xmax($1) "
	"UNION ALL "
	"SELECT " CFA_ROW_COLUMNS "FROM careforall.outbox o "
	"WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip($1)))"
	") t ON true ORDER BY t.id;"
	"PREPARE cfa_released (integer) AS "
	"SELECT NULL::text, r.id, r.event_id, r.xid, r.aggregate_type, "
	"r.aggregate_id, r.aggregate_version, r.campaign_id, r.type, r.data, "
	"r.traceparent, r.occurred_at, r.recorded_at "
	"FROM careforall.relay_released($1) r ORDER BY r.id";

/* Sees nothing, so that everything retained is new to it. */
static const char empty_snapshot[] = "1:1:";

static void on_up(void *arg);
static void on_down(void *arg, const char *error);
static void on_poll(void *arg);
static void on_row(void *arg, PGresult *row);
static void on_batch(void *arg, PGresult *result);
static void schedule(CfaRelay *relay);
static void on_told(void *arg, PGresult *result);

void
cfa_source_init(CfaRelay *relay)
{
	const CfaDaemonConfig *config = &relay->config->daemon;
	const CfaPgOptions options = {.name = "careforall-relay reader",
								  .dsn = config->pg_dsn,
								  .password = config->pg_password,
								  .setup = setup_sql,
								  .streams_binary = true,
								  .needs_primary = true,
								  .on_up = on_up,
								  .on_down = on_down,
								  .arg = relay};

	relay->poll = (CfaTimer){.fn = on_poll, .arg = relay};
	relay->reader = cfa_pg_new(relay->loop, &options);
}

void
cfa_source_clear(CfaRelay *relay)
{
	cfa_timer_cancel(relay->loop, &relay->poll);
	cfa_pg_free(relay->reader);
	relay->reader = NULL;
	free(relay->snapshot);
	relay->snapshot = NULL;
	free(relay->batch.snapshot);
	relay->batch.snapshot = NULL;
}

static void
close_batch(CfaRelay *relay)
{
	free(relay->batch.snapshot);
	relay->batch = (CfaBatch){0};
}

void
cfa_source_start(CfaRelay *relay)
{
	relay->is_first_batch = true;
	relay->sleep = CFA_AWAKE;
	relay->is_wake_missing = false;
	relay->last_event_us = cfa_loop_now_us(relay->loop);
	relay->sent_released_count = 0;
	relay->released_ordinal = 0;
	relay->has_released = false;
	cfa_pg_query(relay->control,
				 "SELECT careforall.outbox_wake()",
				 0,
				 NULL,
				 0,
				 NULL,
				 NULL);
	cfa_timer_set(relay->loop, &relay->poll, 0);
}

void
cfa_source_stop(CfaRelay *relay)
{
	cfa_timer_cancel(relay->loop, &relay->poll);
	relay->is_held_back = false;
	relay->sleep = CFA_AWAKE;
	if (relay->batch.is_open)
		cfa_pg_drop(relay->reader, "the batch is given up");
	close_batch(relay);
}

static void
on_up(void *arg)
{
	CfaRelay *relay = arg;

	if (relay->phase == CFA_RELAY_FLOW)
		cfa_timer_set(relay->loop, &relay->poll, 0);
}

static void
on_down(void *arg, const char *error)
{
	CfaRelay *relay = arg;

	cfa_metrics_add(relay->metrics.registry, relay->metrics.lost_pg, 1);
}

/* ---- batches */

static void
read_batch(CfaRelay *relay)
{
	const char *snapshot =
		relay->snapshot == NULL ? empty_snapshot : relay->snapshot;
	char limit[16];
	const char *const released[] = {limit};

	close_batch(relay);
	relay->batch.is_open = true;
	relay->batch.started_us = cfa_loop_now_us(relay->loop);
	/* Released events go by themselves and are marked with the next checkpoint;
	 * until then no more of them are read. */
	if (relay->has_released && !relay->is_first_batch &&
		relay->sent_released_count == 0)
	{
		relay->has_released = false;
		relay->batch.is_released = true;
		cfa_ids_clear(&relay->blocked);
		snprintf(limit, sizeof(limit), "%d", RELEASED_MAX);
		cfa_pg_stream(relay->reader,
					  "cfa_released",
					  1,
					  released,
					  BATCH_TIMEOUT_MS,
					  on_row,
					  on_batch,
					  relay);
		return;
	}
	cfa_pg_stream(relay->reader,
				  "cfa_batch",
				  1,
				  &snapshot,
				  BATCH_TIMEOUT_MS,
				  on_row,
				  on_batch,
				  relay);
}

static void
on_poll(void *arg)
{
	CfaRelay *relay = arg;

	if (relay->phase != CFA_RELAY_FLOW || relay->batch.is_open ||
		!cfa_pg_is_up(relay->reader))
		return;
	relay->is_safety_poll = relay->sleep == CFA_ASLEEP;
	read_batch(relay);
}

static void
note_released(CfaRelay *relay, int64_t outbox_id)
{
	if (relay->sent_released == NULL)
		relay->sent_released =
			calloc(RELEASED_MAX, sizeof(*relay->sent_released));
	if (relay->sent_released == NULL ||
		relay->sent_released_count >= RELEASED_MAX)
		abort();
	relay->sent_released[relay->sent_released_count++] = outbox_id;
}

static void
on_row(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	CfaBatch *batch = &relay->batch;
	const char *snapshot = cfa_row_snapshot(result);
	CfaRow row;

	if (relay->phase != CFA_RELAY_FLOW)
		return;
	if (batch->snapshot == NULL && snapshot != NULL)
	{
		batch->snapshot = strdup(snapshot);
		if (batch->snapshot == NULL)
			abort();
	}
	if (!cfa_row_read(result, &row))
		return;
	batch->rows++;
	batch->last_outbox_id = row.event.outbox_id;
	if (cfa_publish_row(relay, &row) && batch->is_released)
		note_released(relay, row.event.outbox_id);
	if (cfa_publish_is_full(relay))
	{
		relay->is_held_back = true;
		cfa_pg_pause(relay->reader);
	}
}

void
cfa_source_room(CfaRelay *relay)
{
	/* A little room at a time would make each row wake the loop. */
	if (!relay->is_held_back || cfa_publish_is_full(relay) ||
		cfa_window_in_flight(&relay->window) * 4 > relay->window.size * 3)
		return;
	relay->is_held_back = false;
	cfa_pg_resume(relay->reader);
}

/*
 * Whatever the tail held was visible to the first batch, or had been released: after
 * both have been read, the tail is of no more use.
 */
static void
forget_tail(CfaRelay *relay)
{
	if (relay->batch.is_released)
		relay->released_ordinal = relay->window.last_ordinal;
	else if (relay->is_first_batch)
		relay->has_released = relay->parked.count > 0;
	else
		return;
	relay->is_first_batch = false;
	if (!relay->has_released)
		cfa_ids_clear(&relay->done);
}

/* All of the batch was sent: its snapshot is where the next one starts. */
static void
batch_done(CfaRelay *relay)
{
	CfaBatch *batch = &relay->batch;
	CfaRelayMetrics *m = &relay->metrics;

	cfa_metrics_add(m->registry, m->batches, 1);
	cfa_relay_spans_batch(&relay->spans, batch->rows);
	if (batch->rows > 0)
	{
		relay->last_event_us = cfa_loop_now_us(relay->loop);
		cfa_metrics_observe(m->registry,
							m->batch_events,
							(uint64_t) batch->rows);
	}
	if (batch->snapshot != NULL)
	{
		cfa_window_edge(&relay->window, batch->snapshot, batch->last_outbox_id);
		free(relay->snapshot);
		relay->snapshot = batch->snapshot;
		batch->snapshot = NULL;
	}
	forget_tail(relay);
	if (relay->checkpoint_us == 0)
		cfa_lead_checkpoint(relay, true);
}

static void
on_batch(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	bool has_events = relay->batch.rows > 0;

	relay->batch.is_open = false;
	if (relay->phase != CFA_RELAY_FLOW)
	{
		close_batch(relay);
		return;
	}
	if (!cfa_pg_is_ok(result))
	{
		cfa_log(CFA_LOG_WARN,
				"batch_failed",
				CFA_STR("sqlstate", cfa_pg_sqlstate(result)),
				CFA_STR("error",
						result == NULL ? "connection lost"
									   : PQresultErrorMessage(result)));
		cfa_relay_resync(relay, "a batch was cut off");
		return;
	}
	batch_done(relay);
	if (has_events && relay->is_safety_poll)
		relay->is_wake_missing = true;
	close_batch(relay);
	relay->batch.rows = has_events;
	schedule(relay);
}

/* ---- awake and asleep */

static void
tell(CfaRelay *relay, const char *sql, CfaPgFn fn)
{
	cfa_pg_query(relay->control, sql, 0, NULL, 0, fn, relay);
}

static void
wake(CfaRelay *relay)
{
	if (relay->sleep == CFA_AWAKE)
		return;
	relay->sleep = CFA_AWAKE;
	relay->last_event_us = cfa_loop_now_us(relay->loop);
	tell(relay, "SELECT careforall.outbox_wake()", NULL);
}

static void
doze(CfaRelay *relay)
{
	CfaRelayMetrics *m = &relay->metrics;

	/* By now word of what a safety poll found would have come. */
	if (relay->is_wake_missing)
	{
		cfa_metrics_add(m->registry, m->missed_wakeups, 1);
		cfa_log(CFA_LOG_WARN, "wake_up_missed");
		relay->is_wake_missing = false;
	}
	relay->sleep = CFA_DOZING;
	relay->is_told = false;
	tell(relay, "SELECT careforall.outbox_sleep()", on_told);
}

static void
on_told(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	if (relay->phase != CFA_RELAY_FLOW || relay->sleep != CFA_DOZING)
		return;
	relay->is_told = cfa_pg_is_ok(result);
	cfa_timer_set(relay->loop, &relay->poll, 0);
}

/* Decides when to look next, after a batch. */
static void
schedule(CfaRelay *relay)
{
	int64_t now_us = cfa_loop_now_us(relay->loop);
	int64_t poll_us = relay->config->poll_ms * MS_US;
	bool has_events = relay->batch.rows > 0;

	relay->batch.rows = 0;
	if (has_events)
		wake(relay);
	if (relay->sleep == CFA_DOZING && relay->is_told)
	{
		relay->sleep = CFA_ASLEEP;
		cfa_metrics_add(relay->metrics.registry, relay->metrics.sleeps, 1);
	}
	if (relay->sleep == CFA_ASLEEP)
		poll_us = SAFETY_POLL_US;
	else if (relay->sleep == CFA_AWAKE &&
			 now_us - relay->last_event_us >
				 relay->config->sleep_after_ms * MS_US &&
			 cfa_window_in_flight(&relay->window) == 0)
		doze(relay);
	cfa_timer_set(relay->loop, &relay->poll, poll_us);
}

void
cfa_source_notified(CfaRelay *relay)
{
	relay->is_wake_missing = false;
	if (relay->phase != CFA_RELAY_FLOW)
		return;
	wake(relay);
	relay->is_safety_poll = false;
	if (!relay->batch.is_open)
		cfa_timer_set(relay->loop, &relay->poll, 0);
}
