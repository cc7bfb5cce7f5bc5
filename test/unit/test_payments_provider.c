/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_payments_provider.c - goal: requests to the provider are exact, its answers are
 * classified, and the breaker opens and closes when it should. Method: tables of
 * replies; time is an argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "breaker.h"
#include "provider.h"

#define PLEDGE "0193592c-0000-7000-8000-0000000000ff"
#define REFUND "0193592c-0000-7000-8000-0000000000ee"

static const CfaProviderTerms terms = {.pledge_id = PLEDGE,
									   .payment_id = "pi_1",
									   .refund_id = REFUND,
									   .provider_refund_id = "re_1",
									   .currency = "JPY",
									   .traceparent = "00-ab-cd-01",
									   .amount_minor = 100};

static CfaProviderAnswer
read_reply(CfaProviderCall call, int status, const char *body)
{
	CfaProviderReply reply = {.http_status = status,
							  .body = body,
							  .body_len = strlen(body)};
	CfaProviderAnswer answer;

	cfa_provider_read(&answer, call, &terms, &reply);
	return answer;
}

static void
requests(void **state)
{
	CfaProviderRequest request;

	assert_int_equal(cfa_provider_request(&request, CFA_CALL_CREATE, &terms),
					 0);
	assert_true(request.is_post);
	assert_string_equal(request.path, "/v1/payment_intents");
	assert_string_equal(request.idempotency_key, PLEDGE);
	assert_string_equal(
		request.body,
		"amount=100&currency=jpy&confirm=true&metadata[pledge_id]=" PLEDGE
		"&metadata[traceparent]=00-ab-cd-01");
	cfa_provider_request_clear(&request);
	assert_int_equal(cfa_provider_request(&request, CFA_CALL_REFUND, &terms),
					 0);
	assert_string_equal(request.idempotency_key, REFUND);
	assert_string_equal(
		request.body,
		"payment_intent=pi_1&amount=100&metadata[refund_id]=" REFUND
		"&metadata[pledge_id]=" PLEDGE "&metadata[traceparent]=00-ab-cd-01");
	cfa_provider_request_clear(&request);
	assert_int_equal(cfa_provider_request(&request, CFA_CALL_CANCEL, &terms),
					 0);
	assert_string_equal(request.path, "/v1/payment_intents/pi_1/cancel");
	assert_true(request.is_post);
	cfa_provider_request_clear(&request);
	assert_int_equal(cfa_provider_request(&request,
										  CFA_CALL_REFUND_GET,
										  &terms),
					 0);
	assert_string_equal(request.path, "/v1/refunds/re_1");
	assert_false(request.is_post);
	cfa_provider_request_clear(&request);
}

static void
ids_cannot_leave_their_path(void **state)
{
	static const char *const bad[] =
		{"", "a/b", "pi_1?x=1", "..", "a b", "a%2f"};
	CfaProviderRequest request;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		CfaProviderTerms strange = terms;

		strange.payment_id = bad[i];
		assert_int_equal(cfa_provider_request(&request, CFA_CALL_GET, &strange),
						 -1);
		cfa_provider_request_clear(&request);
	}
}

/* What each reply means. */
static const struct
{
	CfaProviderCall call;
	int status;
	const char *body;
	CfaProviderOutcome outcome;
	bool is_outage;
	const char *code;
} cases[] = {
	{CFA_CALL_GET,
	 200,
	 "{\"id\":\"pi_1\",\"status\":\"succeeded\"}",
	 CFA_PROVIDER_OK,
	 false,
	 ""},
	{CFA_CALL_GET,
	 200,
	 "{\"id\":\"pi_1\"}",
	 CFA_PROVIDER_RETRY,
	 true,
	 "invalid_answer"},
	{CFA_CALL_GET,
	 200,
	 "{\"id\":\"pi_3\",\"status\":\"canceled\",\"last_payment_error\":{"
	 "\"code\":\"card_declined\",\"decline_code\":\"insufficient_funds\"}}",
	 CFA_PROVIDER_OK,
	 false,
	 "insufficient_funds"},
	{CFA_CALL_GET,
	 200,
	 "{\"id\":\"pi_4\",\"status\":\"canceled\",\"last_payment_error\":{"
	 "\"code\":\"card_declined\",\"decline_code\":\"stolen_card\"}}",
	 CFA_PROVIDER_OK,
	 false,
	 "card_declined"},
	{CFA_CALL_GET, 200, "<html>", CFA_PROVIDER_RETRY, true, "invalid_answer"},
	{CFA_CALL_CREATE,
	 402,
	 "{\"error\":{\"code\":\"card_declined\",\"payment_intent\":{\"id\":\"pi_2\","
	 "\"status\":\"requires_payment_method\"}}}",
	 CFA_PROVIDER_OK,
	 false,
	 "card_declined"},
	{CFA_CALL_CREATE,
	 402,
	 "{\"error\":{\"code\":\"card_declined\"}}",
	 CFA_PROVIDER_REFUSED,
	 false,
	 "card_declined"},
	{CFA_CALL_CANCEL,
	 400,
	 "{\"error\":{\"code\":\"payment_intent_unexpected_state\"}}",
	 CFA_PROVIDER_STATE,
	 false,
	 "payment_intent_unexpected_state"},
	{CFA_CALL_CREATE,
	 400,
	 "{\"error\":{\"type\":\"invalid_request_error\"}}",
	 CFA_PROVIDER_REFUSED,
	 false,
	 "invalid_request_error"},
	{CFA_CALL_CREATE, 401, "", CFA_PROVIDER_RETRY, true, "http_401"},
	{CFA_CALL_GET, 404, "", CFA_PROVIDER_NOT_FOUND, false, "http_404"},
	{CFA_CALL_CREATE, 409, "", CFA_PROVIDER_RETRY, false, "http_409"},
	{CFA_CALL_CREATE, 429, "", CFA_PROVIDER_RETRY, true, "http_429"},
	{CFA_CALL_CREATE, 500, "", CFA_PROVIDER_RETRY, true, "http_500"},
	{CFA_CALL_CREATE, 302, "", CFA_PROVIDER_RETRY, true, "http_302"},
	{CFA_CALL_SEARCH, 200, "{\"data\":[]}", CFA_PROVIDER_NOT_FOUND, false, ""},
	{CFA_CALL_SEARCH, 200, "{}", CFA_PROVIDER_RETRY, true, "invalid_answer"},
	{CFA_CALL_SEARCH,
	 200,
	 "{\"data\":[{\"id\":\"pi_8\",\"status\":\"x\",\"metadata\":{\"pledge_id\":"
	 "\"other\"}},{\"id\":\"pi_9\",\"status\":\"x\",\"metadata\":{\"pledge_id\":"
	 "\"" PLEDGE "\"}}]}",
	 CFA_PROVIDER_OK,
	 false,
	 ""},
};


static void
answers(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CfaProviderAnswer answer =
			read_reply(cases[i].call, cases[i].status, cases[i].body);

		assert_int_equal(answer.outcome, cases[i].outcome);
		assert_int_equal(answer.is_outage, cases[i].is_outage);
		assert_string_equal(answer.code, cases[i].code);
	}
	assert_string_equal(read_reply(CFA_CALL_SEARCH, 200, cases[17].body).id,
						"pi_9");
}

static void
answer_members(void **state)
{
	CfaProviderReply reply = {.failure = "timeout"};
	CfaProviderAnswer answer =
		read_reply(CFA_CALL_GET,
				   200,
				   "{\"id\":\"pi_1\",\"status\":\"canceled\",\"amount\":7,"
				   "\"amount_received\":5,\"currency\":\"kwd\","
				   "\"last_payment_error\":{\"code\":\"expired_card\"}}");
	char body[600];
	int len;

	assert_int_equal(answer.amount_minor, 7);
	assert_int_equal(answer.received_minor, 5);
	assert_string_equal(answer.currency, "KWD");
	assert_string_equal(answer.code, "expired_card");

	cfa_provider_read(&answer, CFA_CALL_GET, &terms, &reply);
	assert_int_equal(answer.outcome, CFA_PROVIDER_RETRY);
	assert_string_equal(answer.code, "timeout");
	reply.http_status = 503;
	reply.retry_after = "7";
	cfa_provider_read(&answer, CFA_CALL_GET, &terms, &reply);
	assert_int_equal(answer.retry_after_ms, 7000);
	reply.retry_after = "Wed, 21 Oct 2026 07:28:00 GMT";
	cfa_provider_read(&answer, CFA_CALL_GET, &terms, &reply);
	assert_int_equal(answer.retry_after_ms, 0);

	/* A long text is cut between characters. */
	len = snprintf(body, sizeof(body), "{\"error\":{\"message\":\"a");
	for (int i = 0; i < 150; i++)
		len += snprintf(body + len, sizeof(body) - (size_t) len, "\xc3\xab");
	snprintf(body + len, sizeof(body) - (size_t) len, "\"}}");
	answer = read_reply(CFA_CALL_CREATE, 400, body);
	assert_int_equal(strlen(answer.message) % 2, 1);
	assert_true(strlen(answer.message) < sizeof(answer.message));
}

static void
breaker_opens_probes_and_closes(void **state)
{
	CfaBreaker breaker;

	cfa_breaker_init(&breaker, 3, 1000, 3000);
	cfa_breaker_failure(&breaker, 0);
	cfa_breaker_failure(&breaker, 0);
	cfa_breaker_success(&breaker);
	cfa_breaker_failure(&breaker, 0);
	cfa_breaker_failure(&breaker, 0);
	assert_true(cfa_breaker_allows(&breaker, 0));
	cfa_breaker_failure(&breaker, 0);
	assert_int_equal(breaker.state, CFA_BREAKER_OPEN);
	assert_false(cfa_breaker_allows(&breaker, 999));
	cfa_breaker_success(&breaker);
	assert_int_equal(breaker.state, CFA_BREAKER_OPEN);
	assert_true(cfa_breaker_allows(&breaker, 1000));
	assert_false(cfa_breaker_allows(&breaker, 1000));
	cfa_breaker_failure(&breaker, 1000);
	assert_false(cfa_breaker_allows(&breaker, 2999));
	assert_true(cfa_breaker_allows(&breaker, 3000));
	cfa_breaker_failure(&breaker, 3000);
	assert_true(cfa_breaker_allows(&breaker, 6000));
	cfa_breaker_success(&breaker);
	assert_int_equal(breaker.state, CFA_BREAKER_CLOSED);
	assert_int_equal(breaker.opened, 3);
	assert_int_equal(breaker.pause_ms, 1000);
	cfa_breaker_rest(&breaker, 0, 2000);
	assert_false(cfa_breaker_allows(&breaker, 1999));
	assert_true(cfa_breaker_allows(&breaker, 2000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(ids_cannot_leave_their_path),
		cmocka_unit_test(answers),
		cmocka_unit_test(answer_members),
		cmocka_unit_test(breaker_opens_probes_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
