/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_BUF_H
#define CFA_BUF_H

#include <stddef.h>

/* A growing byte buffer. All zero is an empty one; data is NULL until used. */
typedef struct CfaBuf
{
	char *data;
	size_t len;
	size_t cap;
} CfaBuf;

void cfa_buf_clear(CfaBuf *buf); /* frees the memory */
void cfa_buf_reset(CfaBuf *buf); /* keeps the memory */

/* Makes room for more bytes behind len; dies when memory is out. */
void cfa_buf_reserve(CfaBuf *buf, size_t more);
void cfa_buf_add(CfaBuf *buf, const void *data, size_t len);
void cfa_buf_adds(CfaBuf *buf, const char *text);
void cfa_buf_addc(CfaBuf *buf, char c);
void cfa_buf_addf(CfaBuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds the text as a JSON string with its quotes; the text is UTF-8. */
void cfa_buf_add_json(CfaBuf *buf, const char *text, size_t len);

/* Adds a NUL that does not count and returns the text. */
const char *cfa_buf_text(CfaBuf *buf);

#endif
