/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt_page.c: what stands on a receipt, and where.
 *
 * The same issue is the same document, byte for byte: all that is in it comes from the
 * database, the time of making too.
 */
#include "handlers/receipt_page.h"

#include <stdio.h>
#include <string.h>

#include "adapters/sheet.h"
#include "core/json.h"
#include "handlers/money_text.h"
#include "handlers/receipt_text.h"

#define LINE_MAX CFA_RECEIPT_TEXT_MAX

typedef struct Page
{
	const json_t *receipt;
	const CfaIssuer *issuer;
	const CfaReceiptLanguage *language;
	CfaSheet *sheet;
	char issued[LINE_MAX];
} Page;

static int64_t number_of(const json_t *object, const char *name);
static void write_issuer(const Page *page);
static void write_marks(const Page *page);
static void write_rows(const Page *page);
static void write_reward(const Page *page);
static void write_sums(const Page *page);
static void write_sum(const Page *page, const char *label, int64_t minor,
					  bool is_total);
static void write_end(const Page *page);
static void date_of(const Page *page, const char *time, char out[LINE_MAX]);
static const char *words(const Page *page, CfaReceiptText text);

int
cfa_receipt_write(const json_t *receipt, const CfaIssuer *issuer, CfaBuf *out)
{
	Page page = {
		.receipt = receipt,
		.issuer = issuer,
		.language = cfa_receipt_language(cfa_json_text(receipt, "language")),
	};
	const char *issued_at = cfa_json_text(receipt, "issued_at");
	char title[LINE_MAX];
	char created[40];
	CfaSheetInfo info = {
		.language = page.language->tag,
		.is_rtl = page.language->is_rtl,
		.title = title,
		.author = issuer->name,
		.created = created,
		.footer = title,
	};

	if (number_of(receipt, "number") < 1 ||
		strlen(issued_at) != CFA_RECEIPT_TIME_LEN ||
		*cfa_json_text(receipt, "pledge_id") == '\0')
		return -1;
	(void) snprintf(title,
					sizeof(title),
					"%s %s",
					words(&page, CFA_RECEIPT_TITLE),
					cfa_json_text(receipt, "pledge_id"));
	/* Minutes are what both the reader and the database know of it. */
	(void) snprintf(created,
					sizeof(created),
					"%.16s:00%s",
					issued_at,
					issued_at + 16);
	date_of(&page, issued_at, page.issued);
	page.sheet = cfa_sheet_begin(&info, out);
	write_issuer(&page);
	cfa_sheet_gap(page.sheet);
	cfa_sheet_text(page.sheet,
				   CFA_SHEET_TITLE,
				   words(&page, CFA_RECEIPT_TITLE));
	cfa_sheet_gap(page.sheet);
	write_marks(&page);
	write_rows(&page);
	cfa_sheet_gap(page.sheet);
	write_sums(&page);
	cfa_sheet_gap(page.sheet);
	write_end(&page);
	return cfa_sheet_end(page.sheet);
}

static void
write_issuer(const Page *page)
{
	const char *at = page->issuer->address;
	char row[LINE_MAX];

	cfa_sheet_text(page->sheet, CFA_SHEET_STRONG, page->issuer->name);
	while (*at != '\0')
	{
		size_t blanks = strspn(at, " ");
		size_t len = strcspn(at + blanks, ";");

		(void) snprintf(row, sizeof(row), "%.*s", (int) len, at + blanks);
		cfa_sheet_text(page->sheet, CFA_SHEET_SMALL, row);
		at += blanks + len;
		if (*at == ';')
			at++;
	}
}

/* What a reader must not overlook: that it is no original, that nothing is left of it. */
static void
write_marks(const Page *page)
{
	const char *kind = cfa_json_text(page->receipt, "kind");
	bool is_copy = strcmp(kind, "copy") == 0;
	char number[24];
	char before[LINE_MAX];
	char text[LINE_MAX];

	if (strcmp(kind, "original") != 0)
	{
		date_of(page, cfa_json_text(page->receipt, "before_at"), before);
		(void) snprintf(number,
						sizeof(number),
						"%lld",
						(long long) number_of(page->receipt, "number"));
		cfa_receipt_fill(words(page,
							   is_copy ? CFA_RECEIPT_COPY_TEXT
									   : CFA_RECEIPT_REPLACEMENT_TEXT),
						 (const CfaReceiptValue[]){
							 {"date", page->issued},
							 {"number", number},
							 {"before", before},
							 {NULL, NULL},
						 },
						 text,
						 sizeof(text));
		cfa_sheet_mark(page->sheet,
					   words(page,
							 is_copy ? CFA_RECEIPT_COPY
									 : CFA_RECEIPT_REPLACEMENT),
					   text);
		cfa_sheet_gap(page->sheet);
	}
	if (number_of(page->receipt, "refunded_minor") ==
		number_of(page->receipt, "amount_minor"))
	{
		cfa_sheet_mark(page->sheet,
					   words(page, CFA_RECEIPT_RETURNED),
					   words(page, CFA_RECEIPT_RETURNED_TEXT));
		cfa_sheet_gap(page->sheet);
	}
}

static void
write_rows(const Page *page)
{
	char text[LINE_MAX];

	cfa_sheet_row(page->sheet,
				  words(page, CFA_RECEIPT_NUMBER),
				  cfa_json_text(page->receipt, "pledge_id"));
	cfa_receipt_clean(cfa_json_text(page->receipt, "donor"),
					  text,
					  sizeof(text));
	cfa_sheet_row(page->sheet, words(page, CFA_RECEIPT_DONOR), text);
	cfa_receipt_clean(cfa_json_text(page->receipt, "campaign"),
					  text,
					  sizeof(text));
	cfa_sheet_row(page->sheet, words(page, CFA_RECEIPT_CAMPAIGN), text);
	write_reward(page);
	date_of(page, cfa_json_text(page->receipt, "paid_at"), text);
	cfa_sheet_row(page->sheet, words(page, CFA_RECEIPT_PAID_ON), text);
}

static void
write_reward(const Page *page)
{
	const char *reward = cfa_json_text(page->receipt, "reward");
	char title[LINE_MAX];
	char number[24];
	char text[LINE_MAX];

	if (*reward == '\0')
		return;
	cfa_receipt_clean(reward, title, sizeof(title));
	(void) snprintf(number,
					sizeof(number),
					"%lld",
					(long long) number_of(page->receipt, "quantity"));
	cfa_receipt_fill("{number} × {title}",
					 (const CfaReceiptValue[]){
						 {"number", number},
						 {"title", title},
						 {NULL, NULL},
					 },
					 text,
					 sizeof(text));
	cfa_sheet_row(page->sheet, words(page, CFA_RECEIPT_REWARD), text);
}

static void
write_sums(const Page *page)
{
	int64_t amount = number_of(page->receipt, "amount_minor");
	int64_t fee = number_of(page->receipt, "fee_minor");
	int64_t refunded = number_of(page->receipt, "refunded_minor");
	const json_t *refunds = json_object_get(page->receipt, "refunds");
	char date[LINE_MAX];
	char label[LINE_MAX];
	size_t i;

	if (fee > 0)
	{
		write_sum(page, words(page, CFA_RECEIPT_GIFT), amount - fee, false);
		write_sum(page, words(page, CFA_RECEIPT_FEE), fee, false);
	}
	write_sum(page, words(page, CFA_RECEIPT_PAID), amount, true);
	for (i = 0; i < json_array_size(refunds); i++)
	{
		const json_t *refund = json_array_get(refunds, i);

		date_of(page, cfa_json_text(refund, "at"), date);
		cfa_receipt_fill(words(page, CFA_RECEIPT_GIVEN_BACK),
						 (const CfaReceiptValue[]){
							 {"date", date},
							 {NULL, NULL},
						 },
						 label,
						 sizeof(label));
		write_sum(page, label, -number_of(refund, "amount_minor"), false);
	}
	if (refunded > 0)
		write_sum(page, words(page, CFA_RECEIPT_LEFT), amount - refunded, true);
}

static void
write_sum(const Page *page, const char *label, int64_t minor, bool is_total)
{
	char money[CFA_MONEY_TEXT_MAX];

	cfa_money_text(page->language->tag,
				   minor,
				   (int) number_of(page->receipt, "exponent"),
				   cfa_json_text(page->receipt, "currency"),
				   money);
	cfa_sheet_sum(page->sheet, label, money, is_total);
}

static void
write_end(const Page *page)
{
	char text[LINE_MAX];

	cfa_receipt_fill(words(page, CFA_RECEIPT_ISSUED),
					 (const CfaReceiptValue[]){
						 {"issuer", page->issuer->name},
						 {"date", page->issued},
						 {NULL, NULL},
					 },
					 text,
					 sizeof(text));
	cfa_sheet_text(page->sheet, CFA_SHEET_BODY, text);
	cfa_receipt_fill(words(page, CFA_RECEIPT_ZONE),
					 (const CfaReceiptValue[]){
						 {"zone", cfa_json_text(page->receipt, "time_zone")},
						 {NULL, NULL},
					 },
					 text,
					 sizeof(text));
	cfa_sheet_text(page->sheet, CFA_SHEET_SMALL, text);
	cfa_sheet_gap(page->sheet);
	cfa_sheet_text(page->sheet,
				   CFA_SHEET_BODY,
				   words(page, CFA_RECEIPT_THANKS));
}

static void
date_of(const Page *page, const char *time, char out[LINE_MAX])
{
	cfa_receipt_date(page->language, time, out, LINE_MAX);
}

static const char *
words(const Page *page, CfaReceiptText text)
{
	return page->language->texts[text];
}

static int64_t
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}
