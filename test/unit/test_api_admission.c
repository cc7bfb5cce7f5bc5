/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: an address gets exactly its number of connections over all workers,
 * whoever else there is, and a worker's death takes its counts with it.
 * Method: one process plays three workers.
 */
#include "unit.h"

#include "edge/admission.h"

#define BOUND 5

static bool
enter(unsigned worker, uint32_t address)
{
	static unsigned last;

	/* Taking a part forgets it: only for the first time. */
	if (worker != last)
		cfa_admission_worker(worker);
	last = worker;
	return cfa_admission_enter((const uint8_t *) &address, sizeof(address));
}

static void
leave(uint32_t address)
{
	cfa_admission_leave((const uint8_t *) &address, sizeof(address));
}

static void
test_bound(void **state)
{
	int i;

	cfa_admission_init(3, BOUND);
	for (i = 0; i < BOUND; i++)
		assert_true(enter(1, 1));
	assert_false(enter(1, 1));
	assert_true(enter(1, 2));
	leave(1);
	assert_true(enter(1, 1));
	assert_false(enter(1, 1));
}

static void
test_workers_share_the_bound(void **state)
{
	int i;

	cfa_admission_init(3, BOUND);
	assert_true(enter(1, 1));
	assert_true(enter(1, 1));
	assert_true(enter(2, 1));
	assert_true(enter(3, 1));
	assert_true(enter(3, 1));
	assert_false(enter(3, 1));
	/* Worker 3 died; its two are free again. */
	cfa_admission_worker(3);
	for (i = 0; i < 2; i++)
		assert_true(enter(3, 1));
	assert_false(enter(3, 1));
}

/* Thousands of others count almost never for an address, and leave no trace. */
static void
test_many_addresses(void **state)
{
	static bool has_entered[8001];
	unsigned refused = 0;
	uint32_t address;

	cfa_admission_init(1, BOUND);
	cfa_admission_worker(1);
	for (address = 1; address <= 8000; address++)
	{
		has_entered[address] =
			cfa_admission_enter((const uint8_t *) &address, sizeof(address));
		refused += !has_entered[address];
	}
	assert_true(refused < 8);
	for (address = 1; address <= 8000; address++)
	{
		if (has_entered[address])
			leave(address);
	}
	for (address = 1; address <= BOUND; address++)
		assert_true(cfa_admission_enter((const uint8_t *) "abcdefgh", 8));
	assert_false(cfa_admission_enter((const uint8_t *) "abcdefgh", 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_workers_share_the_bound),
		cmocka_unit_test(test_many_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
