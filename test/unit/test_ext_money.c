/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ext_money.c
 *	  Checked arithmetic at its edges, and the whole currency table.
 */
#include "unit.h"

#include "money_core.h"

static void
amounts_have_bounds(void **state)
{
	assert_false(cfa_amount_is_valid(INT64_MIN));
	assert_false(cfa_amount_is_valid(-1));
	assert_false(cfa_amount_is_valid(0));
	assert_true(cfa_amount_is_valid(1));
	assert_true(cfa_amount_is_valid(CFA_AMOUNT_MINOR_MAX));
	assert_false(cfa_amount_is_valid(CFA_AMOUNT_MINOR_MAX + 1));
	assert_false(cfa_amount_is_valid(INT64_MAX));
}

static void
sums_are_checked(void **state)
{
	int64_t sum = 7;

	assert_false(cfa_amount_add(INT64_MAX, 1, &sum));
	assert_false(cfa_amount_add(INT64_MIN, -1, &sum));
	assert_int_equal(sum, 7);
	assert_true(cfa_amount_add(INT64_MAX, 0, &sum));
	assert_true(sum == INT64_MAX);
	assert_true(cfa_amount_add(INT64_MAX, INT64_MIN, &sum));
	assert_int_equal(sum, -1);
}

static void
products_are_checked(void **state)
{
	int64_t product = 7;

	assert_false(cfa_amount_multiply(INT64_MAX, 2, &product));
	assert_false(cfa_amount_multiply(INT64_MIN, -1, &product));
	assert_int_equal(product, 7);
	assert_true(cfa_amount_multiply(CFA_AMOUNT_MINOR_MAX, 1000, &product));
	assert_true(product == CFA_AMOUNT_MINOR_MAX * 1000);
}

static void
currencies_are_sorted_and_found(void **state)
{
	assert_true(cfa_currency_count() > 150);
	for (int i = 0; i < cfa_currency_count(); i++)
	{
		const char *code = cfa_currency_code(i);
		int exponent = cfa_currency_exponent(code);

		assert_int_equal(strlen(code), 3);
		assert_in_range(exponent, 0, 4);
		if (i > 0)
			assert_true(strcmp(cfa_currency_code(i - 1), code) < 0);
	}
	assert_int_equal(cfa_currency_exponent("EUR"), 2);
	assert_int_equal(cfa_currency_exponent("JPY"), 0);
	assert_int_equal(cfa_currency_exponent("KWD"), 3);
	assert_int_equal(cfa_currency_exponent("CLF"), 4);
}

static void
unknown_currencies_are_unknown(void **state)
{
	static const char *const codes[] =
		{"", "E", "EU", "EURO", "eur", "XPT", "XAU", "XTS", "AAA", "ZZZ"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(cfa_currency_exponent(codes[i]), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_have_bounds),
		cmocka_unit_test(sums_are_checked),
		cmocka_unit_test(products_are_checked),
		cmocka_unit_test(currencies_are_sorted_and_found),
		cmocka_unit_test(unknown_currencies_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
