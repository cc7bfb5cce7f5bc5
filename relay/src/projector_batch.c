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
/* The last 500 frames, 10,000 events and the first 100 gifts are kept. */
#define LIVE_KEEP "-501"
#define FEED_KEEP "-10001"
#define GIFTS_LAST "99"
#define TRIM_EVERY 32 /* frames of a campaign */
/* While events flow they are gathered for a moment. */
#define PACE_US 50000
#define PACE_EVENTS CFA_PROJECTOR_BATCH_MAX

typedef struct Load
{
	CfaProjector *projector;
	CfaCached *cached;
} Load;

static void consumer_ready(void *arg, int64_t pending);
static void consumer_waiting(void *arg, int64_t count);
static void consumer_lost(void *arg, const char *reason);
static bool consumer_message(void *arg, const CfaDelivery *delivery);
static bool read_event(CfaModelEvent *event, const CfaDelivery *delivery);
static const char *get_header(void *message, const char *name);
static CfaCached *cache_get(CfaProjector *projector, const char *id);
static CfaCached *cache_add(CfaProjector *projector, const char *id);
static void cache_clear(CfaProjector *projector);
static void load(CfaProjector *projector, CfaCached *cached);
static void loaded(void *arg, const redisReply *reply);
static bool is_due(CfaProjector *projector);
static void apply_batch(CfaProjector *projector);
static const char *apply_event(CfaProjector *projector, CfaModelEvent *event);
static void count(CfaProjector *projector, CfaEventResult result);
static void keep_feed_frame(CfaBatch *batch, const CfaModelEvent *event);
static void keep_output(CfaProjector *projector, CfaCached *cached,
						const CfaModelEvent *event, CfaModelChange *change);
static void write_batch(CfaProjector *projector);
static void write_campaign(CfaProjector *projector, CfaCached *cached);
static void write_feed(CfaProjector *projector);
static void write_output(CfaProjector *projector, CfaOutput *output,
						 bool is_last);
static void write_gift(CfaProjector *projector, const CfaOutput *output);
static void clear_outputs(CfaBatch *batch);
static void clear_frames(CfaBatch *batch);
static void end_spans(const CfaProjector *projector);
static void batch_committed(CfaProjector *projector, bool is_ok);

void
cfa_batch_follow(CfaProjector *projector)
{
	const CfaConsumerConfig config = {.stream = CFA_STREAM,
									  .start_sequence =
										  projector->position.sequence + 1,
									  .ready = consumer_ready,
									  .message = consumer_message,
									  .waiting = consumer_waiting,
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
		projector->committed != NULL || projector->queue_count == 0 ||
		!is_due(projector))
		return;
	if (projector->cache_count > CFA_PROJECTOR_CACHE_MAX)
		cache_clear(projector);
	batch->is_busy = true;
	batch->begun_us = cfa_clock_us();
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
	clear_frames(&projector->batch);
	cfa_timer_cancel(projector->daemon.loop, &projector->pace);
	projector->batch.is_busy = false;
	projector->batch.loads = 0;
	cache_clear(projector);
}

void
cfa_live_begin(CfaProjector *projector, CfaBuf *lines)
{
	cfa_buf_addf(lines, "e %" PRId64 "\n", projector->position.epoch);
}

void
cfa_live_add(CfaBuf *lines, char kind, const char *id, int64_t number,
			 const char *frame)
{
	cfa_buf_addf(lines, "%c %s %" PRId64 " %s\n", kind, id, number, frame);
}

void
cfa_live_publish(CfaProjector *projector, CfaBuf *lines)
{
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "PUBLISH",
				   "cfa:live",
				   cfa_buf_text(lines));
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
consumer_waiting(void *arg, int64_t count)
{
	CfaProjector *projector = arg;

	projector->lag = count;
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

	projector->lag = delivery->pending;
	if (!read_event(event, delivery))
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
read_event(CfaModelEvent *event, const CfaDelivery *delivery)
{
	CfaEventIn in;

	memset(event, 0, sizeof(*event));
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
	event->time_ms = in.occurred_at_ms;
	event->span = cfa_open_span(in.traceparent);
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

/*
 * Whether what waits is to be applied now: an event after a pause is, at once;
 * those of a flow wait for others, because a batch costs more than an event.
 */
static bool
is_due(CfaProjector *projector)
{
	int64_t age_us = cfa_clock_us() - projector->batch.begun_us;

	if (projector->queue_count >= PACE_EVENTS || age_us >= PACE_US)
		return true;
	if (!projector->pace.is_set)
		cfa_timer_set(projector->daemon.loop,
					  &projector->pace,
					  PACE_US - age_us);
	return false;
}

static void
apply_batch(CfaProjector *projector)
{
	CfaBatch *batch = &projector->batch;

	batch->applied_us = cfa_clock_us();
	clear_frames(batch);
	cfa_live_begin(projector, &batch->live);
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
		batch->last_time_ms = event->time_ms;
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
		keep_feed_frame(&projector->batch, event);
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
	keep_feed_frame(&projector->batch, event);
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
keep_feed_frame(CfaBatch *batch, const CfaModelEvent *event)
{
	int index = batch->feed_count++;

	cfa_render_event_frame(&batch->feed, event);
	batch->feed_frames[index].sequence = event->sequence;
	batch->feed_frames[index].end = batch->feed.len;
}

static void
keep_output(CfaProjector *projector, CfaCached *cached,
			const CfaModelEvent *event, CfaModelChange *change)
{
	CfaBatch *batch = &projector->batch;
	CfaOutput *output = &batch->outputs[batch->outputs_count];

	if (strncmp(event->type, "pledge.", 7) == 0)
	{
		cfa_buf_addf(&batch->live,
					 "p %s %" PRId64 " ",
					 event->aggregate_id,
					 event->aggregate_version);
		cfa_render_pledge_frame(&batch->live, event);
		cfa_buf_addc(&batch->live, '\n');
	}
	cached->is_touched |= change->is_figures_changed;
	cached->is_source_changed |= change->is_source_changed;
	if (change->frame != NULL || change->has_totals_frame)
		cached->last_frame = batch->outputs_count;
	output->cached = cached;
	output->change = *change;
	output->sequence = event->sequence;
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
		write_campaign(projector, batch->outputs[i].cached);
	clear_outputs(batch);
	write_feed(projector);
	cfa_live_publish(projector, &batch->live);
	cfa_store_put_position(projector,
						   batch->last_sequence,
						   batch->last_event_id);
	cfa_store_commit(projector, batch->last_sequence, batch_committed);
}

/* Once for each campaign of the batch; the second call finds nothing to do. */
static void
write_campaign(CfaProjector *projector, CfaCached *cached)
{
	char key[CFA_KEY_MAX];

	if (cached->is_touched)
		cfa_store_put_campaign(projector,
							   cached->campaign,
							   projector->position.epoch,
							   cached->is_source_changed);
	if (cached->frames >= TRIM_EVERY)
	{
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "ZREMRANGEBYRANK",
					   cfa_store_key(key, "live", cached->campaign->id),
					   "0",
					   LIVE_KEEP);
		cached->frames = 0;
	}
	cached->is_touched = false;
	cached->is_source_changed = false;
	cached->last_frame = -1;
}

/* All frames of the batch for those who watch everything, by one command. */
static void
write_feed(CfaProjector *projector)
{
	static const char *argv[2 + 2 * CFA_PROJECTOR_BATCH_MAX] = {"ZADD",
																"cfa:feed"};
	static size_t lens[2 + 2 * CFA_PROJECTOR_BATCH_MAX] = {4, 8};
	static char scores[CFA_PROJECTOR_BATCH_MAX][NUMBER_MAX];
	CfaBatch *batch = &projector->batch;
	size_t at = 0;
	int argc = 2;

	if (batch->feed_count == 0)
		return;
	for (int i = 0; i < batch->feed_count; i++)
	{
		int len = snprintf(scores[i],
						   NUMBER_MAX,
						   "%" PRId64,
						   batch->feed_frames[i].sequence);

		argv[argc] = scores[i];
		lens[argc++] = (size_t) len;
		argv[argc] = batch->feed.data + at;
		lens[argc++] = batch->feed_frames[i].end - at;
		at = batch->feed_frames[i].end;
	}
	(void) cfa_redis_command(projector->redis, NULL, NULL, argc, argv, lens);
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "ZREMRANGEBYRANK",
				   "cfa:feed",
				   "0",
				   FEED_KEEP);
	cfa_buf_addf(&batch->live,
				 "a %" PRId64 "\n",
				 batch->feed_frames[batch->feed_count - 1].sequence);
	cfa_buf_reset(&batch->feed);
	batch->feed_count = 0;
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
	char key[CFA_KEY_MAX];
	char score[NUMBER_MAX];
	char *text;

	if (is_last && change->has_totals_frame && change->frame == NULL)
		change->frame = cfa_render_totals_frame(output->cached->campaign, NULL);
	write_gift(projector, output);
	if (change->old_slug != NULL)
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "DEL",
					   cfa_store_key(key, "slug", change->old_slug));
	if (!is_said || change->frame == NULL)
		return;
	snprintf(score, sizeof(score), "%" PRId64, output->sequence);
	text = json_dumps(change->frame, JSON_COMPACT);
	CFA_REDIS_SEND(projector->redis,
				   NULL,
				   NULL,
				   "ZADD",
				   cfa_store_key(key, "live", id),
				   score,
				   text);
	output->cached->frames++;
	cfa_live_add(&projector->batch.live, 'c', id, output->sequence, text);
	free(text);
}

/*
 * Puts a gift without its donor in the place of the one with, in the list of gifts
 * (KEYS[1]) and in the frames kept for those who come back (KEYS[2]). What it was is
 * not known any more, so it is found by its id, with which every gift begins.
 */
static const char erase_script[] =
	"local head = string.match(ARGV[1], '^{\"id\":\"%x+\",')\n"
	"for i, gift in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do\n"
	" if string.sub(gift, 1, #head) == head then\n"
	"  redis.call('LSET', KEYS[1], i - 1, ARGV[1])\n"
	" end\n"
	"end\n"
	"local frames = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')\n"
	"for i = 1, #frames, 2 do\n"
	" local from = string.find(frames[i], head, 1, true)\n"
	" if from then\n"
	"  local _, to = string.find(frames[i], '\"at\":\"[^\"]*\"}', from)\n"
	"  redis.call('ZREM', KEYS[2], frames[i])\n"
	"  redis.call('ZADD', KEYS[2], frames[i + 1], string.sub(frames[i], 1, from - 1)\n"
	"   .. ARGV[1] .. string.sub(frames[i], to + 1))\n"
	" end\n"
	"end";

static void
write_gift(CfaProjector *projector, const CfaOutput *output)
{
	const CfaModelChange *change = &output->change;
	char key[CFA_KEY_MAX];
	char live[CFA_KEY_MAX];

	cfa_store_key(key, "gifts", output->cached->campaign->id);
	if (change->gift_removed != NULL)
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "LREM",
					   key,
					   "1",
					   change->gift_removed);
	if (change->gift_erased != NULL)
		CFA_REDIS_SEND(projector->redis,
					   NULL,
					   NULL,
					   "EVAL",
					   erase_script,
					   "2",
					   key,
					   cfa_store_key(live,
									 "live",
									 output->cached->campaign->id),
					   change->gift_erased);
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
clear_frames(CfaBatch *batch)
{
	cfa_buf_reset(&batch->live);
	cfa_buf_reset(&batch->feed);
	batch->feed_count = 0;
}

/*
 * The transaction is a child of the first event that is traced, and is linked to
 * the others; each event has its own span, which is linked to the transaction.
 */
static void
end_spans(const CfaProjector *projector)
{
	const CfaBatch *batch = &projector->batch;
	CfaTrace links[CFA_SPAN_LINKS_MAX];
	CfaOpenSpan write = {0};
	size_t link_count = 0;
	const CfaLogField attributes[] = {CFA_STR("db.system.name", "redis"),
									  CFA_STR("db.operation.name", "MULTI"),
									  batch->events > 1
										  ? CFA_INT("db.operation.batch.size",
													batch->events)
										  : (CfaLogField){0},
									  {0}};

	for (int i = 0; i < batch->events; i++)
	{
		const CfaModelEvent *event = &projector->queue[i];
		const CfaSpanEvent about = {.operation = "process",
									.type = event->type,
									.event_id = event->event_id,
									.aggregate_id = event->aggregate_id,
									.group = "projector"};

		if (!event->span.is_traced)
			continue;
		if (!write.is_traced)
		{
			write = cfa_open_child(&event->span);
			write.start_ns -=
				(uint64_t) (cfa_clock_us() - batch->applied_us) * 1000;
		}
		else if (link_count < CFA_SPAN_LINKS_MAX)
			links[link_count++] = event->span.trace;
		cfa_open_span_end_event(&event->span,
								CFA_SPAN_CONSUMER,
								&about,
								NULL,
								NULL,
								&write.trace,
								batch->events > 1 ? 1 : 0);
	}
	cfa_open_span_end(
		&write, CFA_SPAN_CLIENT, "MULTI", false, attributes, links, link_count);
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
	end_spans(projector);
	for (int i = 0; i < batch->events; i++)
		cfa_model_event_clear(&projector->queue[i]);
	projector->queue_count -= batch->events;
	memmove(projector->queue,
			projector->queue + batch->events,
			(size_t) projector->queue_count * sizeof(projector->queue[0]));
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
