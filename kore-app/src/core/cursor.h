/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CURSOR_H
#define CFA_APP_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_CURSOR_TEXT_MAX 128

/* A place in a list, for the client an opaque text. */
typedef struct CfaCursor
{
	int64_t time_ms;
	uint8_t id[16];
} CfaCursor;

/* Derives the key of cursors from a secret; once, in the parent. */
void cfa_cursor_configure(const void *secret, size_t len);

/*
 * Seals a cursor for one list: scope names the list with its filters. The text
 * is encrypted, so that ids in it stay unknown, and cannot be made by others.
 */
void cfa_cursor_write(const CfaCursor *cursor, const char *scope,
					  char out[CFA_CURSOR_TEXT_MAX]);

/* False if the text is no cursor of ours for this scope. */
bool cfa_cursor_read(const char *text, const char *scope, CfaCursor *out);

#endif
