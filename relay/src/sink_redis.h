/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_redis.h: one Redis connection on the loop: connects, pipelines commands,
 * and connects again after a loss.
 *
 * Commands are answered in order. When the connection is lost each command without
 * an answer gets its callback with reply NULL, then on_down is called; whether
 * Redis did such a command is unknown.
 */
#ifndef CFA_SINK_REDIS_H
#define CFA_SINK_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

#define CFA_REDIS_WORDS_MAX 64

typedef struct CfaRedis CfaRedis;

/* The reply is borrowed for the call; NULL when the connection was lost. */
typedef void (*CfaRedisFn)(void *arg, const redisReply *reply);

typedef struct CfaRedisOptions
{
	const char *url;	  /* redis://ADDRESS:PORT/DB or unix:/PATH; borrowed */
	const char *password; /* NULL or "": none; borrowed */
	const char *client_name;
	void (*on_up)(void *arg);
	void (*on_down)(void *arg, const char *error);
	void *arg;
} CfaRedisOptions;

/* NULL if the address is fine, else what is wrong with it. */
const char *cfa_redis_check_url(const char *url);

/* Starts to connect in the next turn. Dies when memory is out. */
CfaRedis *cfa_redis_new(CfaLoop *loop, const CfaRedisOptions *options);

/* Closes without calling anything back. Takes NULL. */
void cfa_redis_free(CfaRedis *redis);

bool cfa_redis_is_up(const CfaRedis *redis);

/* Times that the connection was lost after it had been up. */
uint64_t cfa_redis_losses(const CfaRedis *redis);

/* Drops the connection in the next turn, as if it had been lost. */
void cfa_redis_drop(CfaRedis *redis, const char *why);

/*
 * Sends a command; fn may be NULL. Without a connection nothing is sent and fn is
 * not called: -1.
 */
int cfa_redis_command(CfaRedis *redis, CfaRedisFn fn, void *arg, int argc,
					  const char **argv, const size_t *argv_len);

/* The same for words that end with NUL, in a list that ends with NULL. */
int cfa_redis_send_words(CfaRedis *redis, CfaRedisFn fn, void *arg,
						 const char *const *words);

/* CFA_REDIS_SEND(redis, fn, arg, "SET", key, value); */
#define CFA_REDIS_SEND(redis, fn, arg, ...) \
	cfa_redis_send_words(redis,             \
						 fn,                \
						 arg,               \
						 (const char *const[]){__VA_ARGS__, NULL})

/* Text of the n-th element of an array, NULL if there is none. */
const char *cfa_redis_text(const redisReply *reply, size_t index);

#endif
