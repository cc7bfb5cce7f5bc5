/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.c: texts of people in pages.
 *
 * Pure. Everything goes through these functions on its way into a page, and none
 * lets a '<' through, so neither a browser nor the gateway's includes ever find a
 * tag that a person wrote.
 */
#include "handlers/html.h"

#include <stdbool.h>
#include <string.h>

static void add_range(CfaBuf *out, const char *text, size_t len);
static void add_block(CfaBuf *out, const char *text, size_t len);
static bool is_list(const char *text, size_t len);
static void add_list(CfaBuf *out, const char *text, size_t len);

void
cfa_html_add(CfaBuf *out, const char *text)
{
	add_range(out, text, strlen(text));
}

void
cfa_html_add_json(CfaBuf *out, const char *text)
{
	CfaBuf json = {0};
	size_t i;

	cfa_buf_add_json(&json, text, strlen(text));
	for (i = 0; i < json.len; i++)
	{
		char c = json.data[i];

		if (c == '<' || c == '>' || c == '&')
			cfa_buf_addf(out, "\\u%04x", (unsigned) c);
		else
			cfa_buf_addc(out, c);
	}
	cfa_buf_clear(&json);
}

void
cfa_html_add_story(CfaBuf *out, const char *text)
{
	while (*text != '\0')
	{
		const char *end = strstr(text, "\n\n");
		size_t len = end == NULL ? strlen(text) : (size_t) (end - text);

		if (len > 0)
			add_block(out, text, len);
		text += len;
		while (*text == '\n')
			text++;
	}
}

static void
add_range(CfaBuf *out, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
	{
		switch (text[i])
		{
			case '&':
				cfa_buf_adds(out, "&amp;");
				break;
			case '<':
				cfa_buf_adds(out, "&lt;");
				break;
			case '>':
				cfa_buf_adds(out, "&gt;");
				break;
			case '"':
				cfa_buf_adds(out, "&quot;");
				break;
			case '\'':
				cfa_buf_adds(out, "&#39;");
				break;
			default:
				cfa_buf_addc(out, text[i]);
		}
	}
}

static void
add_block(CfaBuf *out, const char *text, size_t len)
{
	bool is_heading = len > 3 && memcmp(text, "## ", 3) == 0;

	if (!is_heading && is_list(text, len))
	{
		add_list(out, text, len);
		return;
	}
	cfa_buf_adds(out, is_heading ? "<h3>" : "<p>");
	add_range(out, is_heading ? text + 3 : text, is_heading ? len - 3 : len);
	cfa_buf_adds(out, is_heading ? "</h3>\n" : "</p>\n");
}

/* Whether every line begins with "- ". */
static bool
is_list(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end)
	{
		const char *line = memchr(text, '\n', (size_t) (end - text));

		if (end - text < 2 || memcmp(text, "- ", 2) != 0)
			return false;
		text = line == NULL ? end : line + 1;
	}
	return true;
}

static void
add_list(CfaBuf *out, const char *text, size_t len)
{
	const char *end = text + len;

	cfa_buf_adds(out, "<ul>\n");
	while (text < end)
	{
		const char *line = memchr(text, '\n', (size_t) (end - text));
		const char *stop = line == NULL ? end : line;

		cfa_buf_adds(out, "<li>");
		add_range(out, text + 2, (size_t) (stop - text - 2));
		cfa_buf_adds(out, "</li>\n");
		text = line == NULL ? end : line + 1;
	}
	cfa_buf_adds(out, "</ul>\n");
}
