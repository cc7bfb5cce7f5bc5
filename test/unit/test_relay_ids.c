/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the map of the stream's tail finds every id that it was given and no other,
 * for ids that are alike as UUIDs of one millisecond are.
 * Method: a hundred thousand ids in and out.
 */
#include "unit.h"

#include "relay_ids.h"

#define COUNT 100000

static void
make_id(uint8_t id[16], uint32_t number)
{
	memset(id, 0x42, 16);
	memcpy(id + 12, &number, sizeof(number));
}

static void
test_empty(void **state)
{
	CfaIds ids = {0};
	uint8_t id[16] = {0};

	assert_false(cfa_ids_get(&ids, id, NULL));
	cfa_ids_clear(&ids);
}

static void
test_finds_what_it_holds(void **state)
{
	CfaIds ids = {0};
	uint8_t id[16];
	int64_t value = -1;

	for (uint32_t i = 0; i < COUNT; i++)
	{
		make_id(id, i * 2);
		assert_true(cfa_ids_put(&ids, id, i));
	}
	assert_int_equal(ids.count, COUNT);
	assert_true(ids.capacity >= COUNT * 2);
	for (uint32_t i = 0; i < COUNT; i++)
	{
		make_id(id, i * 2);
		assert_true(cfa_ids_get(&ids, id, &value));
		assert_int_equal(value, i);
		make_id(id, i * 2 + 1);
		assert_false(cfa_ids_get(&ids, id, NULL));
	}
	cfa_ids_clear(&ids);
	assert_int_equal(ids.count, 0);
	assert_false(cfa_ids_get(&ids, id, NULL));
}

static void
test_put_again_replaces(void **state)
{
	CfaIds ids = {0};
	uint8_t id[16];
	int64_t value = 0;

	make_id(id, 7);
	assert_true(cfa_ids_put(&ids, id, 1));
	assert_true(cfa_ids_put(&ids, id, 2));
	assert_int_equal(ids.count, 1);
	assert_true(cfa_ids_get(&ids, id, &value));
	assert_int_equal(value, 2);
	cfa_ids_clear(&ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_finds_what_it_holds),
		cmocka_unit_test(test_put_again_replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
