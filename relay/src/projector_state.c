/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_state.c: who works, and whether the model in Redis can be gone on with.
 *
 * A lease in Redis keeps several projectors from working against each other; what
 * keeps them from harm is the guard of projector_store.h. The leader checks the
 * position against the stream before it follows, and once a second whether Redis
 * still holds it.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "careforall/text.h"
#include "projector.h"
#include "projector_render.h"

#define TICK_US 1000000
#define LEASE_MS "2500"
#define HEADERS_MAX 8192

/* 1: the lease is ours, now or still. */
static const char lease_script[] =
	"if redis.call('GET', KEYS[1]) == ARGV[1] then"
	" return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
	" if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then"
	" return 1 end return 0";

static void ask_lease(CfaProjector *projector);
static void lease_answered(void *arg, const redisReply *reply);
static void watch_position(CfaProjector *projector);
static void position_seen(void *arg, const redisReply *reply);
static void ready_seen(void *arg, const redisReply *reply);
static void look_at_position(CfaProjector *projector);
static void position_looked_at(void *arg, const redisReply *reply);
static void tell_leader(CfaProjector *projector);
static void leader_answered(void *arg, const redisReply *reply);
static void position_read(void *arg, const redisReply *reply);
static void stream_read(void *arg, const json_t *answer, const char *error);
static void read_stream(CfaStreamInfo *info, const json_t *answer);
static const char *judge_position(const CfaProjector *projector);
static void ask_last_event(CfaProjector *projector);
static void last_event_read(void *arg, const json_t *answer, const char *error);
static bool is_last_event(const char *event_id, const char *headers_base64);
static void follow(CfaProjector *projector);
static void identity_read(void *arg, PGresult *result);
static void judge_identity(CfaProjector *projector);
static void campaigns_listed(void *arg, const redisReply *reply);
static void ready_committed(CfaProjector *projector, bool is_ok);

const char *
cfa_projector_state_name(CfaProjectorState state)
{
	switch (state)
	{
		case CFA_PROJECTOR_WAITING:
			return "waiting";
		case CFA_PROJECTOR_STANDBY:
			return "standby";
		case CFA_PROJECTOR_CHECKING:
			return "checking";
		case CFA_PROJECTOR_REBUILDING:
			return "rebuilding";
		case CFA_PROJECTOR_FOLLOWING:
			return "following";
		case CFA_PROJECTOR_PAUSED:
			return "paused";
	}
	return "unknown";
}

void
cfa_projector_connected(CfaProjector *projector)
{
	if ((projector->state == CFA_PROJECTOR_WAITING ||
		 projector->state == CFA_PROJECTOR_PAUSED) &&
		projector->js != NULL && cfa_redis_is_up(projector->redis) &&
		!projector->is_stopping)
		ask_lease(projector);
}

void
cfa_projector_disconnected(CfaProjector *projector)
{
	cfa_batch_reset(projector);
	cfa_rebuild_reset(projector);
	projector->committed = NULL;
	projector->state = CFA_PROJECTOR_WAITING;
	cfa_timer_cancel(projector->daemon.loop, &projector->resync);
}

void
cfa_projector_resync(CfaProjector *projector, const char *reason)
{
	int64_t delay_ms = cfa_backoff_next(&projector->backoff);

	cfa_metrics_add(projector->daemon.metrics, projector->metrics.resyncs, 1);
	cfa_log(CFA_LOG_WARN,
			"resync",
			CFA_STR("reason", reason),
			CFA_STR("state", cfa_projector_state_name(projector->state)),
			CFA_INT("delay_ms", delay_ms));
	cfa_projector_disconnected(projector);
	cfa_timer_set(projector->daemon.loop, &projector->resync, delay_ms * 1000);
}

void
cfa_projector_check(CfaProjector *projector)
{
	projector->state = CFA_PROJECTOR_CHECKING;
	cfa_store_read_position(projector, position_read);
}

void
cfa_projector_tick(void *arg)
{
	CfaProjector *projector = arg;

	cfa_timer_set(projector->daemon.loop, &projector->tick, TICK_US);
	cfa_control_tick(&projector->pause);
	if (projector->js != NULL)
		cfa_js_tick(projector->js, cfa_clock_us() / 1000);
	if (!cfa_redis_is_up(projector->redis) || projector->is_stopping)
		return;
	if (projector->state == CFA_PROJECTOR_STANDBY && projector->is_forced)
		tell_leader(projector);
	/* A delay that resync set runs out by itself. */
	if (projector->js != NULL && !projector->resync.is_set)
		ask_lease(projector);
	if (projector->state == CFA_PROJECTOR_FOLLOWING)
		watch_position(projector);
	else if (projector->state == CFA_PROJECTOR_PAUSED)
		look_at_position(projector);
}

/* ---- lease */

static void
ask_lease(CfaProjector *projector)
{
	CFA_REDIS_SEND(projector->redis,
				   lease_answered,
				   projector,
				   "EVAL",
				   lease_script,
				   "1",
				   "cfa:projector",
				   projector->token,
				   LEASE_MS);
}

static void
lease_answered(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;
	bool is_ours = reply != NULL && reply->type == REDIS_REPLY_INTEGER &&
				   reply->integer == 1;

	if (reply == NULL || projector->js == NULL || projector->resync.is_set)
		return;
	if (reply->type == REDIS_REPLY_ERROR)
	{
		cfa_log(CFA_LOG_ERROR, "lease_failed", CFA_STR("error", reply->str));
		return;
	}
	if (cfa_control_is_held(&projector->pause))
	{
		/* Keeps the lease: another projector would be paused as well. */
		projector->state = CFA_PROJECTOR_PAUSED;
		return;
	}
	if (is_ours && (projector->state == CFA_PROJECTOR_WAITING ||
					projector->state == CFA_PROJECTOR_STANDBY ||
					projector->state == CFA_PROJECTOR_PAUSED))
	{
		cfa_log(CFA_LOG_INFO, "leading");
		cfa_projector_check(projector);
		return;
	}
	if (is_ours || projector->state == CFA_PROJECTOR_STANDBY)
		return;
	cfa_log(CFA_LOG_INFO,
			"standing_by",
			CFA_STR("state", cfa_projector_state_name(projector->state)));
	cfa_projector_disconnected(projector);
	projector->state = CFA_PROJECTOR_STANDBY;
}

/* A flush while no event comes would else be noticed by the next event only. */
static void
watch_position(CfaProjector *projector)
{
	CFA_REDIS_SEND(projector->redis,
				   position_seen,
				   projector,
				   "HMGET",
				   "cfa:position",
				   "epoch",
				   "seq");
	CFA_REDIS_SEND(projector->redis,
				   ready_seen,
				   projector,
				   "EXISTS",
				   "cfa:ready");
}

static void
position_seen(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;
	const char *epoch = cfa_redis_text(reply, 0);
	const char *sequence = cfa_redis_text(reply, 1);
	char expected_epoch[24];
	char expected_sequence[24];

	if (reply == NULL || projector->state != CFA_PROJECTOR_FOLLOWING)
		return;
	snprintf(expected_epoch,
			 sizeof(expected_epoch),
			 "%" PRId64,
			 projector->position.epoch);
	snprintf(expected_sequence,
			 sizeof(expected_sequence),
			 "%" PRId64,
			 projector->position.sequence);
	if (epoch == NULL || sequence == NULL ||
		strcmp(epoch, expected_epoch) != 0 ||
		strcmp(sequence, expected_sequence) != 0)
		cfa_projector_resync(projector, "position_changed");
}

static void
ready_seen(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;

	if (reply == NULL || projector->state != CFA_PROJECTOR_FOLLOWING)
		return;
	projector->is_model_ready =
		reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
	cfa_projector_try_ready(projector);
}

/* --rebuild while another projector leads: taking the position away is enough. */
static void
tell_leader(CfaProjector *projector)
{
	if (!projector->is_rebuild_told)
	{
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "DEL",
					   "cfa:ready",
					   "cfa:position");
		cfa_log(CFA_LOG_INFO, "rebuild_asked");
	}
	projector->is_rebuild_told = true;
	CFA_REDIS_SEND(projector->redis,
				   leader_answered,
				   projector,
				   "HMGET",
				   "cfa:position",
				   "done",
				   "campaigns");
	CFA_REDIS_SEND(projector->redis,
				   leader_answered,
				   projector,
				   "EXISTS",
				   "cfa:ready");
}

static void
leader_answered(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;

	if (reply == NULL || projector->state != CFA_PROJECTOR_STANDBY)
		return;
	if (reply->type == REDIS_REPLY_ARRAY)
		cfa_log(CFA_LOG_INFO,
				"rebuild_progress",
				CFA_STR("done", cfa_redis_text(reply, 0)),
				CFA_STR("campaigns", cfa_redis_text(reply, 1)));
	else if (reply->type == REDIS_REPLY_INTEGER && reply->integer == 1)
	{
		cfa_log(CFA_LOG_INFO, "rebuild_finished");
		cfa_loop_stop(projector->daemon.loop, 0);
	}
}

/* ---- pausing */

void
cfa_projector_describe(void *arg, CfaControlReport *report)
{
	const CfaProjector *projector = arg;

	snprintf(report->state,
			 sizeof(report->state),
			 "%s",
			 cfa_projector_state_name(projector->state));
	if (projector->position.sequence > 0)
		report->stream_seq = projector->position.sequence;
	if (projector->state == CFA_PROJECTOR_FOLLOWING)
		report->pending = projector->lag + projector->queue_count;
	report->failures = cfa_metrics_value(projector->daemon.metrics,
										 projector->metrics.resyncs);
}

/* The model stays as it is and goes on to be served. */
void
cfa_projector_hold(void *arg, bool is_held)
{
	CfaProjector *projector = arg;

	if (projector->is_stopping)
		return;
	if (!is_held)
	{
		cfa_projector_connected(projector);
		return;
	}
	cfa_projector_disconnected(projector);
	projector->state = CFA_PROJECTOR_PAUSED;
}

/* A process that was started while paused has not read where the model stands. */
static void
look_at_position(CfaProjector *projector)
{
	CFA_REDIS_SEND(projector->redis,
				   position_looked_at,
				   projector,
				   "HGET",
				   "cfa:position",
				   "seq");
}

static void
position_looked_at(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;
	uint64_t sequence;

	if (reply != NULL && reply->type == REDIS_REPLY_STRING &&
		projector->state == CFA_PROJECTOR_PAUSED &&
		cfa_parse_uint(reply->str, strlen(reply->str), INT64_MAX, &sequence))
		projector->position.sequence = (int64_t) sequence;
}

/* ---- checking */

static void
position_read(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;
	bool is_whole;

	if (reply == NULL || projector->state != CFA_PROJECTOR_CHECKING)
		return;
	is_whole = cfa_store_parse_position(&projector->position, reply) == 0;
	if (!is_whole || (projector->is_forced && !projector->is_rebuild_told))
	{
		projector->is_rebuild_told = projector->is_forced;
		cfa_rebuild_start(projector, is_whole ? "asked_for" : "no_position");
		return;
	}
	if (cfa_js_ask(projector->js,
				   "$JS.API.STREAM.INFO." CFA_STREAM,
				   NULL,
				   cfa_clock_us() / 1000,
				   stream_read,
				   projector) != 0)
		cfa_projector_resync(projector, "stream_not_asked");
}

static void
stream_read(void *arg, const json_t *answer, const char *error)
{
	CfaProjector *projector = arg;
	const char *wrong;

	if (projector->state != CFA_PROJECTOR_CHECKING)
		return;
	if (answer == NULL)
	{
		cfa_projector_resync(projector, error);
		return;
	}
	read_stream(&projector->stream, answer);
	wrong = judge_position(projector);
	if (wrong != NULL)
		cfa_rebuild_start(projector, wrong);
	else if (projector->position.event_id[0] != '\0' &&
			 projector->position.sequence >= projector->stream.first)
		ask_last_event(projector);
	else
		follow(projector);
}

static void
read_stream(CfaStreamInfo *info, const json_t *answer)
{
	const json_t *state = json_object_get(answer, "state");
	const char *created = json_string_value(json_object_get(answer, "created"));

	info->first = json_integer_value(json_object_get(state, "first_seq"));
	info->last = json_integer_value(json_object_get(state, "last_seq"));
	snprintf(info->created,
			 sizeof(info->created),
			 "%s",
			 created != NULL ? created : "");
}

/* NULL if the stream can go on where the model stands, else why it cannot. */
static const char *
judge_position(const CfaProjector *projector)
{
	const CfaPosition *position = &projector->position;
	const CfaStreamInfo *stream = &projector->stream;

	if (strcmp(position->stream_created, stream->created) != 0)
		return "stream_replaced";
	if (position->sequence > stream->last)
		return "stream_behind";
	if (position->sequence + 1 < stream->first)
		return "stream_ahead";
	return NULL;
}

/* A broker that lost its tail and was refilled may have other events there. */
static void
ask_last_event(CfaProjector *projector)
{
	if (cfa_js_ask(projector->js,
				   "$JS.API.STREAM.MSG.GET." CFA_STREAM,
				   json_pack("{s:I}",
							 "seq",
							 (json_int_t) projector->position.sequence),
				   cfa_clock_us() / 1000,
				   last_event_read,
				   projector) != 0)
		cfa_projector_resync(projector, "stream_not_asked");
}

static void
last_event_read(void *arg, const json_t *answer, const char *error)
{
	CfaProjector *projector = arg;
	const char *headers = json_string_value(
		json_object_get(json_object_get(answer, "message"), "hdrs"));

	if (projector->state != CFA_PROJECTOR_CHECKING)
		return;
	if (answer == NULL && strcmp(error, "timeout") == 0)
		cfa_projector_resync(projector, error);
	else if (headers != NULL &&
			 !is_last_event(projector->position.event_id, headers))
		cfa_rebuild_start(projector, "stream_rewritten");
	else
		follow(projector);
}

static bool
is_last_event(const char *event_id, const char *headers_base64)
{
	char headers[HEADERS_MAX + 1];
	char wanted[64];
	size_t len = 0;

	if (!cfa_base64_decode(headers_base64,
						   strlen(headers_base64),
						   false,
						   (uint8_t *) headers,
						   HEADERS_MAX,
						   &len))
		return false;
	headers[len] = '\0';
	snprintf(wanted, sizeof(wanted), "Nats-Msg-Id: %s\r\n", event_id);
	return strcasestr(headers, wanted) != NULL;
}

static void
follow(CfaProjector *projector)
{
	projector->state = CFA_PROJECTOR_FOLLOWING;
	projector->is_model_ready = false;
	projector->ready_target = projector->stream.last;
	CFA_REDIS_SEND(projector->redis,
				   ready_seen,
				   projector,
				   "EXISTS",
				   "cfa:ready");
	cfa_batch_follow(projector);
	judge_identity(projector);
}

/* ---- which database */

void
cfa_projector_ask_identity(CfaProjector *projector)
{
	cfa_pg_query(projector->pg,
				 "SELECT careforall.projector_identity()",
				 0,
				 NULL,
				 0,
				 identity_read,
				 projector);
}

static void
identity_read(void *arg, PGresult *result)
{
	CfaProjector *projector = arg;

	if (!cfa_pg_is_ok(result) || PQntuples(result) != 1)
		return;
	snprintf(projector->database,
			 sizeof(projector->database),
			 "%s",
			 cfa_pg_text(result, 0, 0));
	judge_identity(projector);
}

static void
judge_identity(CfaProjector *projector)
{
	if (projector->state != CFA_PROJECTOR_FOLLOWING ||
		projector->database[0] == '\0' ||
		strcmp(projector->database, projector->position.database) == 0)
		return;
	cfa_rebuild_start(projector, "database_replaced");
}

/* ---- ready */

void
cfa_projector_try_ready(CfaProjector *projector)
{
	if (projector->state != CFA_PROJECTOR_FOLLOWING)
		return;
	if (projector->is_model_ready && projector->config.is_rebuild)
	{
		cfa_log(CFA_LOG_INFO, "rebuild_finished");
		cfa_loop_stop(projector->daemon.loop, 0);
	}
	if (projector->is_model_ready || projector->committed != NULL ||
		projector->batch.is_busy ||
		projector->position.sequence < projector->ready_target)
		return;
	/* Said by the answer; until then nothing else may begin. */
	projector->batch.is_busy = true;
	CFA_REDIS_SEND(projector->redis,
				   campaigns_listed,
				   projector,
				   "ZRANGE",
				   "cfa:campaigns",
				   "0",
				   "-1");
}

/* Those who watch must read again: the model may have jumped over events. */
static void
campaigns_listed(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;
	CfaBuf lines = {0};

	if (reply == NULL || projector->state != CFA_PROJECTOR_FOLLOWING ||
		!projector->batch.is_busy)
		return;
	cfa_store_begin(projector);
	CFA_REDIS_SEND(projector->redis, NULL, NULL, "SET", "cfa:ready", "1");
	cfa_live_begin(projector, &lines);
	for (size_t i = 0; i < reply->elements; i++)
	{
		int64_t sequence = projector->position.sequence;
		const char *id = cfa_redis_text(reply, i);
		char *frame =
			cfa_render_reset_frame(id, projector->position.epoch, sequence);

		cfa_live_add(&lines, 'r', id, sequence, frame);
		free(frame);
	}
	cfa_buf_addf(&lines, "a %" PRId64 "\n", projector->position.sequence);
	cfa_live_publish(projector, &lines);
	cfa_buf_clear(&lines);
	cfa_store_commit(projector, projector->position.sequence, ready_committed);
}

static void
ready_committed(CfaProjector *projector, bool is_ok)
{
	projector->batch.is_busy = false;
	if (!is_ok)
	{
		cfa_projector_resync(projector, "position_changed");
		return;
	}
	projector->is_model_ready = true;
	cfa_log(CFA_LOG_INFO,
			"model_ready",
			CFA_INT("sequence", projector->position.sequence),
			CFA_INT("epoch", projector->position.epoch));
	cfa_projector_try_ready(projector);
	cfa_batch_pump(projector);
}
