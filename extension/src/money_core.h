/* SPDX-License-Identifier: Apache-2.0 */
/*
 * money_core.h
 *	  Money as int64 minor units: checked arithmetic and currency exponents.
 *	  Knows no server header, so that unit tests build it alone.
 */
#ifndef CFA_MONEY_CORE_H
#define CFA_MONEY_CORE_H

#include <stdbool.h>
#include <stdint.h>

/* The largest amount: 2^53 - 1, exact in every JSON reader. */
#define CFA_AMOUNT_MINOR_MAX INT64_C(9007199254740991)

/* Whether an amount may stand in a pledge: 1 to CFA_AMOUNT_MINOR_MAX. */
extern bool cfa_amount_is_valid(int64_t amount_minor);

/* Set *sum to a + b; false, and *sum untouched, on overflow. */
extern bool cfa_amount_add(int64_t a, int64_t b, int64_t *sum);

/* Set *product to a * b; false, and *product untouched, on overflow. */
extern bool cfa_amount_multiply(int64_t a, int64_t b, int64_t *product);

/* Decimal digits after the point by ISO 4217, -1 when the code is unknown. */
extern int cfa_currency_exponent(const char *code);

/* How many currencies the table knows, and the code of one, in order. */
extern int cfa_currency_count(void);
extern const char *cfa_currency_code(int index);

#endif /* CFA_MONEY_CORE_H */
