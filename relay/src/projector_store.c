/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_store.c: guarded transactions in Redis, and the keys of the read model.
 *
 * Between two transactions this connection always watches cfa:position: right
 * behind each EXEC go WATCH and a read of the position, in the same round trip. If
 * what is read is not what was written, somebody wrote between EXEC and WATCH; if
 * somebody writes later, the next EXEC does nothing. Redis counts a flush as a
 * write.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "careforall/text.h"
#include "projector.h"

#define NUMBER_MAX 24

static void executed(void *arg, const redisReply *reply);
static void guarded(void *arg, const redisReply *reply);
static const char *number(char *buf, int64_t value);
static bool parse_number(const char *text, int64_t *value);
static void put_public(CfaProjector *projector, CfaModelCampaign *campaign,
					   int64_t epoch);
static void put_listing(CfaProjector *projector,
						const CfaModelCampaign *campaign);
static void copy(char *buf, size_t len, const char *text);

void
cfa_store_begin(CfaProjector *projector)
{
	CFA_REDIS_SEND(projector->redis, NULL, NULL, "MULTI");
}

void
cfa_store_commit(CfaProjector *projector, int64_t guard_sequence,
				 CfaCommitted committed)
{
	projector->committed = committed;
	projector->is_exec_ok = false;
	projector->guard_sequence = guard_sequence;
	projector->transactions_open++;
	CFA_REDIS_SEND(projector->redis, executed, projector, "EXEC");
	CFA_REDIS_SEND(projector->redis, NULL, NULL, "WATCH", "cfa:position");
	CFA_REDIS_SEND(projector->redis,
				   guarded,
				   projector,
				   "HMGET",
				   "cfa:position",
				   "epoch",
				   "seq");
}

void
cfa_store_put_position(CfaProjector *projector, int64_t sequence,
					   const char *event_id)
{
	char sequence_text[NUMBER_MAX];
	char *seen = cfa_seen_format(&projector->position.seen);

	if (seen == NULL)
		abort();
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "HSET",
				   "cfa:position",
				   "seq",
				   number(sequence_text, sequence),
				   "event_id",
				   event_id,
				   "seen",
				   seen);
	free(seen);
}

void
cfa_store_put_campaign(CfaProjector *projector, CfaModelCampaign *campaign,
					   int64_t epoch, bool is_source_changed)
{
	char key[CFA_KEY_MAX];
	char *figures = cfa_model_figures_format(&campaign->figures);
	char *source = NULL;

	cfa_store_key(key, "state", campaign->id);
	if (is_source_changed)
	{
		source = json_dumps(campaign->source, JSON_COMPACT);
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "HSET",
					   key,
					   "figures",
					   figures,
					   "source",
					   source);
		put_listing(projector, campaign);
	}
	else
		CFA_REDIS_SEND(
			projector->redis, NULL, NULL, "HSET", key, "figures", figures);
	free(source);
	free(figures);
	if (cfa_model_is_public(campaign))
		put_public(projector, campaign, epoch);
}

int
cfa_store_read_position(CfaProjector *projector, CfaRedisFn fn)
{
	CFA_REDIS_SEND(projector->redis, NULL, NULL, "UNWATCH");
	CFA_REDIS_SEND(projector->redis, NULL, NULL, "WATCH", "cfa:position");
	return CFA_REDIS_SEND(projector->redis,
						  fn,
						  projector,
						  "HMGET",
						  "cfa:position",
						  "epoch",
						  "seq",
						  "stream_created",
						  "event_id",
						  "database",
						  "snapshot",
						  "seen");
}

int
cfa_store_parse_position(CfaPosition *position, const redisReply *reply)
{
	const char *snapshot = cfa_redis_text(reply, 5);
	const char *seen = cfa_redis_text(reply, 6);

	cfa_position_clear(position);
	/* The number of the last rebuild is of use even without a whole model. */
	if (!parse_number(cfa_redis_text(reply, 0), &position->epoch))
		position->epoch = 0;
	if (!parse_number(cfa_redis_text(reply, 1), &position->sequence) ||
		position->epoch == 0 || snapshot == NULL || seen == NULL ||
		cfa_snapshot_parse(&position->snapshot, snapshot) != 0 ||
		cfa_seen_parse(&position->seen, seen) != 0)
		return -1;
	copy(position->stream_created,
		 sizeof(position->stream_created),
		 cfa_redis_text(reply, 2));
	copy(position->event_id,
		 sizeof(position->event_id),
		 cfa_redis_text(reply, 3));
	copy(position->database,
		 sizeof(position->database),
		 cfa_redis_text(reply, 4));
	return 0;
}

void
cfa_position_clear(CfaPosition *position)
{
	cfa_snapshot_clear(&position->snapshot);
	memset(position, 0, sizeof(*position));
}

const char *
cfa_store_key(char *buf, const char *kind, const char *id)
{
	snprintf(buf, CFA_KEY_MAX, "cfa:%s:%s", kind, id);
	return buf;
}

/* Nil: the position had changed. An error in one command is never forgiven. */
static void
executed(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;

	/* One that was given up while it was under way. */
	if (projector->transactions_open > 1)
		return;
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
	{
		if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
			cfa_log(CFA_LOG_ERROR, "exec_failed", CFA_STR("error", reply->str));
		return;
	}
	projector->is_exec_ok = true;
	for (size_t i = 0; i < reply->elements; i++)
	{
		if (reply->element[i]->type != REDIS_REPLY_ERROR)
			continue;
		cfa_log(CFA_LOG_ERROR,
				"command_failed",
				CFA_STR("error", reply->element[i]->str));
		projector->is_exec_ok = false;
	}
}

static void
guarded(void *arg, const redisReply *reply)
{
	CfaProjector *projector = arg;
	CfaCommitted committed = projector->committed;
	int64_t epoch = 0;
	int64_t sequence = -1;
	bool is_ok = projector->is_exec_ok;

	projector->transactions_open =
		reply != NULL ? projector->transactions_open - 1 : 0;
	if (reply == NULL || committed == NULL || projector->transactions_open > 0)
		return;
	projector->committed = NULL;
	parse_number(cfa_redis_text(reply, 0), &epoch);
	parse_number(cfa_redis_text(reply, 1), &sequence);
	if (epoch != projector->position.epoch ||
		sequence != projector->guard_sequence)
		is_ok = false;
	if (!is_ok)
		cfa_metrics_add(projector->daemon.metrics,
						projector->metrics.guard_lost,
						1);
	committed(projector, is_ok);
}

static void
put_public(CfaProjector *projector, CfaModelCampaign *campaign, int64_t epoch)
{
	char key[CFA_KEY_MAX];
	char etag[96];
	char *text = cfa_model_render(campaign);
	const char *created = cfa_model_created_at(campaign);

	if (text == NULL)
		abort();
	cfa_model_etag(campaign, epoch, etag, sizeof(etag));
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "HSET",
				   cfa_store_key(key, "campaign", campaign->id),
				   "doc",
				   text,
				   "etag",
				   etag,
				   "created",
				   created != NULL ? created : "");
	free(text);
}

static void
put_listing(CfaProjector *projector, const CfaModelCampaign *campaign)
{
	char key[CFA_KEY_MAX];
	char score[NUMBER_MAX];

	if (!cfa_model_is_public(campaign))
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "DEL",
					   cfa_store_key(key, "campaign", campaign->id));
	else
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "SET",
					   cfa_store_key(key, "slug", cfa_model_slug(campaign)),
					   campaign->id);
	if (!cfa_model_is_listed(campaign))
	{
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "ZREM",
					   "cfa:campaigns",
					   campaign->id);
		return;
	}
	number(score, cfa_model_time_ms(cfa_model_created_at(campaign)));
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "ZADD",
				   "cfa:campaigns",
				   score,
				   campaign->id);
}

static const char *
number(char *buf, int64_t value)
{
	snprintf(buf, NUMBER_MAX, "%" PRId64, value);
	return buf;
}

static bool
parse_number(const char *text, int64_t *value)
{
	uint64_t parsed;

	if (text == NULL || !cfa_parse_uint(text, strlen(text), INT64_MAX, &parsed))
		return false;
	*value = (int64_t) parsed;
	return true;
}

static void
copy(char *buf, size_t len, const char *text)
{
	snprintf(buf, len, "%s", text != NULL ? text : "");
}
