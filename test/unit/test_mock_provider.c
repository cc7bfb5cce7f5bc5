/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mock_provider.c
 *	  Goal: payments and refunds live as Stripe's do, every request has one
 *	  effect per key, and no refund exceeds what was captured.
 *	  Method: requests against the provider with a chosen time.
 */
#include "mock_provider.h"

#include <sodium.h>

static void
payment_is_processing_then_succeeds(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1200&metadata[pledge_id]=p1");
	assert_string_equal(text("object"), "payment_intent");
	assert_string_equal(text("status"), "processing");
	assert_string_equal(text("currency"), "eur");
	assert_string_equal(text("metadata.pledge_id"), "p1");
	assert_int_equal(number("amount_received"), 0);
	assert_int_equal(number("created"), START_MS / 1000);
	pass(149);
	assert_string_equal(status_of(id), "processing");
	pass(1);
	assert_string_equal(status_of(id), "succeeded");
	assert_int_equal(number("amount_received"), 1200);
	assert_true(strncmp(text("latest_charge"), "ch_", 3) == 0);
	assert_string_equal(deliver(200), "payment_intent.succeeded");
	assert_string_equal(deliver(200), "");
}

static void
declined_payment_can_be_tried_again_or_canceled(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1205");
	pass(150);
	assert_string_equal(status_of(id), "requires_payment_method");
	assert_string_equal(text("last_payment_error.type"), "card_error");
	assert_string_equal(text("last_payment_error.code"), "card_declined");
	assert_string_equal(text("last_payment_error.decline_code"),
						"insufficient_funds");
	assert_int_equal(call(CFA_MOCK_CONFIRM_INTENT,
						  id,
						  NULL,
						  "payment_method=pm_card_chargeDeclinedExpiredCard"),
					 200);
	pass(150);
	assert_string_equal(status_of(id), "requires_payment_method");
	assert_string_equal(text("last_payment_error.code"), "expired_card");
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT,
						  id,
						  NULL,
						  "cancellation_reason=abandoned"),
					 200);
	assert_string_equal(text("status"), "canceled");
	assert_string_equal(text("cancellation_reason"), "abandoned");
	assert_string_equal(text("last_payment_error.code"), "expired_card");
	assert_string_equal(deliver(200), "payment_intent.payment_failed");
	assert_string_equal(deliver(200), "payment_intent.payment_failed");
	assert_string_equal(deliver(200), "payment_intent.canceled");
}

/* Every status against cancel and confirm. */
static void
refuses_what_the_status_forbids(void **state)
{
	static const struct
	{
		const char *form;
		int64_t wait_ms;
		int cancel;
		int confirm;
	} cases[] = {
		{"amount=1200&currency=eur", 0, 200, 200},
		{"amount=1200&currency=eur&payment_method=pm_card_visa", 0, 200, 200},
		{"amount=1200&currency=eur&confirm=true", 0, 200, 400},
		{"amount=1200&currency=eur&confirm=true", 150, 400, 400},
		{"amount=1202&currency=eur&confirm=true", 150, 200, 200},
		{"amount=1211&currency=eur&confirm=true", 150, 400, 400},
		{"amount=1209&currency=eur&confirm=true", 99999, 200, 400},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		for (int confirm = 0; confirm < 2; confirm++)
		{
			char id[CFA_MOCK_ID_SIZE];
			CfaMockOperation operation =
				confirm ? CFA_MOCK_CONFIRM_INTENT : CFA_MOCK_CANCEL_INTENT;

			assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
								  NULL,
								  NULL,
								  cases[i].form),
							 200);
			(void) snprintf(id, sizeof(id), "%s", text("id"));
			pass(cases[i].wait_ms);
			assert_int_equal(call(operation, id, NULL, ""),
							 confirm ? cases[i].confirm : cases[i].cancel);
			while (*deliver(200) != '\0')
				;
			if (reply.status == 200)
				continue;
			assert_string_equal(text("error.type"), "invalid_request_error");
			assert_string_equal(text("error.code"),
								"payment_intent_unexpected_state");
			assert_string_equal(text("error.payment_intent.id"), id);
		}
	}
}

static void
canceled_payment_stays_canceled(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1200");
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT, id, NULL, ""), 200);
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT, id, NULL, ""), 400);
	pass(1000);
	assert_string_equal(status_of(id), "canceled");
	assert_int_equal(number("amount_received"), 0);
}

static void
late_payment_succeeds_in_spite_of_a_cancel(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1200&metadata[simulate]=late");
	pass(14999);
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT, id, NULL, ""), 400);
	pass(1);
	assert_string_equal(status_of(id), "succeeded");
}

static void
refuses_invalid_parameters(void **state)
{
	static const struct
	{
		const char *form;
		const char *param;
		const char *code;
	} cases[] = {
		{"currency=eur", "amount", "parameter_missing"},
		{"amount=12", "currency", "parameter_missing"},
		{"amount=0&currency=eur", "amount", "parameter_invalid_integer"},
		{"amount=-1&currency=eur", "amount", "parameter_invalid_integer"},
		{"amount=1.5&currency=eur", "amount", "parameter_invalid_integer"},
		{"amount=9007199254740992&currency=eur", "amount", "amount_too_large"},
		{"amount=1&currency=euro", "currency", "invalid_currency"},
		{"amount=1&currency=e", "currency", "invalid_currency"},
		{"amount=1&currency=", "currency", "invalid_currency"},
		{"amount=1&currency=eur&card=4242", "card", "parameter_unknown"},
		{"amount=1&currency=eur&confirm=1", "confirm", "(none)"},
		{"amount=1&currency=eur&capture_method=manual",
		 "capture_method",
		 "(none)"},
		{"amount=1&currency=eur&payment_method=card",
		 "payment_method",
		 "resource_missing"},
		{"amount=1&currency=eur&metadata[simulate]=magic",
		 "metadata[simulate]",
		 "(none)"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
							  NULL,
							  "key",
							  cases[i].form),
						 400);
		assert_string_equal(text("error.type"), "invalid_request_error");
		assert_string_equal(text("error.param"), cases[i].param);
		assert_string_equal(text("error.code"), cases[i].code);
	}
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, NULL, "amount=%zz"),
					 400);
	assert_int_equal(provider.store.intent_count, 0);
	/* None of these used the key up. */
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "amount=9007199254740991&currency=eur"),
					 200);
	assert_int_equal(call(CFA_MOCK_READ_INTENT, "pi_none", NULL, ""), 404);
	assert_string_equal(text("error.code"), "resource_missing");
	assert_int_equal(call(CFA_MOCK_READ_REFUND, "re_none", NULL, ""), 404);
}

static void
key_gives_one_payment(void **state)
{
	char first[CFA_MOCK_ID_SIZE];
	char request[CFA_MOCK_ID_SIZE];

	(void) state;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "amount=1200&currency=eur&confirm=true"),
					 200);
	(void) snprintf(first, sizeof(first), "%s", text("id"));
	memcpy(request, reply.request_id, sizeof(request));
	assert_string_equal(reply.original_id, "");
	pass(150);
	/* Same parameters in another order: the same answer, as it was then. */
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "confirm=true&amount=1200&currency=eur"),
					 200);
	assert_string_equal(text("id"), first);
	assert_string_equal(text("status"), "processing");
	assert_string_equal(reply.original_id, request);
	assert_string_not_equal(reply.request_id, request);
	/* Other parameters, or another endpoint. */
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "amount=1201&currency=eur&confirm=true"),
					 400);
	assert_string_equal(text("error.type"), "idempotency_error");
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT,
						  first,
						  "key",
						  "amount=1200&currency=eur&confirm=true"),
					 400);
	assert_string_equal(text("error.type"), "idempotency_error");
	assert_int_equal(provider.store.intent_count, 1);
	/* After a day the key is free. */
	now_ms += CFA_MOCK_KEY_LIFE_MS + 1000;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "amount=5&currency=eur"),
					 200);
	assert_int_equal(provider.store.intent_count, 2);
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "",
						  "amount=5&currency=eur"),
					 400);
}

static void
key_keeps_refusals_of_state(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1200");
	pass(150);
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT, id, "key", ""), 400);
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT, id, "key", ""), 400);
	assert_string_not_equal(reply.original_id, "");
}

static int
refund(const char *id, const char *more)
{
	char form[256];

	(void) snprintf(form, sizeof(form), "payment_intent=%s%s", id, more);
	return call(CFA_MOCK_CREATE_REFUND, NULL, NULL, form);
}

static void
refunds_never_exceed_what_was_captured(void **state)
{
	char id[CFA_MOCK_ID_SIZE];
	char failing[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1000");
	assert_int_equal(refund(id, ""), 400);
	assert_string_equal(text("error.code"), "payment_intent_unexpected_state");
	pass(150);
	assert_int_equal(refund(id, "&amount=1001"), 400);
	assert_string_equal(text("error.param"), "amount");
	assert_int_equal(refund(id, "&amount=0"), 400);
	assert_int_equal(refund(id, "&amount=-5"), 400);
	assert_int_equal(refund(id, "&amount=400&metadata[refund_id]=r1"), 200);
	assert_string_equal(text("object"), "refund");
	assert_string_equal(text("status"), "pending");
	assert_string_equal(text("metadata.refund_id"), "r1");
	assert_string_equal(text("payment_intent"), id);
	assert_int_equal(refund(id, "&amount=601"), 400);
	/* One that fails frees its part. */
	assert_int_equal(refund(id, "&amount=600&metadata[simulate]=decline"), 200);
	(void) snprintf(failing, sizeof(failing), "%s", text("id"));
	assert_int_equal(refund(id, "&amount=1"), 400);
	assert_string_equal(text("error.code"), "charge_already_refunded");
	pass(150);
	assert_int_equal(call(CFA_MOCK_READ_REFUND, failing, NULL, ""), 200);
	assert_string_equal(text("status"), "failed");
	assert_string_equal(text("failure_reason"), "expired_or_canceled_card");
	assert_int_equal(refund(id, ""), 200);
	assert_int_equal(number("amount"), 600);
	pass(150);
	assert_int_equal(refund(id, ""), 400);
	assert_string_equal(deliver(200), "payment_intent.succeeded");
	assert_string_equal(deliver(200), "refund.updated");
	assert_string_equal(deliver(200), "refund.failed");
	assert_string_equal(deliver(200), "refund.updated");
	assert_int_equal(call(CFA_MOCK_READ_LEDGER, NULL, NULL, ""), 200);
	assert_int_equal(number("totals.eur.captured"), 1000);
	assert_int_equal(number("totals.eur.refunded"), 1000);
	assert_int_equal(number("totals.eur.net"), 0);
	assert_int_equal(json_array_size(member("payment_intents")), 1);
	assert_int_equal(json_array_size(member("refunds")), 3);
	assert_int_equal(call(CFA_MOCK_READ_LEDGER, NULL, NULL, "summary=true"),
					 200);
	assert_null(member("refunds"));
}

static void
refuses_invalid_refunds(void **state)
{
	(void) state;
	assert_int_equal(call(CFA_MOCK_CREATE_REFUND, NULL, NULL, ""), 400);
	assert_string_equal(text("error.param"), "payment_intent");
	assert_int_equal(refund("pi_none", ""), 404);
	assert_int_equal(refund("pi_none", "&reason=because"), 400);
	assert_int_equal(refund("pi_none", "&amounts=5"), 400);
}

static void
lists_newest_first_page_by_page(void **state)
{
	char ids[5][CFA_MOCK_ID_SIZE];
	char query[128];

	(void) state;
	for (int i = 0; i < 5; i++)
		pay(ids[i],
			i < 3 ? "amount=1000&metadata[pledge_id]=p'1"
				  : "amount=2000&metadata[pledge_id]=p2");
	assert_int_equal(call(CFA_MOCK_LIST_INTENTS, NULL, NULL, "limit=2"), 200);
	assert_string_equal(text("object"), "list");
	assert_true(json_is_true(member("has_more")));
	assert_int_equal(json_array_size(member("data")), 2);
	(void)
		snprintf(query, sizeof(query), "limit=100&starting_after=%s", ids[3]);
	assert_int_equal(call(CFA_MOCK_LIST_INTENTS, NULL, NULL, query), 200);
	assert_int_equal(json_array_size(member("data")), 3);
	assert_true(json_is_false(member("has_more")));
	assert_int_equal(call(CFA_MOCK_LIST_INTENTS, NULL, NULL, "limit=0"), 400);
	assert_int_equal(call(CFA_MOCK_LIST_INTENTS, NULL, NULL, "limit=101"), 400);
	assert_int_equal(call(CFA_MOCK_LIST_INTENTS,
						  NULL,
						  NULL,
						  "starting_after=pi_x"),
					 404);
}

static int
search(const char *query)
{
	char encoded[256] = "limit=2&query=";
	size_t at = strlen(encoded);

	for (; *query != '\0'; query++, at += 3)
		(void) snprintf(encoded + at,
						sizeof(encoded) - at,
						"%%%02x",
						(unsigned) *query);
	return call(CFA_MOCK_SEARCH_INTENTS, NULL, NULL, encoded);
}

static void
searches_by_metadata_and_status(void **state)
{
	char ids[5][CFA_MOCK_ID_SIZE];
	char query[256];

	(void) state;
	for (int i = 0; i < 5; i++)
		pay(ids[i],
			i < 3 ? "amount=1000&metadata[pledge_id]=p'1"
				  : "amount=2000&metadata[pledge_id]=p2"
					"&metadata[kind]=x");
	assert_int_equal(search("metadata['pledge_id']:'p2'"), 200);
	assert_string_equal(text("object"), "search_result");
	assert_int_equal(json_array_size(member("data")), 2);
	assert_true(json_is_false(member("has_more")));
	assert_true(json_is_null(member("next_page")));
	assert_int_equal(search("metadata[\"kind\"]:\"x\" AND amount:2000"), 200);
	assert_int_equal(json_array_size(member("data")), 2);
	assert_int_equal(search("status:'succeeded'"), 200);
	assert_int_equal(json_array_size(member("data")), 0);
	assert_int_equal(search("metadata['pledge_id']:'p\\'1'"), 200);
	assert_int_equal(json_array_size(member("data")), 2);
	assert_true(json_is_true(member("has_more")));
	(void) snprintf(query,
					sizeof(query),
					"page=%s&query=metadata%%5B'pledge_id'%%5D:'p\\'1'",
					text("next_page"));
	assert_int_equal(call(CFA_MOCK_SEARCH_INTENTS, NULL, NULL, query), 200);
	assert_int_equal(json_array_size(member("data")), 1);
	assert_int_equal(search("currency:'eur' AND amount:1000"), 200);
	assert_true(json_is_true(member("has_more")));
}

static void
refuses_broken_searches(void **state)
{
	static const char *const broken[] = {"",
										 "status",
										 "status:",
										 "status:'x",
										 "state:'x'",
										 "metadata:'x'",
										 "metadata['a':'x'",
										 "status:'x' OR status:'y'",
										 "status:'x' AND ",
										 "status:'x' status:'y'"};

	(void) state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(search(broken[i]), 400);
	assert_int_equal(call(CFA_MOCK_SEARCH_INTENTS, NULL, NULL, ""), 400);
}

static void
simulates_an_error_before_any_effect(void **state)
{
	(void) state;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "amount=1206&currency=eur"),
					 500);
	assert_string_equal(text("error.type"), "api_error");
	assert_int_equal(provider.store.intent_count, 0);
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "amount=1206&currency=eur"),
					 200);
	provider.settings.error_rate = 1;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "other",
						  "amount=5&currency=eur"),
					 500);
	assert_int_equal(provider.store.intent_count, 1);
	/* What was answered once is replayed, whatever the rate. */
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  "key",
						  "amount=1206&currency=eur"),
					 200);
}

static void
simulates_a_lost_answer_after_the_effect(void **state)
{
	const char *form = "amount=1203&currency=eur&confirm=true";

	(void) state;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, "key", form), 200);
	assert_int_equal(reply.delay_ms, 30000);
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, "key", form), 200);
	assert_int_equal(reply.delay_ms, 0);
	assert_int_equal(provider.store.intent_count, 1);
	provider.settings.magic_amounts = false;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, "other", form), 200);
	assert_int_equal(reply.delay_ms, 0);
	provider.settings.timeout_rate = 1;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, "third", form), 200);
	assert_int_equal(reply.delay_ms, 30000);
}

/* The same pledges decline whatever the order they come in. */
static void
fate_depends_on_the_pledge_not_on_the_order(void **state)
{
	bool declined[200];

	(void) state;
	for (int round = 0; round < 2; round++)
	{
		int count = 0;

		provider.settings.failure_rate = 0.3;
		for (int i = 0; i < 200; i++)
		{
			int pledge = round == 0 ? i : 199 - i;
			char form[64];
			char id[CFA_MOCK_ID_SIZE];
			bool is_declined;

			(void) snprintf(form,
							sizeof(form),
							"amount=1000&metadata[pledge_id]=pledge-%d",
							pledge);
			pay(id, form);
			pass(150);
			while (*deliver(200) != '\0')
				;
			is_declined = strcmp(status_of(id), "requires_payment_method") == 0;
			if (round == 0)
				declined[pledge] = is_declined;
			assert_int_equal(is_declined, declined[pledge]);
			count += is_declined;
		}
		assert_in_range(count, 40, 80);
	}
}

static void
configuration_is_checked_and_reset(void **state)
{
	(void) state;
	assert_int_equal(call(CFA_MOCK_WRITE_CONFIG,
						  NULL,
						  NULL,
						  "{\"failure_rate\":0.5,\"hold\":true}"),
					 200);
	assert_true(json_is_true(member("hold")));
	assert_int_equal(call(CFA_MOCK_WRITE_CONFIG,
						  NULL,
						  NULL,
						  "{\"failure_rate\":2}"),
					 400);
	assert_int_equal(call(CFA_MOCK_WRITE_CONFIG, NULL, NULL, "{"), 400);
	assert_int_equal(call(CFA_MOCK_WRITE_CONFIG,
						  NULL,
						  NULL,
						  "{\"hold\":true,\"hold\":1}"),
					 400);
	assert_int_equal(call(CFA_MOCK_READ_CONFIG, NULL, NULL, ""), 200);
	assert_true(json_real_value(member("failure_rate")) == 0.5);
	assert_int_equal(call(CFA_MOCK_RESET_CONFIG, NULL, NULL, ""), 200);
	assert_true(json_is_false(member("hold")));
	assert_true(json_real_value(member("failure_rate")) == 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(payment_is_processing_then_succeeds),
		TEST(declined_payment_can_be_tried_again_or_canceled),
		TEST(refuses_what_the_status_forbids),
		TEST(canceled_payment_stays_canceled),
		TEST(late_payment_succeeds_in_spite_of_a_cancel),
		TEST(refuses_invalid_parameters),
		TEST(key_gives_one_payment),
		TEST(key_keeps_refusals_of_state),
		TEST(refunds_never_exceed_what_was_captured),
		TEST(refuses_invalid_refunds),
		TEST(lists_newest_first_page_by_page),
		TEST(searches_by_metadata_and_status),
		TEST(refuses_broken_searches),
		TEST(simulates_an_error_before_any_effect),
		TEST(simulates_a_lost_answer_after_the_effect),
		TEST(fate_depends_on_the_pledge_not_on_the_order),
		TEST(configuration_is_checked_and_reset),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("mock_provider", tests, NULL, NULL);
}
