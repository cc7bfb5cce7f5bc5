/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no cell of an export begins a formula, and every cell can be read back.
 * Method: a table of cells with the bytes they become.
 */
#include "unit.h"

#include <string.h>

#include "handlers/csv.h"

static void
assert_cell(const char *text, const char *expected)
{
	CfaBuf out = {0};

	cfa_csv_cell(&out, text, strlen(text), true);
	assert_string_equal(cfa_buf_text(&out), expected);
	cfa_buf_clear(&out);
}

static void
test_cells(void **state)
{
	assert_cell("", "");
	assert_cell("plain text", "plain text");
	assert_cell("1,5", "\"1,5\"");
	assert_cell("say \"hi\"", "\"say \"\"hi\"\"\"");
	assert_cell("two\nlines", "\"two\nlines\"");
	assert_cell("a\rb", "\"a\rb\"");
	assert_cell("Zo\xc3\xab", "Zo\xc3\xab");
	assert_cell("it's = fine", "it's = fine");
}

static void
test_formulas(void **state)
{
	assert_cell("=1+1", "\"'=1+1\"");
	assert_cell("+49 30 1", "\"'+49 30 1\"");
	assert_cell("-2", "\"'-2\"");
	assert_cell("@SUM(A1)", "\"'@SUM(A1)\"");
	assert_cell("\t=1", "\"'\t=1\"");
	assert_cell("\r=1", "\"'\r=1\"");
	assert_cell("\n=1", "\"'\n=1\"");
	assert_cell("=\"a\"", "\"'=\"\"a\"\"\"");
	assert_cell("\xef\xbc\x9d"
				"1",
				"\"'\xef\xbc\x9d"
				"1\"");
	assert_cell("\xef\xbc\xa0x", "\"'\xef\xbc\xa0x\"");
	assert_cell("\xef\xbc", "\xef\xbc");
}

static void
test_rows(void **state)
{
	CfaBuf out = {0};

	cfa_csv_cell(&out, "a", 1, true);
	cfa_csv_cell(&out, "", 0, false);
	cfa_csv_cell(&out, "=b", 2, false);
	cfa_csv_end(&out);
	assert_string_equal(cfa_buf_text(&out), "a,,\"'=b\"\r\n");
	cfa_buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_formulas),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
