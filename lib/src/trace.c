/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c: reads and writes traceparent.
 */
#include "careforall/trace.h"

#include <pthread.h>
#include <string.h>

#include <sodium.h>

/* 00-<32 hex>-<16 hex>-<2 hex> */
#define TRACE_ID_AT 3
#define SPAN_ID_AT 36
#define FLAGS_AT 53

/* Limits of tracestate. */
#define STATE_ENTRIES_MAX 32
#define STATE_LONG_ENTRY 128
#define STATE_KEY_MAX 256
#define STATE_VALUE_MAX 256

typedef struct StateEntry
{
	const char *text;
	size_t len;
} StateEntry;

static _Thread_local uint8_t store[1024];
static _Thread_local size_t store_left;

static bool read_entries(const char *text, size_t len, StateEntry *entries,
						 size_t *count);
static void drop_entries(StateEntry *entries, size_t count);
static bool is_blank(char c);
static bool is_entry(const char *text, size_t len);
static void random_bytes(uint8_t *out, size_t len);
static void forget_store(void);
static bool read_hex(const char *text, uint8_t *out, size_t bytes);

bool
cfa_trace_parse(const char *text, size_t len, CfaTrace *trace)
{
	CfaTrace read;
	uint8_t version;

	if (text == NULL || len < CFA_TRACEPARENT_LEN ||
		!read_hex(text, &version, 1) || version == 0xff || text[2] != '-' ||
		text[SPAN_ID_AT - 1] != '-' || text[FLAGS_AT - 1] != '-' ||
		!read_hex(text + TRACE_ID_AT, read.trace_id, 16) ||
		!read_hex(text + SPAN_ID_AT, read.span_id, 8) ||
		!read_hex(text + FLAGS_AT, &read.flags, 1))
		return false;
	if (len > CFA_TRACEPARENT_LEN &&
		(version == 0 || text[CFA_TRACEPARENT_LEN] != '-'))
		return false;
	if (sodium_is_zero(read.trace_id, 16) || sodium_is_zero(read.span_id, 8))
		return false;
	read.flags &= CFA_TRACE_SAMPLED | CFA_TRACE_RANDOM;
	*trace = read;
	return true;
}

void
cfa_trace_format(const CfaTrace *trace, char out[CFA_TRACEPARENT_LEN + 1])
{
	static const uint8_t version = 0;

	/* sodium_bin2hex ends each part with a NUL, which the dashes replace. */
	sodium_bin2hex(out, 3, &version, 1);
	out[TRACE_ID_AT - 1] = '-';
	sodium_bin2hex(out + TRACE_ID_AT, 33, trace->trace_id, 16);
	sodium_bin2hex(out + SPAN_ID_AT, 17, trace->span_id, 8);
	sodium_bin2hex(out + FLAGS_AT, 3, &trace->flags, 1);
	out[SPAN_ID_AT - 1] = '-';
	out[FLAGS_AT - 1] = '-';
}

void
cfa_trace_id(const CfaTrace *trace, char out[33])
{
	sodium_bin2hex(out, 33, trace->trace_id, 16);
}

void
cfa_trace_new(CfaTrace *trace)
{
	random_bytes(trace->trace_id, sizeof(trace->trace_id));
	random_bytes(trace->span_id, sizeof(trace->span_id));
	trace->flags = CFA_TRACE_RANDOM;
}

void
cfa_trace_child(CfaTrace *trace)
{
	random_bytes(trace->span_id, sizeof(trace->span_id));
}

bool
cfa_tracestate_clean(const char *text, size_t len,
					 char out[CFA_TRACESTATE_MAX + 1])
{
	StateEntry entries[STATE_ENTRIES_MAX];
	size_t count = 0;
	size_t written = 0;

	out[0] = '\0';
	if (!read_entries(text, len, entries, &count))
		return false;
	drop_entries(entries, count);
	for (size_t i = 0; i < count; i++)
	{
		if (entries[i].len == 0)
			continue;
		if (written > 0)
			out[written++] = ',';
		memcpy(out + written, entries[i].text, entries[i].len);
		written += entries[i].len;
	}
	out[written] = '\0';
	return written > 0;
}

/* Empty entries are allowed, and nothing. False for what is malformed. */
static bool
read_entries(const char *text, size_t len, StateEntry *entries, size_t *count)
{
	size_t at = 0;

	while (at < len)
	{
		const char *comma = memchr(text + at, ',', len - at);
		size_t end = comma != NULL ? (size_t) (comma - text) : len;
		size_t start = at;

		at = end + 1;
		while (start < end && is_blank(text[start]))
			start++;
		while (end > start && is_blank(text[end - 1]))
			end--;
		if (start == end)
			continue;
		if (*count == STATE_ENTRIES_MAX || !is_entry(text + start, end - start))
			return false;
		entries[*count].text = text + start;
		entries[(*count)++].len = end - start;
	}
	return true;
}

/* Makes entries empty until the rest fits: long ones first, then the last. */
static void
drop_entries(StateEntry *entries, size_t count)
{
	static const size_t least[] = {STATE_LONG_ENTRY, 0};
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += entries[i].len + 1;
	for (size_t pass = 0; pass < 2; pass++)
	{
		/* There is a comma less than entries. */
		for (size_t i = count; i > 0 && total > CFA_TRACESTATE_MAX + 1; i--)
		{
			if (entries[i - 1].len <= least[pass])
				continue;
			total -= entries[i - 1].len + 1;
			entries[i - 1].len = 0;
		}
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* key=value; the letters of keys and values are those of printable ASCII. */
static bool
is_entry(const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);

	if (equals == NULL || equals == text || equals + 1 == text + len ||
		memchr(equals + 1, '=', (size_t) (text + len - equals) - 1) != NULL ||
		(size_t) (equals - text) > STATE_KEY_MAX ||
		len - (size_t) (equals - text) - 1 > STATE_VALUE_MAX)
		return false;
	for (const char *c = text; c < equals; c++)
	{
		if ((*c < 'a' || *c > 'z') && (*c < '0' || *c > '9') &&
			(c == text || *c == '\0' || strchr("_-*/@", *c) == NULL))
			return false;
	}
	for (const char *c = equals + 1; c < text + len; c++)
	{
		if (*c < ' ' || *c > '~')
			return false;
	}
	return true;
}

/*
 * Random bytes from a store, as asking the kernel for each few is dear. Ids are
 * no secrets, but must differ: a forked child starts with an empty store.
 */
static void
random_bytes(uint8_t *out, size_t len)
{
	static _Thread_local bool is_guarded;

	if (store_left < len)
	{
		if (!is_guarded)
			is_guarded = pthread_atfork(NULL, NULL, forget_store) == 0;
		randombytes_buf(store, sizeof(store));
		store_left = sizeof(store);
	}
	store_left -= len;
	memcpy(out, store + store_left, len);
}

static void
forget_store(void)
{
	store_left = 0;
}

/* Lower-case digits only, as the specification asks. */
static bool
read_hex(const char *text, uint8_t *out, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes * 2; i++)
	{
		if ((text[i] < '0' || text[i] > '9') &&
			(text[i] < 'a' || text[i] > 'f'))
			return false;
	}
	return sodium_hex2bin(out, bytes, text, bytes * 2, NULL, NULL, NULL) == 0;
}
