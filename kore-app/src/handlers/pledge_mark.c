/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_mark.c: Idempotency-Keys in Redis: which requests are under way, and
 * copies of pledges that were made.
 *
 * PostgreSQL alone decides that a key has one effect. Redis tells a second
 * request sooner that the first is under way (409), and answers a repeated one
 * without PostgreSQL. Whatever Redis loses, delays or forgets costs only that. A
 * mark has a lease, so that what a killed worker left is gone by itself; the lease
 * is longer than a request can take.
 */
#include <kore/kore.h>

#include "handlers/pledge_mark.h"

#include <sodium.h>

#include "adapters/redis.h"

#define PREFIX "cfa:idem:"
#define KEY_LEN (sizeof(PREFIX) - 1 + 2 * CFA_COPY_HASH_BYTES)
#define LEASE_MS "10000"
#define COPY_MS "600000"

/* A look-up under way. */
typedef struct Lookup
{
	CfaPledgeMark *mark;
	CfaPledgeMarkDone done;
	void *arg;
} Lookup;

static void make_key(const CfaPledgeMark *mark, char key[KEY_LEN + 1]);
static void on_looked_up(void *arg, const redisReply *reply);
static void on_ignored(void *arg, const redisReply *reply);

bool
cfa_pledge_mark_take(CfaPledgeMark *mark, CfaPledgeMarkDone done, void *arg)
{
	char key[KEY_LEN + 1];
	const char *words[] =
		{"SET", key, (char *) mark->mark, "NX", "GET", "PX", LEASE_MS};
	const size_t lens[] =
		{3, KEY_LEN, CFA_COPY_MARK_BYTES, 2, 3, 2, sizeof(LEASE_MS) - 1};
	Lookup *lookup = kore_malloc(sizeof(*lookup));

	make_key(mark, key);
	cfa_copy_write_mark(mark->mark);
	*lookup = (Lookup){.mark = mark, .done = done, .arg = arg};
	if (cfa_redis_command(on_looked_up, lookup, 7, words, lens))
		return true;
	kore_free(lookup);
	return false;
}

void
cfa_pledge_mark_keep(const CfaPledgeMark *mark, const CfaPledgeMade *made)
{
	char key[KEY_LEN + 1];
	uint8_t copy[CFA_COPY_BYTES];
	const char *words[] = {"SET", key, (char *) copy, "PX", COPY_MS};
	const size_t lens[] = {3, KEY_LEN, CFA_COPY_BYTES, 2, sizeof(COPY_MS) - 1};

	make_key(mark, key);
	cfa_copy_write(made, mark->fingerprint, copy);
	(void) cfa_redis_command(on_ignored, NULL, 5, words, lens);
}

void
cfa_pledge_mark_drop(const CfaPledgeMark *mark)
{
	static const char script[] =
		"if redis.call('GET', KEYS[1]) == ARGV[1] then "
		"return redis.call('DEL', KEYS[1]) end return 0";
	char key[KEY_LEN + 1];
	const char *words[] = {"EVAL", script, "1", key, (const char *) mark->mark};
	const size_t lens[] = {4,
						   sizeof(script) - 1,
						   1,
						   KEY_LEN,
						   CFA_COPY_MARK_BYTES};

	if (!mark->may_be_ours)
		return;
	make_key(mark, key);
	(void) cfa_redis_command(on_ignored, NULL, 5, words, lens);
}

static void
make_key(const CfaPledgeMark *mark, char key[KEY_LEN + 1])
{
	memcpy(key, PREFIX, sizeof(PREFIX) - 1);
	(void) sodium_bin2hex(key + sizeof(PREFIX) - 1,
						  2 * CFA_COPY_HASH_BYTES + 1,
						  mark->key_hash,
						  CFA_COPY_HASH_BYTES);
}

/* Without a reply the mark may have been set all the same. */
static void
on_looked_up(void *arg, const redisReply *reply)
{
	Lookup *lookup = arg;
	CfaPledgeMade made;
	CfaCopyKind kind = CFA_COPY_NONE;

	if (reply != NULL && reply->type == REDIS_REPLY_STRING)
		kind = cfa_copy_read(reply->str,
							 (size_t) reply->len,
							 lookup->mark->fingerprint,
							 &made);
	lookup->mark->may_be_ours = reply == NULL || reply->type == REDIS_REPLY_NIL;
	lookup->done(lookup->arg, kind, kind == CFA_COPY_MADE ? &made : NULL);
	kore_free(lookup);
}

static void
on_ignored(void *arg, const redisReply *reply)
{
	(void) arg;
	(void) reply;
}
