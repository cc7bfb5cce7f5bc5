/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.c: two Redis connections of one worker on Kore's event loop, one for
 * commands and one for the channel of live frames.
 *
 * hiredis 0.14 knows no timeouts, so each command has a deadline here: when the
 * oldest is overdue the connection is dropped, and every command on it ends with
 * no reply. Callers then go to PostgreSQL: Redis holds nothing that is not
 * there.
 */
#include <kore/kore.h>

#include "adapters/redis.h"

#include <careforall/backoff.h>
#include <careforall/config.h>
#include <careforall/log.h>
#include <hiredis/async.h>
#include <netdb.h>
#include <sys/epoll.h>

#include "core/loop.h"
#include "core/scope.h"
#include "meters.h"

#define CONNECT_TIMEOUT_MS 1000
#define COMMAND_TIMEOUT_MS 300
#define CHECK_EVERY_MS 2000

typedef enum LinkState
{
	LINK_DOWN,
	LINK_CONNECTING,
	LINK_UP
} LinkState;

typedef struct Link Link;

/* A command under way. */
typedef struct Command
{
	TAILQ_ENTRY(Command) entry;
	Link *link;
	CfaRedisDone done;
	void *arg;
	uint64_t deadline_ms;
	CfaScope scope; /* of the call, for its callback */
} Command;

struct Link
{
	struct kore_event event; /* must be first: Kore's contract */
	redisAsyncContext *context;
	int fd;
	int mask;
	LinkState state;
	bool is_subscriber;
	uint64_t deadline_ms; /* of connecting, or of the check under way */
	uint64_t retry_ms;
	uint64_t check_ms; /* when to check the subscription next */
	CfaBackoff backoff;
	TAILQ_HEAD(, Command) commands;
};

static struct
{
	char host[64];
	uint16_t port;
	char database[8];
	const char *password;
} config;

static Link command_link;
static Link channel_link;
static const char *channel;
static CfaRedisMessage on_message_hook;
static void (*on_up_hook)(void);
static CfaRedisScript *scripts[CFA_REDIS_SCRIPTS_MAX];
static unsigned script_count;

static int resolve(const char *host, char *out, size_t size);
static void init_link(Link *link, bool is_subscriber);
static void begin_connect(Link *link);
static void on_connect(const redisAsyncContext *context, int status);
static void on_disconnect(const redisAsyncContext *context, int status);
static void on_event(void *arg, int error);
static void on_tick(uint64_t now_ms);
static void tick_link(Link *link, uint64_t now_ms);
static void lose(Link *link, const char *why);
static void on_reply(redisAsyncContext *context, void *reply, void *arg);
static void load_scripts(redisAsyncContext *context);
static void on_loaded(redisAsyncContext *context, void *reply, void *arg);
static void on_ignored(redisAsyncContext *context, void *reply, void *arg);
static void on_channel(redisAsyncContext *context, void *reply, void *arg);
static void watch(Link *link, int mask);
static void add_read(void *arg);
static void del_read(void *arg);
static void add_write(void *arg);
static void del_write(void *arg);
static void clean_up(void *arg);

int
cfa_redis_configure(const char *url, const char *password, char *error,
					size_t error_size)
{
	char address[128];
	char host[64];
	const char *slash;

	(void) snprintf(error,
					error_size,
					"CAREFORALL_REDIS_URL must be redis://host:port/database");
	if (strncmp(url, "redis://", 8) != 0 || strlen(url) >= sizeof(address))
		return -1;
	(void) snprintf(address, sizeof(address), "%s", url + 8);
	slash = strchr(address, '/');
	(void) snprintf(config.database,
					sizeof(config.database),
					"%s",
					slash != NULL && slash[1] != '\0' ? slash + 1 : "0");
	if (slash != NULL)
		address[slash - address] = '\0';
	if (strspn(config.database, "0123456789") != strlen(config.database))
		return -1;
	config.password = password;
	if (!cfa_config_address(address, host, sizeof(host), &config.port))
		return -1;
	if (resolve(host, config.host, sizeof(config.host)) != 0)
	{
		(void) snprintf(error,
						error_size,
						"could not find the host of CAREFORALL_REDIS_URL");
		return -1;
	}
	return 0;
}

void
cfa_redis_start(void)
{
	init_link(&command_link, false);
	init_link(&channel_link, true);
	begin_connect(&command_link);
	cfa_tick_add(on_tick);
}

void
cfa_redis_stop(void)
{
	if (command_link.context != NULL)
		redisAsyncFree(command_link.context);
	if (channel_link.context != NULL)
		redisAsyncFree(channel_link.context);
}

void
cfa_redis_subscribe(const char *name, CfaRedisMessage message, void (*up)(void))
{
	channel = name;
	on_message_hook = message;
	on_up_hook = up;
	begin_connect(&channel_link);
}

bool
cfa_redis_is_up(void)
{
	return command_link.state == LINK_UP;
}

bool
cfa_redis_is_subscribed(void)
{
	return channel_link.state == LINK_UP;
}

void
cfa_redis_script_add(CfaRedisScript *script)
{
	if (script_count == CFA_REDIS_SCRIPTS_MAX)
		fatalx("too many Redis scripts");
	scripts[script_count++] = script;
}

bool
cfa_redis_eval(const CfaRedisScript *script, CfaRedisDone done, void *arg,
			   int argc, const char **argv, size_t *lens)
{
	if (script->sha[0] == '\0')
		return false;
	argv[0] = "EVALSHA";
	lens[0] = 7;
	argv[1] = script->sha;
	lens[1] = CFA_REDIS_SHA_LEN;
	return cfa_redis_command(done, arg, argc, argv, lens);
}

bool
cfa_redis_command(CfaRedisDone done, void *arg, int argc,
				  const char *const *argv, const size_t *lens)
{
	const char *words[CFA_REDIS_WORDS_MAX];
	Command *command;

	if (command_link.state != LINK_UP || argc > CFA_REDIS_WORDS_MAX)
		return false;
	memcpy(words, argv, sizeof(*words) * (size_t) argc);
	command = kore_malloc(sizeof(*command));
	command->link = &command_link;
	command->done = done;
	command->arg = arg;
	command->scope = cfa_scope;
	command->deadline_ms = cfa_mono_ms() + COMMAND_TIMEOUT_MS;
	TAILQ_INSERT_TAIL(&command_link.commands, command, entry);
	if (redisAsyncCommandArgv(command_link.context,
							  on_reply,
							  command,
							  argc,
							  words,
							  lens) == REDIS_OK)
		return true;
	TAILQ_REMOVE(&command_link.commands, command, entry);
	kore_free(command);
	return false;
}

/* In the parent, where waiting for DNS is allowed. */
static int
resolve(const char *host, char *out, size_t size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int result;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return -1;
	result = getnameinfo(found->ai_addr,
						 found->ai_addrlen,
						 out,
						 (socklen_t) size,
						 NULL,
						 0,
						 NI_NUMERICHOST);
	freeaddrinfo(found);
	return result == 0 ? 0 : -1;
}

static void
init_link(Link *link, bool is_subscriber)
{
	*link = (Link){.fd = -1,
				   .event.handle = on_event,
				   .is_subscriber = is_subscriber};
	TAILQ_INIT(&link->commands);
	cfa_backoff_init(&link->backoff,
					 100,
					 2000,
					 (uint64_t) getpid() * 2 + is_subscriber);
}

static void
begin_connect(Link *link)
{
	redisAsyncContext *context = redisAsyncConnect(config.host, config.port);
	uint64_t now_ms = cfa_mono_ms();

	link->retry_ms = now_ms + (uint64_t) cfa_backoff_next(&link->backoff);
	link->state = LINK_DOWN;
	if (context == NULL || context->err != 0)
	{
		if (context != NULL)
			redisAsyncFree(context);
		return;
	}
	link->context = context;
	link->fd = context->c.fd;
	link->mask = 0;
	link->state = LINK_CONNECTING;
	link->deadline_ms = now_ms + CONNECT_TIMEOUT_MS;
	context->data = link;
	context->ev.data = link;
	context->ev.addRead = add_read;
	context->ev.delRead = del_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = del_write;
	context->ev.cleanup = clean_up;
	(void) redisAsyncSetConnectCallback(context, on_connect);
	(void) redisAsyncSetDisconnectCallback(context, on_disconnect);
}

static void
on_connect(const redisAsyncContext *context, int status)
{
	Link *link = context->data;
	redisAsyncContext *c = link->context;

	if (status != REDIS_OK)
	{
		/* hiredis frees the context itself. */
		link->context = NULL;
		link->state = LINK_DOWN;
		return;
	}
	if (config.password[0] != '\0')
		(void)
			redisAsyncCommand(c, on_ignored, NULL, "AUTH %s", config.password);
	if (strcmp(config.database, "0") != 0)
		(void) redisAsyncCommand(c,
								 on_ignored,
								 NULL,
								 "SELECT %s",
								 config.database);
	if (link->is_subscriber)
	{
		(void) redisAsyncCommand(c, on_channel, NULL, "SUBSCRIBE %s", channel);
		return;
	}
	link->state = LINK_UP;
	load_scripts(c);
	cfa_backoff_reset(&link->backoff);
	cfa_log(CFA_LOG_INFO, "redis_connected");
}

static void
on_disconnect(const redisAsyncContext *context, int status)
{
	Link *link = context->data;

	if (link->state == LINK_UP)
		cfa_log(CFA_LOG_WARN,
				"redis_connection_lost",
				CFA_FLAG("live", link->is_subscriber));
	link->context = NULL;
	link->state = LINK_DOWN;
}

static void
on_event(void *arg, int error)
{
	Link *link = arg;
	int flags = link->event.flags;

	link->event.flags = 0;
	if (link->context == NULL)
		return;
	if (error)
		flags |= KORE_EVENT_READ | KORE_EVENT_WRITE;
	if ((flags & KORE_EVENT_WRITE) && (link->mask & EPOLLOUT))
		redisAsyncHandleWrite(link->context);
	if (link->context != NULL && (flags & KORE_EVENT_READ))
		redisAsyncHandleRead(link->context);
}

static void
on_tick(uint64_t now_ms)
{
	tick_link(&command_link, now_ms);
	if (channel != NULL)
		tick_link(&channel_link, now_ms);
	cfa_meter_set(CFA_M_REDIS_UP, command_link.state == LINK_UP);
	cfa_meter_set(CFA_M_REDIS_SUBSCRIBED, channel_link.state == LINK_UP);
}

static void
tick_link(Link *link, uint64_t now_ms)
{
	Command *command = TAILQ_FIRST(&link->commands);

	if (link->context == NULL)
	{
		if (now_ms >= link->retry_ms)
			begin_connect(link);
		return;
	}
	if (link->state == LINK_CONNECTING)
	{
		if (now_ms >= link->deadline_ms)
			lose(link, "no connection in time");
		return;
	}
	if (cfa_loop_was_stalled())
		return;
	if (command != NULL && now_ms >= command->deadline_ms)
	{
		cfa_meter_add(CFA_M_REDIS_DEADLINES, 1);
		lose(link, "no answer in time");
		return;
	}
	if (!link->is_subscriber)
		return;
	/* hiredis 0.14 cannot read a PONG here: subscribing again asks as well. */
	if (link->deadline_ms > 0 && now_ms >= link->deadline_ms)
	{
		cfa_meter_add(CFA_M_REDIS_DEADLINES, 1);
		lose(link, "no answer in time");
	}
	else if (link->deadline_ms == 0 && now_ms >= link->check_ms)
	{
		link->deadline_ms = now_ms + CHECK_EVERY_MS;
		(void) redisAsyncCommand(link->context,
								 on_channel,
								 NULL,
								 "SUBSCRIBE %s",
								 channel);
	}
}

static void
lose(Link *link, const char *why)
{
	cfa_log(CFA_LOG_WARN,
			"redis_connection_dropped",
			CFA_STR("why", why),
			CFA_FLAG("live", link->is_subscriber));
	redisAsyncFree(link->context);
	link->context = NULL;
	link->state = LINK_DOWN;
}

static void
on_reply(redisAsyncContext *context, void *reply, void *arg)
{
	Command *command = arg;
	const redisReply *r = reply;
	CfaScope before;

	TAILQ_REMOVE(&command->link->commands, command, entry);
	if (r == NULL || r->type == REDIS_REPLY_ERROR)
	{
		cfa_meter_add(CFA_M_REDIS_ERRORS, 1);
		/* Only the first of those under way: they all failed alike. */
		if (r != NULL && strncmp(r->str, "NOSCRIPT", 8) == 0 &&
			scripts[0]->sha[0] != '\0')
			load_scripts(context);
		r = NULL;
	}
	before = cfa_scope_enter(command->scope);
	command->done(command->arg, r);
	cfa_scope = before;
	kore_free(command);
}

/* Until Redis has confirmed a script nobody runs it. */
static void
load_scripts(redisAsyncContext *context)
{
	unsigned i;

	for (i = 0; i < script_count; i++)
	{
		scripts[i]->sha[0] = '\0';
		(void) redisAsyncCommand(context,
								 on_loaded,
								 scripts[i],
								 "SCRIPT LOAD %s",
								 scripts[i]->text);
	}
}

static void
on_loaded(redisAsyncContext *context, void *reply, void *arg)
{
	const redisReply *r = reply;
	CfaRedisScript *script = arg;

	on_ignored(context, reply, NULL);
	if (r != NULL && r->type == REDIS_REPLY_STRING &&
		r->len == CFA_REDIS_SHA_LEN)
		memcpy(script->sha, r->str, CFA_REDIS_SHA_LEN + 1);
}

static void
on_ignored(redisAsyncContext *context, void *reply, void *arg)
{
	const redisReply *r = reply;

	if (r != NULL && r->type == REDIS_REPLY_ERROR)
	{
		cfa_meter_add(CFA_M_REDIS_ERRORS, 1);
		cfa_log(CFA_LOG_ERROR, "redis_refused", CFA_STR("text", r->str));
	}
}

/* Every message of the subscribed connection, and its confirmations. */
static void
on_channel(redisAsyncContext *context, void *reply, void *arg)
{
	Link *link = context->data;
	const redisReply *r = reply;

	if (r == NULL || r->type != REDIS_REPLY_ARRAY || r->elements != 3)
		return;
	if (strcmp(r->element[0]->str, "subscribe") == 0)
	{
		link->deadline_ms = 0;
		link->check_ms = cfa_mono_ms() + CHECK_EVERY_MS;
		if (link->state == LINK_UP)
			return;
		link->state = LINK_UP;
		cfa_backoff_reset(&link->backoff);
		cfa_log(CFA_LOG_INFO, "redis_subscribed");
		on_up_hook();
	}
	else if (strcmp(r->element[0]->str, "message") == 0 &&
			 r->element[2]->type == REDIS_REPLY_STRING)
	{
		on_message_hook(r->element[2]->str, (size_t) r->element[2]->len);
	}
}

static void
watch(Link *link, int mask)
{
	if (mask == link->mask)
		return;
	if (mask != 0)
		kore_platform_event_schedule(link->fd, mask, 0, link);
	else
		kore_platform_disable_read(link->fd);
	link->mask = mask;
}

static void
add_read(void *arg)
{
	Link *link = arg;

	watch(link, link->mask | EPOLLIN);
}

static void
del_read(void *arg)
{
	Link *link = arg;

	watch(link, link->mask & ~EPOLLIN);
}

static void
add_write(void *arg)
{
	Link *link = arg;

	watch(link, link->mask | EPOLLOUT);
}

static void
del_write(void *arg)
{
	Link *link = arg;

	watch(link, link->mask & ~EPOLLOUT);
}

static void
clean_up(void *arg)
{
	watch(arg, 0);
}
