/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c: memory of one request.
 *
 * The first chunk is part of the struct, so that a usual request allocates
 * nothing; more chunks come from malloc and are freed together.
 */
#include "core/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN 16384

struct CfaArenaChunk
{
	CfaArenaChunk *next;
	_Alignas(16) char data[];
};

void
cfa_arena_init(CfaArena *arena)
{
	arena->chunks = NULL;
	arena->used = 0;
	arena->cap = CFA_ARENA_FIRST;
	arena->at = arena->first;
}

void
cfa_arena_clear(CfaArena *arena)
{
	while (arena->chunks != NULL)
	{
		CfaArenaChunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	cfa_arena_init(arena);
}

void *
cfa_arena_alloc(CfaArena *arena, size_t size)
{
	void *out;

	if (size > SIZE_MAX / 4)
		abort();
	size = (size + 15) & ~(size_t) 15;
	if (arena->cap - arena->used < size)
	{
		size_t cap = size > CHUNK_MIN ? size : CHUNK_MIN;
		CfaArenaChunk *chunk = malloc(sizeof(*chunk) + cap);

		if (chunk == NULL)
			abort();
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->at = chunk->data;
		arena->cap = cap;
		arena->used = 0;
	}
	out = arena->at + arena->used;
	arena->used += size;
	return out;
}

void *
cfa_arena_zalloc(CfaArena *arena, size_t size)
{
	void *out = cfa_arena_alloc(arena, size);

	memset(out, 0, size);
	return out;
}

char *
cfa_arena_strndup(CfaArena *arena, const char *text, size_t len)
{
	char *out = cfa_arena_alloc(arena, len + 1);

	memcpy(out, text, len);
	out[len] = '\0';
	return out;
}

char *
cfa_arena_printf(CfaArena *arena, const char *format, ...)
{
	char small[512];
	va_list args;
	char *out;
	int len;

	va_start(args, format);
	len = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (len < 0)
		return cfa_arena_strndup(arena, "", 0);
	if ((size_t) len < sizeof(small))
		return cfa_arena_strndup(arena, small, (size_t) len);
	out = cfa_arena_alloc(arena, (size_t) len + 1);
	va_start(args, format);
	(void) vsnprintf(out, (size_t) len + 1, format, args);
	va_end(args);
	return out;
}
