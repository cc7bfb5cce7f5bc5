/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c: rows of a CSV file that is safe to open in a spreadsheet.
 *
 * Pure. A cell begins a formula with = + - @, with a tab, or with a line end
 * (which some programs skip); the wide forms of the first four count as well,
 * because some programs fold them.
 */
#include "handlers/csv.h"

#include <string.h>

static bool is_formula(const char *text, size_t len);

void
cfa_csv_cell(CfaBuf *out, const char *text, size_t len, bool is_first)
{
	bool escapes = is_formula(text, len);
	bool quotes = escapes;
	size_t i;

	if (!is_first)
		cfa_buf_addc(out, ',');
	for (i = 0; i < len && !quotes; i++)
		quotes = strchr(",\"\r\n", text[i]) != NULL;
	if (!quotes)
	{
		cfa_buf_add(out, text, len);
		return;
	}
	cfa_buf_addc(out, '"');
	if (escapes)
		cfa_buf_addc(out, '\'');
	for (i = 0; i < len; i++)
	{
		if (text[i] == '"')
			cfa_buf_addc(out, '"');
		cfa_buf_addc(out, text[i]);
	}
	cfa_buf_addc(out, '"');
}

void
cfa_csv_end(CfaBuf *out)
{
	cfa_buf_add(out, "\r\n", 2);
}

static bool
is_formula(const char *text, size_t len)
{
	/* Full-width = + - @ */
	static const char *const wide[] = {"\xef\xbc\x9d",
									   "\xef\xbc\x8b",
									   "\xef\xbc\x8d",
									   "\xef\xbc\xa0"};
	size_t i;

	if (len == 0)
		return false;
	if (memchr("=+-@\t\r\n", text[0], 7) != NULL)
		return true;
	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
	{
		if (len >= 3 && memcmp(text, wide[i], 3) == 0)
			return true;
	}
	return false;
}
