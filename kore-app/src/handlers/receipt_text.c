/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt_text.c: the words of receipts in the languages of the site, and how each
 * writes times. Pure.
 */
#include "handlers/receipt_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* First strong isolate, and its end: a value keeps its own direction. */
#define ISOLATED "\xe2\x81\xa8%s\xe2\x81\xa9"
#define ISOLATED_EXTRA 6


const char cfa_receipt_languages[] = "en de ar";

/* clang-format off */
static const CfaReceiptLanguage languages[] = {
	{"en", false, "{day} {month} {year}, {time} ({offset})",
	 {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}, {
		[CFA_RECEIPT_TITLE] = "Donation receipt",
		[CFA_RECEIPT_COPY] = "Copy",
		[CFA_RECEIPT_COPY_TEXT] = "Issued again on {date} (no. {number}). It states the same as the receipt of {before}.",
		[CFA_RECEIPT_REPLACEMENT] = "Replacement",
		[CFA_RECEIPT_REPLACEMENT_TEXT] = "Issued again on {date} (no. {number}) because money was given back since. It replaces the receipt of {before}.",
		[CFA_RECEIPT_RETURNED] = "Returned in full",
		[CFA_RECEIPT_RETURNED_TEXT] = "This gift was returned in full. The receipt shows what was paid and what went back.",
		[CFA_RECEIPT_NUMBER] = "Receipt number",
		[CFA_RECEIPT_DONOR] = "Received from",
		[CFA_RECEIPT_CAMPAIGN] = "Campaign",
		[CFA_RECEIPT_REWARD] = "Reward",
		[CFA_RECEIPT_PAID_ON] = "Paid on",
		[CFA_RECEIPT_GIFT] = "Gift",
		[CFA_RECEIPT_FEE] = "Payment fee on top",
		[CFA_RECEIPT_PAID] = "Paid in all",
		[CFA_RECEIPT_GIVEN_BACK] = "Given back on {date}",
		[CFA_RECEIPT_LEFT] = "What remains",
		[CFA_RECEIPT_ISSUED] = "Issued by {issuer} on {date}.",
		[CFA_RECEIPT_ZONE] = "Times are those of the time zone {zone}.",
		[CFA_RECEIPT_THANKS] = "Thank you for your gift."}},
	{"de", false, "{day}. {month} {year}, {time} Uhr ({offset})",
	 {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}, {
		[CFA_RECEIPT_TITLE] = "Spendenbeleg",
		[CFA_RECEIPT_COPY] = "Kopie",
		[CFA_RECEIPT_COPY_TEXT] = "Erneut ausgestellt am {date} (Nr. {number}). Er enthält dasselbe wie der Beleg vom {before}.",
		[CFA_RECEIPT_REPLACEMENT] = "Ersatzbeleg",
		[CFA_RECEIPT_REPLACEMENT_TEXT] = "Erneut ausgestellt am {date} (Nr. {number}), weil seither Geld zurückgezahlt wurde. Er ersetzt den Beleg vom {before}.",
		[CFA_RECEIPT_RETURNED] = "Ganz zurückgegeben",
		[CFA_RECEIPT_RETURNED_TEXT] = "Diese Spende wurde ganz zurückgegeben. Der Beleg zeigt, was bezahlt wurde und was zurückging.",
		[CFA_RECEIPT_NUMBER] = "Belegnummer",
		[CFA_RECEIPT_DONOR] = "Erhalten von",
		[CFA_RECEIPT_CAMPAIGN] = "Kampagne",
		[CFA_RECEIPT_REWARD] = "Dankeschön",
		[CFA_RECEIPT_PAID_ON] = "Bezahlt am",
		[CFA_RECEIPT_GIFT] = "Spende",
		[CFA_RECEIPT_FEE] = "Zahlungsgebühr obendrauf",
		[CFA_RECEIPT_PAID] = "Insgesamt bezahlt",
		[CFA_RECEIPT_GIVEN_BACK] = "Zurückgezahlt am {date}",
		[CFA_RECEIPT_LEFT] = "Es bleiben",
		[CFA_RECEIPT_ISSUED] = "Ausgestellt von {issuer} am {date}.",
		[CFA_RECEIPT_ZONE] = "Die Zeiten gelten in der Zeitzone {zone}.",
		[CFA_RECEIPT_THANKS] = "Danke für deine Spende."}},
	{"ar", true, "{day} {month} {year}، {time} ({offset})",
	 {"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"}, {
		[CFA_RECEIPT_TITLE] = "إيصال تبرع",
		[CFA_RECEIPT_COPY] = "نسخة",
		[CFA_RECEIPT_COPY_TEXT] = "أُعيد إصداره في {date} (رقم {number}). مضمونه هو مضمون الإيصال الصادر في {before}.",
		[CFA_RECEIPT_REPLACEMENT] = "إيصال بديل",
		[CFA_RECEIPT_REPLACEMENT_TEXT] = "أُعيد إصداره في {date} (رقم {number}) لأن مالًا قد أُعيد منذ ذلك الحين. وهو يحلّ محلّ الإيصال الصادر في {before}.",
		[CFA_RECEIPT_RETURNED] = "أُعيد كاملًا",
		[CFA_RECEIPT_RETURNED_TEXT] = "أُعيد هذا التبرع كاملًا. يبيّن الإيصال ما دُفع وما أُعيد.",
		[CFA_RECEIPT_NUMBER] = "رقم الإيصال",
		[CFA_RECEIPT_DONOR] = "استُلم من",
		[CFA_RECEIPT_CAMPAIGN] = "الحملة",
		[CFA_RECEIPT_REWARD] = "المكافأة",
		[CFA_RECEIPT_PAID_ON] = "تاريخ الدفع",
		[CFA_RECEIPT_GIFT] = "التبرع",
		[CFA_RECEIPT_FEE] = "رسوم الدفع المضافة",
		[CFA_RECEIPT_PAID] = "إجمالي المدفوع",
		[CFA_RECEIPT_GIVEN_BACK] = "أُعيد في {date}",
		[CFA_RECEIPT_LEFT] = "المتبقي",
		[CFA_RECEIPT_ISSUED] = "أصدره {issuer} في {date}.",
		[CFA_RECEIPT_ZONE] = "الأوقات بحسب المنطقة الزمنية {zone}.",
		[CFA_RECEIPT_THANKS] = "شكرًا على تبرعك."}},
};
/* clang-format on */

#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))

static void fill(const char *text, const CfaReceiptValue *values, bool is_apart,
				 char *out, size_t size);
static const char *value_of(const CfaReceiptValue *values, const char *name,
							size_t len);
static void append(char *out, size_t size, const char *text, size_t len);
static size_t char_len(const char *text);
static bool is_unwanted(const unsigned char *at, size_t len);

const CfaReceiptLanguage *
cfa_receipt_language(const char *tag)
{
	size_t i;

	for (i = 0; i < LANGUAGES; i++)
	{
		if (tag != NULL && strcmp(languages[i].tag, tag) == 0)
			return &languages[i];
	}
	return &languages[0];
}

void
cfa_receipt_fill(const char *text, const CfaReceiptValue *values, char *out,
				 size_t size)
{
	fill(text, values, true, out, size);
}

void
cfa_receipt_clean(const char *text, char *out, size_t size)
{
	const char *at;
	size_t len;

	out[0] = '\0';
	for (at = text; *at != '\0'; at += len)
	{
		len = char_len(at);
		if (!is_unwanted((const unsigned char *) at, len))
			append(out, size, at, len);
		else if (len == 1 && out[0] != '\0')
			append(out, size, " ", 1);
	}
}

void
cfa_receipt_date(const CfaReceiptLanguage *language, const char *time,
				 char *out, size_t size)
{
	char year[5] = "";
	char clock[6] = "";
	char day[16];
	char offset[24];
	long month;

	out[0] = '\0';
	if (strlen(time) != CFA_RECEIPT_TIME_LEN)
		return;
	month = strtol(time + 5, NULL, 10);
	if (month < 1 || month > 12)
		return;
	memcpy(year, time, 4);
	memcpy(clock, time + 11, 5);
	(void) snprintf(day, sizeof(day), "%ld", strtol(time + 8, NULL, 10));
	(void) snprintf(offset,
					sizeof(offset),
					"\xe2\x81\xa8UTC%s\xe2\x81\xa9",
					strcmp(time + 17, "00:00") == 0 ? "" : time + 16);
	/* The month says which direction the date has, so it is not kept apart. */
	fill(language->date,
		 (const CfaReceiptValue[]){
			 {"day", day},
			 {"month", language->months[month - 1]},
			 {"year", year},
			 {"time", clock},
			 {"offset", offset},
			 {NULL, NULL},
		 },
		 false,
		 out,
		 size);
}

static void
fill(const char *text, const CfaReceiptValue *values, bool is_apart, char *out,
	 size_t size)
{
	char apart[CFA_RECEIPT_TEXT_MAX + ISOLATED_EXTRA];
	const char *at = text;

	out[0] = '\0';
	while (*at != '\0')
	{
		size_t plain = strcspn(at, "{");
		size_t name = at[plain] == '{' ? strcspn(at + plain + 1, "}") : 0;
		const char *value =
			name == 0 ? NULL : value_of(values, at + plain + 1, name);

		append(out, size, at, plain);
		if (value != NULL)
		{
			(void) snprintf(apart,
							sizeof(apart),
							is_apart ? ISOLATED : "%s",
							value);
			append(out, size, apart, strlen(apart));
		}
		at += plain;
		if (*at == '{')
			at += 1 + name + (at[1 + name] == '}');
	}
}

static const char *
value_of(const CfaReceiptValue *values, const char *name, size_t len)
{
	for (; values->name != NULL; values++)
	{
		if (strlen(values->name) == len && memcmp(values->name, name, len) == 0)
			return values->value;
	}
	return NULL;
}

/* Appends whole characters, as many as have room. */
static void
append(char *out, size_t size, const char *text, size_t len)
{
	size_t used = strlen(out);
	size_t take = 0;

	while (take < len && used + take + char_len(text + take) < size)
		take += char_len(text + take);
	memcpy(out + used, text, take);
	out[used + take] = '\0';
}

/* Bytes of the character; of well-formed UTF-8, else never past its NUL. */
static size_t
char_len(const char *text)
{
	unsigned char first = (unsigned char) text[0];
	size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	size_t i;

	for (i = 1; i < len; i++)
	{
		if (text[i] == '\0')
			return i;
	}
	return len;
}

/* Control characters, line and paragraph separators, embeddings, overrides, isolates. */
static bool
is_unwanted(const unsigned char *at, size_t len)
{
	if (len == 1)
		return at[0] < 0x20 || at[0] == 0x7f;
	if (len == 2)
		return at[0] == 0xc2 && at[1] < 0xa0;
	if (len != 3 || at[0] != 0xe2)
		return false;
	return (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
		   (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xaf);
}
