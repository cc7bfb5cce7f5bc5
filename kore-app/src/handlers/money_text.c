/* SPDX-License-Identifier: Apache-2.0 */
/*
 * money_text.c: how the languages of the site write money. Pure.
 *
 * Digits are European in each language: those are what banks and tax offices of all
 * three read, and what the site itself shows.
 */
#include "handlers/money_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NO_BREAK "\xc2\xa0"
#define MINUS "\xe2\x88\x92"

typedef struct Style
{
	const char *language;
	char group;	  /* between thousands */
	char decimal; /* before the part of the unit */
	bool has_currency_first;
} Style;

static const Style styles[] = {
	{"en", ',', '.', true},
	{"de", '.', ',', false},
	{"ar", ',', '.', false},
};

static const Style *style_of(const char *language);

int
cfa_currency_exponent(const char *currency)
{
	static const struct
	{
		int exponent;
		const char *codes;
	} rare[] = {
		{0,
		 "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
		{3, "BHD IQD JOD KWD LYD OMR TND"},
		{4, "CLF UYW"},
	};
	size_t i;

	for (i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
	{
		if (strlen(currency) == 3 && strstr(rare[i].codes, currency) != NULL)
			return rare[i].exponent;
	}
	return 2;
}

void
cfa_money_text(const char *language, int64_t minor, int exponent,
			   const char *currency, char out[CFA_MONEY_TEXT_MAX])
{
	const Style *style = style_of(language);
	char digits[24];
	char number[40];
	size_t len;
	size_t whole;
	size_t used = 0;
	size_t i;

	(void) snprintf(digits,
					sizeof(digits),
					"%0*" PRIu64,
					exponent + 1,
					minor < 0 ? -(uint64_t) minor : (uint64_t) minor);
	len = strlen(digits);
	whole = len - (size_t) exponent;
	for (i = 0; i < len; i++)
	{
		if (i == whole)
			number[used++] = style->decimal;
		else if (i > 0 && i < whole && (whole - i) % 3 == 0)
			number[used++] = style->group;
		number[used++] = digits[i];
	}
	number[used] = '\0';
	(void) snprintf(out,
					CFA_MONEY_TEXT_MAX,
					"%s%s" NO_BREAK "%s",
					minor < 0 ? MINUS : "",
					style->has_currency_first ? currency : number,
					style->has_currency_first ? number : currency);
}

static const Style *
style_of(const char *language)
{
	size_t i;

	for (i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
	{
		if (strcmp(styles[i].language, language) == 0)
			return &styles[i];
	}
	return &styles[0];
}
