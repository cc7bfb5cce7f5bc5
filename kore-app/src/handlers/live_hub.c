/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_hub.c: who listens to which campaign or pledge, and the frames on their
 * way to them.
 *
 * Each worker hears the Redis channel cfa:live by itself. A subscription that
 * goes on after a position reads the kept frames (zset cfa:live:<id>) while
 * frames of the channel are held; then both are sent, in order, each once: a
 * frame is sent only if it is behind the last one sent. The same is done for
 * every subscription when the channel was away. Where it cannot be done without
 * a gap, because the model was rebuilt or too much was missed, the client gets
 * a reset and reads the resource again. A pledge has its version instead of a
 * position, and its present state comes from PostgreSQL.
 */
#include <kore/kore.h>

#include "handlers/live_hub.h"

#include <careforall/log.h>
#include <careforall/text.h>
#include <inttypes.h>
#include <jansson.h>

#include "adapters/pg.h"
#include "adapters/redis.h"
#include "core/loop.h"
#include "handlers/live_feed.h"
#include "meters.h"
#include "status.h"

#define ROOMS 4096
#define KEPT_FRAMES 500		/* that the projector keeps at least */
#define RESUMES_PER_TICK 64 /* after Redis was away */

LIST_HEAD(Room, CfaLiveSubscription);

/* One line of a message of the projector (relay/README.md). */
typedef struct Line
{
	char kind;
	uint8_t id[16];
	int64_t number;
	const char *frame;
	size_t frame_len;
} Line;

static struct Room rooms[ROOMS];
static TAILQ_HEAD(, CfaLiveSubscription) waiting =
	TAILQ_HEAD_INITIALIZER(waiting);
static unsigned subscription_count;

static struct Room *room_of(const uint8_t id[16]);
static void release(CfaLiveSubscription *subscription);
static void await(CfaLiveSubscription *subscription);
static void on_tick(uint64_t now_ms);
static void resume(CfaLiveSubscription *subscription);
static void on_resumed(void *arg, const redisReply *reply);
static void go_on_without(CfaLiveSubscription *s);
static void go_on(CfaLiveSubscription *s, const redisReply *reply);
static bool has_gap(const CfaLiveSubscription *s, CfaLivePosition now,
					int64_t oldest, int64_t kept);
static void send_rows(CfaLiveSubscription *s, const redisReply *rows);
static void send_held(CfaLiveSubscription *s);
static void send_subscribed(CfaLiveSubscription *s, CfaLivePosition now);
static void send_reset(CfaLiveSubscription *s, CfaLivePosition now);
static void read_pledge(CfaLiveSubscription *subscription);
static void on_pledge(void *arg, const PGresult *result, const char *sqlstate);
static void send_pledge(CfaLiveSubscription *s, const json_t *doc);
static void end_expired(CfaLiveSubscription *s);
static void on_message(const char *text, size_t len);
static void on_up(void);
static bool read_line(const char *text, size_t len, Line *line);
static void deliver(const Line *line, int64_t epoch);
static void deliver_one(CfaLiveSubscription *s, CfaLivePosition position,
						bool is_reset, const char *text, size_t len);
static void deliver_version(CfaLiveSubscription *s, const Line *line);
static void hold(CfaLiveSubscription *s, CfaLivePosition position,
				 const Line *line);

void
cfa_live_hub_start(void)
{
	cfa_tick_add(on_tick);
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
				   const uint8_t id[16], const CfaLivePosition *after,
				   unsigned untold)
{
	CfaLiveSubscription *s = kore_calloc(1, sizeof(*s));

	s->socket = socket;
	s->kind = kind;
	memcpy(s->id, id, 16);
	cfa_uuid_format(id, s->id_text);
	s->refs = 1;
	s->untold = untold + 1;
	if (after != NULL)
	{
		s->has_position = true;
		s->position = *after;
	}
	STAILQ_INIT(&s->held);
	LIST_INSERT_HEAD(room_of(id), s, in_room);
	LIST_INSERT_HEAD(&socket->subscriptions, s, in_socket);
	socket->subscription_count++;
	subscription_count++;
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
	if (s->is_waiting)
		TAILQ_REMOVE(&waiting, s, in_waiting);
	s->is_waiting = false;
	s->socket->subscription_count--;
	s->socket = NULL;
	subscription_count--;
	cfa_meter_add(CFA_M_LIVE_SUBSCRIPTIONS, -1);
	release(s);
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

/* To be resumed when Redis answers; until then frames are held. */
static void
await(CfaLiveSubscription *s)
{
	if (s->is_waiting)
		return;
	s->is_waiting = true;
	TAILQ_INSERT_TAIL(&waiting, s, in_waiting);
}

static void
on_tick(uint64_t now_ms)
{
	CfaLiveSubscription *s;
	int count = 0;

	while ((s = TAILQ_FIRST(&waiting)) != NULL && cfa_redis_is_up() &&
		   cfa_redis_is_subscribed() && count++ < RESUMES_PER_TICK)
	{
		TAILQ_REMOVE(&waiting, s, in_waiting);
		s->is_waiting = false;
		if (!s->is_resuming)
			resume(s);
	}
}

/* Reads what the projector has kept of a campaign. */
static void
resume(CfaLiveSubscription *s)
{
	static const char script[] =
		"local now = redis.call('HMGET', KEYS[1], 'epoch', 'seq') "
		"local old = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES') "
		"local rows = {} "
		"if ARGV[1] ~= '' then rows = redis.call('ZRANGEBYSCORE', KEYS[2],"
		" '(' .. ARGV[1], '+inf', 'WITHSCORES') end "
		"return {now[1] or '0', now[2] or '-1', old[2] or '0',"
		" redis.call('ZCARD', KEYS[2]), rows}";
	char key[64];
	char after[24] = "";
	const char *command[] = {"EVAL", script, "2", "cfa:position", key, after};
	size_t lens[6];

	(void) snprintf(key, sizeof(key), "cfa:live:%s", s->id_text);
	if (s->has_position && s->position.sequence >= 0)
		(void) snprintf(after, sizeof(after), "%" PRId64, s->position.sequence);
	lens[0] = 4;
	lens[1] = sizeof(script) - 1;
	lens[2] = 1;
	lens[3] = strlen(command[3]);
	lens[4] = strlen(key);
	lens[5] = strlen(after);
	s->is_resuming = true;
	s->refs++;
	if (!cfa_redis_command(on_resumed, s, 6, command, lens))
		on_resumed(s, NULL);
}

static void
on_resumed(void *arg, const redisReply *reply)
{
	CfaLiveSubscription *s = arg;

	s->is_resuming = false;
	if (s->socket != NULL && reply != NULL &&
		reply->type == REDIS_REPLY_ARRAY && reply->elements == 5)
	{
		go_on(s, reply);
		if (!s->is_waiting)
			send_held(s);
	}
	else if (s->socket != NULL)
	{
		go_on_without(s);
	}
	release(s);
}

/* Without Redis: live when it is back. */
static void
go_on_without(CfaLiveSubscription *s)
{
	const CfaLivePosition unknown = {.sequence = -1};

	send_subscribed(s, unknown);
	await(s);
}

static void
go_on(CfaLiveSubscription *s, const redisReply *reply)
{
	CfaLivePosition now = {.epoch = strtoll(reply->element[0]->str, NULL, 10),
						   .sequence =
							   strtoll(reply->element[1]->str, NULL, 10)};
	int64_t oldest = strtoll(reply->element[2]->str, NULL, 10);
	int64_t kept = reply->element[3]->integer;
	bool is_first = s->untold > 0;

	send_subscribed(s, now);
	if (!s->has_position && is_first)
	{
		s->has_position = true;
		s->position = now;
	}
	else if (has_gap(s, now, oldest, kept))
	{
		send_reset(s, now);
	}
	else
	{
		cfa_meter_add(CFA_M_LIVE_RESUMES, 1);
		s->position.epoch = now.epoch;
		send_rows(s, reply->element[4]);
	}
}

/* Whether the kept frames are not all that came since the subscription's. */
static bool
has_gap(const CfaLiveSubscription *s, CfaLivePosition now, int64_t oldest,
		int64_t kept)
{
	if (!s->has_position || s->position.sequence < 0 || now.sequence < 0)
		return true;
	if (s->position.epoch != 0 && s->position.epoch != now.epoch)
		return true;
	/* Redis may have lost its last second; the projector writes it again. */
	if (s->position.epoch == 0 && s->position.sequence > now.sequence)
		return true;
	return kept >= KEPT_FRAMES && oldest > s->position.sequence;
}

static void
send_rows(CfaLiveSubscription *s, const redisReply *rows)
{
	size_t i;

	for (i = 0; i + 1 < rows->elements; i += 2)
	{
		s->position.sequence = strtoll(rows->element[i + 1]->str, NULL, 10);
		cfa_live_send(s->socket,
					  rows->element[i]->str,
					  (size_t) rows->element[i]->len);
	}
}

/* Sends what came over the channel meanwhile and is not sent yet. */
static void
send_held(CfaLiveSubscription *s)
{
	bool is_over = s->held_count > CFA_LIVE_HELD_MAX;
	CfaLivePosition last = s->position;
	CfaLiveHeld *held;

	while ((held = STAILQ_FIRST(&s->held)) != NULL)
	{
		STAILQ_REMOVE_HEAD(&s->held, entry);
		last = held->position;
		if (!is_over)
			deliver_one(s,
						held->position,
						held->is_reset,
						held->text,
						held->len);
		kore_free(held);
	}
	s->held_count = 0;
	if (is_over)
		send_reset(s, last);
}

/* Answers each request that has no answer yet. */
static void
send_subscribed(CfaLiveSubscription *s, CfaLivePosition now)
{
	bool is_campaign = s->kind == CFA_LIVE_CAMPAIGN;
	char text[224];
	char position[64] = "\"sequence\":null";
	int len;

	if (is_campaign)
		(void) snprintf(position,
						sizeof(position),
						"\"epoch\":null,\"sequence\":null");
	if (is_campaign && now.sequence >= 0)
		(void) snprintf(position,
						sizeof(position),
						"\"epoch\":%" PRId64 ",\"sequence\":%" PRId64,
						now.epoch,
						now.sequence);
	len = snprintf(text,
				   sizeof(text),
				   "{\"type\":\"subscribed\",\"%s\":\"%s\",%s}",
				   is_campaign ? "campaign_id" : "pledge_id",
				   s->id_text,
				   position);
	for (; s->untold > 0; s->untold--)
		cfa_live_send(s->socket, text, (size_t) len);
}

/* From here on frames count: what came before is to be read anew. */
static void
send_reset(CfaLiveSubscription *s, CfaLivePosition now)
{
	char text[160];
	int len = snprintf(text,
					   sizeof(text),
					   "{\"type\":\"reset\",\"campaign_id\":\"%s\","
					   "\"epoch\":%" PRId64 ",\"sequence\":%" PRId64 "}",
					   s->id_text,
					   now.epoch,
					   now.sequence < 0 ? 0 : now.sequence);

	cfa_meter_add(CFA_M_LIVE_RESETS, 1);
	s->has_position = true;
	s->position = now;
	if (now.sequence < 0)
		s->position.sequence = 0;
	cfa_live_send(s->socket, text, (size_t) len);
}

/*
 * Reads the present state of a pledge, by its private link: the token was
 * checked before, whether its time is over is for the function to say.
 */
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
	const CfaLivePosition none = {.sequence = -1};
	json_t *doc = NULL;

	if (result != NULL && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
		doc = json_loads(PQgetvalue(result, 0, 0), 0, NULL);
	if (s->socket != NULL &&
		cfa_problem_of_sqlstate(sqlstate) == CFA_PROBLEM_LINK_EXPIRED)
		end_expired(s);
	if (s->socket != NULL)
		send_subscribed(s, none);
	if (s->socket != NULL && doc != NULL)
		send_pledge(s, doc);
	json_decref(doc);
	release(s);
}

/* Says that the private link has expired, to each request that waits, and ends. */
static void
end_expired(CfaLiveSubscription *s)
{
	static const char text[] = "{\"type\":\"error\",\"code\":\"link-expired\","
							   "\"detail\":\"The private link has expired.\"}";
	unsigned requests = s->untold > 0 ? s->untold : 1;

	for (; requests > 0; requests--)
		cfa_live_send(s->socket, text, sizeof(text) - 1);
	cfa_live_unsubscribe(s);
}

/* Sends the state, unless a frame has told it. */
static void
send_pledge(CfaLiveSubscription *s, const json_t *doc)
{
	int64_t version = json_integer_value(json_object_get(doc, "version"));
	json_t *frame;
	char *text;

	if (version <= s->position.sequence)
		return;
	s->position.sequence = version;
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

/* A message of the projector, for everybody in this worker. */
static void
on_message(const char *text, size_t len)
{
	const char *end = text + len;
	int64_t epoch = 0;
	Line line;

	if (subscription_count == 0 && !cfa_live_feed_is_watched())
		return;
	while (text < end)
	{
		const char *stop = memchr(text, '\n', (size_t) (end - text));
		size_t line_len = (size_t) ((stop ? stop : end) - text);

		if (!read_line(text, line_len, &line))
			cfa_log(CFA_LOG_ERROR, "live_message_malformed");
		else if (line.kind == 'e')
			epoch = line.number;
		else if (line.kind == 'a')
			cfa_live_feed_grown();
		else
			deliver(&line, epoch);
		text += line_len + 1;
	}
}

/* The channel stands anew: what was sent in between is read. */
static void
on_up(void)
{
	CfaLiveSubscription *s;
	size_t i;

	for (i = 0; i < ROOMS; i++)
	{
		LIST_FOREACH(s, &rooms[i], in_room)
		{
			if (s->kind == CFA_LIVE_PLEDGE)
				read_pledge(s);
			else
				await(s);
		}
	}
	cfa_live_feed_grown();
}

/* KIND NUMBER, or KIND ID NUMBER FRAME. */
static bool
read_line(const char *text, size_t len, Line *line)
{
	const char *at = text + 2;
	const char *end = text + len;
	const char *space;
	uint64_t number;

	if (len < 3 || text[1] != ' ')
		return false;
	line->kind = text[0];
	if (line->kind != 'e' && line->kind != 'a')
	{
		if (end - at < CFA_UUID_TEXT_LEN + 1 ||
			!cfa_uuid_parse(at, CFA_UUID_TEXT_LEN, line->id))
			return false;
		at += CFA_UUID_TEXT_LEN + 1;
	}
	space = memchr(at, ' ', (size_t) (end - at));
	line->frame = space ? space + 1 : end;
	line->frame_len = (size_t) (end - line->frame);
	if (!cfa_parse_uint(at,
						(size_t) ((space ? space : end) - at),
						INT64_MAX,
						&number))
		return false;
	line->number = (int64_t) number;
	return true;
}

static void
deliver(const Line *line, int64_t epoch)
{
	CfaLiveKind kind = line->kind == 'p' ? CFA_LIVE_PLEDGE : CFA_LIVE_CAMPAIGN;
	CfaLivePosition position = {.epoch = epoch, .sequence = line->number};
	CfaLiveSubscription *s;

	LIST_FOREACH(s, room_of(line->id), in_room)
	{
		if (s->kind != kind || memcmp(s->id, line->id, 16) != 0)
			continue;
		if (kind == CFA_LIVE_PLEDGE)
			deliver_version(s, line);
		else if (s->is_resuming || s->is_waiting)
			hold(s, position, line);
		else
			deliver_one(s,
						position,
						line->kind == 'r',
						line->frame,
						line->frame_len);
	}
}

static void
deliver_one(CfaLiveSubscription *s, CfaLivePosition position, bool is_reset,
			const char *text, size_t len)
{
	/* The channel may still say what the kept frames have said. */
	if (position.epoch < s->position.epoch ||
		(!is_reset && position.epoch == s->position.epoch &&
		 position.sequence <= s->position.sequence))
		return;
	if (!is_reset && position.epoch != s->position.epoch)
		send_reset(s, position);
	s->position = position;
	cfa_live_send(s->socket, text, len);
}

static void
deliver_version(CfaLiveSubscription *s, const Line *line)
{
	if (line->number <= s->position.sequence)
		return;
	s->position.sequence = line->number;
	cfa_live_send(s->socket, line->frame, line->frame_len);
}

static void
hold(CfaLiveSubscription *s, CfaLivePosition position, const Line *line)
{
	CfaLiveHeld *held;

	if (s->held_count > CFA_LIVE_HELD_MAX)
		return;
	s->held_count++;
	held = kore_malloc(sizeof(*held) + line->frame_len);
	held->position = position;
	held->is_reset = line->kind == 'r';
	held->len = line->frame_len;
	memcpy(held->text, line->frame, line->frame_len);
	STAILQ_INSERT_TAIL(&s->held, held, entry);
}
