/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_REDIS_H
#define CFA_APP_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#define CFA_REDIS_WORDS_MAX 16
#define CFA_REDIS_SCRIPTS_MAX 4
#define CFA_REDIS_SHA_LEN 40

/* A script that Redis keeps; sha is "" while Redis has not said that it does. */
typedef struct CfaRedisScript
{
	const char *text;
	char sha[CFA_REDIS_SHA_LEN + 1];
} CfaRedisScript;

/* The reply, or NULL when there is none; borrowed for the call. */
typedef void (*CfaRedisDone)(void *arg, const redisReply *reply);

/* A message of the channel that is subscribed to. */
typedef void (*CfaRedisMessage)(const char *text, size_t len);

/*
 * In the parent: takes redis://host:port/db and the password ("" for none), both
 * borrowed for ever. 0, or -1 with a sentence in error.
 */
int cfa_redis_configure(const char *url, const char *password, char *error,
						size_t error_size);

/* In a worker: begins to connect. */
void cfa_redis_start(void);
void cfa_redis_stop(void);

/*
 * Subscribes the second connection to the channel. up is called each time that
 * the subscription stands anew: what was sent before is lost.
 */
void cfa_redis_subscribe(const char *channel, CfaRedisMessage message,
						 void (*up)(void));

bool cfa_redis_is_up(void);
bool cfa_redis_is_subscribed(void);

/* Before the start: a static script that each connection loads first. */
void cfa_redis_script_add(CfaRedisScript *script);

/*
 * Runs a script: argv has two free words in front, then the number of keys, keys
 * and arguments. As below, but false also while the script is not loaded, and a
 * script that Redis has forgotten gives NULL and is loaded again.
 */
bool cfa_redis_eval(const CfaRedisScript *script, CfaRedisDone done, void *arg,
					int argc, const char **argv, size_t *lens);

/*
 * Sends a command of argc words. done is called once, later; false if there is
 * no connection now, and done is not called.
 */
bool cfa_redis_command(CfaRedisDone done, void *arg, int argc,
					   const char *const *argv, const size_t *lens);

#endif
