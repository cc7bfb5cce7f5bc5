/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of outside text, and the buffer: good values, and each way to be bad. */
#include "unit.h"

#include "careforall/buf.h"
#include "careforall/text.h"

static void
test_uuid(void **state)
{
	static const char text[] = "01890a5d-ac96-774b-bcce-b302099a8057";
	uint8_t uuid[16];
	char back[CFA_UUID_TEXT_LEN + 1];

	assert_true(cfa_uuid_parse(text, 36, uuid));
	cfa_uuid_format(uuid, back);
	assert_string_equal(back, text);
	assert_true(
		cfa_uuid_parse("01890A5D-AC96-774B-BCCE-B302099A8057", 36, uuid));
	assert_false(cfa_uuid_parse(text, 35, uuid));
	assert_false(
		cfa_uuid_parse("01890a5d_ac96-774b-bcce-b302099a8057", 36, uuid));
	assert_false(
		cfa_uuid_parse("01890a5d-ac96-774b-bcce-b302099a805g", 36, uuid));
	assert_false(cfa_uuid_parse(NULL, 0, uuid));
}

static void
test_utf8(void **state)
{
	char line[4];

	static const char *const bad[] = {"\x80",
									  "\xc0\xaf",		  /* overlong */
									  "\xe0\x80\xaf",	  /* overlong */
									  "\xed\xa0\x80",	  /* surrogate */
									  "\xf4\x90\x80\x80", /* above U+10FFFF */
									  "\xe2\x82",		  /* cut off */
									  "a\xff"};
	size_t i;

	assert_true(cfa_utf8_valid("gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8d", 11));
	assert_int_equal(cfa_utf8_length("\xf0\x9f\x8c\x8d\xc3\xbc", 6), 2);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cfa_utf8_valid(bad[i], strlen(bad[i])));
	cfa_text_first_line(line, sizeof(line), "ab\ncd");
	assert_string_equal(line, "ab");
	cfa_text_first_line(line, sizeof(line), "abcdef");
	assert_string_equal(line, "abc");
	cfa_text_first_line(line, sizeof(line), "");
	assert_string_equal(line, "");
	assert_true(cfa_text_has_control("a\tb", 3, ""));
	assert_false(cfa_text_has_control("a\tb", 3, "\t"));
	assert_true(cfa_text_has_control("a\0b", 3, "\t"));
}

static void
test_blank(void **state)
{
	static const char *const blank[] = {
		"",
		" \t\r\n",
		"\xc2\xa0",					/* no-break space */
		"\xe2\x80\x8b\xe2\x80\x8d", /* zero width space, joiner */
		"\xe2\x80\xae",				/* right-to-left override */
		"\xe2\x81\xa0\xef\xbb\xbf", /* word joiner, byte order mark */
		"\xe3\x80\x80\xe3\x85\xa4", /* ideographic space, Hangul filler */
		"\xef\xb8\x8f",				/* variation selector */
	};
	static const char *const seen[] = {
		"a",
		" \xc3\xa4 ",
		"\xe2\x80\x8f\xd7\xa9", /* mark and Hebrew letter */
		"\xe2\x81\xb0",			/* superscript zero, after the last mark */
		"\xe2\x80\x90",			/* hyphen */
		"\xf0\x9f\x8c\x8d",		/* outside the first plane */
	};

	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++)
		assert_true(cfa_text_is_blank(blank[i], strlen(blank[i])));
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		assert_false(cfa_text_is_blank(seen[i], strlen(seen[i])));
}

static void
test_percent(void **state)
{
	char out[64];
	size_t len;

	assert_true(cfa_percent_decode("a%20b+c", 7, true, out, &len));
	assert_string_equal(out, "a b c");
	assert_true(cfa_percent_decode("a+b", 3, false, out, &len));
	assert_string_equal(out, "a+b");
	assert_false(cfa_percent_decode("%4", 2, false, out, &len));
	assert_false(cfa_percent_decode("%zz", 3, false, out, &len));
	assert_false(cfa_percent_decode("%00", 3, false, out, &len));
	assert_false(cfa_percent_decode("%ff", 3, false, out, &len));
}

static void
test_numbers(void **state)
{
	uint64_t value;

	assert_true(cfa_parse_uint("18446744073709551615", 20, UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	assert_false(
		cfa_parse_uint("18446744073709551616", 20, UINT64_MAX, &value));
	assert_false(cfa_parse_uint("101", 3, 100, &value));
	assert_false(cfa_parse_uint("", 0, 100, &value));
	assert_false(cfa_parse_uint("+1", 2, 100, &value));
	assert_false(cfa_parse_uint("01", 2, 100, &value));
	assert_true(cfa_parse_uint("0", 1, 100, &value));
}

static void
test_form(void **state)
{
	const char *value = NULL;
	size_t len = 0;

	assert_int_equal(cfa_form_find("a=1&ab=2&a=3", 12, "a", &value, &len), 2);
	assert_memory_equal(value, "1", 1);
	assert_int_equal(len, 1);
	assert_int_equal(cfa_form_find("ab=2", 4, "a", &value, &len), 0);
	assert_int_equal(cfa_form_find("a", 1, "a", &value, &len), 1);
	assert_int_equal(len, 0);
}

static void
test_time(void **state)
{
	static const char text[] = "2026-11-23T18:00:00.123Z";
	char out[CFA_TIME_TEXT_LEN + 1];

	assert_true(cfa_time_parse_ms(text, strlen(text)) == 1795456800123);
	cfa_time_format_ms(1795456800123, out);
	assert_string_equal(out, text);
	cfa_time_format_ms(0, out);
	assert_string_equal(out, "1970-01-01T00:00:00.000Z");
	cfa_time_format_ms(-5, out);
	assert_string_equal(out, "1970-01-01T00:00:00.000Z");
	assert_true(cfa_time_parse_ms("2026-11-23 18:00:00Z", 20) == -1);
	assert_true(cfa_time_parse_ms("2026-13-23T18:00:00Z", 20) == -1);
	assert_true(cfa_time_parse_ms("2026-11-23T18:00:00", 19) == -1);
	assert_true(cfa_time_parse_ms("2026-11-23T18:00:00+01:00", 25) == -1);
}

static void
test_base64(void **state)
{
	static const char *const wrong[] =
		{"_w=", "_x", "_", "/w", "_w\n", "\xfbw", "\xdfw", "_\x80"};
	uint8_t out[4];
	size_t len = 0;

	assert_true(cfa_base64_decode("_w", 2, true, out, sizeof(out), &len));
	assert_int_equal(len, 1);
	assert_int_equal(out[0], 0xff);
	assert_true(cfa_base64_decode("/w==", 4, false, out, sizeof(out), &len));
	assert_int_equal(out[0], 0xff);
	assert_true(cfa_base64_decode("", 0, true, out, sizeof(out), &len));
	assert_int_equal(len, 0);
	assert_false(cfa_base64_decode("AAAAAAA", 7, true, out, sizeof(out), &len));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(cfa_base64_decode(
			wrong[i], strlen(wrong[i]), true, out, sizeof(out), &len));
	/* Nothing but the 64 letters, at either place. */
	for (int c = 0; c < 256; c++)
	{
		char text[] = {(char) c, 'A'};
		bool is_letter = c != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
										  "abcdefghijklmnopqrstuvwxyz"
										  "0123456789-_",
										  c) != NULL;

		assert_int_equal(
			cfa_base64_decode(text, 2, true, out, sizeof(out), &len),
			is_letter);
	}
}

static void
test_buf(void **state)
{
	CfaBuf buf = {0};
	int i;

	for (i = 0; i < 1000; i++)
		cfa_buf_addf(&buf, "%d,", i);
	assert_int_equal(buf.len, 3890);
	cfa_buf_reset(&buf);
	cfa_buf_add_json(&buf, "a\"\\\n\x01\x7f\xc3\xbc", 8);
	assert_string_equal(cfa_buf_text(&buf),
						"\"a\\\"\\\\\\n\\u0001\\u007f\xc3\xbc\"");
	cfa_buf_clear(&buf);
	assert_null(buf.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_uuid),
									   cmocka_unit_test(test_utf8),
									   cmocka_unit_test(test_blank),
									   cmocka_unit_test(test_percent),
									   cmocka_unit_test(test_numbers),
									   cmocka_unit_test(test_form),
									   cmocka_unit_test(test_time),
									   cmocka_unit_test(test_base64),
									   cmocka_unit_test(test_buf)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
