/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_MONEY_TEXT_H
#define CFA_APP_MONEY_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Room for any amount with its currency and its NUL. */
#define CFA_MONEY_TEXT_MAX 96

/* Digits after the point of a currency; two for all that are not known. */
int cfa_currency_exponent(const char *currency);

/*
 * An amount in minor units as a language of the site writes it: "EUR 1,234.50",
 * "1.234,50 EUR". The blank does not break. English for any other language.
 */
void cfa_money_text(const char *language, int64_t minor, int exponent,
					const char *currency, char out[CFA_MONEY_TEXT_MAX]);

#endif
