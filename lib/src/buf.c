/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c: a growing byte buffer for bodies, header blocks and metrics text.
 *
 * The owner of the struct owns the memory. Running out of memory ends the
 * process: each of ours is restarted by its keeper and holds no state of its own.
 */
#include "careforall/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
cfa_buf_clear(CfaBuf *buf)
{
	free(buf->data);
	*buf = (CfaBuf){0};
}

void
cfa_buf_reset(CfaBuf *buf)
{
	buf->len = 0;
}

void
cfa_buf_reserve(CfaBuf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : 256;
	char *data;

	if (buf->cap - buf->len >= more)
		return;
	if (more > SIZE_MAX / 4 - buf->len)
		abort();
	while (cap - buf->len < more)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (data == NULL)
		abort();
	buf->data = data;
	buf->cap = cap;
}

void
cfa_buf_add(CfaBuf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	cfa_buf_reserve(buf, len);
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void
cfa_buf_adds(CfaBuf *buf, const char *text)
{
	cfa_buf_add(buf, text, strlen(text));
}

void
cfa_buf_addc(CfaBuf *buf, char c)
{
	cfa_buf_add(buf, &c, 1);
}

void
cfa_buf_addf(CfaBuf *buf, const char *format, ...)
{
	va_list args;
	int len;

	cfa_buf_reserve(buf, 128);
	va_start(args, format);
	len = vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t) len >= buf->cap - buf->len)
	{
		cfa_buf_reserve(buf, (size_t) len + 1);
		va_start(args, format);
		(void)
			vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, args);
		va_end(args);
	}
	buf->len += (size_t) len;
}

void
cfa_buf_add_json(CfaBuf *buf, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t start = 0;
	size_t i;

	cfa_buf_reserve(buf, len + 2);
	cfa_buf_addc(buf, '"');
	for (i = 0; i < len; i++)
	{
		uint8_t c = (uint8_t) text[i];
		char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		cfa_buf_add(buf, text + start, i - start);
		start = i + 1;
		if (c == '"' || c == '\\')
		{
			cfa_buf_addc(buf, '\\');
			cfa_buf_addc(buf, (char) c);
		}
		else if (c == '\n')
		{
			cfa_buf_add(buf, "\\n", 2);
		}
		else
		{
			cfa_buf_add(buf, escape, sizeof(escape));
		}
	}
	cfa_buf_add(buf, text + start, len - start);
	cfa_buf_addc(buf, '"');
}

const char *
cfa_buf_text(CfaBuf *buf)
{
	cfa_buf_reserve(buf, 1);
	buf->data[buf->len] = '\0';
	return buf->data;
}
