/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mock_webhooks.c
 *	  Goal: every event is delivered at least once, with the delays, duplicates
 *	  and disorder that were asked for, and never lost by a restart.
 *	  Method: a chosen time, and a journal in a temporary folder that is cut,
 *	  damaged and opened again.
 */
#include "mock_provider.h"

#include <fcntl.h>
#include <unistd.h>

#include <sodium.h>

static CfaMockJournal journal;
static char directory[] = "/tmp/cfa-mock-test-XXXXXX";
static char path[64];

static bool
load(void)
{
	CfaMockSettings settings;

	cfa_mock_settings_defaults(&settings);
	settings.latency_distribution = CFA_MOCK_FIXED;
	cfa_mock_provider_init(&provider, &settings);
	return cfa_mock_provider_load(&provider,
								  &journal,
								  path,
								  CFA_MOCK_SYNC_OS,
								  now_ms);
}

/* As kill -9 does: nothing is finished, memory is gone. */
static void
restart(void)
{
	forget_answer();
	cfa_mock_provider_clear(&provider);
	assert_true(load());
}

static int
start_with_journal(void **state)
{
	(void) state;
	now_ms = START_MS;
	(void) unlink(path);
	return load() ? 0 : -1;
}

static void
failed_delivery_is_tried_again_ever_later(void **state)
{
	char id[CFA_MOCK_ID_SIZE];
	int64_t last_wait = 0;

	(void) state;
	pay(id, "amount=1000");
	pass(150);
	for (int i = 0; i < 12; i++)
	{
		int64_t due_ms;

		assert_string_equal(deliver(i % 2 == 0 ? 500 : 0),
							"payment_intent.succeeded");
		assert_string_equal(deliver(200), "");
		due_ms = cfa_mock_webhooks_due(&provider);
		assert_true(due_ms > now_ms);
		if (i < 8)
			assert_true(due_ms - now_ms > last_wait);
		assert_true(due_ms - now_ms <= 60000);
		last_wait = due_ms - now_ms;
		now_ms = due_ms;
	}
	assert_int_equal(provider.stats.deliveries_refused, 6);
	assert_int_equal(provider.stats.deliveries_failed, 6);
	assert_string_equal(deliver(204), "payment_intent.succeeded");
	assert_int_equal(cfa_mock_webhooks_due(&provider), -1);
	assert_int_equal(provider.store.event_count, 0);
}

static void
redirects_are_no_success(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1000");
	pass(150);
	assert_string_equal(deliver(302), "payment_intent.succeeded");
	assert_int_equal(provider.store.event_count, 1);
}

static void
old_event_is_given_up(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1000");
	pass(150);
	assert_string_equal(deliver(500), "payment_intent.succeeded");
	now_ms += (int64_t) 259200 * 1000;
	assert_string_equal(deliver(500), "payment_intent.succeeded");
	assert_int_equal(provider.store.event_count, 1);
	now_ms = cfa_mock_webhooks_due(&provider) + 1;
	assert_string_equal(deliver(500), "payment_intent.succeeded");
	assert_int_equal(provider.store.event_count, 0);
	assert_int_equal(provider.stats.events_given_up, 1);
}

static void
duplicates_are_the_same_event(void **state)
{
	char id[CFA_MOCK_ID_SIZE];
	char first[CFA_MOCK_ID_SIZE];
	CfaMockEvent *event;

	(void) state;
	pay(id, "amount=1007");
	pass(150);
	event = cfa_mock_webhooks_take(&provider, now_ms);
	assert_non_null(event);
	memcpy(first, event->id, sizeof(first));
	cfa_mock_webhooks_done(&provider, event, 200, now_ms);
	now_ms += 1000;
	event = cfa_mock_webhooks_take(&provider, now_ms);
	assert_non_null(event);
	assert_string_equal(event->id, first);
	cfa_mock_webhooks_done(&provider, event, 200, now_ms);
	now_ms += 1000;
	assert_null(cfa_mock_webhooks_take(&provider, now_ms));
}

static void
reordered_event_is_overtaken(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	provider.settings.failure_rate = 1;
	provider.settings.reorder_rate = 0;
	pay(id, "amount=1000&metadata[simulate]=reorder");
	pass(150);
	assert_string_equal(deliver(200), "");
	assert_int_equal(refund_of(id), 200);
	pass(150);
	assert_string_equal(deliver(200), "refund.updated");
	now_ms += 1000;
	assert_string_equal(deliver(200), "payment_intent.succeeded");
}

static void
delay_and_rates_apply_to_each_event(void **state)
{
	int doubled = 0;

	(void) state;
	provider.settings.duplicate_rate = 0.5;
	provider.settings.webhook_delay_ms = 500;
	for (int i = 0; i < 200; i++)
	{
		char id[CFA_MOCK_ID_SIZE];

		pay(id, "amount=1000");
		pass(150);
		assert_string_equal(deliver(200), "");
		now_ms += 500;
		assert_string_equal(deliver(200), "payment_intent.succeeded");
		now_ms += 1000;
		doubled += *deliver(200) != '\0';
	}
	assert_in_range(doubled, 70, 130);
}

static void
hold_keeps_back_until_flushed(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	provider.settings.hold = true;
	pay(id, "amount=1002");
	pass(150);
	assert_int_equal(call(CFA_MOCK_CANCEL_INTENT, id, NULL, ""), 200);
	assert_string_equal(deliver(200), "");
	assert_int_equal(call(CFA_MOCK_READ_LEDGER, NULL, NULL, ""), 200);
	assert_int_equal(number("webhooks.held"), 2);
	assert_int_equal(call(CFA_MOCK_FLUSH_WEBHOOKS,
						  NULL,
						  NULL,
						  "order=newest&copies=2"),
					 200);
	assert_int_equal(number("flushed"), 2);
	assert_string_equal(deliver(200), "payment_intent.canceled");
	assert_string_equal(deliver(200), "payment_intent.payment_failed");
	now_ms += 1000;
	assert_string_not_equal(deliver(200), "");
	assert_string_not_equal(deliver(200), "");
	assert_string_equal(deliver(200), "");
	/* What comes after the flush is held again, until hold ends. */
	pay(id, "amount=1000");
	pass(150);
	assert_string_equal(deliver(200), "");
	assert_int_equal(call(CFA_MOCK_WRITE_CONFIG,
						  NULL,
						  NULL,
						  "{\"hold\":false}"),
					 200);
	assert_string_equal(deliver(200), "payment_intent.succeeded");
	assert_int_equal(call(CFA_MOCK_FLUSH_WEBHOOKS, NULL, NULL, "order=random"),
					 400);
	assert_int_equal(call(CFA_MOCK_FLUSH_WEBHOOKS, NULL, NULL, "copies=11"),
					 400);
}

static void
concurrency_is_bounded(void **state)
{
	CfaMockEvent *events[3];
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	provider.settings.webhook_concurrency = 2;
	for (int i = 0; i < 3; i++)
		pay(id, "amount=1000");
	pass(150);
	events[0] = cfa_mock_webhooks_take(&provider, now_ms);
	events[1] = cfa_mock_webhooks_take(&provider, now_ms);
	assert_non_null(events[1]);
	assert_null(cfa_mock_webhooks_take(&provider, now_ms));
	assert_int_equal(cfa_mock_webhooks_due(&provider), -1);
	cfa_mock_webhooks_done(&provider, events[0], 200, now_ms);
	events[2] = cfa_mock_webhooks_take(&provider, now_ms);
	assert_non_null(events[2]);
	/* Flushing does not send what is under way a second time. */
	assert_int_equal(call(CFA_MOCK_FLUSH_WEBHOOKS, NULL, NULL, ""), 200);
	assert_int_equal(number("flushed"), 0);
	cfa_mock_webhooks_done(&provider, events[1], 200, now_ms);
	cfa_mock_webhooks_done(&provider, events[2], 200, now_ms);
	assert_int_equal(provider.store.event_count, 0);
}

static void
event_tells_what_happened(void **state)
{
	CfaMockEvent *event;
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	provider.settings.webhook_extra_events = true;
	pay(id, "amount=1000&metadata[traceparent]=00-a-b-01");
	event = cfa_mock_webhooks_take(&provider, now_ms);
	assert_string_equal(event->type, "payment_intent.created");
	assert_string_equal(event->traceparent, "00-a-b-01");
	json_decref(answer);
	answer = json_loads(event->body, 0, NULL);
	assert_string_equal(text("id"), event->id);
	assert_string_equal(text("object"), "event");
	assert_string_equal(text("type"), "payment_intent.created");
	assert_string_equal(text("data.object.id"), id);
	assert_string_equal(text("request.id"), reply.request_id);
	cfa_mock_webhooks_done(&provider, event, 200, now_ms);
	assert_string_equal(deliver(200), "payment_intent.processing");
}

static void
restart_forgets_nothing(void **state)
{
	char paid[CFA_MOCK_ID_SIZE];
	char waiting[CFA_MOCK_ID_SIZE];
	char refund[CFA_MOCK_ID_SIZE];
	char original[CFA_MOCK_ID_SIZE];
	const char *form = "amount=700&currency=eur&metadata[pledge_id]=p9";

	(void) state;
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, "key", form), 200);
	(void) snprintf(original, sizeof(original), "%s", text("id"));
	pay(paid, "amount=1000&description=a%20gift");
	pass(150);
	assert_int_equal(refund_of(paid), 200);
	(void) snprintf(refund, sizeof(refund), "%s", text("id"));
	pay(waiting, "amount=1002");
	restart();
	/* The event that was not delivered, the attempt and the refund under way,
	 * the key and the index: all are back. */
	assert_string_equal(deliver(200), "payment_intent.succeeded");
	assert_string_equal(status_of(waiting), "processing");
	pass(150);
	assert_string_equal(status_of(waiting), "requires_payment_method");
	assert_string_equal(text("last_payment_error.code"), "card_declined");
	assert_string_equal(status_of(paid), "succeeded");
	assert_string_equal(text("description"), "a gift");
	assert_int_equal(call(CFA_MOCK_READ_REFUND, refund, NULL, ""), 200);
	assert_string_equal(text("status"), "succeeded");
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, "key", form), 200);
	assert_string_equal(text("id"), original);
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, "key", "amount=1"),
					 400);
	assert_int_equal(call(CFA_MOCK_SEARCH_INTENTS,
						  NULL,
						  NULL,
						  "query=metadata['pledge_id']:'p9'"),
					 200);
	assert_int_equal(json_array_size(member("data")), 1);
	restart();
	/* Delivered once is delivered; the rest still waits. */
	assert_int_equal(provider.store.event_count, 2);
	assert_int_equal(call(CFA_MOCK_READ_LEDGER, NULL, NULL, ""), 200);
	assert_int_equal(number("totals.eur.captured"), 1000);
	assert_int_equal(number("totals.eur.refunded"), 1000);
}

static void
failed_refund_frees_its_part_after_a_restart(void **state)
{
	char id[CFA_MOCK_ID_SIZE];

	(void) state;
	pay(id, "amount=1012");
	pass(150);
	assert_int_equal(refund_of(id), 200);
	assert_int_equal(refund_of(id), 400);
	pass(150);
	restart();
	assert_int_equal(refund_of(id), 200);
	restart();
	assert_int_equal(refund_of(id), 400);
}

/* A crash can cut the last line anywhere: each cut loses that line only. */
static void
torn_last_line_is_dropped(void **state)
{
	char id[CFA_MOCK_ID_SIZE];
	off_t before;
	off_t after;

	(void) state;
	pay(id, "amount=1000");
	before = journal.length;
	pay(id, "amount=2000");
	after = journal.length;
	for (off_t cut = after - 1; cut >= before; cut -= 7)
	{
		cfa_mock_provider_clear(&provider);
		assert_int_equal(truncate(path, cut), 0);
		assert_true(load());
		assert_int_equal(provider.store.intent_count, 1);
		assert_int_equal(journal.length, before);
		assert_int_equal(journal.torn_bytes, cut - before);
		/* The next line starts cleanly. */
		pay(id, "amount=3000");
		restart();
		assert_int_equal(provider.store.intent_count, 2);
		forget_answer();
		cfa_mock_provider_clear(&provider);
		assert_int_equal(truncate(path, before), 0);
		assert_true(load());
		pay(id, "amount=2000");
		after = journal.length;
		if (cut > after)
			cut = after;
	}
}

static void
damage_is_refused_with_its_place(void **state)
{
	static const char *const damage[] =
		{"[{\"kind\":\"intent\"}]\n",
		 "[{\"kind\":\"unknown\"}]\n",
		 "[{\"kind\":\"delivered\",\"id\":\"evt_none\"}]\n",
		 "[{\"kind\":\"refund\",\"id\":\"re_1\",\"intent\":\"pi_none\","
		 "\"status\":\"pending\",\"metadata\":{}}]\n",
		 "{\"kind\":\"intent\"}\n",
		 "not JSON\n",
		 "\n"};
	char id[CFA_MOCK_ID_SIZE];
	off_t length;

	(void) state;
	pay(id, "amount=1000");
	length = journal.length;
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++)
	{
		int fd;

		forget_answer();
		cfa_mock_provider_clear(&provider);
		fd = open(path, O_WRONLY | O_APPEND);
		assert_int_equal(write(fd, damage[i], strlen(damage[i])),
						 strlen(damage[i]));
		(void) close(fd);
		assert_false(load());
		assert_non_null(strstr(journal.error, "damaged in line 3"));
		assert_int_equal(truncate(path, length), 0);
	}
	cfa_mock_provider_clear(&provider);
	assert_true(load());
}

static void
second_process_is_refused(void **state)
{
	CfaMockJournal second;

	(void) state;
	assert_false(
		cfa_mock_journal_open(&second, path, CFA_MOCK_SYNC_OS, NULL, NULL));
	assert_non_null(strstr(second.error, "another process"));
}

static void
full_disk_breaks_the_provider_not_the_journal(void **state)
{
	char id[CFA_MOCK_ID_SIZE];
	int fd;

	(void) state;
	pay(id, "amount=1000");
	fd = journal.fd;
	journal.fd = open("/dev/full", O_WRONLY);
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  NULL,
						  "amount=2000&currency=eur&confirm=true"),
					 500);
	(void) close(journal.fd);
	journal.fd = fd;
	assert_true(provider.is_broken);
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT,
						  NULL,
						  NULL,
						  "amount=1&currency=eur"),
					 503);
	restart();
	assert_int_equal(provider.store.intent_count, 1);
}

static void
long_journal_is_rewritten_at_start(void **state)
{
	char id[CFA_MOCK_ID_SIZE];
	char last[CFA_MOCK_ID_SIZE];
	off_t length;

	(void) state;
	for (int i = 0; i < 700; i++)
	{
		pay(id, "amount=1000");
		pass(150);
		assert_string_equal(deliver(200), "payment_intent.succeeded");
	}
	pay(last, "amount=1000");
	length = journal.length;
	assert_int_equal(journal.records, 700 * 4 + 1);
	restart();
	assert_int_equal(journal.records, 701);
	assert_true(journal.length < length / 2);
	pay(id, "amount=5000");
	restart();
	assert_int_equal(provider.store.intent_count, 702);
	assert_string_equal(status_of(last), "processing");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
#define JOURNAL_TEST(name) \
	cmocka_unit_test_setup_teardown(name, start_with_journal, stop)
	const struct CMUnitTest tests[] = {
		TEST(failed_delivery_is_tried_again_ever_later),
		TEST(redirects_are_no_success),
		TEST(old_event_is_given_up),
		TEST(duplicates_are_the_same_event),
		TEST(reordered_event_is_overtaken),
		TEST(delay_and_rates_apply_to_each_event),
		TEST(hold_keeps_back_until_flushed),
		TEST(concurrency_is_bounded),
		TEST(event_tells_what_happened),
		JOURNAL_TEST(restart_forgets_nothing),
		JOURNAL_TEST(failed_refund_frees_its_part_after_a_restart),
		JOURNAL_TEST(torn_last_line_is_dropped),
		JOURNAL_TEST(damage_is_refused_with_its_place),
		JOURNAL_TEST(second_process_is_refused),
		JOURNAL_TEST(full_disk_breaks_the_provider_not_the_journal),
		JOURNAL_TEST(long_journal_is_rewritten_at_start),
	};
	int failed;

	if (sodium_init() < 0 || mkdtemp(directory) == NULL)
		return 1;
	(void) snprintf(path, sizeof(path), "%s/journal", directory);
	failed = cmocka_run_group_tests_name("mock_webhooks", tests, NULL, NULL);
	(void) unlink(path);
	(void) rmdir(directory);
	return failed;
}
