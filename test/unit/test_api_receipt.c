/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: receipts say what they should in each language, whatever somebody has written
 * into names, and the same receipt is the same document.
 * Method: texts, times and amounts at their edges; documents written and looked into.
 */
#include "unit.h"

#include <careforall/text.h>
#include <stdio.h>
#include <string.h>

#include "adapters/sheet.h"
#include "handlers/money_text.h"
#include "handlers/receipt_page.h"
#include "handlers/receipt_text.h"

#define APART "\xe2\x81\xa8"
#define APART_END "\xe2\x81\xa9"

const char *__lsan_default_suppressions(void);

/* Fontconfig keeps fonts by distances, not pointers, which look lost. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

static const CfaIssuer issuer = {"House; of Tests", "Road 1;  10115 Berlin ;"};

static void
test_catalogue_is_complete(void **state)
{
	const char *tags[] = {"en", "de", "ar"};
	size_t i;
	size_t j;

	for (i = 0; i < 3; i++)
	{
		const CfaReceiptLanguage *language = cfa_receipt_language(tags[i]);

		assert_string_equal(language->tag, tags[i]);
		assert_non_null(strstr(cfa_receipt_languages, tags[i]));
		for (j = 0; j < CFA_RECEIPT_TEXTS; j++)
		{
			assert_non_null(language->texts[j]);
			assert_true(
				cfa_utf8_valid(language->texts[j], strlen(language->texts[j])));
		}
		for (j = 0; j < 12; j++)
			assert_non_null(language->months[j]);
	}
	assert_string_equal(cfa_receipt_language("fr")->tag, "en");
	assert_string_equal(cfa_receipt_language(NULL)->tag, "en");
}

/* The same values are named in each language. */
static void
test_texts_name_the_same_values(void **state)
{
	const CfaReceiptLanguage *english = cfa_receipt_language("en");
	const char *tags[] = {"de", "ar"};
	const char *names[] = {"{date}",
						   "{number}",
						   "{before}",
						   "{issuer}",
						   "{zone}"};
	size_t i;
	size_t j;
	size_t k;

	for (i = 0; i < 2; i++)
		for (j = 0; j < CFA_RECEIPT_TEXTS; j++)
			for (k = 0; k < 5; k++)
				assert_int_equal(strstr(english->texts[j], names[k]) != NULL,
								 strstr(cfa_receipt_language(tags[i])->texts[j],
										names[k]) != NULL);
}

static void
test_fill(void **state)
{
	const CfaReceiptValue values[] = {{"a", "one"}, {"b", "{a}"}, {NULL, NULL}};
	static const struct
	{
		const char *text;
		const char *filled;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"{a}", APART "one" APART_END},
		{"<{a}-{b}>", "<" APART "one" APART_END "-" APART "{a}" APART_END ">"},
		{"{c}!", "!"},
		{"{}!", "!"},
		{"x{a", "x" APART "one" APART_END},
		{"x{", "x"},
	};
	char out[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		cfa_receipt_fill(cases[i].text, values, out, sizeof(out));
		assert_string_equal(out, cases[i].filled);
	}
	cfa_receipt_fill("0123456789", values, out, 5);
	assert_string_equal(out, "0123");
	cfa_receipt_fill("12ü", values, out, 4);
	assert_string_equal(out, "12");
}

static void
test_clean(void **state)
{
	static const struct
	{
		const char *text;
		const char *cleaned;
	} cases[] = {
		{"", ""},
		{"Ada", "Ada"},
		{"Zoë 山田 محمد 😀", "Zoë 山田 محمد 😀"},
		{"a\nb\tc\x7f", "a b c "},
		{"\n\na", "a"},
		{"a\xe2\x80\xae"
		 "b\xe2\x80\xaa\xe2\x80\xac",
		 "ab"},
		{"\xe2\x81\xa6"
		 "a\xe2\x81\xa9\xe2\x81\xa8",
		 "a"},
		{"a\xe2\x80\xa8"
		 "b\xe2\x80\xa9",
		 "ab"},
		{"a\xc2\x85"
		 "b\xc2\xa0"
		 "c",
		 "ab\xc2\xa0"
		 "c"},
		/* Joiners make letters what they are. */
		{"\xe2\x80\x8d\xe2\x80\x8c\xe2\x80\x8f",
		 "\xe2\x80\x8d\xe2\x80\x8c\xe2\x80\x8f"},
		/* What is broken ends where it ends. */
		{"a\xf0\x9f", "a\xf0\x9f"},
	};
	char out[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		cfa_receipt_clean(cases[i].text, out, sizeof(out));
		assert_string_equal(out, cases[i].cleaned);
	}
	cfa_receipt_clean("aüü", out, 5);
	assert_string_equal(out, "aü");
}

static void
test_money(void **state)
{
	static const struct
	{
		const char *language;
		int64_t minor;
		int exponent;
		const char *currency;
		const char *text;
	} cases[] = {
		{"en",
		 123450,
		 2,
		 "EUR",
		 "EUR\xc2\xa0"
		 "1,234.50"},
		{"de",
		 123450,
		 2,
		 "EUR",
		 "1.234,50\xc2\xa0"
		 "EUR"},
		{"ar",
		 123450,
		 2,
		 "EUR",
		 "1,234.50\xc2\xa0"
		 "EUR"},
		{"en",
		 0,
		 2,
		 "EUR",
		 "EUR\xc2\xa0"
		 "0.00"},
		{"en",
		 5,
		 3,
		 "KWD",
		 "KWD\xc2\xa0"
		 "0.005"},
		{"en",
		 1500,
		 0,
		 "JPY",
		 "JPY\xc2\xa0"
		 "1,500"},
		{"en",
		 999,
		 0,
		 "JPY",
		 "JPY\xc2\xa0"
		 "999"},
		{"en",
		 1000000,
		 0,
		 "JPY",
		 "JPY\xc2\xa0"
		 "1,000,000"},
		{"en",
		 -100,
		 2,
		 "EUR",
		 "\xe2\x88\x92"
		 "EUR\xc2\xa0"
		 "1.00"},
		{"de",
		 -123450,
		 2,
		 "EUR",
		 "\xe2\x88\x92"
		 "1.234,50\xc2\xa0"
		 "EUR"},
		{"en",
		 INT64_MAX,
		 2,
		 "EUR",
		 "EUR\xc2\xa0"
		 "92,233,720,368,547,758.07"},
		{"en",
		 INT64_MIN,
		 0,
		 "JPY",
		 "\xe2\x88\x92"
		 "JPY\xc2\xa0"
		 "9,223,372,036,854,775,808"},
	};
	char out[CFA_MONEY_TEXT_MAX];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		cfa_money_text(cases[i].language,
					   cases[i].minor,
					   cases[i].exponent,
					   cases[i].currency,
					   out);
		assert_string_equal(out, cases[i].text);
	}
}

static void
test_exponents(void **state)
{
	static const struct
	{
		const char *currency;
		int exponent;
	} cases[] = {
		{"EUR", 2},
		{"JPY", 0},
		{"KWD", 3},
		{"CLF", 4},
		{"ABC", 2},
		{"", 2},
		{"JPY KMF", 2},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cfa_currency_exponent(cases[i].currency),
						 cases[i].exponent);
}

static void
test_dates(void **state)
{
	static const struct
	{
		const char *language;
		const char *time;
		const char *text;
	} cases[] = {
		{"en",
		 "2026-01-07T07:06+01:00",
		 "7 January 2026, 07:06 (" APART "UTC+01:00" APART_END ")"},
		{"de",
		 "2026-03-27T23:59-03:30",
		 "27. März 2026, 23:59 Uhr (" APART "UTC-03:30" APART_END ")"},
		{"ar",
		 "2026-12-31T00:00+00:00",
		 "31 ديسمبر 2026، 00:00 (" APART "UTC" APART_END ")"},
		{"en", "2026-13-01T00:00+00:00", ""},
		{"en", "2026-00-01T00:00+00:00", ""},
		{"en", "2026-01-07", ""},
		{"en", "", ""},
	};
	char out[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		cfa_receipt_date(cfa_receipt_language(cases[i].language),
						 cases[i].time,
						 out,
						 sizeof(out));
		assert_string_equal(out, cases[i].text);
	}
}

/* A receipt; refunds of one unit each. */
static json_t *
receipt(const char *language, const char *kind, int refunds)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < refunds; i++)
		(void) json_array_append_new(list,
									 json_pack("{sI ss}",
											   "amount_minor",
											   (json_int_t) 100,
											   "at",
											   "2026-11-02T10:00+01:00"));
	return json_pack("{ss si ss ss ss ss ss ss ss ss si ss si sI sI sI so}",
					 "pledge_id",
					 "0199c0de-0000-7000-8000-000000000001",
					 "number",
					 2,
					 "kind",
					 kind,
					 "language",
					 language,
					 "time_zone",
					 "Europe/Berlin",
					 "issued_at",
					 "2026-11-27T07:36+01:00",
					 "before_at",
					 "2026-11-26T07:36+01:00",
					 "paid_at",
					 "2026-11-25T07:36+01:00",
					 "donor",
					 "محمد 😀 \xe2\x80\xae"
					 "Ada",
					 "campaign",
					 "A (library) on wheels",
					 "quantity",
					 2,
					 "reward",
					 "Postcard",
					 "exponent",
					 2,
					 "amount_minor",
					 (json_int_t) 100000,
					 "fee_minor",
					 (json_int_t) 100,
					 "refunded_minor",
					 (json_int_t) 100 * refunds,
					 "refunds",
					 list);
}

static size_t
count(const CfaBuf *pdf, const char *text)
{
	const char *at = pdf->data;
	const char *end = pdf->data + pdf->len;
	size_t found = 0;

	while ((at = memmem(at, (size_t) (end - at), text, strlen(text))) != NULL)
	{
		found++;
		at++;
	}
	return found;
}

static void
test_same_receipt_is_same_document(void **state)
{
	const char *tags[] = {"en", "de", "ar"};
	const char *kinds[] = {"original", "copy", "replacement"};
	size_t i;

	for (i = 0; i < 9; i++)
	{
		json_t *json = receipt(tags[i % 3], kinds[i / 3], (int) i);
		CfaBuf one = {0};
		CfaBuf two = {0};
		char lang[32];

		(void) snprintf(lang, sizeof(lang), "/Lang (%s)", tags[i % 3]);
		/* Behind what is there already. */
		cfa_buf_adds(&two, "before");
		assert_int_equal(cfa_receipt_write(json, &issuer, &one), 0);
		assert_int_equal(cfa_receipt_write(json, &issuer, &two), 0);
		assert_int_equal(one.len + strlen("before"), two.len);
		assert_memory_equal(one.data, two.data + strlen("before"), one.len);
		assert_memory_equal(one.data, "%PDF-1.4", 8);
		assert_int_equal(count(&one, lang), 1);
		assert_int_equal(count(&one, "/MarkInfo << /Marked true >>"), 1);
		assert_int_equal(count(&one, "/CreationDate (20261127073600+01'00)"),
						 1);
		cfa_buf_clear(&one);
		cfa_buf_clear(&two);
		json_decref(json);
	}
}

/* Where startxref points to there is the table of offsets, which the catalogue's moves. */
static void
test_offsets_are_right(void **state)
{
	json_t *json = receipt("de", "original", 0);
	CfaBuf pdf = {0};
	const char *start;
	long offset;

	assert_int_equal(cfa_receipt_write(json, &issuer, &pdf), 0);
	start = memmem(pdf.data + pdf.len - 32, 32, "startxref\n", 10);
	assert_non_null(start);
	offset = strtol(start + 10, NULL, 10);
	assert_in_range(offset, 1, pdf.len - 6);
	assert_memory_equal(pdf.data + offset, "xref\n", 5);
	assert_memory_equal(pdf.data + pdf.len - 6, "%%EOF\n", 6);
	cfa_buf_clear(&pdf);
	json_decref(json);
}

/* As many refunds as a pledge takes: further pages. */
static void
test_long_receipt_has_pages(void **state)
{
	json_t *json = receipt("ar", "copy", 100);
	CfaBuf pdf = {0};

	assert_int_equal(cfa_receipt_write(json, &issuer, &pdf), 0);
	assert_in_range(count(&pdf, "/Type /Page %"), 3, 6);
	cfa_buf_clear(&pdf);
	json_decref(json);
}

static void
test_what_is_no_receipt(void **state)
{
	const char *needed[] = {"pledge_id", "number", "issued_at"};
	CfaBuf pdf = {0};
	size_t i;

	for (i = 0; i < 3; i++)
	{
		json_t *json = receipt("en", "original", 0);

		(void) json_object_del(json, needed[i]);
		assert_int_equal(cfa_receipt_write(json, &issuer, &pdf), -1);
		json_decref(json);
	}
	assert_int_equal(pdf.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalogue_is_complete),
		cmocka_unit_test(test_texts_name_the_same_values),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_exponents),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_same_receipt_is_same_document),
		cmocka_unit_test(test_offsets_are_right),
		cmocka_unit_test(test_long_receipt_has_pages),
		cmocka_unit_test(test_what_is_no_receipt),
	};
	char error[256];

	if (cfa_sheet_configure(error, sizeof(error)) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
