/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_redis.c: a hiredis connection on the loop.
 *
 * States: closed (a timer will connect), opening (connecting, AUTH, SELECT), up.
 * hiredis answers open commands with NULL when it lets a connection go, so every
 * callback runs exactly once. The library may free its context inside the calls
 * that handle events; nothing here touches it afterwards.
 */
#include "sink_redis.h"

#include <arpa/inet.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "careforall/backoff.h"
#include "careforall/config.h"
#include "careforall/log.h"
#include "careforall/text.h"

#define ANSWER_TIMEOUT_US (INT64_C(5) * 1000000)
#define RECONNECT_BASE_MS 50
#define RECONNECT_MAX_MS 2000

typedef enum RedisState
{
	REDIS_CLOSED,
	REDIS_OPENING,
	REDIS_UP
} RedisState;

struct CfaRedis
{
	CfaLoop *loop;
	CfaRedisOptions options;
	RedisState state;
	redisAsyncContext *context;
	CfaWatch *watch;
	uint32_t events;
	CfaTimer timer;	   /* when to connect */
	CfaTimer deadline; /* by when the oldest command must be answered */
	CfaTimer drop;
	CfaBackoff backoff;
	uint64_t open_commands;
	uint64_t losses;
	bool is_freeing;
	char host[128];
	uint16_t port;
	char path[108];
	char db[12];
	char why[128];
};

typedef struct Call
{
	CfaRedis *redis;
	CfaRedisFn fn;
	void *arg;
} Call;

static const char *parse_url(const char *url, CfaRedis *redis);
static void start_connect(void *arg);
static void connected(const redisAsyncContext *context, int status);
static void disconnected(const redisAsyncContext *context, int status);
static void opened(void *arg, const redisReply *reply);
static void lose(CfaRedis *redis, const char *error);
static void answered(redisAsyncContext *context, void *reply, void *arg);
static void drop_now(void *arg);
static void too_late(void *arg);
static void handle_events(void *arg, uint32_t events);
static void set_events(CfaRedis *redis, uint32_t events);
static void add_read(void *arg);
static void remove_read(void *arg);
static void add_write(void *arg);
static void remove_write(void *arg);
static void cleanup(void *arg);

const char *
cfa_redis_check_url(const char *url)
{
	CfaRedis scratch = {0};

	return parse_url(url, &scratch);
}

CfaRedis *
cfa_redis_new(CfaLoop *loop, const CfaRedisOptions *options)
{
	CfaRedis *redis = calloc(1, sizeof(*redis));

	if (redis == NULL || parse_url(options->url, redis) != NULL)
		abort();
	redis->loop = loop;
	redis->options = *options;
	cfa_backoff_init(&redis->backoff,
					 RECONNECT_BASE_MS,
					 RECONNECT_MAX_MS,
					 (uint64_t) cfa_clock_us());
	redis->timer = (CfaTimer){.fn = start_connect, .arg = redis};
	redis->deadline = (CfaTimer){.fn = too_late, .arg = redis};
	redis->drop = (CfaTimer){.fn = drop_now, .arg = redis};
	cfa_timer_set(loop, &redis->timer, 0);
	return redis;
}

void
cfa_redis_free(CfaRedis *redis)
{
	if (redis == NULL)
		return;
	redis->is_freeing = true;
	if (redis->context != NULL)
		redisAsyncFree(redis->context);
	cfa_timer_cancel(redis->loop, &redis->timer);
	cfa_timer_cancel(redis->loop, &redis->deadline);
	cfa_timer_cancel(redis->loop, &redis->drop);
	free(redis);
}

bool
cfa_redis_is_up(const CfaRedis *redis)
{
	return redis->state == REDIS_UP;
}

uint64_t
cfa_redis_losses(const CfaRedis *redis)
{
	return redis->losses;
}

void
cfa_redis_drop(CfaRedis *redis, const char *why)
{
	snprintf(redis->why, sizeof(redis->why), "%s", why);
	cfa_timer_set(redis->loop, &redis->drop, 0);
}

int
cfa_redis_command(CfaRedis *redis, CfaRedisFn fn, void *arg, int argc,
				  const char **argv, const size_t *argv_len)
{
	Call *call;

	if (redis->context == NULL || redis->state == REDIS_CLOSED)
		return -1;
	call = malloc(sizeof(*call));
	if (call == NULL)
		abort();
	*call = (Call){.redis = redis, .fn = fn, .arg = arg};
	if (redisAsyncCommandArgv(
			redis->context, answered, call, argc, argv, argv_len) != REDIS_OK)
	{
		free(call);
		return -1;
	}
	if (redis->open_commands++ == 0)
		cfa_timer_set(redis->loop, &redis->deadline, ANSWER_TIMEOUT_US);
	return 0;
}

int
cfa_redis_send_words(CfaRedis *redis, CfaRedisFn fn, void *arg,
					 const char *const *words)
{
	const char *argv[CFA_REDIS_WORDS_MAX];
	size_t argv_len[CFA_REDIS_WORDS_MAX];
	int argc = 0;

	for (; argc < CFA_REDIS_WORDS_MAX && words[argc] != NULL; argc++)
	{
		argv[argc] = words[argc];
		argv_len[argc] = strlen(words[argc]);
	}
	return cfa_redis_command(redis, fn, arg, argc, argv, argv_len);
}

const char *
cfa_redis_text(const redisReply *reply, size_t index)
{
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY ||
		index >= reply->elements)
		return NULL;
	reply = reply->element[index];
	return reply->type == REDIS_REPLY_STRING ? reply->str : NULL;
}

static const char *
parse_url(const char *url, CfaRedis *redis)
{
	char address[160];
	unsigned char binary[sizeof(struct in6_addr)];
	const char *slash;
	uint64_t db = 0;

	if (strncmp(url, "unix:/", 6) == 0)
	{
		if (strlen(url + 5) >= sizeof(redis->path))
			return "the path is too long";
		snprintf(redis->path, sizeof(redis->path), "%s", url + 5);
		snprintf(redis->db, sizeof(redis->db), "0");
		return NULL;
	}
	if (strncmp(url, "redis://", 8) != 0)
		return "it must begin with redis:// or unix:/";
	url += 8;
	slash = strchr(url, '/');
	if (slash != NULL && slash[1] != '\0' &&
		!cfa_parse_uint(slash + 1, strlen(slash + 1), 9999, &db))
		return "what follows the slash must be the number of a database";
	snprintf(redis->db, sizeof(redis->db), "%u", (unsigned) db);
	snprintf(address,
			 sizeof(address),
			 "%.*s",
			 (int) (slash != NULL ? (size_t) (slash - url) : strlen(url)),
			 url);
	/* Looking a name up would stop the loop. */
	if (!cfa_config_address(address,
							redis->host,
							sizeof(redis->host),
							&redis->port) ||
		(inet_pton(AF_INET, redis->host, binary) != 1 &&
		 inet_pton(AF_INET6, redis->host, binary) != 1))
		return "it must name an IP address and a port";
	return NULL;
}

static void
start_connect(void *arg)
{
	CfaRedis *redis = arg;
	redisAsyncContext *context =
		redis->path[0] != '\0' ? redisAsyncConnectUnix(redis->path)
							   : redisAsyncConnect(redis->host, redis->port);

	if (context == NULL)
		abort();
	if (context->err != 0)
	{
		char error[128];

		snprintf(error, sizeof(error), "%s", context->errstr);
		redisAsyncFree(context);
		lose(redis, error);
		return;
	}
	redis->context = context;
	redis->state = REDIS_OPENING;
	redis->events = 0;
	redis->watch =
		cfa_loop_watch(redis->loop, context->c.fd, 0, handle_events, redis);
	context->data = redis;
	context->ev.data = redis;
	context->ev.addRead = add_read;
	context->ev.delRead = remove_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = remove_write;
	context->ev.cleanup = cleanup;
	redisAsyncSetConnectCallback(context, connected);
	redisAsyncSetDisconnectCallback(context, disconnected);
	cfa_timer_set(redis->loop, &redis->deadline, ANSWER_TIMEOUT_US);
}

static void
connected(const redisAsyncContext *context, int status)
{
	CfaRedis *redis = context->data;
	const char *password = redis->options.password;

	if (status != REDIS_OK)
	{
		/* hiredis frees the context itself and calls no disconnect callback. */
		redis->context = NULL;
		if (!redis->is_freeing)
			lose(redis, context->errstr);
		return;
	}
	if (password != NULL && password[0] != '\0')
		CFA_REDIS_SEND(redis, opened, NULL, "AUTH", password);
	CFA_REDIS_SEND(redis, opened, NULL, "SELECT", redis->db);
	CFA_REDIS_SEND(redis,
				   opened,
				   redis,
				   "CLIENT",
				   "SETNAME",
				   redis->options.client_name);
}

/* With arg: the last of the opening commands. An error before it shows up here. */
static void
opened(void *arg, const redisReply *reply)
{
	CfaRedis *redis = arg;

	if (redis == NULL || reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_ERROR)
	{
		cfa_redis_drop(redis, reply->str);
		return;
	}
	redis->state = REDIS_UP;
	cfa_backoff_reset(&redis->backoff);
	redis->options.on_up(redis->options.arg);
}

static void
disconnected(const redisAsyncContext *context, int status)
{
	CfaRedis *redis = context->data;

	redis->context = NULL;
	if (redis->is_freeing)
		return;
	lose(redis,
		 redis->why[0] != '\0' ? redis->why
		 : status == REDIS_OK  ? "closed"
							   : context->errstr);
}

/* The only place that ends a connection; the context is gone already. */
static void
lose(CfaRedis *redis, const char *error)
{
	bool was_up = redis->state == REDIS_UP;

	cfa_log(was_up ? CFA_LOG_WARN : CFA_LOG_INFO,
			was_up ? "redis_lost" : "redis_not_reached",
			CFA_STR("error", error));
	redis->state = REDIS_CLOSED;
	redis->context = NULL;
	redis->open_commands = 0;
	cfa_timer_cancel(redis->loop, &redis->deadline);
	cfa_timer_set(redis->loop,
				  &redis->timer,
				  cfa_backoff_next(&redis->backoff) * 1000);
	redis->losses += was_up ? 1 : 0;
	if (was_up)
		redis->options.on_down(redis->options.arg, error);
	redis->why[0] = '\0';
}

static void
answered(redisAsyncContext *context, void *reply, void *arg)
{
	Call call = *(Call *) arg;
	CfaRedis *redis = call.redis;

	free(arg);
	if (reply != NULL && redis->open_commands > 0)
	{
		redis->open_commands--;
		if (redis->open_commands > 0)
			cfa_timer_set(redis->loop, &redis->deadline, ANSWER_TIMEOUT_US);
		else
			cfa_timer_cancel(redis->loop, &redis->deadline);
	}
	if (call.fn != NULL && !redis->is_freeing)
		call.fn(call.arg, reply);
}

static void
drop_now(void *arg)
{
	CfaRedis *redis = arg;

	if (redis->context != NULL)
		redisAsyncFree(redis->context);
}

static void
too_late(void *arg)
{
	CfaRedis *redis = arg;

	snprintf(redis->why, sizeof(redis->why), "no answer in time");
	drop_now(redis);
	if (redis->state == REDIS_OPENING)
	{
		redis->context = NULL;
		lose(redis, "no answer in time");
	}
}

static void
handle_events(void *arg, uint32_t events)
{
	CfaRedis *redis = arg;

	if ((events & EPOLLOUT) != 0 && (redis->events & EPOLLOUT) != 0)
		redisAsyncHandleWrite(redis->context);
	if (redis->context == NULL)
		return;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		redisAsyncHandleRead(redis->context);
}

static void
set_events(CfaRedis *redis, uint32_t events)
{
	redis->events = events;
	if (redis->watch != NULL)
		cfa_loop_rewatch(redis->watch, events);
}

static void
add_read(void *arg)
{
	CfaRedis *redis = arg;

	set_events(redis, redis->events | EPOLLIN);
}

static void
remove_read(void *arg)
{
	CfaRedis *redis = arg;

	set_events(redis, redis->events & ~(uint32_t) EPOLLIN);
}

static void
add_write(void *arg)
{
	CfaRedis *redis = arg;

	set_events(redis, redis->events | EPOLLOUT);
}

static void
remove_write(void *arg)
{
	CfaRedis *redis = arg;

	set_events(redis, redis->events & ~(uint32_t) EPOLLOUT);
}

static void
cleanup(void *arg)
{
	CfaRedis *redis = arg;

	cfa_loop_unwatch(redis->watch);
	redis->watch = NULL;
}
