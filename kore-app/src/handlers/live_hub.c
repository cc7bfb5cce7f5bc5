/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_hub.c: who listens to what, and the frames on their way to them.
 *
 * Each worker hears the Redis channel cfa:live by itself. A subscription that
 * goes on after a sequence reads the kept frames (zset cfa:live:<id>) while
 * frames of the channel are held; then both are sent, in order, each once: a
 * frame is sent only if its sequence is above the last one sent. Where that
 * cannot be done without a gap the client gets a reset and reads the resource
 * again. A pledge has its version instead of a sequence, and its present state
 * comes from PostgreSQL.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "handlers/live_hub.h"

#include <careforall/log.h>
#include <careforall/text.h>
#include <inttypes.h>
#include <jansson.h>

#include "adapters/pg.h"
#include "adapters/redis.h"
#include "core/loop.h"
#include "meters.h"

#define ROOMS 4096
#define KEPT_FRAMES 500 /* as the projector keeps them */

LIST_HEAD(Room, CfaLiveSubscription);

static struct Room rooms[ROOMS];

static struct Room *room_of(const uint8_t id[16]);
static void release(CfaLiveSubscription *subscription);
static void resume(CfaLiveSubscription *subscription);
static void on_resumed(void *arg, const redisReply *reply);
static void send_kept(CfaLiveSubscription *s, const redisReply *reply);
static void send_held(CfaLiveSubscription *s);
static void send_subscribed(CfaLiveSubscription *s, int64_t sequence);
static void send_reset(CfaLiveSubscription *s);
static void read_pledge(CfaLiveSubscription *subscription);
static void on_pledge(void *arg, const PGresult *result, const char *sqlstate);
static void on_message(const char *text, size_t len);
static void on_up(void);
static void deliver(CfaLiveKind kind, const char *id_text, int64_t sequence,
					json_t *frame);
static void deliver_one(CfaLiveSubscription *s, int64_t sequence, bool is_reset,
						const char *text, size_t len);
static void hold(CfaLiveSubscription *s, int64_t sequence, const char *text,
				 size_t len);

void
cfa_live_hub_start(void)
{
	cfa_redis_subscribe("cfa:live", on_message, on_up);
}

CfaLiveSubscription *
cfa_live_find(CfaLiveSocket *socket, CfaLiveKind kind, const uint8_t id[16])
{
	CfaLiveSubscription *s;

	LIST_FOREACH(s, &socket->subscriptions, in_socket)
	{
		if (s->kind == kind && memcmp(s->id, id, 16) == 0)
			return s;
	}
	return NULL;
}

void
cfa_live_subscribe(CfaLiveSocket *socket, CfaLiveKind kind,
				   const uint8_t id[16], bool has_after, int64_t after)
{
	CfaLiveSubscription *s = kore_calloc(1, sizeof(*s));

	s->socket = socket;
	s->kind = kind;
	memcpy(s->id, id, 16);
	cfa_uuid_format(id, s->id_text);
	s->refs = 1;
	s->has_after = has_after;
	s->after = after;
	STAILQ_INIT(&s->held);
	LIST_INSERT_HEAD(room_of(id), s, in_room);
	LIST_INSERT_HEAD(&socket->subscriptions, s, in_socket);
	socket->subscription_count++;
	cfa_meter_add(CFA_M_LIVE_SUBSCRIPTIONS, 1);
	if (kind == CFA_LIVE_CAMPAIGN)
		resume(s);
	else
		read_pledge(s);
}

void
cfa_live_unsubscribe(CfaLiveSubscription *s)
{
	LIST_REMOVE(s, in_room);
	LIST_REMOVE(s, in_socket);
	s->socket->subscription_count--;
	s->socket = NULL;
	cfa_meter_add(CFA_M_LIVE_SUBSCRIPTIONS, -1);
	release(s);
}

void
cfa_live_send(CfaLiveSocket *socket, const char *text, size_t len)
{
	struct connection *c = socket->connection;
	struct netbuf *nb;
	size_t queued = len;

	if (c->state == CONN_STATE_DISCONNECTING || socket->is_too_slow)
		return;
	TAILQ_FOREACH(nb, &c->send_queue, list)
		queued += nb->b_len - nb->s_off;
	if (queued > CFA_LIVE_QUEUE_MAX)
	{
		/* Not now: the caller may be on its way along the subscriptions. */
		cfa_meter_add(CFA_M_LIVE_DROPPED_SLOW, 1);
		socket->is_too_slow = true;
		return;
	}
	cfa_meter_add(CFA_M_LIVE_FRAMES, 1);
	kore_websocket_send(c, WEBSOCKET_OP_TEXT, text, len);
}

static struct Room *
room_of(const uint8_t id[16])
{
	uint32_t hash;

	memcpy(&hash, id + 12, sizeof(hash)); /* the random end of a UUID */
	return &rooms[hash % ROOMS];
}

static void
release(CfaLiveSubscription *s)
{
	CfaLiveHeld *held;

	if (--s->refs > 0)
		return;
	while ((held = STAILQ_FIRST(&s->held)) != NULL)
	{
		STAILQ_REMOVE_HEAD(&s->held, entry);
		kore_free(held);
	}
	kore_free(s);
}

/* Reads what the projector has kept of a campaign. */
static void
resume(CfaLiveSubscription *s)
{
	static const char script[] =
		"local new = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES') "
		"local old = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES') "
		"local rows = {} "
		"if ARGV[1] ~= '' then rows = redis.call('ZRANGEBYSCORE', KEYS[1],"
		" '(' .. ARGV[1], '+inf', 'WITHSCORES') end "
		"return {new[2] or '0', old[2] or '0', redis.call('ZCARD', KEYS[1]),"
		" rows}";
	char key[64];
	char after[24] = "";
	const char *command[] = {"EVAL", script, "1", key, after};
	size_t lens[5];

	(void) snprintf(key, sizeof(key), "cfa:live:%s", s->id_text);
	if (s->has_after)
		(void) snprintf(after, sizeof(after), "%" PRId64, s->after);
	lens[0] = 4;
	lens[1] = sizeof(script) - 1;
	lens[2] = 1;
	lens[3] = strlen(key);
	lens[4] = strlen(after);
	s->is_resuming = true;
	s->refs++;
	if (!cfa_redis_command(on_resumed, s, 5, command, lens))
		on_resumed(s, NULL);
}

static void
on_resumed(void *arg, const redisReply *reply)
{
	CfaLiveSubscription *s = arg;

	s->is_resuming = false;
	if (s->socket != NULL && reply != NULL &&
		reply->type == REDIS_REPLY_ARRAY && reply->elements == 4)
	{
		send_kept(s, reply);
		send_held(s);
	}
	else if (s->socket != NULL)
	{
		/* Without Redis: live when it is back, which begins by a reset. */
		send_subscribed(s, -1);
		if (s->has_after)
			send_reset(s);
		send_held(s);
	}
	release(s);
}

static void
send_kept(CfaLiveSubscription *s, const redisReply *reply)
{
	int64_t newest = strtoll(reply->element[0]->str, NULL, 10);
	int64_t oldest = strtoll(reply->element[1]->str, NULL, 10);
	const redisReply *rows = reply->element[3];
	bool is_cut = reply->element[2]->integer >= KEPT_FRAMES && s->has_after &&
				  oldest > s->after;
	bool is_ahead = s->has_after && newest > 0 && s->after > newest;
	size_t i;

	send_subscribed(s, newest);
	if (is_cut || is_ahead)
	{
		s->last = newest;
		send_reset(s);
		return;
	}
	s->last = s->has_after ? s->after : newest;
	if (s->has_after)
		cfa_meter_add(CFA_M_LIVE_RESUMES, 1);
	for (i = 0; i + 1 < rows->elements && s->socket != NULL; i += 2)
	{
		s->last = strtoll(rows->element[i + 1]->str, NULL, 10);
		cfa_live_send(s->socket,
					  rows->element[i]->str,
					  (size_t) rows->element[i]->len);
	}
}

/* Sends what came over the channel meanwhile and is not sent yet. */
static void
send_held(CfaLiveSubscription *s)
{
	CfaLiveHeld *held;
	bool is_over = s->held_count > CFA_LIVE_HELD_MAX;

	while ((held = STAILQ_FIRST(&s->held)) != NULL)
	{
		STAILQ_REMOVE_HEAD(&s->held, entry);
		if (s->socket != NULL && !is_over && held->sequence > s->last)
		{
			s->last = held->sequence;
			cfa_live_send(s->socket, held->text, held->len);
		}
		kore_free(held);
	}
	s->held_count = 0;
	if (is_over && s->socket != NULL)
		send_reset(s);
}

/* A sequence below 0 is not known. */
static void
send_subscribed(CfaLiveSubscription *s, int64_t sequence)
{
	char text[160];
	char number[24] = "null";
	int len;

	if (sequence >= 0)
		(void) snprintf(number, sizeof(number), "%" PRId64, sequence);
	len = snprintf(text,
				   sizeof(text),
				   "{\"type\":\"subscribed\",\"%s\":\"%s\",\"sequence\":%s}",
				   s->kind == CFA_LIVE_CAMPAIGN ? "campaign_id" : "pledge_id",
				   s->id_text,
				   number);
	cfa_live_send(s->socket, text, (size_t) len);
}

static void
send_reset(CfaLiveSubscription *s)
{
	char text[160];
	int len = snprintf(text,
					   sizeof(text),
					   "{\"type\":\"reset\",\"campaign_id\":\"%s\"}",
					   s->id_text);

	cfa_meter_add(CFA_M_LIVE_RESETS, 1);
	cfa_live_send(s->socket, text, (size_t) len);
}

/* Reads the present state of a pledge; its token was checked before. */
static void
read_pledge(CfaLiveSubscription *s)
{
	CfaPgParams params = {.count = 1, .values = {s->id_text}};

	s->refs++;
	cfa_pg_query(CFA_PG_PLEDGE_READ, &params, false, on_pledge, s);
}

static void
on_pledge(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaLiveSubscription *s = arg;
	json_t *doc = NULL;
	json_t *frame;
	char *text;

	if (result != NULL && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
		doc = json_loads(PQgetvalue(result, 0, 0), 0, NULL);
	if (s->socket != NULL && !s->has_after)
	{
		s->has_after = true; /* the confirmation is sent once */
		send_subscribed(s, -1);
	}
	if (s->socket != NULL && doc != NULL &&
		json_integer_value(json_object_get(doc, "version")) > s->last)
	{
		s->last = json_integer_value(json_object_get(doc, "version"));
		frame = json_pack("{s:s,s:s,s:n,s:O,s:O,s:O}",
						  "type",
						  "pledge",
						  "pledge_id",
						  s->id_text,
						  "sequence",
						  "state",
						  json_object_get(doc, "state"),
						  "state_reason",
						  json_object_get(doc, "state_reason"),
						  "version",
						  json_object_get(doc, "version"));
		text = json_dumps(frame, JSON_COMPACT);
		if (text != NULL)
			cfa_live_send(s->socket, text, strlen(text));
		free(text);
		json_decref(frame);
	}
	json_decref(doc);
	release(s);
}

/* A message of the projector, for everybody in this worker. */
static void
on_message(const char *text, size_t len)
{
	json_t *message = json_loadb(text, len, 0, NULL);
	int64_t sequence = json_integer_value(json_object_get(message, "sequence"));
	json_t *frame = json_object_get(message, "frame");
	json_t *pledge = json_object_get(message, "pledge");

	if (message == NULL)
	{
		cfa_log(CFA_LOG_ERROR, "live_message_malformed");
		return;
	}
	if (json_is_object(frame))
		deliver(CFA_LIVE_CAMPAIGN,
				json_string_value(json_object_get(message, "campaign_id")),
				sequence,
				frame);
	if (json_is_object(pledge))
		deliver(CFA_LIVE_PLEDGE,
				json_string_value(json_object_get(message, "pledge_id")),
				json_integer_value(json_object_get(pledge, "version")),
				pledge);
	json_decref(message);
}

/* The channel stands anew: what was sent in between is lost. */
static void
on_up(void)
{
	CfaLiveSubscription *s;
	CfaLiveSubscription *next;
	size_t i;

	for (i = 0; i < ROOMS; i++)
	{
		for (s = LIST_FIRST(&rooms[i]); s != NULL; s = next)
		{
			next = LIST_NEXT(s, in_room);
			if (s->kind == CFA_LIVE_PLEDGE)
			{
				read_pledge(s);
				continue;
			}
			s->last = 0;
			send_reset(s);
		}
	}
}

static void
deliver(CfaLiveKind kind, const char *id_text, int64_t sequence, json_t *frame)
{
	const char *type = json_string_value(json_object_get(frame, "type"));
	bool is_reset = type != NULL && strcmp(type, "reset") == 0;
	CfaLiveSubscription *s;
	CfaLiveSubscription *next;
	char *text = NULL;
	uint8_t id[16];

	if (id_text == NULL || !cfa_uuid_parse(id_text, strlen(id_text), id))
		return;
	for (s = LIST_FIRST(room_of(id)); s != NULL; s = next)
	{
		next = LIST_NEXT(s, in_room);
		if (s->kind != kind || memcmp(s->id, id, 16) != 0)
			continue;
		if (text == NULL)
			text = json_dumps(frame, JSON_COMPACT);
		if (text != NULL)
			deliver_one(s, sequence, is_reset, text, strlen(text));
	}
	free(text);
}

static void
deliver_one(CfaLiveSubscription *s, int64_t sequence, bool is_reset,
			const char *text, size_t len)
{
	if (s->is_resuming)
	{
		hold(s, sequence, text, len);
		return;
	}
	/* After a rebuild sequences may begin again from small numbers. */
	if (!is_reset && sequence <= s->last)
		return;
	s->last = sequence;
	cfa_live_send(s->socket, text, len);
}

static void
hold(CfaLiveSubscription *s, int64_t sequence, const char *text, size_t len)
{
	CfaLiveHeld *held;

	if (s->held_count++ >= CFA_LIVE_HELD_MAX)
		return;
	held = kore_malloc(sizeof(*held) + len);
	held->sequence = sequence;
	held->len = len;
	memcpy(held->text, text, len);
	STAILQ_INSERT_TAIL(&s->held, held, entry);
}
