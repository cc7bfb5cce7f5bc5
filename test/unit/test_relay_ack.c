/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every answer of JetStream, and everything that is none, gets its class.
 * Method: answers as nats-server 2.9 sends them, then each cut short at every byte.
 */
#include "unit.h"

#include "relay_ack.h"

static CfaAck
parse(const char *text)
{
	return cfa_ack_parse(text, strlen(text));
}

static void
test_stored(void **state)
{
	CfaAck ack = parse("{\"stream\":\"CAREFORALL\",\"seq\":4711}");

	assert_int_equal(ack.class, CFA_ACK_STORED);
	assert_int_equal(ack.seq, 4711);
	assert_false(ack.is_duplicate);
	ack = parse("{\"stream\":\"CAREFORALL\", \"seq\":12, \"duplicate\":true}");
	assert_int_equal(ack.class, CFA_ACK_STORED);
	assert_int_equal(ack.seq, 12);
	assert_true(ack.is_duplicate);
	ack = parse(
		"{\"stream\":\"S\",\"domain\":\"d\",\"seq\":18446744073709551615}");
	assert_true(ack.seq == UINT64_MAX);
}

static void
test_refused(void **state)
{
	static const struct
	{
		const char *text;
		CfaAckClass class;
		int code;
	} answers[] = {
		{"{\"error\":{\"code\":400,\"err_code\":10071,\"description\":\"wrong "
		 "last sequence: 7\"},\"stream\":\"CAREFORALL\",\"seq\":0}",
		 CFA_ACK_REFUSED,
		 10071},
		{"{\"error\":{\"code\":400,\"err_code\":10070,\"description\":\"wrong "
		 "last msg ID: a\"},\"stream\":\"CAREFORALL\",\"seq\":0}",
		 CFA_ACK_REFUSED,
		 10070},
		{"{\"error\":{\"code\":400,\"err_code\":10054,\"description\":\"message "
		 "size exceeds maximum allowed\"},\"stream\":\"S\",\"seq\":0}",
		 CFA_ACK_POISON,
		 10054},
		{"{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"maximum "
		 "messages exceeded\"},\"stream\":\"S\",\"seq\":0}",
		 CFA_ACK_WAIT,
		 10077},
		{"{\"error\":{\"code\":500,\"err_code\":99999,\"description\":\"new\"}}",
		 CFA_ACK_UNKNOWN,
		 99999},
		{"{\"error\":{\"code\":500}}", CFA_ACK_UNKNOWN, 0},
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
	{
		CfaAck ack = parse(answers[i].text);

		assert_int_equal(ack.class, answers[i].class);
		assert_int_equal(ack.code, answers[i].code);
	}
}

static void
test_no_answer(void **state)
{
	static const char *const texts[] = {"",
										"{",
										"{}",
										"+OK",
										"{\"seq\":0}",
										"{\"seq\":-1}",
										"{\"seq\":\"7\"}",
										"{\"seq\":99999999999999999999999}",
										"{\"stream\":\"S\"}"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		CfaAck ack = parse(texts[i]);

		assert_int_equal(ack.class, CFA_ACK_UNKNOWN);
	}
}

static void
test_cut_short(void **state)
{
	static const char whole[] =
		"{\"error\":{\"code\":400,\"err_code\":10071,\"description\":\"x\"},"
		"\"stream\":\"S\",\"seq\":0}";

	for (size_t len = 0; len < sizeof(whole) - 1; len++)
	{
		char *part = malloc(len + 1);
		CfaAck ack;

		assert_non_null(part);
		memcpy(part, whole, len);
		ack = cfa_ack_parse(part, len);
		assert_int_not_equal(ack.class, CFA_ACK_STORED);
		free(part);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
