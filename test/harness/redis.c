/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.c: Redis for the harness, in place of adapters/redis.c: commands wait in
 * a line until the test replies. Replies are hiredis's own.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/redis.h"

bool hn_redis_is_up;

static HnCommand *first;
static HnCommand **last = &first;
static unsigned taken;
static CfaRedisMessage on_message;
static void (*on_up)(void);

/* Used by harness.c only. */
unsigned hn_redis_unsettled(void);

static redisReply *
make(int type, const char *text)
{
	redisReply *reply = calloc(1, sizeof(*reply));

	reply->type = type;
	if (text != NULL)
	{
		reply->str = strdup(text);
		reply->len = strlen(text);
	}
	return reply;
}

static redisReply *
make_text(const char *text)
{
	return make(text != NULL ? REDIS_REPLY_STRING : REDIS_REPLY_NIL, text);
}

static void
settle(HnCommand *command, redisReply *reply)
{
	int i;

	taken--;
	command->done(command->arg, reply);
	if (reply != NULL)
		freeReplyObject(reply);
	for (i = 0; i < command->argc; i++)
		free(command->argv[i]);
	free(command->argv);
	free(command);
}

HnCommand *
hn_redis_next(void)
{
	HnCommand *command = first;

	if (command == NULL)
		return NULL;
	first = command->next;
	if (first == NULL)
		last = &first;
	taken++;
	return command;
}

void
hn_redis_text(HnCommand *command, const char *text)
{
	settle(command, make_text(text));
}

void
hn_redis_null(HnCommand *command)
{
	settle(command, make_text(NULL));
}

void
hn_redis_array(HnCommand *command, int count, const char *const *texts)
{
	redisReply *reply = make(REDIS_REPLY_ARRAY, NULL);
	int i;

	reply->elements = (size_t) count;
	reply->element = calloc((size_t) count + 1, sizeof(*reply->element));
	for (i = 0; i < count; i++)
		reply->element[i] = make_text(texts[i]);
	settle(command, reply);
}

void
hn_redis_lose(HnCommand *command)
{
	settle(command, NULL);
}

void
hn_redis_subscribed(void)
{
	on_up();
}

void
hn_redis_message(const char *text)
{
	on_message(text, strlen(text));
}

unsigned
hn_redis_unsettled(void)
{
	return taken + (first != NULL);
}

int
cfa_redis_configure(const char *url, const char *password, char *error,
					size_t error_size)
{
	return 0;
}

void
cfa_redis_start(void)
{
}

void
cfa_redis_stop(void)
{
}

void
cfa_redis_subscribe(const char *channel, CfaRedisMessage message,
					void (*up)(void))
{
	on_message = message;
	on_up = up;
}

bool
cfa_redis_is_up(void)
{
	return hn_redis_is_up;
}

bool
cfa_redis_is_subscribed(void)
{
	return hn_redis_is_up;
}

bool
cfa_redis_command(CfaRedisDone done, void *arg, int argc,
				  const char *const *argv, const size_t *lens)
{
	HnCommand *command;
	int i;

	if (!hn_redis_is_up)
		return false;
	command = calloc(1, sizeof(*command));
	command->argc = argc;
	command->argv = calloc((size_t) argc, sizeof(*command->argv));
	for (i = 0; i < argc; i++)
	{
		command->argv[i] = calloc(1, lens[i] + 1);
		memcpy(command->argv[i], argv[i], lens[i]);
	}
	command->done = done;
	command->arg = arg;
	*last = command;
	last = &command->next;
	return true;
}

void
cfa_redis_script_add(CfaRedisScript *script)
{
}

bool
cfa_redis_eval(const CfaRedisScript *script, CfaRedisDone done, void *arg,
			   int argc, const char **argv, size_t *lens)
{
	argv[0] = "EVALSHA";
	lens[0] = strlen(argv[0]);
	argv[1] = "";
	lens[1] = 0;
	return cfa_redis_command(done, arg, argc, argv, lens);
}
