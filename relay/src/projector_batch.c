/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_batch.c: events of the stream become transactions, in order.
 *
 * One batch at a time: what came while the last one was under way. Its campaigns
 * are read from Redis unless they are in memory, its events are applied in memory,
 * and documents are rendered once for each campaign that was touched. If the
 * transaction does not happen, all of it is thrown away and read again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/envelope.h"
#include "careforall/log.h"
#include "careforall/text.h"
#include "projector.h"
#include "projector_render.h"

#define NUMBER_MAX 24
/* The last 500 frames and the first 100 gifts are kept. */
#define LIVE_KEEP "-501"
#define GIFTS_LAST "99"

typedef struct Load
{
	CfaProjector *projector;
	CfaCached *cached;
} Load;

static void consumer_ready(void *arg, int64_t pending);
static void consumer_lost(void *arg, const char *reason);
static bool consumer_message(void *arg, const CfaDelivery *delivery);
static bool read_event(CfaModelEvent *event, int64_t *time_ms,
					   const CfaDelivery *delivery);
static const char *get_header(void *message, const char *name);
static CfaCached *cache_get(CfaProjector *projector, const char *id);
static CfaCached *cache_add(CfaProjector *projector, const char *id);
static void cache_clear(CfaProjector *projector);
static void load(CfaProjector *projector, CfaCached *cached);
static void loaded(void *arg, const redisReply *reply);
static void apply_batch(CfaProjector *projector);
static const char *apply_event(CfaProjector *projector, CfaModelEvent *event);
static void count(CfaProjector *projector, CfaEventResult result);
static void keep_output(CfaProjector *projector, CfaCached *cached,
						const CfaModelEvent *event, CfaModelChange *change);
static void write_batch(CfaProjector *projector);
static void write_output(CfaProjector *projector, CfaOutput *output,
						 bool is_last);
static void write_gift(CfaProjector *projector, const CfaOutput *output);
static void clear_outputs(CfaBatch *batch);
static void batch_committed(CfaProjector *projector, bool is_ok);

void
cfa_batch_follow(CfaProjector *projector)
{
	const CfaConsumerConfig config = {.stream = CFA_STREAM,
									  .start_sequence =
										  projector->position.sequence + 1,
									  .ready = consumer_ready,
									  .message = consumer_message,
									  .lost = consumer_lost,
									  .arg = projector};

	projector->consumer =
		cfa_consumer_new(projector->js, &config, cfa_clock_us() / 1000);
	if (projector->consumer == NULL)
		cfa_projector_resync(projector, "no_consumer");
}

void
cfa_batch_pump(CfaProjector *projector)
{
	CfaBatch *batch = &projector->batch;

	if (projector->state != CFA_PROJECTOR_FOLLOWING || batch->is_busy ||
		projector->committed != NULL || projector->queue_count == 0)
		return;
	if (projector->cache_count > CFA_PROJECTOR_CACHE_MAX)
		cache_clear(projector);
	batch->is_busy = true;
	batch->events = projector->queue_count < CFA_PROJECTOR_BATCH_MAX
						? projector->queue_count
						: CFA_PROJECTOR_BATCH_MAX;
	/* Held by this loop itself, so that answers cannot end it before its time. */
	batch->loads = 1;
	for (int i = 0; i < batch->events; i++)
	{
		const char *id = projector->queue[i].campaign_id;

		if (id[0] != '\0' && cache_get(projector, id) == NULL)
			load(projector, cache_add(projector, id));
	}
	if (--batch->loads == 0)
		apply_batch(projector);
}

void
cfa_batch_reset(CfaProjector *projector)
{
	cfa_consumer_free(projector->consumer);
	projector->consumer = NULL;
	for (int i = 0; i < projector->queue_count; i++)
		cfa_model_event_clear(&projector->queue[i]);
	projector->queue_count = 0;
	clear_outputs(&projector->batch);
	projector->batch.is_busy = false;
	projector->batch.loads = 0;
	cache_clear(projector);
}

/* ---- from the stream */

static void
consumer_ready(void *arg, int64_t pending)
{
	CfaProjector *projector = arg;

	projector->lag = pending;
	cfa_log(CFA_LOG_INFO,
			"following",
			CFA_INT("sequence", projector->position.sequence),
			CFA_INT("pending", pending));
	cfa_backoff_reset(&projector->backoff);
}

static void
consumer_lost(void *arg, const char *reason)
{
	cfa_projector_resync(arg, reason);
}

static bool
consumer_message(void *arg, const CfaDelivery *delivery)
{
	CfaProjector *projector = arg;
	CfaModelEvent *event = &projector->queue[projector->queue_count];
	int64_t *time_ms = &projector->queue_time_ms[projector->queue_count];

	projector->lag = delivery->pending;
	if (!read_event(event, time_ms, delivery))
	{
		/* Not one of ours: it takes a place in the stream and nothing else. */
		cfa_log(CFA_LOG_ERROR,
				"event_unreadable",
				CFA_INT("sequence", delivery->sequence));
		cfa_model_event_clear(event);
		event->sequence = delivery->sequence;
	}
	projector->queue_count++;
	return projector->queue_count < CFA_PROJECTOR_QUEUE_MAX;
}

static bool
read_event(CfaModelEvent *event, int64_t *time_ms, const CfaDelivery *delivery)
{
	CfaEventIn in;

	memset(event, 0, sizeof(*event));
	*time_ms = 0;
	if (!cfa_event_read(get_header, delivery->message, &in))
		return false;
	snprintf(event->type, sizeof(event->type), "%s", in.type);
	snprintf(event->event_id, sizeof(event->event_id), "%s", in.event_id);
	snprintf(event->campaign_id,
			 sizeof(event->campaign_id),
			 "%s",
			 in.campaign_id);
	snprintf(event->aggregate_id,
			 sizeof(event->aggregate_id),
			 "%s",
			 in.aggregate_id);
	event->aggregate_version = in.aggregate_version;
	event->outbox_id = in.outbox_id;
	event->xid = in.transaction_id;
	event->sequence = delivery->sequence;
	*time_ms = in.occurred_at_ms;
	event->data = json_loadb(natsMsg_GetData(delivery->message),
							 (size_t) natsMsg_GetDataLength(delivery->message),
							 0,
							 NULL);
	return event->data != NULL;
}

static const char *
get_header(void *message, const char *name)
{
	const char *value = NULL;

	return natsMsgHeader_Get(message, name, &value) == NATS_OK ? value : NULL;
}

/* ---- campaigns in memory */

static unsigned
bucket_of(const char *id)
{
	unsigned hash = 2166136261u;

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char) *id) * 16777619u;
	return hash % CFA_PROJECTOR_BUCKETS;
}

static CfaCached *
cache_get(CfaProjector *projector, const char *id)
{
	CfaCached *cached = projector->cache[bucket_of(id)];

	while (cached != NULL && strcmp(cached->campaign->id, id) != 0)
		cached = cached->next;
	return cached;
}

static CfaCached *
cache_add(CfaProjector *projector, const char *id)
{
	CfaCached *cached = calloc(1, sizeof(*cached));
	unsigned bucket = bucket_of(id);

	if (cached == NULL ||
		(cached->campaign = cfa_model_campaign_new(id)) == NULL)
		abort();
	cached->last_frame = -1;
	cached->next = projector->cache[bucket];
	projector->cache[bucket] = cached;
	projector->cache_count++;
	return cached;
}

static void
cache_clear(CfaProjector *projector)
{
	for (int i = 0; i < CFA_PROJECTOR_BUCKETS; i++)
	{
		while (projector->cache[i] != NULL)
		{
			CfaCached *cached = projector->cache[i];

			projector->cache[i] = cached->next;
			cfa_model_campaign_free(cached->campaign);
			free(cached);
		}
	}
	projector->cache_count = 0;
}

static void
load(CfaProjector *projector, CfaCached *cached)
{
	Load *request = malloc(sizeof(*request));
	char key[CFA_KEY_MAX];

	if (request == NULL)
		abort();
	*request = (Load){.projector = projector, .cached = cached};
	projector->batch.loads++;
	if (CFA_REDIS_SEND(projector->redis,
					   loaded,
					   request,
					   "HMGET",
					   cfa_store_key(key, "state", cached->campaign->id),
					   "source",
					   "figures") != 0)
		free(request);
}

/* A campaign without a state is new, and stays unknown until its event comes. */
static void
loaded(void *arg, const redisReply *reply)
{
	Load request = *(Load *) arg;
	CfaProjector *projector = request.projector;
	CfaModelCampaign *campaign;
	const char *source_text = cfa_redis_text(reply, 0);
	const char *figures = cfa_redis_text(reply, 1);
	json_t *source;

	free(arg);
	/* The connection went, and all that was asked for with it. */
	if (reply == NULL || !projector->batch.is_busy)
		return;
	campaign = request.cached->campaign;
	request.cached->is_loaded = true;
	if (source_text != NULL && figures != NULL)
	{
		source = json_loads(source_text, 0, NULL);
		if (source == NULL || cfa_model_set_source(campaign, source) != 0 ||
			cfa_model_figures_parse(&campaign->figures, figures) != 0)
		{
			json_decref(source);
			cfa_rebuild_start(projector, "campaign_unreadable");
			return;
		}
		json_decref(source);
	}
	if (--projector->batch.loads == 0)
		apply_batch(projector);
}

/* ---- to the model */

static void
apply_batch(CfaProjector *projector)
{
	CfaBatch *batch = &projector->batch;

	for (int i = 0; i < batch->events; i++)
	{
		CfaModelEvent *event = &projector->queue[i];
		const char *wrong = apply_event(projector, event);

		if (wrong != NULL)
		{
			cfa_log(CFA_LOG_ERROR,
					"event_not_applied",
					CFA_STR("reason", wrong),
					CFA_STR("type", event->type),
					CFA_STR("event_id", event->event_id),
					CFA_INT("sequence", event->sequence));
			cfa_rebuild_start(projector, wrong);
			return;
		}
		batch->last_sequence = event->sequence;
		batch->last_time_ms = projector->queue_time_ms[i];
		snprintf(batch->last_event_id,
				 sizeof(batch->last_event_id),
				 "%s",
				 event->event_id);
	}
	write_batch(projector);
}

/* NULL if the event is dealt with, else why the model must be rebuilt. */
static const char *
apply_event(CfaProjector *projector, CfaModelEvent *event)
{
	CfaPosition *position = &projector->position;
	CfaModelChange change;
	CfaCached *cached;

	if (event->event_id[0] == '\0')
	{
		count(projector, CFA_RESULT_UNREADABLE);
		return NULL;
	}
	if (cfa_snapshot_sees(&position->snapshot, event->xid))
	{
		count(projector, CFA_RESULT_IN_SNAPSHOT);
		return NULL;
	}
	switch (cfa_seen_add(&position->seen, event->outbox_id))
	{
		case CFA_SEEN_NEW:
			break;
		case CFA_SEEN_BEFORE:
			count(projector, CFA_RESULT_DUPLICATE);
			return NULL;
		case CFA_SEEN_UNSURE:
			return "event_too_old_to_know";
	}
	cached = cache_get(projector, event->campaign_id);
	switch (cfa_model_apply(cached->campaign, event, &change))
	{
		case CFA_MODEL_APPLIED:
			count(projector, CFA_RESULT_APPLIED);
			keep_output(projector, cached, event, &change);
			return NULL;
		case CFA_MODEL_STALE:
			count(projector, CFA_RESULT_STALE);
			break;
		case CFA_MODEL_IGNORED:
			count(projector, CFA_RESULT_IGNORED);
			break;
		case CFA_MODEL_MISSING:
			cfa_model_change_clear(&change);
			return "campaign_missing";
		case CFA_MODEL_MALFORMED:
			cfa_model_change_clear(&change);
			return "event_malformed";
	}
	cfa_model_change_clear(&change);
	return NULL;
}

static void
count(CfaProjector *projector, CfaEventResult result)
{
	cfa_metrics_add(projector->daemon.metrics,
					projector->metrics.events[result],
					1);
}

static void
keep_output(CfaProjector *projector, CfaCached *cached,
			const CfaModelEvent *event, CfaModelChange *change)
{
	CfaBatch *batch = &projector->batch;
	CfaOutput *output = &batch->outputs[batch->outputs_count];
	bool is_pledge = strncmp(event->type, "pledge.", 7) == 0;

	cached->is_touched |= change->is_figures_changed;
	cached->is_source_changed |= change->is_source_changed;
	if (change->frame != NULL || change->has_totals_frame)
		cached->last_frame = batch->outputs_count;
	output->cached = cached;
	output->change = *change;
	output->sequence = event->sequence;
	snprintf(output->pledge_id,
			 sizeof(output->pledge_id),
			 "%s",
			 is_pledge ? event->aggregate_id : "");
	batch->outputs_count++;
}

/* ---- to Redis */

static void
write_batch(CfaProjector *projector)
{
	CfaBatch *batch = &projector->batch;

	cfa_store_begin(projector);
	for (int i = 0; i < batch->outputs_count; i++)
	{
		CfaOutput *output = &batch->outputs[i];

		write_output(projector, output, output->cached->last_frame == i);
	}
	for (int i = 0; i < batch->outputs_count; i++)
	{
		CfaCached *cached = batch->outputs[i].cached;
		char key[CFA_KEY_MAX];

		if (cached->is_touched)
			cfa_store_put_campaign(projector,
								   cached->campaign,
								   projector->position.epoch,
								   cached->is_source_changed);
		if (cached->last_frame >= 0)
			CFA_REDIS_SEND(projector->redis,
						   NULL,
						   NULL,
						   "ZREMRANGEBYRANK",
						   cfa_store_key(key, "live", cached->campaign->id),
						   "0",
						   LIVE_KEEP);
		cached->is_touched = false;
		cached->is_source_changed = false;
		cached->last_frame = -1;
	}
	clear_outputs(batch);
	cfa_store_put_position(projector,
						   batch->last_sequence,
						   batch->last_event_id);
	cfa_store_commit(projector, batch->last_sequence, batch_committed);
}

/*
 * Totals without a gift are said once for each campaign, by its last frame: each
 * frame holds all of them. A gift, and a change of the campaign, is always said.
 */
static void
write_output(CfaProjector *projector, CfaOutput *output, bool is_last)
{
	CfaModelChange *change = &output->change;
	const char *id = output->cached->campaign->id;
	bool is_said =
		is_last || change->gift_added != NULL || change->is_source_changed;
	json_t *frame;
	char key[CFA_KEY_MAX];
	char score[NUMBER_MAX];
	char *text;

	if (is_last && change->has_totals_frame && change->frame == NULL)
		change->frame = cfa_render_totals_frame(output->cached->campaign, NULL);
	frame = is_said ? change->frame : NULL;
	write_gift(projector, output);
	if (change->old_slug != NULL)
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "DEL",
					   cfa_store_key(key, "slug", change->old_slug));
	if (frame != NULL)
	{
		snprintf(score, sizeof(score), "%" PRId64, output->sequence);
		text = json_dumps(frame, JSON_COMPACT);
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "ZADD",
					   cfa_store_key(key, "live", id),
					   score,
					   text);
		free(text);
	}
	if (frame == NULL && change->pledge == NULL)
		return;
	text =
		cfa_render_live(output->sequence,
						id,
						output->pledge_id[0] != '\0' ? output->pledge_id : NULL,
						frame,
						change->pledge);
	CFA_REDIS_SEND(projector->redis, NULL, NULL, "PUBLISH", "cfa:live", text);
	free(text);
}

static void
write_gift(CfaProjector *projector, const CfaOutput *output)
{
	const CfaModelChange *change = &output->change;
	char key[CFA_KEY_MAX];

	cfa_store_key(key, "gifts", output->cached->campaign->id);
	if (change->gift_removed != NULL)
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "LREM",
					   key,
					   "1",
					   change->gift_removed);
	if (change->gift_added == NULL)
		return;
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "LPUSH",
				   key,
				   change->gift_added);
	CFA_REDIS_SEND(projector->redis, NULL, NULL, "LTRIM", key, "0", GIFTS_LAST);
}

static void
clear_outputs(CfaBatch *batch)
{
	for (int i = 0; i < batch->outputs_count; i++)
		cfa_model_change_clear(&batch->outputs[i].change);
	batch->outputs_count = 0;
}

static void
batch_committed(CfaProjector *projector, bool is_ok)
{
	CfaBatch *batch = &projector->batch;
	CfaMetrics *metrics = projector->daemon.metrics;
	int64_t now_ms = cfa_now_ms();

	if (!is_ok)
	{
		cfa_projector_resync(projector, "position_changed");
		return;
	}
	for (int i = 0; i < batch->events; i++)
		cfa_model_event_clear(&projector->queue[i]);
	projector->queue_count -= batch->events;
	memmove(projector->queue,
			projector->queue + batch->events,
			(size_t) projector->queue_count * sizeof(projector->queue[0]));
	memmove(projector->queue_time_ms,
			projector->queue_time_ms + batch->events,
			(size_t) projector->queue_count *
				sizeof(projector->queue_time_ms[0]));
	projector->position.sequence = batch->last_sequence;
	snprintf(projector->position.event_id,
			 sizeof(projector->position.event_id),
			 "%s",
			 batch->last_event_id);
	cfa_metrics_add(metrics, projector->metrics.batches, 1);
	cfa_metrics_observe(metrics,
						projector->metrics.batch_size,
						(uint64_t) batch->events);
	if (batch->last_time_ms > 0 && now_ms > batch->last_time_ms)
		cfa_metrics_observe(metrics,
							projector->metrics.delay,
							(uint64_t) (now_ms - batch->last_time_ms));
	batch->is_busy = false;
	/* What waited for room lies in memory: no read of the socket announces it. */
	cfa_consumer_resume(projector->consumer);
	cfa_js_poll(projector->js, cfa_clock_us() / 1000);
	cfa_projector_try_ready(projector);
	cfa_batch_pump(projector);
}
