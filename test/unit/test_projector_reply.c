/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_projector_reply.c - goal: the place of a message in the stream is read from the
 * subject that acknowledges it, in both forms that servers use. Method: one of each,
 * and what must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jetstream.h"

static void
both_forms(void **state)
{
	static const char *const replies[] =
		{"$JS.ACK.CAREFORALL.abc.2.1234.56.1700000000000000000.7",
		 "$JS.ACK._.accounthash.CAREFORALL.abc.2.1234.56.1700000000000000000.7",
		 "$JS.ACK._.hash.CAREFORALL.abc.2.1234.56.1700000000000000000.7.token"};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
	{
		CfaDelivery delivery = {0};

		assert_int_equal(cfa_js_parse_reply(replies[i], &delivery), 0);
		assert_int_equal(delivery.deliveries, 2);
		assert_int_equal(delivery.sequence, 1234);
		assert_int_equal(delivery.consumer_sequence, 56);
		assert_int_equal(delivery.pending, 7);
	}
}

static void
refusals(void **state)
{
	static const char *const replies[] = {"",
										  "$JS.FC.CAREFORALL.abc.x",
										  "$JS.ACK.CAREFORALL.abc.2.1234.56.17",
										  "$JS.ACK.CAREFORALL.abc.2.x.56.17.7",
										  "$JS.ACK.CAREFORALL.abc.2.-1.56.17.7",
										  "$JS.ACK.CAREFORALL.abc.2..56.17.7"};
	CfaDelivery delivery = {0};

	assert_int_equal(cfa_js_parse_reply(NULL, &delivery), -1);
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		assert_int_equal(cfa_js_parse_reply(replies[i], &delivery), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
