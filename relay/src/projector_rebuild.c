/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_rebuild.c: the whole read model from one snapshot of the database.
 *
 * 1. Take cfa:ready away and write a position that is no whole one (a new epoch, no
 *    sequence): from here on the API reads the database, and whoever dies or comes
 *    later begins again.
 * 2. Remove the old model's keys.
 * 3. Write the campaigns in chunks, row by row from the database, which waits while
 *    a chunk is written.
 * 4. Write the whole position; then check and follow as after any start. cfa:ready
 *    comes back when the stream has been followed to its end.
 * Every write is a guarded transaction, so two rebuilds cannot mix.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "careforall/log.h"
#include "careforall/text.h"
#include "projector.h"
#include "projector_render.h"

#define PG_WAIT_US 500000
#define RELAY_WAIT_US 1000000
#define PROGRESS_US 1000000
#define STREAM_TIMEOUT_MS 120000
#define SCAN_COUNT "1000"
#define NUMBER_MAX 24

static void retry(void *arg);
static void retry_later(CfaProjector *projector, const char *why,
						int64_t delay_us);
static void ask_stream(CfaProjector *projector);
static void stream_read(void *arg, const json_t *answer, const char *error);
static void begin(CfaProjector *projector);
static void begun(CfaProjector *projector, bool is_ok);
static void scan(CfaProjector *projector, const char *cursor);
static void scanned(void *arg, const redisReply *reply);
static void removed(CfaProjector *projector, bool is_ok);
static bool is_model_key(const char *key);
static void read_database(CfaProjector *projector);
static void row_read(void *arg, PGresult *row);
static bool read_position_row(CfaProjector *projector, PGresult *row);
static bool read_campaign_row(CfaProjector *projector, PGresult *row);
static void database_read(void *arg, PGresult *result);
static void write_chunk(CfaProjector *projector);
static void write_gifts(CfaProjector *projector, const char *id,
						const json_t *gifts);
static void write_reset(CfaProjector *projector, const char *id);
static void write_progress(CfaProjector *projector);
static void write_position(CfaProjector *projector);
static void chunk_written(CfaProjector *projector, bool is_ok);
static void clear_chunk(CfaRebuild *rebuild);
static void fail(CfaProjector *projector, const char *why);

static char scan_cursor[NUMBER_MAX];
static int64_t last_epoch; /* of the rebuilds of this process */

void
cfa_rebuild_start(CfaProjector *projector, const char *reason)
{
	cfa_log(CFA_LOG_WARN,
			"rebuild_started",
			CFA_STR("reason", reason),
			CFA_INT("epoch", projector->position.epoch));
	cfa_metrics_add(projector->daemon.metrics, projector->metrics.rebuilds, 1);
	cfa_projector_disconnected(projector);
	projector->state = CFA_PROJECTOR_REBUILDING;
	projector->is_model_ready = false;
	projector->rebuild.started_us = cfa_clock_us();
	projector->rebuild.retry = (CfaTimer){.fn = retry, .arg = projector};
	ask_stream(projector);
}

void
cfa_rebuild_reset(CfaProjector *projector)
{
	CfaRebuild *rebuild = &projector->rebuild;

	clear_chunk(rebuild);
	if (rebuild->retry.fn != NULL)
		cfa_timer_cancel(projector->daemon.loop, &rebuild->retry);
	/* Rows of a statement under way are still to come: let them, unread. */
	if (rebuild->is_streaming)
	{
		rebuild->is_aborted = true;
		cfa_pg_resume(projector->pg);
	}
	cfa_snapshot_clear(&rebuild->position.snapshot);
	free(rebuild->snapshot_text);
	rebuild->snapshot_text = NULL;
	rebuild->has_position = false;
	rebuild->is_complete = false;
	rebuild->done = 0;
	rebuild->total = 0;
}

void
cfa_rebuild_stop(CfaProjector *projector)
{
	cfa_rebuild_reset(projector);
}

static void
retry(void *arg)
{
	CfaProjector *projector = arg;

	if (projector->state == CFA_PROJECTOR_REBUILDING)
		ask_stream(projector);
}

static void
retry_later(CfaProjector *projector, const char *why, int64_t delay_us)
{
	CfaRebuild *rebuild = &projector->rebuild;
	int64_t now_us = cfa_clock_us();

	if (now_us - rebuild->logged_at_us > 10 * PROGRESS_US)
	{
		rebuild->logged_at_us = now_us;
		cfa_log(CFA_LOG_INFO, "rebuild_waits", CFA_STR("for", why));
	}
	cfa_timer_set(projector->daemon.loop, &rebuild->retry, delay_us);
}

static void
ask_stream(CfaProjector *projector)
{
	if (projector->rebuild.is_streaming)
		retry_later(projector, "the last statement", PG_WAIT_US);
	else if (!cfa_pg_is_up(projector->pg))
		retry_later(projector, "postgresql", PG_WAIT_US);
	else if (cfa_js_ask(projector->js,
						"$JS.API.STREAM.INFO." CFA_STREAM,
						NULL,
						cfa_clock_us() / 1000,
						stream_read,
						projector) != 0)
		fail(projector, "stream_not_asked");
}

static void
stream_read(void *arg, const json_t *answer, const char *error)
{
	CfaProjector *projector = arg;
	const json_t *state = json_object_get(answer, "state");
	const char *created = json_string_value(json_object_get(answer, "created"));

	if (projector->state != CFA_PROJECTOR_REBUILDING)
		return;
	if (answer == NULL || created == NULL)
	{
		retry_later(projector,
					error != NULL ? error : "the stream",
					RELAY_WAIT_US);
		return;
	}
	projector->stream.last =
		json_integer_value(json_object_get(state, "last_seq"));
	snprintf(projector->stream.created,
			 sizeof(projector->stream.created),
			 "%s",
			 created);
	begin(projector);
}

/* ---- 1: from now on there is no model */

static void
begin(CfaProjector *projector)
{
	char epoch[NUMBER_MAX];
	int64_t now_s = (int64_t) time(NULL);

	/* Grows even if Redis forgot the last one: who resumes depends on it. */
	if (last_epoch < projector->position.epoch)
		last_epoch = projector->position.epoch;
	last_epoch = last_epoch < now_s ? now_s : last_epoch + 1;
	projector->position.epoch = last_epoch;
	snprintf(epoch, sizeof(epoch), "%" PRId64, projector->position.epoch);
	cfa_store_begin(projector);
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "DEL",
				   "cfa:ready",
				   "cfa:position");
	CFA_REDIS_SEND(
		projector->redis, NULL, NULL, "HSET", "cfa:position", "epoch", epoch);
	cfa_store_commit(projector, -1, begun);
}

static void
begun(CfaProjector *projector, bool is_ok)
{
	if (!is_ok)
		fail(projector, "position_changed");
	else
		scan(projector, "0");
}

/* ---- 2: the old model goes */

static void
scan(CfaProjector *projector, const char *cursor)
{
	CFA_REDIS_SEND(projector->redis,
				   scanned,
				   projector,
				   "SCAN",
				   cursor,
				   "MATCH",
				   "cfa:*",
				   "COUNT",
				   SCAN_COUNT);
}

static void
scanned(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;
	const redisReply *keys;
	bool is_any = false;

	if (reply == NULL || projector->state != CFA_PROJECTOR_REBUILDING)
		return;
	if (cfa_redis_text(reply, 0) == NULL || reply->elements != 2)
	{
		fail(projector, "scan_failed");
		return;
	}
	snprintf(scan_cursor, sizeof(scan_cursor), "%s", cfa_redis_text(reply, 0));
	keys = reply->element[1];
	for (size_t i = 0; i < keys->elements; i++)
		is_any = is_any || is_model_key(cfa_redis_text(keys, i));
	if (!is_any)
	{
		removed(projector, true);
		return;
	}
	cfa_store_begin(projector);
	for (size_t i = 0; i < keys->elements; i++)
	{
		if (is_model_key(cfa_redis_text(keys, i)))
			CFA_REDIS_SEND(projector->redis,
						   NULL,
						   NULL,
						   "UNLINK",
						   cfa_redis_text(keys, i));
	}
	cfa_store_commit(projector, -1, removed);
}

static void
removed(CfaProjector *projector, bool is_ok)
{
	if (!is_ok)
		fail(projector, "position_changed");
	else if (strcmp(scan_cursor, "0") != 0)
		scan(projector, scan_cursor);
	else
		read_database(projector);
}

/* The API has keys of its own beside the model. */
static bool
is_model_key(const char *key)
{
	static const char *const prefixes[] =
		{"cfa:campaign:", "cfa:slug:", "cfa:gifts:", "cfa:live:", "cfa:state:"};

	if (key == NULL)
		return false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return strcmp(key, "cfa:campaigns") == 0 || strcmp(key, "cfa:feed") == 0;
}

/* ---- 3: the new model comes */

static void
read_database(CfaProjector *projector)
{
	char last[NUMBER_MAX];
	const char *values[] = {CFA_STREAM, projector->stream.created, last};

	snprintf(last, sizeof(last), "%" PRId64, projector->stream.last);
	projector->rebuild.is_streaming = true;
	projector->rebuild.is_aborted = false;
	cfa_pg_stream(projector->pg,
				  "projector_snapshot",
				  3,
				  values,
				  STREAM_TIMEOUT_MS,
				  row_read,
				  database_read,
				  projector);
}

static void
row_read(void *arg, PGresult *row)
{
	CfaProjector *projector = arg;
	CfaRebuild *rebuild = &projector->rebuild;
	const char *kind = cfa_pg_text(row, 0, 0);
	bool is_ok;

	if (rebuild->is_aborted)
		return;
	is_ok = kind != NULL && strcmp(kind, "position") == 0
				? read_position_row(projector, row)
				: rebuild->has_position && read_campaign_row(projector, row);
	if (!is_ok)
	{
		rebuild->is_aborted = true;
		return;
	}
	if (rebuild->count == CFA_PROJECTOR_CHUNK)
	{
		cfa_pg_pause(projector->pg);
		write_chunk(projector);
	}
}

static bool
read_position_row(CfaProjector *projector, PGresult *row)
{
	CfaRebuild *rebuild = &projector->rebuild;
	CfaPosition *position = &rebuild->position;
	json_t *doc = json_loads(cfa_pg_text(row, 0, 2), 0, NULL);
	const char *snapshot = json_string_value(json_object_get(doc, "snapshot"));
	const char *database = json_string_value(json_object_get(doc, "database"));
	const json_t *sequence = json_object_get(doc, "stream_seq");
	bool is_ok = false;

	if (snapshot == NULL || database == NULL || !json_is_integer(sequence) ||
		cfa_snapshot_parse(&position->snapshot, snapshot) != 0)
		goto done;
	position->sequence = json_integer_value(sequence);
	position->epoch = projector->position.epoch;
	snprintf(position->database, sizeof(position->database), "%s", database);
	rebuild->snapshot_text = strdup(snapshot);
	rebuild->total = json_integer_value(json_object_get(doc, "campaigns"));
	rebuild->has_position = rebuild->snapshot_text != NULL;
	is_ok = rebuild->has_position;
done:
	json_decref(doc);
	return is_ok;
}

static bool
read_campaign_row(CfaProjector *projector, PGresult *row)
{
	CfaRebuild *rebuild = &projector->rebuild;
	CfaModelCampaign *campaign = cfa_model_campaign_new(cfa_pg_text(row, 0, 1));
	json_t *source = json_loads(cfa_pg_text(row, 0, 2), 0, NULL);
	json_t *gifts = json_loads(cfa_pg_text(row, 0, 4), 0, NULL);

	if (campaign == NULL || source == NULL || !json_is_array(gifts) ||
		cfa_model_set_source(campaign, source) != 0 ||
		cfa_model_figures_parse(&campaign->figures, cfa_pg_text(row, 0, 3)) !=
			0)
	{
		cfa_log(CFA_LOG_ERROR,
				"campaign_unreadable",
				CFA_STR("campaign_id", cfa_pg_text(row, 0, 1)));
		cfa_model_campaign_free(campaign);
		json_decref(source);
		json_decref(gifts);
		return false;
	}
	json_decref(source);
	campaign->figures.sequence = rebuild->position.sequence;
	rebuild->chunk[rebuild->count].campaign = campaign;
	rebuild->chunk[rebuild->count].gifts = gifts;
	rebuild->count++;
	return true;
}

static void
database_read(void *arg, PGresult *result)
{
	CfaProjector *projector = arg;
	CfaRebuild *rebuild = &projector->rebuild;
	bool is_wanted =
		projector->state == CFA_PROJECTOR_REBUILDING && rebuild->is_streaming;

	rebuild->is_streaming = false;
	if (!is_wanted)
		return;
	if (!cfa_pg_is_ok(result))
	{
		cfa_log(CFA_LOG_ERROR,
				"snapshot_failed",
				CFA_STR("sqlstate", cfa_pg_sqlstate(result)),
				CFA_STR("error",
						result != NULL
							? PQresultErrorField(result,
												 PG_DIAG_MESSAGE_PRIMARY)
							: "connection lost"));
		fail(projector, "snapshot_failed");
		return;
	}
	if (!rebuild->has_position)
	{
		/* No checkpoint for this database and this stream yet. */
		rebuild->is_aborted = false;
		retry_later(projector, "a checkpoint of the relay", RELAY_WAIT_US);
		return;
	}
	if (rebuild->is_aborted)
	{
		fail(projector, "snapshot_unreadable");
		return;
	}
	rebuild->is_complete = true;
	if (projector->committed == NULL)
		write_chunk(projector);
}

/* ---- writing */

static void
write_chunk(CfaProjector *projector)
{
	CfaRebuild *rebuild = &projector->rebuild;

	cfa_store_begin(projector);
	for (int i = 0; i < rebuild->count; i++)
	{
		CfaModelCampaign *campaign = rebuild->chunk[i].campaign;

		cfa_store_put_campaign(projector,
							   campaign,
							   projector->position.epoch,
							   true);
		write_gifts(projector, campaign->id, rebuild->chunk[i].gifts);
		write_reset(projector, campaign->id);
	}
	rebuild->done += rebuild->count;
	clear_chunk(rebuild);
	if (rebuild->is_complete)
		write_position(projector);
	else
		write_progress(projector);
	cfa_store_commit(projector,
					 rebuild->is_complete ? rebuild->position.sequence : -1,
					 chunk_written);
}

/* Newest first in the row as in the list. */
static void
write_gifts(CfaProjector *projector, const char *id, const json_t *gifts)
{
	char key[CFA_KEY_MAX];
	const json_t *gift;
	size_t index;

	cfa_store_key(key, "gifts", id);
	json_array_foreach(gifts, index, gift)
	{
		char *text = cfa_model_gift_copy(gift);

		if (text != NULL)
			CFA_REDIS_SEND(projector->redis, NULL, NULL, "RPUSH", key, text);
		free(text);
	}
}

/* The first frame of a campaign: who resumes from before it must read again. */
static void
write_reset(CfaProjector *projector, const char *id)
{
	char key[CFA_KEY_MAX];
	char score[NUMBER_MAX];
	int64_t sequence = projector->rebuild.position.sequence;
	char *text =
		cfa_render_reset_frame(id, projector->position.epoch, sequence);

	snprintf(score, sizeof(score), "%" PRId64, sequence);
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "ZADD",
				   cfa_store_key(key, "live", id),
				   score,
				   text);
	free(text);
}

static void
write_progress(CfaProjector *projector)
{
	CfaRebuild *rebuild = &projector->rebuild;
	char done[NUMBER_MAX];
	char total[NUMBER_MAX];

	snprintf(done, sizeof(done), "%" PRId64, rebuild->done);
	snprintf(total, sizeof(total), "%" PRId64, rebuild->total);
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "HSET",
				   "cfa:position",
				   "done",
				   done,
				   "campaigns",
				   total);
}

/* ---- 4: the model is whole */

static void
write_position(CfaProjector *projector)
{
	const CfaRebuild *rebuild = &projector->rebuild;

	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "HSET",
				   "cfa:position",
				   "stream",
				   CFA_STREAM,
				   "stream_created",
				   projector->stream.created,
				   "database",
				   rebuild->position.database,
				   "snapshot",
				   rebuild->snapshot_text);
	cfa_seen_init(&projector->position.seen);
	cfa_store_put_position(projector, rebuild->position.sequence, "");
	write_progress(projector);
}

static void
chunk_written(CfaProjector *projector, bool is_ok)
{
	CfaRebuild *rebuild = &projector->rebuild;
	int64_t now_us = cfa_clock_us();
	bool is_last = rebuild->is_complete && rebuild->count == 0 &&
				   projector->guard_sequence >= 0;

	if (!is_ok)
	{
		fail(projector, "position_changed");
		return;
	}
	if (is_last || now_us - rebuild->logged_at_us > PROGRESS_US)
	{
		rebuild->logged_at_us = now_us;
		cfa_log(CFA_LOG_INFO,
				is_last ? "rebuild_written" : "rebuild_progress",
				CFA_INT("done", rebuild->done),
				CFA_INT("campaigns", rebuild->total),
				CFA_INT("sequence", rebuild->position.sequence),
				CFA_INT("ms", (now_us - rebuild->started_us) / 1000));
	}
	if (is_last)
	{
		cfa_rebuild_reset(projector);
		cfa_projector_check(projector);
	}
	else if (rebuild->is_complete)
		write_chunk(projector);
	else
		cfa_pg_resume(projector->pg);
}

static void
clear_chunk(CfaRebuild *rebuild)
{
	for (int i = 0; i < rebuild->count; i++)
	{
		cfa_model_campaign_free(rebuild->chunk[i].campaign);
		json_decref(rebuild->chunk[i].gifts);
	}
	rebuild->count = 0;
}

static void
fail(CfaProjector *projector, const char *why)
{
	cfa_projector_resync(projector, why);
}
