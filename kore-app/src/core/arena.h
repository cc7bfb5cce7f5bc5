/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ARENA_H
#define CFA_APP_ARENA_H

#include <stddef.h>

#define CFA_ARENA_FIRST 4096

typedef struct CfaArenaChunk CfaArenaChunk;

/* Memory that lives as long as one request: taken piece by piece, freed at once. */
typedef struct CfaArena
{
	CfaArenaChunk *chunks; /* further chunks, newest first */
	size_t used;		   /* of the newest chunk, or of first */
	size_t cap;
	char *at;
	_Alignas(16) char first[CFA_ARENA_FIRST];
} CfaArena;

void cfa_arena_init(CfaArena *arena);
void cfa_arena_clear(CfaArena *arena);

/* Never NULL; 16-byte aligned; not zeroed. */
void *cfa_arena_alloc(CfaArena *arena, size_t size);
void *cfa_arena_zalloc(CfaArena *arena, size_t size);
char *cfa_arena_strndup(CfaArena *arena, const char *text, size_t len);
char *cfa_arena_printf(CfaArena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
