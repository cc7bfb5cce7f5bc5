/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mock_form.c
 *	  Goal: form bodies are read as Stripe reads them, and nothing broken gets
 *	  through. Method: tables of inputs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mockpay/form.h"

#include <string.h>

#include <sodium.h>

static bool
parse(CfaMockParams *params, const char *text)
{
	CfaMockFault fault;

	return cfa_mock_params_parse(params, text, strlen(text), &fault);
}

static void
decodes_pairs(void **state)
{
	CfaMockParams params;

	(void) state;
	assert_true(parse(&params, "amount=1200&&name=A%20%26+B&empty=&bare"));
	assert_int_equal(params.count, 4);
	assert_string_equal(cfa_mock_params_get(&params, "amount"), "1200");
	assert_string_equal(cfa_mock_params_get(&params, "name"), "A & B");
	assert_string_equal(cfa_mock_params_get(&params, "empty"), "");
	assert_string_equal(cfa_mock_params_get(&params, "bare"), "");
	assert_null(cfa_mock_params_get(&params, "other"));
	cfa_mock_params_clear(&params);
}

static void
last_value_wins(void **state)
{
	CfaMockParams params;

	(void) state;
	assert_true(parse(&params, "a=1&a=2"));
	assert_string_equal(cfa_mock_params_get(&params, "a"), "2");
	cfa_mock_params_clear(&params);
}

static void
refuses_broken_text(void **state)
{
	static const char *const broken[] = {"a=%",
										 "a=%1",
										 "a=%zz",
										 "a=%00",
										 "%00=a",
										 "a=%ff",
										 "a=%c3",
										 "a=%ed%a0%80"};
	CfaMockParams params;

	(void) state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_false(parse(&params, broken[i]));
	assert_false(
		cfa_mock_params_parse(&params, "a=\0b", 4, &(CfaMockFault){0}));
}

static void
bounds_the_number_of_pairs(void **state)
{
	char text[(CFA_MOCK_PARAMS_MAX + 1) * 4 + 1] = "";
	CfaMockParams params;

	(void) state;
	for (size_t i = 0; i < CFA_MOCK_PARAMS_MAX; i++)
		memcpy(text + i * 4, "a=1&", 4);
	assert_true(parse(&params, text));
	assert_int_equal(params.count, CFA_MOCK_PARAMS_MAX);
	cfa_mock_params_clear(&params);
	memcpy(text + (size_t) CFA_MOCK_PARAMS_MAX * 4, "b=1", 3);
	assert_false(parse(&params, text));
}

static void
reads_integers_exactly(void **state)
{
	static const struct
	{
		const char *text;
		bool valid;
		int64_t value;
	} cases[] = {
		{"n=0", true, 0},
		{"n=-5", true, -5},
		{"n=9223372036854775807", true, INT64_MAX},
		{"n=9223372036854775808", false, 0},
		{"n=1.5", false, 0},
		{"n=1e3", false, 0},
		{"n=+1", false, 0}, /* a blank once decoded */
		{"n=", false, 0},
		{"n=0x10", false, 0},
		{"n=12a", false, 0},
		{"m=1", false, 0},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CfaMockParams params;
		CfaMockFault fault = {0};
		int64_t value = -1;

		assert_true(parse(&params, cases[i].text));
		assert_int_equal(
			cfa_mock_params_integer(&params, "n", true, &value, &fault),
			cases[i].valid);
		if (cases[i].valid)
			assert_int_equal(value, cases[i].value);
		else
			assert_string_equal(fault.param, "n");
		cfa_mock_params_clear(&params);
	}
}

static void
names_unknown_parameters(void **state)
{
	static const char *const allowed[] = {"amount", "metadata[", NULL};
	CfaMockParams params;
	CfaMockFault fault = {0};

	(void) state;
	assert_true(parse(&params, "amount=1&metadata[a]=b"));
	assert_true(cfa_mock_params_check(&params, allowed, &fault));
	cfa_mock_params_clear(&params);
	assert_true(parse(&params, "amount=1&amounts=2"));
	assert_false(cfa_mock_params_check(&params, allowed, &fault));
	assert_string_equal(fault.code, "parameter_unknown");
	assert_string_equal(fault.param, "amounts");
	cfa_mock_params_clear(&params);
}

static json_t *
metadata_of(const char *text)
{
	CfaMockParams params;
	CfaMockFault fault;
	json_t *metadata;

	assert_true(parse(&params, text));
	metadata = cfa_mock_params_metadata(&params, &fault);
	cfa_mock_params_clear(&params);
	return metadata;
}

static void
collects_metadata(void **state)
{
	json_t *metadata =
		metadata_of("metadata[pledge_id]=p1&metadata%5Bnote%5D=a+b&x=1"
					"&metadata[gone]=");

	(void) state;
	assert_int_equal(json_object_size(metadata), 2);
	assert_string_equal(json_string_value(
							json_object_get(metadata, "pledge_id")),
						"p1");
	assert_string_equal(json_string_value(json_object_get(metadata, "note")),
						"a b");
	json_decref(metadata);
}

static void
bounds_metadata(void **state)
{
	char text[2048] = "metadata[";
	json_t *metadata;

	(void) state;
	assert_null(metadata_of("metadata[]=1"));
	assert_null(metadata_of("metadata[a][b]=1"));
	assert_null(metadata_of("metadata[a=1"));
	memset(text + 9, 'k', CFA_MOCK_METADATA_KEY_MAX);
	memcpy(text + 9 + CFA_MOCK_METADATA_KEY_MAX, "]=v", 4);
	metadata = metadata_of(text);
	assert_non_null(metadata);
	json_decref(metadata);
	memset(text + 9, 'k', CFA_MOCK_METADATA_KEY_MAX + 1);
	memcpy(text + 9 + CFA_MOCK_METADATA_KEY_MAX + 1, "]=v", 4);
	assert_null(metadata_of(text));
	memcpy(text, "metadata[a]=", 13);
	memset(text + 12, 'v', CFA_MOCK_METADATA_VALUE_MAX + 1);
	text[12 + CFA_MOCK_METADATA_VALUE_MAX + 1] = '\0';
	assert_null(metadata_of(text));
}

static bool
same(const char *left, const char *right)
{
	unsigned char a[CFA_MOCK_FINGERPRINT_BYTES];
	unsigned char b[CFA_MOCK_FINGERPRINT_BYTES];
	CfaMockParams params;

	assert_true(parse(&params, left));
	cfa_mock_params_fingerprint(&params, a);
	cfa_mock_params_clear(&params);
	assert_true(parse(&params, right));
	cfa_mock_params_fingerprint(&params, b);
	cfa_mock_params_clear(&params);
	return memcmp(a, b, sizeof(a)) == 0;
}

static void
fingerprints_compare_parameters(void **state)
{
	(void) state;
	assert_true(same("a=1&b=2", "b=2&a=1"));
	assert_true(same("a=%31", "a=1"));
	assert_false(same("a=1&b=2", "a=1&b=3"));
	assert_false(same("a=1", "a=1&b="));
	assert_false(same("a=bc", "ab=c"));
	assert_false(same("e=1&e=2", "e=2&e=1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_pairs),
		cmocka_unit_test(last_value_wins),
		cmocka_unit_test(refuses_broken_text),
		cmocka_unit_test(bounds_the_number_of_pairs),
		cmocka_unit_test(reads_integers_exactly),
		cmocka_unit_test(names_unknown_parameters),
		cmocka_unit_test(collects_metadata),
		cmocka_unit_test(bounds_metadata),
		cmocka_unit_test(fingerprints_compare_parameters),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("mock_form", tests, NULL, NULL);
}
