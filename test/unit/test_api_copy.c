/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what Redis keeps of a pledge comes back as it was, and nothing else is
 * taken for it. Method: round trips, every length, every changed byte.
 */
#include "unit.h"

#include <sodium.h>

#include "handlers/pledge_copy.h"

static const uint8_t fingerprint[CFA_COPY_HASH_BYTES] =
	"the body's fingerprint";

static CfaPledgeMade
example(void)
{
	CfaPledgeMade made = {.amount_minor = 9007199254740991,
						  .fee_minor = 1,
						  .currency = "JPY",
						  .hold_expires_ms = 1798761600123,
						  .created_ms = -1};

	memset(made.id, 0xfe, sizeof(made.id));
	memset(made.campaign_id, 0x01, sizeof(made.campaign_id));
	return made;
}

static void
test_round_trip(void **state)
{
	CfaPledgeMade made = example();
	CfaPledgeMade back;
	uint8_t bytes[CFA_COPY_BYTES];

	cfa_copy_write(&made, fingerprint, bytes);
	assert_int_equal(cfa_copy_read(bytes, sizeof(bytes), fingerprint, &back),
					 CFA_COPY_MADE);
	assert_memory_equal(back.id, made.id, 16);
	assert_memory_equal(back.campaign_id, made.campaign_id, 16);
	assert_string_equal(back.currency, "JPY");
	assert_true(back.amount_minor == made.amount_minor);
	assert_true(back.fee_minor == made.fee_minor);
	assert_true(back.hold_expires_ms == made.hold_expires_ms);
	assert_true(back.created_ms == made.created_ms);
}

static void
test_marks(void **state)
{
	uint8_t mark[CFA_COPY_MARK_BYTES];
	uint8_t other[CFA_COPY_MARK_BYTES];
	CfaPledgeMade made;

	cfa_copy_write_mark(mark);
	cfa_copy_write_mark(other);
	assert_int_equal(cfa_copy_read(mark, sizeof(mark), fingerprint, &made),
					 CFA_COPY_MARK);
	assert_memory_not_equal(mark, other, sizeof(mark));
}

static void
test_other_values(void **state)
{
	CfaPledgeMade made = example();
	CfaPledgeMade back;
	uint8_t bytes[CFA_COPY_BYTES + 1] = {0};
	size_t i;

	cfa_copy_write(&made, fingerprint, bytes);
	for (i = 0; i <= sizeof(bytes); i++)
	{
		if (i != CFA_COPY_BYTES)
			assert_int_equal(cfa_copy_read(bytes, i, fingerprint, &back),
							 CFA_COPY_NONE);
	}
	for (i = 0; i < 1 + CFA_COPY_HASH_BYTES; i++)
	{
		bytes[i] ^= 1;
		assert_int_equal(cfa_copy_read(bytes,
									   CFA_COPY_BYTES,
									   fingerprint,
									   &back),
						 i == 0 ? CFA_COPY_NONE : CFA_COPY_OTHER);
		bytes[i] ^= 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_other_values),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
