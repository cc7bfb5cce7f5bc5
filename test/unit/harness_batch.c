/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: pledges that wait go together, one that fails spoils none of the others,
 * and each client gets the answer to its own. Method: clients of the API in this
 * process; calls of the database are settled by hand.
 */
#include "unit.h"

#include "harness.h"

#include <stdio.h>

#include "adapters/batch.h"
#include "core/loop.h"

#define CAMPAIGN "01900000-0000-7000-8000-000000000000"
#define CLIENTS 4

/* Columns of pledge_create_many from 0; those in between are not looked at. */
#define COLUMNS HN_COLUMNS_MAX
#define COL_OUTCOME 1

static HnClient *clients[CLIENTS];

static int
set_up(void **state)
{
	unsigned i;

	for (i = 0; i < CLIENTS; i++)
		clients[i] = hn_open();
	hn_pg_batches_max = 1;
	return 0;
}

static int
tear_down(void **state)
{
	unsigned i;

	for (i = 0; i < CLIENTS; i++)
	{
		if (clients[i] != NULL)
			hn_close(clients[i]);
	}
	hn_pg_batches_max = 2;
	hn_pass_ms(10000);
	return hn_is_clean() ? 0 : -1;
}

static void
send_pledge(unsigned client)
{
	static unsigned key;
	static const char body[] =
		"{\"amount\":{\"amount\":1000,\"currency\":\"EUR\"},"
		"\"donor\":{\"name\":\"Ada\",\"email\":\"ada@example.org\"}}";

	key++;
	hn_send(clients[client],
			"POST /api/v1/campaigns/" CAMPAIGN
			"/pledges HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.%u.%u\r\n"
			"Idempotency-Key: k%u\r\nContent-Type: application/json\r\n"
			"Content-Length: %zu\r\n\r\n%s",
			key >> 8,
			key & 0xff,
			key,
			sizeof(body) - 1,
			body);
}

/* The call that must be there, with that many items. */
static HnStatement *
take_call(unsigned items)
{
	HnStatement *statement = hn_pg_next();
	const uint8_t *array;

	assert_non_null(statement);
	assert_string_equal(statement->name, "pledge_create_many");
	/* A binary array: dimensions, flags, type, then the length. */
	array = (const uint8_t *) statement->values[0];
	assert_int_equal(array[15], items);
	return statement;
}

static void
refuse_all(HnStatement *statement, unsigned items, const char *const *outcomes)
{
	HnValue values[CLIENTS * COLUMNS] = {{NULL, 0}};
	unsigned i;

	for (i = 0; i < items; i++)
		values[i * COLUMNS + COL_OUTCOME] = HN_TEXT(outcomes[i]);
	hn_pg_rows(statement, (int) items, COLUMNS, values);
	hn_settle();
}

static void
assert_code(unsigned client, const char *code)
{
	assert_int_equal(hn_count(clients[client]), 1);
	assert_string_equal(hn_answer(clients[client], 0).code, code);
}

static void
test_those_that_wait_go_together(void **state)
{
	static const char *const first[] = {"key_reused"};
	static const char *const rest[] = {"reward_unknown",
									   "key_reused",
									   "currency_mismatch"};
	HnStatement *call;
	unsigned i;

	send_pledge(0);
	call = take_call(1);
	for (i = 1; i < CLIENTS; i++)
		send_pledge(i);
	assert_null(hn_pg_next());
	refuse_all(call, 1, first);
	assert_code(0, "idempotency-key-reused");
	refuse_all(take_call(3), 3, rest);
	assert_code(1, "reward-unknown");
	assert_code(2, "idempotency-key-reused");
	assert_code(3, "currency-mismatch");
}

static void
test_only_the_one_at_fault_fails(void **state)
{
	static const char *const outcome[] = {"key_reused"};
	HnStatement *call;
	unsigned i;

	send_pledge(0);
	call = take_call(1);
	for (i = 1; i < CLIENTS; i++)
		send_pledge(i);
	refuse_all(call, 1, outcome);
	hn_pg_fail(take_call(3), "XX000", NULL, NULL);
	hn_settle();
	/* Again, one by one; the second is the one. */
	refuse_all(take_call(1), 1, outcome);
	hn_pg_fail(take_call(1), "XX000", NULL, NULL);
	hn_settle();
	refuse_all(take_call(1), 1, outcome);
	assert_code(1, "idempotency-key-reused");
	assert_code(2, "internal");
	assert_code(3, "idempotency-key-reused");
}

static void
test_conflicts_are_sent_again_together(void **state)
{
	static const char *const outcomes[] = {"key_reused", "key_reused"};
	HnStatement *call;

	send_pledge(0);
	call = take_call(1);
	send_pledge(1);
	send_pledge(2);
	refuse_all(call, 1, outcomes);
	hn_pg_fail(take_call(2), "40001", NULL, NULL);
	hn_settle();
	refuse_all(take_call(2), 2, outcomes);
	assert_code(1, "idempotency-key-reused");
	assert_code(2, "idempotency-key-reused");
}

static void
test_retries_end(void **state)
{
	unsigned attempts = 0;
	HnStatement *call;

	send_pledge(0);
	while ((call = hn_pg_next()) != NULL)
	{
		hn_pg_fail(call, "08006", NULL, NULL);
		hn_settle();
		assert_true(++attempts < 10);
	}
	assert_int_equal(attempts, 3);
	assert_code(0, "unavailable");
}

/* What was asked for is carried out, whoever is still there to hear of it. */
static void
test_a_client_that_left(void **state)
{
	static const char *const outcome[] = {"key_reused", "key_reused"};
	HnStatement *call;

	send_pledge(0);
	call = take_call(1);
	send_pledge(1);
	send_pledge(2);
	hn_close(clients[0]);
	hn_close(clients[1]);
	clients[0] = clients[1] = NULL;
	refuse_all(call, 1, outcome);
	refuse_all(take_call(2), 2, outcome);
	assert_code(2, "idempotency-key-reused");
}

static void
test_fewer_rows_than_items(void **state)
{
	send_pledge(0);
	refuse_all(take_call(1), 0, NULL);
	assert_code(0, "internal");
}

static unsigned given_up;

static void
count_failure(CfaBatchItem *item, const char *sqlstate)
{
	given_up++;
}

/* A tick may have begun before what came in during it. */
static void
test_a_tick_older_than_the_item(void **state)
{
	static const CfaBatchKind kind = {.fail = count_failure};
	CfaBatchItem item;
	CfaBatch batch;

	cfa_batch_init(&batch, &kind);
	assert_true(cfa_batch_add(&batch, &item));
	cfa_batch_expire(&batch, cfa_mono_ms() - 1);
	assert_int_equal(given_up, 0);
	cfa_batch_expire(&batch, cfa_mono_ms() + 10000);
	assert_int_equal(given_up, 1);
	assert_int_equal(batch.length, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_those_that_wait_go_together,
										set_up,
										tear_down),
		cmocka_unit_test_setup_teardown(test_only_the_one_at_fault_fails,
										set_up,
										tear_down),
		cmocka_unit_test_setup_teardown(test_conflicts_are_sent_again_together,
										set_up,
										tear_down),
		cmocka_unit_test_setup_teardown(test_retries_end, set_up, tear_down),
		cmocka_unit_test(test_a_tick_older_than_the_item),
		cmocka_unit_test_setup_teardown(test_a_client_that_left,
										set_up,
										tear_down),
		cmocka_unit_test_setup_teardown(test_fewer_rows_than_items,
										set_up,
										tear_down),
	};

	hn_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
