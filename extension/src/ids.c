/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.c
 *	  UUID version 7 (RFC 9562): 48 bits of milliseconds, 12 bits of their
 *	  fraction (method 3), 62 random bits.
 *
 * Ids go by the real time, not by careforall.clock(), so that a moved clock
 * cannot make them repeat or run backwards.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "ids.h"
#include "utils/timestamp.h"

#define RANDOM_POOL_BYTES 512
#define RANDOM_BYTES_PER_ID 8
#define UNIX_EPOCH_US \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

static uint8 random_pool[RANDOM_POOL_BYTES];
static int random_left = 0;
static uint64 last_stamp = 0; /* milliseconds << 12 | fraction */

CFA_FUNCTION(cfa_sql_uuid7);

static const uint8 *take_random(void);

pg_uuid_t
cfa_uuid7(void)
{
	uint64 unix_us = (uint64) (GetCurrentTimestamp() + UNIX_EPOCH_US);
	uint64 stamp = (unix_us / 1000) << 12 | ((unix_us % 1000) * 4096 / 1000);
	pg_uuid_t id;

	if (stamp <= last_stamp)
		stamp = last_stamp + 1;
	last_stamp = stamp;

	for (int i = 0; i < 6; i++)
		id.data[i] = (unsigned char) (stamp >> (52 - 8 * i));
	id.data[6] = (unsigned char) (0x70 | ((stamp >> 8) & 0x0f));
	id.data[7] = (unsigned char) stamp;
	memcpy(&id.data[8], take_random(), RANDOM_BYTES_PER_ID);
	id.data[8] = (unsigned char) (0x80 | (id.data[8] & 0x3f));
	return id;
}

void
cfa_uuid_text(const pg_uuid_t *id, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[id->data[i] >> 4];
		*text++ = digits[id->data[i] & 0x0f];
	}
	*text = '\0';
}

int
cfa_uuid_compare(const pg_uuid_t *a, const pg_uuid_t *b)
{
	return memcmp(a->data, b->data, UUID_LEN);
}

Datum
cfa_sql_uuid7(PG_FUNCTION_ARGS)
{
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

	*id = cfa_uuid7();
	PG_RETURN_UUID_P(id);
}

/* Eight fresh random bytes; the pool saves a call to the generator per id. */
static const uint8 *
take_random(void)
{
	if (random_left == 0)
	{
		if (!pg_strong_random(random_pool, RANDOM_POOL_BYTES))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random bytes")));
		random_left = RANDOM_POOL_BYTES;
	}
	random_left -= RANDOM_BYTES_PER_ID;
	return &random_pool[random_left];
}
