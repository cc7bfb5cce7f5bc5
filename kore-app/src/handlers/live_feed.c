/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_feed.c: those who watch every event of every campaign and pledge.
 *
 * The projector keeps the last events in the zset cfa:feed and says on the
 * channel when it has grown. Each reader here draws from it behind its own
 * position, a page at a time and only while the client reads, so nothing is
 * kept here and no event can be lost between the two. A reader whose position
 * is of an older epoch, or older than the feed, gets a reset.
 */
#include <kore/kore.h>

#include "handlers/live_feed.h"

#include <inttypes.h>

#include "adapters/redis.h"
#include "core/loop.h"
#include "meters.h"

#define KEPT_EVENTS 10000 /* by the projector */
#define PAGE 100
#define QUEUE_ROOM (CFA_LIVE_QUEUE_MAX / 2) /* bytes, else it waits */

/* refs: the list, and the read under way. */
typedef struct CfaLiveFeed
{
	LIST_ENTRY(CfaLiveFeed) entry;
	CfaLiveSocket *socket; /* NULL once it is gone or unsubscribed */
	int refs;
	bool is_reading;
	bool is_due; /* there may be more */
	bool is_told;
	bool has_position;
	CfaLivePosition position; /* of the last event sent */
} CfaLiveFeed;

static LIST_HEAD(, CfaLiveFeed) feeds = LIST_HEAD_INITIALIZER(feeds);

static void on_tick(uint64_t now_ms);
static void draw(CfaLiveFeed *feed);
static void on_page(void *arg, const redisReply *reply);
static void take_page(CfaLiveFeed *feed, const redisReply *reply);
static void send_position(CfaLiveFeed *feed, const char *type,
						  CfaLivePosition now);
static void release(CfaLiveFeed *feed);

void
cfa_live_feed_start(void)
{
	cfa_tick_add(on_tick);
}

void
cfa_live_feed_subscribe(CfaLiveSocket *socket, const CfaLivePosition *after)
{
	CfaLiveFeed *feed = kore_calloc(1, sizeof(*feed));

	feed->socket = socket;
	feed->refs = 1;
	if (after != NULL)
	{
		feed->has_position = true;
		feed->position = *after;
	}
	socket->feed = feed;
	LIST_INSERT_HEAD(&feeds, feed, entry);
	cfa_meter_add(CFA_M_LIVE_SUBSCRIPTIONS, 1);
	draw(feed);
}

void
cfa_live_feed_unsubscribe(CfaLiveSocket *socket)
{
	CfaLiveFeed *feed = socket->feed;

	if (feed == NULL)
		return;
	LIST_REMOVE(feed, entry);
	socket->feed = NULL;
	feed->socket = NULL;
	cfa_meter_add(CFA_M_LIVE_SUBSCRIPTIONS, -1);
	release(feed);
}

bool
cfa_live_feed_is_watched(void)
{
	return !LIST_EMPTY(&feeds);
}

void
cfa_live_feed_grown(void)
{
	CfaLiveFeed *feed;

	LIST_FOREACH(feed, &feeds, entry)
	draw(feed);
}

/* For those who waited for Redis or for their client. */
static void
on_tick(uint64_t now_ms)
{
	CfaLiveFeed *feed;

	LIST_FOREACH(feed, &feeds, entry)
	{
		if (feed->is_due)
			draw(feed);
	}
}

/* Reads the next page, unless one is being read or the client is behind. */
static void
draw(CfaLiveFeed *feed)
{
	static const char script[] =
		"local now = redis.call('HMGET', KEYS[1], 'epoch', 'seq') "
		"local old = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES') "
		"local rows = {} "
		"if ARGV[1] ~= '' then rows = redis.call('ZRANGEBYSCORE', KEYS[2],"
		" '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2]) end "
		"return {now[1] or '0', now[2] or '-1', old[2] or '0',"
		" redis.call('ZCARD', KEYS[2]), rows}";
	char after[24] = "";
	char page[12];
	const char *command[] =
		{"EVAL", script, "2", "cfa:position", "cfa:feed", after, page};
	size_t lens[7];
	size_t i;

	feed->is_due = true;
	if (feed->is_reading || cfa_live_queued(feed->socket) > QUEUE_ROOM)
		return;
	if (feed->has_position)
		(void)
			snprintf(after, sizeof(after), "%" PRId64, feed->position.sequence);
	(void) snprintf(page, sizeof(page), "%d", PAGE);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		lens[i] = strlen(command[i]);
	if (!cfa_redis_command(on_page, feed, 7, command, lens))
		return;
	feed->is_due = false;
	feed->is_reading = true;
	feed->refs++;
}

static void
on_page(void *arg, const redisReply *reply)
{
	CfaLiveFeed *feed = arg;

	feed->is_reading = false;
	if (feed->socket != NULL && reply != NULL &&
		reply->type == REDIS_REPLY_ARRAY && reply->elements == 5)
		take_page(feed, reply);
	else
		feed->is_due = true;
	release(feed);
}

static void
take_page(CfaLiveFeed *feed, const redisReply *reply)
{
	CfaLivePosition now = {.epoch = strtoll(reply->element[0]->str, NULL, 10),
						   .sequence =
							   strtoll(reply->element[1]->str, NULL, 10)};
	int64_t oldest = strtoll(reply->element[2]->str, NULL, 10);
	bool is_cut = reply->element[3]->integer >= KEPT_EVENTS &&
				  oldest > feed->position.sequence + 1;
	const redisReply *rows = reply->element[4];
	size_t i;

	if (now.sequence < 0)
	{
		feed->is_due = true; /* the model is being rebuilt */
		return;
	}
	if (!feed->is_told)
	{
		feed->is_told = true;
		for (; feed->socket->feed_untold > 0; feed->socket->feed_untold--)
			send_position(feed, "subscribed", now);
		if (!feed->has_position)
		{
			feed->has_position = true;
			feed->position = now;
			return;
		}
	}
	if (feed->position.epoch != now.epoch || is_cut)
	{
		feed->position = now;
		cfa_meter_add(CFA_M_LIVE_RESETS, 1);
		send_position(feed, "reset", now);
		return;
	}
	for (i = 0; i + 1 < rows->elements; i += 2)
	{
		feed->position.sequence = strtoll(rows->element[i + 1]->str, NULL, 10);
		cfa_live_send(feed->socket,
					  rows->element[i]->str,
					  (size_t) rows->element[i]->len);
	}
	if (rows->elements >= 2 * PAGE || feed->is_due)
		draw(feed);
}

static void
send_position(CfaLiveFeed *feed, const char *type, CfaLivePosition now)
{
	char text[128];
	int len = snprintf(text,
					   sizeof(text),
					   "{\"type\":\"%s\",\"all\":true,\"epoch\":%" PRId64
					   ",\"sequence\":%" PRId64 "}",
					   type,
					   now.epoch,
					   now.sequence);

	cfa_live_send(feed->socket, text, (size_t) len);
}

static void
release(CfaLiveFeed *feed)
{
	if (--feed->refs == 0)
		kore_free(feed);
}
