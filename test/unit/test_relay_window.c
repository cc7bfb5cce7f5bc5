/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the bookkeeping of an epoch takes exactly the answers that the chain allows
 * and gives a checkpoint exactly when all before it is acknowledged.
 * Method: epochs played by hand, at the edges of the window.
 */
#include "unit.h"

#include "relay_window.h"

#define SIZE 4

static void
start(CfaWindow *window, uint64_t base)
{
	cfa_window_init(window, SIZE);
	cfa_window_start(window, base);
}

static void
send_some(CfaWindow *window, int count)
{
	for (int i = 0; i < count; i++)
		cfa_window_add(window, 100 + i, 1000, 1);
}

static void
test_chain_counts_from_base(void **state)
{
	CfaWindow window;

	start(&window, 41);
	assert_int_equal(cfa_window_expected(&window), 41);
	assert_int_equal(cfa_window_add(&window, 7, 0, 5), 1);
	assert_int_equal(cfa_window_expected(&window), 42);
	assert_int_equal(cfa_window_oldest_us(&window), 5);
	assert_int_equal(cfa_window_ack(&window, 1, 42, false), CFA_ACK_OK);
	assert_int_equal(cfa_window_oldest_us(&window), 0);
	cfa_window_clear(&window);
}

static void
test_window_fills_and_empties(void **state)
{
	CfaWindow window;

	start(&window, 0);
	send_some(&window, SIZE);
	assert_true(cfa_window_is_full(&window));
	/* Answers out of order are fine, but only the gap's end makes room. */
	assert_int_equal(cfa_window_ack(&window, 2, 2, false), CFA_ACK_OK);
	assert_true(cfa_window_is_full(&window));
	assert_int_equal(cfa_window_ack(&window, 1, 1, false), CFA_ACK_OK);
	assert_int_equal(cfa_window_in_flight(&window), 2);
	/* The ring goes round: the oldest record is not overwritten. */
	send_some(&window, 2);
	assert_true(cfa_window_is_full(&window));
	assert_int_equal(cfa_window_find(&window, 3)->outbox_id, 102);
	assert_int_equal(cfa_window_find(&window, 6)->outbox_id, 101);
	cfa_window_clear(&window);
}

static void
test_wrong_answers_break_the_epoch(void **state)
{
	CfaWindow window;

	start(&window, 10);
	send_some(&window, 2);
	assert_int_equal(cfa_window_ack(&window, 1, 12, false), CFA_ACK_BROKEN);
	assert_int_equal(cfa_window_ack(&window, 1, 11, true), CFA_ACK_BROKEN);
	assert_int_equal(cfa_window_ack(&window, 0, 10, false), CFA_ACK_BROKEN);
	assert_int_equal(cfa_window_ack(&window, 3, 13, false), CFA_ACK_BROKEN);
	assert_int_equal(cfa_window_ack(&window, 1, 11, false), CFA_ACK_OK);
	assert_int_equal(cfa_window_ack(&window, 1, 11, false), CFA_ACK_BROKEN);
	assert_int_equal(cfa_window_ack(&window, 2, 12, false), CFA_ACK_OK);
	assert_null(cfa_window_find(&window, 2));
	cfa_window_clear(&window);
}

static void
test_checkpoint_waits_for_the_whole_batch(void **state)
{
	CfaWindow window;
	CfaCheckpoint checkpoint;

	start(&window, 20);
	send_some(&window, 2);
	cfa_window_edge(&window, "5:5:", 101);
	send_some(&window, 1);
	assert_int_equal(cfa_window_ack(&window, 1, 21, false), CFA_ACK_OK);
	assert_false(cfa_window_checkpoint(&window, &checkpoint));
	assert_int_equal(cfa_window_ack(&window, 3, 23, false), CFA_ACK_OK);
	assert_false(cfa_window_checkpoint(&window, &checkpoint));
	assert_int_equal(cfa_window_ack(&window, 2, 22, false), CFA_ACK_OK);
	assert_true(cfa_window_checkpoint(&window, &checkpoint));
	assert_string_equal(checkpoint.snapshot, "5:5:");
	/* Not 23: the third message belongs to a batch that has not ended. */
	assert_int_equal(checkpoint.stream_seq, 22);
	assert_int_equal(checkpoint.last_outbox_id, 101);
	free(checkpoint.snapshot);
	assert_false(cfa_window_checkpoint(&window, &checkpoint));
	cfa_window_clear(&window);
}

static void
test_newest_edge_wins(void **state)
{
	CfaWindow window;
	CfaCheckpoint checkpoint;

	start(&window, 0);
	cfa_window_edge(&window, "1:1:", 0);
	send_some(&window, 1);
	cfa_window_edge(&window, "2:2:", 100);
	cfa_window_edge(&window, "3:3:", 100);
	send_some(&window, 1);
	cfa_window_edge(&window, "4:4:", 101);
	assert_true(cfa_window_checkpoint(&window, &checkpoint));
	assert_string_equal(checkpoint.snapshot, "1:1:");
	assert_int_equal(checkpoint.stream_seq, 0);
	free(checkpoint.snapshot);
	assert_int_equal(cfa_window_ack(&window, 1, 1, false), CFA_ACK_OK);
	assert_true(cfa_window_checkpoint(&window, &checkpoint));
	assert_string_equal(checkpoint.snapshot, "3:3:");
	assert_int_equal(checkpoint.stream_seq, 1);
	free(checkpoint.snapshot);
	cfa_window_clear(&window);
}

static void
test_edges_never_overflow(void **state)
{
	CfaWindow window;
	CfaCheckpoint checkpoint;
	uint64_t ordinal = 0;

	start(&window, 0);
	/* One edge a message with a full window, round and round. */
	cfa_window_edge(&window, "0:0:", 0);
	for (int i = 0; i < 1000; i++)
	{
		if (cfa_window_is_full(&window))
		{
			ordinal++;
			assert_int_equal(cfa_window_ack(&window, ordinal, ordinal, false),
							 CFA_ACK_OK);
		}
		cfa_window_add(&window, i, 0, 1);
		cfa_window_edge(&window, "9:9:", i);
	}
	assert_true(window.edge_count <= SIZE + 1);
	assert_true(cfa_window_checkpoint(&window, &checkpoint));
	assert_int_equal(checkpoint.stream_seq, ordinal);
	free(checkpoint.snapshot);
	cfa_window_clear(&window);
}

static void
test_new_epoch_forgets(void **state)
{
	CfaWindow window;
	CfaCheckpoint checkpoint;

	start(&window, 0);
	send_some(&window, 3);
	cfa_window_edge(&window, "5:5:", 102);
	cfa_window_start(&window, 2);
	assert_int_equal(cfa_window_in_flight(&window), 0);
	assert_int_equal(cfa_window_expected(&window), 2);
	assert_false(cfa_window_checkpoint(&window, &checkpoint));
	assert_int_equal(cfa_window_ack(&window, 3, 3, false), CFA_ACK_BROKEN);
	cfa_window_clear(&window);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_counts_from_base),
		cmocka_unit_test(test_window_fills_and_empties),
		cmocka_unit_test(test_wrong_answers_break_the_epoch),
		cmocka_unit_test(test_checkpoint_waits_for_the_whole_batch),
		cmocka_unit_test(test_newest_edge_wins),
		cmocka_unit_test(test_edges_never_overflow),
		cmocka_unit_test(test_new_epoch_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
