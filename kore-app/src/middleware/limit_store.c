/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit_store.c: the buckets of the rate limiter in Redis.
 *
 * One key for each bucket: the time, by the clock of Redis, at which it is full
 * again; the key expires at that time. Keys hold keyed hashes only.
 */
#include "middleware/limit_store.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/redis.h"

#define KEY_PREFIX "cfa:rate:"
#define KEY_PREFIX_LEN (sizeof(KEY_PREFIX) - 1)
#define KEY_TEXT_LEN (KEY_PREFIX_LEN + 2 * CFA_BUCKET_KEY_LEN)
#define NUMBER_TEXT_MAX 24

/* A question under way. */
typedef struct Question
{
	CfaLimitStored done;
	void *arg;
	unsigned count;
} Question;

static bool run_script(const char *mode, uint32_t want,
					   const CfaLimitTake *takes, unsigned count,
					   CfaRedisDone done, void *arg);
static void on_taken(void *arg, const redisReply *reply);
static void on_charged(void *arg, const redisReply *reply);
static bool read_verdict(const redisReply *reply, unsigned count,
						 CfaLimitVerdict *verdict);

/*
 * KEYS: buckets, each the time in microseconds at which it is full again.
 * ARGV: take or charge, permits wanted, then period and capacity of each.
 * Gives 1 or 0 (nothing was taken), the permits taken, and the debt of each.
 */
static const char script_text[] =
	"local clock = redis.call('TIME') "
	"local now = clock[1] * 1000000 + clock[2] "
	"local stored = redis.call('MGET', unpack(KEYS)) "
	"local taken, allowed, out = tonumber(ARGV[2]), 1, {} "
	"for i = 1, #KEYS do "
	"local period, capacity = ARGV[1 + 2 * i], ARGV[2 + 2 * i] "
	"local debt = math.max((tonumber(stored[i]) or 0) - now, 0) "
	"debt = math.min(debt, 2 * capacity) "
	"local room = math.floor((capacity - debt) / period) "
	"out[2 + i] = debt "
	"if ARGV[1] == 'take' then "
	"if room < 1 then allowed = 0 else taken = math.min(taken, room) end "
	"end end "
	"if allowed == 0 then taken = 0 end "
	"for i = 1, #KEYS do if taken > 0 then "
	"local period, capacity = ARGV[1 + 2 * i], ARGV[2 + 2 * i] "
	"local debt = math.min(out[2 + i] + taken * period, 2 * capacity) "
	"redis.call('SET', KEYS[i], string.format('%.0f', now + debt), 'PX', "
	"math.max(math.ceil(debt / 1000), 1)) "
	"out[2 + i] = debt "
	"end end "
	"out[1], out[2] = allowed, taken "
	"return out";

static CfaRedisScript script = {.text = script_text};

void
cfa_limit_store_start(void)
{
	cfa_redis_script_add(&script);
}

bool
cfa_limit_store_take(const CfaLimitTake *takes, unsigned count, uint32_t want,
					 CfaLimitStored done, void *arg)
{
	Question *question = malloc(sizeof(*question));

	if (question == NULL)
		return false;
	*question = (Question){.done = done, .arg = arg, .count = count};
	if (run_script("take", want, takes, count, on_taken, question))
		return true;
	free(question);
	return false;
}

void
cfa_limit_store_charge(const CfaLimitTake *takes, unsigned count, uint32_t cost)
{
	(void) run_script("charge", cost, takes, count, on_charged, NULL);
}

static bool
run_script(const char *mode, uint32_t want, const CfaLimitTake *takes,
		   unsigned count, CfaRedisDone done, void *arg)
{
	char keys[CFA_LIMIT_PARTS_MAX][KEY_TEXT_LEN + 1];
	char numbers[2 + 2 * CFA_LIMIT_PARTS_MAX][NUMBER_TEXT_MAX];
	const char *words[CFA_REDIS_WORDS_MAX];
	size_t lens[CFA_REDIS_WORDS_MAX];
	int argc = 2;

	(void) snprintf(numbers[0], NUMBER_TEXT_MAX, "%u", count);
	(void) snprintf(numbers[1], NUMBER_TEXT_MAX, "%" PRIu32, want);
	words[argc++] = numbers[0];
	for (unsigned i = 0; i < count; i++)
	{
		memcpy(keys[i], KEY_PREFIX, KEY_PREFIX_LEN);
		(void) sodium_bin2hex(keys[i] + KEY_PREFIX_LEN,
							  2 * CFA_BUCKET_KEY_LEN + 1,
							  takes[i].key,
							  CFA_BUCKET_KEY_LEN);
		words[argc++] = keys[i];
	}
	words[argc++] = mode;
	words[argc++] = numbers[1];
	for (unsigned i = 0; i < count; i++)
	{
		const CfaGcra *gcra = takes[i].gcra;
		char *period = numbers[2 + 2 * i];
		char *capacity = numbers[3 + 2 * i];

		(void) snprintf(period, NUMBER_TEXT_MAX, "%" PRIu64, gcra->period_us);
		(void) snprintf(capacity,
						NUMBER_TEXT_MAX,
						"%" PRIu64,
						cfa_gcra_capacity_us(gcra));
		words[argc++] = period;
		words[argc++] = capacity;
	}
	for (int i = 2; i < argc; i++)
		lens[i] = strlen(words[i]);
	return cfa_redis_eval(&script, done, arg, argc, words, lens);
}

static void
on_taken(void *arg, const redisReply *reply)
{
	Question *question = arg;
	CfaLimitVerdict verdict;

	question->done(question->arg,
				   read_verdict(reply, question->count, &verdict) ? &verdict
																  : NULL);
	free(question);
}

static void
on_charged(void *arg, const redisReply *reply)
{
}

static bool
read_verdict(const redisReply *reply, unsigned count, CfaLimitVerdict *verdict)
{
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY ||
		reply->elements != 2 + count)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
	{
		if (reply->element[i]->type != REDIS_REPLY_INTEGER ||
			reply->element[i]->integer < 0)
			return false;
	}
	verdict->is_allowed = reply->element[0]->integer == 1;
	verdict->taken = (uint32_t) reply->element[1]->integer;
	for (unsigned i = 0; i < count; i++)
		verdict->debt_us[i] = (uint64_t) reply->element[2 + i]->integer;
	return true;
}
