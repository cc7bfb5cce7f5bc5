/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no text but a cursor of ours is one, for its own list only, and none reads
 * out of bounds. The input is a text, a NUL, and the name of a list.
 */
#include "fuzz.h"

#include "core/cursor.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	cfa_cursor_configure("0123456789abcdef0123456789abcdef", 32);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *scope;
	char sealed[CFA_CURSOR_TEXT_MAX];
	CfaCursor cursor;
	CfaCursor made = {.time_ms = (int64_t) size};

	memcpy(text, data, size);
	text[size] = '\0';
	scope = text + strlen(text);
	scope += scope < text + size;
	fuzz_require(!cfa_cursor_read(text, scope, &cursor),
				 "a text that is made up is no cursor");
	memcpy(made.id, data, size < 16 ? size : 16);
	cfa_cursor_write(&made, scope, sealed);
	fuzz_require(cfa_cursor_read(sealed, scope, &cursor) &&
					 cursor.time_ms == made.time_ms &&
					 memcmp(cursor.id, made.id, 16) == 0,
				 "a cursor says what was sealed");
	fuzz_require(!cfa_cursor_read(sealed, "another", &cursor) ||
					 strcmp(scope, "another") == 0,
				 "it does so for its own list only");
	free(text);
	return 0;
}
