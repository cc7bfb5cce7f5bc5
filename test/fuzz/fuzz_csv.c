/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever a text holds, it is one cell of its row and no formula. The input
 * is a text; the row is read back by the rules of RFC 4180.
 */
#include "fuzz.h"

#include "handlers/csv.h"

/* Reads a cell from *at; returns it, to be freed, and moves *at behind it. */
static char *
read_cell(const char **at, const char *end)
{
	char *cell = malloc((size_t) (end - *at) + 1);
	size_t len = 0;
	bool is_quoted = **at == '"';

	if (is_quoted)
		(*at)++;
	while (*at < end)
	{
		if (is_quoted && **at == '"')
		{
			(*at)++;
			if (*at == end || **at != '"')
				break;
		}
		else if (!is_quoted && strchr(",\r\n\"", **at) != NULL && **at != '\0')
		{
			fuzz_require(**at == ',' || **at == '\r',
						 "a bare cell has no quote or line end");
			break;
		}
		cell[len++] = *(*at)++;
	}
	cell[len] = '\0';
	return cell;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CfaBuf out = {0};
	const char *at;
	char *first;
	char *second;

	if (memchr(data, '\0', size) != NULL)
		return 0;
	cfa_csv_cell(&out, (const char *) data, size, true);
	cfa_csv_cell(&out, "x", 1, false);
	cfa_csv_end(&out);
	at = out.data;
	first = read_cell(&at, out.data + out.len);
	fuzz_require(*at == ',', "a comma follows the first cell");
	at++;
	second = read_cell(&at, out.data + out.len);
	fuzz_require(strcmp(second, "x") == 0, "the next cell is as it was");
	fuzz_require(out.data + out.len - at == 2 && memcmp(at, "\r\n", 2) == 0,
				 "the row ends there");
	fuzz_require(*first == '\0' || strchr("=+-@\t\r", *first) == NULL,
				 "a cell is no formula");
	fuzz_require(strlen(first) >= size &&
					 memcmp(first + strlen(first) - size, data, size) == 0,
				 "a cell holds its text");
	free(first);
	free(second);
	cfa_buf_clear(&out);
	return 0;
}
