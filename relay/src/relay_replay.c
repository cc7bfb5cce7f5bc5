/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_replay.c: publishes retained events again, between the new ones.
 *
 * A replay is a row of careforall.outbox_replays; the leader looks for one each
 * second. Its events are read by id over a session of its own and sent through the
 * same window and chain as all others, with the same id and the header
 * careforall-replay; they take at most half of the window. How far it is goes to the
 * database right before each checkpoint that passes it, and what came behind the
 * last checkpoint is found in the stream's tail: so a replay goes on where it was.
 *
 * Only what the last batch has seen is sent, so that nothing is on the stream again
 * before it was there once. The stream does not store an id that it has seen within
 * its duplicate window: events are held back until they are older than that, and if
 * one is known all the same (it was published late), the replay rests for one window.
 */
#include "relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "careforall/text.h"

#define ASK_US INT64_C(1000000)
#define READ_TIMEOUT_MS 600000
#define REPLAY_TIMEOUT_MS 15000
/* Clocks of server and database differ, and a message takes its time. */
#define WINDOW_MARGIN_MS 2000
#define NUMBER_MAX 24
#define US_PER_MS INT64_C(1000)

static const char setup_sql[] =
	"SET max_parallel_workers_per_gather = 0;"
	"SET jit = off;"
	"SET work_mem = '64MB';"
	"SET statement_timeout = 0;"
	"SET default_transaction_read_only = on;"
	"PREPARE cfa_replay (bigint, bigint, bigint, timestamptz, timestamptz, "
	"pg_snapshot, bigint) AS "
	"SELECT NULL::text, " CFA_ROW_COLUMNS "FROM careforall.outbox o "
	"WHERE o.id > $1 AND o.id >= $2 AND o.id <= $3 "
	"AND ($4 IS NULL OR o.recorded_at >= $4) "
	"AND ($5 IS NULL OR o.recorded_at < $5) "
	"AND pg_visible_in_snapshot(o.xid, $6) "
	"AND o.recorded_at < clock_timestamp() - $7 * interval '1 ms' "
	"ORDER BY o.id";

static void on_up(void *arg);
static void on_down(void *arg, const char *error);
static void on_found(void *arg, PGresult *result);
static void on_row(void *arg, PGresult *row);
static void on_read(void *arg, PGresult *result);
static void on_noted(void *arg, PGresult *result);
static void note(CfaRelay *relay, int64_t replay_id, int64_t position,
				 int64_t added, uint64_t stream_seq, bool is_done);

/* How old an event has to be to be stored again. */
static int64_t
age_ms(const CfaRelay *relay)
{
	return relay->stream.window_ms + WINDOW_MARGIN_MS;
}

static void
end(CfaRelay *relay)
{
	CfaReplay *replay = &relay->replay;

	cfa_pg_free(replay->pg);
	free(replay->from_time);
	free(replay->to_time);
	*replay = (CfaReplay){.asked_us = replay->asked_us,
						  .rest_until_us = replay->rest_until_us,
						  .is_asking = replay->is_asking};
}

void
cfa_replay_stop(CfaRelay *relay)
{
	end(relay);
}

void
cfa_replay_stop_reading(CfaRelay *relay)
{
	cfa_pg_free(relay->replay.pg);
	relay->replay.pg = NULL;
	relay->replay.is_held_back = false;
}

/* ---- beginning */

void
cfa_replay_tick(CfaRelay *relay)
{
	CfaReplay *replay = &relay->replay;
	int64_t now_us = cfa_loop_now_us(relay->loop);

	cfa_replay_note(relay);
	if (relay->phase != CFA_RELAY_FLOW || relay->snapshot == NULL ||
		relay->is_first_batch || replay->id != 0 || replay->is_asking ||
		now_us < replay->rest_until_us || now_us - replay->asked_us < ASK_US)
		return;
	replay->asked_us = now_us;
	replay->is_asking = true;
	cfa_pg_query(relay->control,
				 "SELECT r.id, r.position, r.first_id, r.last_id, r.from_time, "
				 "r.to_time, r.requested_ms FROM careforall.relay_replay() r",
				 0,
				 NULL,
				 REPLAY_TIMEOUT_MS,
				 on_found,
				 relay);
}

static char *
copy_of(const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	if (text != NULL && copy == NULL)
		abort();
	return copy;
}

static void
on_found(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	CfaReplay *replay = &relay->replay;
	const CfaDaemonConfig *config = &relay->config->daemon;
	const CfaPgOptions options = {.name = "careforall-relay replay",
								  .dsn = config->pg_dsn,
								  .password = config->pg_password,
								  .setup = setup_sql,
								  .streams_binary = true,
								  .needs_primary = true,
								  .on_up = on_up,
								  .on_down = on_down,
								  .arg = relay};

	replay->is_asking = false;
	if (!cfa_pg_is_ok(result) || PQntuples(result) != 1 ||
		relay->phase != CFA_RELAY_FLOW || replay->id != 0)
		return;
	replay->id = cfa_pg_int(result, 0, 0, 0);
	replay->position = cfa_pg_int(result, 0, 1, 0);
	replay->first_id = cfa_pg_int(result, 0, 2, 0);
	replay->last_id = cfa_pg_int(result, 0, 3, 0);
	replay->from_time = copy_of(cfa_pg_text(result, 0, 4));
	replay->to_time = copy_of(cfa_pg_text(result, 0, 5));
	replay->requested_ms = cfa_pg_int(result, 0, 6, 0);
	cfa_log(CFA_LOG_INFO,
			"replay_goes_on",
			CFA_INT("replay", replay->id),
			CFA_INT("position", replay->position),
			CFA_INT("last_id", replay->last_id));
	replay->pg = cfa_pg_new(relay->loop, &options);
}

static void
on_up(void *arg)
{
	CfaRelay *relay = arg;
	CfaReplay *replay = &relay->replay;
	char position[NUMBER_MAX];
	char first[NUMBER_MAX];
	char last[NUMBER_MAX];
	char age[NUMBER_MAX];
	const char *const values[] = {position,
								  first,
								  last,
								  replay->from_time,
								  replay->to_time,
								  relay->snapshot,
								  age};

	if (relay->phase != CFA_RELAY_FLOW)
		return;
	snprintf(position, sizeof(position), "%" PRId64, replay->position);
	snprintf(first, sizeof(first), "%" PRId64, replay->first_id);
	snprintf(last, sizeof(last), "%" PRId64, replay->last_id);
	snprintf(age, sizeof(age), "%" PRId64, age_ms(relay));
	/* Once all of the range is that old, nothing is held back any more. */
	replay->is_last_part = cfa_now_ms() - replay->requested_ms > age_ms(relay);
	cfa_pg_stream(replay->pg,
				  "cfa_replay",
				  7,
				  values,
				  READ_TIMEOUT_MS,
				  on_row,
				  on_read,
				  relay);
}

static void
on_down(void *arg, const char *error)
{
	CfaRelay *relay = arg;

	cfa_metrics_add(relay->metrics.registry, relay->metrics.lost_pg, 1);
}

/* ---- rows */

void
cfa_replay_room(CfaRelay *relay)
{
	CfaReplay *replay = &relay->replay;

	if (!replay->is_held_back || cfa_publish_is_full(relay) ||
		cfa_window_in_flight(&relay->window) * 4 > relay->window.size)
		return;
	replay->is_held_back = false;
	cfa_pg_resume(replay->pg);
}

static void
on_row(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	CfaReplay *replay = &relay->replay;
	CfaRow row;

	if (relay->phase != CFA_RELAY_FLOW || !cfa_row_read(result, &row))
		return;
	if (cfa_publish_again(relay, &row, replay->id))
		replay->last_ordinal = relay->window.last_ordinal;
	if (cfa_publish_is_full(relay) ||
		cfa_window_in_flight(&relay->window) * 2 >= relay->window.size)
	{
		replay->is_held_back = true;
		cfa_pg_pause(replay->pg);
	}
}

static void
on_read(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;
	CfaReplay *replay = &relay->replay;

	if (relay->phase != CFA_RELAY_FLOW)
		return;
	if (cfa_pg_is_ok(result))
	{
		replay->is_read = true;
		return;
	}
	cfa_log(CFA_LOG_WARN,
			"replay_failed",
			CFA_INT("replay", replay->id),
			CFA_STR("sqlstate", cfa_pg_sqlstate(result)));
	cfa_relay_resync(relay, "a replay was cut off");
}

void
cfa_replay_rest(CfaRelay *relay)
{
	relay->replay.rest_until_us =
		cfa_loop_now_us(relay->loop) + age_ms(relay) * US_PER_MS;
	cfa_log(CFA_LOG_INFO,
			"replay_rests",
			CFA_INT("replay", relay->replay.id),
			CFA_INT("rest_ms", age_ms(relay)));
}

/* ---- how far it is */

static void
note(CfaRelay *relay, int64_t replay_id, int64_t position, int64_t added,
	 uint64_t stream_seq, bool is_done)
{
	char numbers[5][NUMBER_MAX];
	const char *const values[] = {CFA_RELAY_CONSUMER,
								  numbers[0],
								  numbers[1],
								  numbers[2],
								  numbers[3],
								  relay->stream.created,
								  numbers[4],
								  is_done ? "t" : "f"};

	snprintf(numbers[0], NUMBER_MAX, "%" PRId64, relay->epoch);
	snprintf(numbers[1], NUMBER_MAX, "%" PRId64, replay_id);
	snprintf(numbers[2], NUMBER_MAX, "%" PRId64, position);
	snprintf(numbers[3], NUMBER_MAX, "%" PRId64, added);
	snprintf(numbers[4], NUMBER_MAX, "%" PRIu64, stream_seq);
	cfa_pg_query(relay->control,
				 "SELECT careforall.relay_replay_progress($1, $2, $3, $4, "
				 "$5, $6, $7, $8)",
				 8,
				 values,
				 REPLAY_TIMEOUT_MS,
				 on_noted,
				 relay);
}

void
cfa_replay_note(CfaRelay *relay)
{
	CfaReplay *replay = &relay->replay;
	CfaWindow *window = &relay->window;
	bool is_over = replay->is_read && window->acked >= replay->last_ordinal;
	bool is_done = is_over && replay->is_last_part;

	if (replay->id == 0)
		return;
	if (window->replayed > 0)
		replay->position = window->replayed_id;
	if (window->replayed > 0 || is_done)
		note(relay,
			 replay->id,
			 replay->position,
			 (int64_t) window->replayed,
			 window->base + window->acked,
			 is_done);
	window->replayed = 0;
	if (is_done)
		cfa_log(CFA_LOG_INFO, "replay_done", CFA_INT("replay", replay->id));
	/* If it is not done, the rest was too young, and is looked for again. */
	if (is_over)
		end(relay);
}

static void
on_noted(void *arg, PGresult *result)
{
	CfaRelay *relay = arg;

	/* Canceled, or another leads; the next checkpoint tells which. */
	if (cfa_pg_is_ok(result) && strcmp(PQgetvalue(result, 0, 0), "t") != 0)
		end(relay);
}

/* ---- the tail */

static void
on_known(void *arg, PGresult *result)
{
	CfaReplay *replay = &((CfaRelay *) arg)->replay;

	replay->tail_id = 0;
	replay->tail_count = 0;
	if (!cfa_pg_is_ok(result) || PQntuples(result) != 1)
		return;
	replay->tail_id = cfa_pg_int(result, 0, 0, 0);
	replay->tail_position = cfa_pg_int(result, 0, 1, 0);
}

void
cfa_replay_ask_position(CfaRelay *relay)
{
	cfa_pg_query(relay->control,
				 "SELECT r.id, r.position FROM careforall.relay_replay() r",
				 0,
				 NULL,
				 REPLAY_TIMEOUT_MS,
				 on_known,
				 relay);
}

void
cfa_replay_tail(CfaRelay *relay, const char *replay_id, int64_t outbox_id)
{
	CfaReplay *replay = &relay->replay;

	if (replay->tail_id == 0 || outbox_id <= replay->tail_position ||
		strtoll(replay_id, NULL, 10) != replay->tail_id)
		return;
	replay->tail_position = outbox_id;
	replay->tail_count++;
}

void
cfa_replay_tail_known(CfaRelay *relay)
{
	CfaReplay *replay = &relay->replay;

	if (replay->tail_count > 0)
		note(relay,
			 replay->tail_id,
			 replay->tail_position,
			 replay->tail_count,
			 relay->stream.last_seq,
			 false);
	replay->tail_count = 0;
}
