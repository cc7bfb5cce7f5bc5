/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ext_lifecycle.c
 *	  The transition tables: every (state, event, guard), names, and holds.
 */
#include "unit.h"

#include "lifecycle_core.h"

#define AMOUNT 1000
#define QUANTITY 3

/* States a pledge can reach by one event, as a sentence to compare. */
static const char *
reached(CfaPledgeState from, CfaPledgeEvent event, CfaPledgeGuard guard)
{
	const CfaPledgeEdge *edge = cfa_pledge_edge(from, event, guard);

	return edge == NULL ? "illegal" : cfa_pledge_state_name(edge->to);
}

static void
main_path_is_there(void **state)
{
	assert_string_equal(reached(CFA_PLEDGE_NONE,
								CFA_PLEDGE_CREATE,
								CFA_GUARD_ALWAYS),
						"pending");
	assert_string_equal(reached(CFA_PLEDGE_PENDING,
								CFA_PLEDGE_PAYMENT_SUCCEEDED,
								CFA_GUARD_ALWAYS),
						"confirmed");
	assert_string_equal(reached(CFA_PLEDGE_CONFIRMED,
								CFA_PLEDGE_REFUND,
								CFA_GUARD_PART),
						"confirmed");
	assert_string_equal(reached(CFA_PLEDGE_CONFIRMED,
								CFA_PLEDGE_REFUND,
								CFA_GUARD_REST),
						"refunded");
	assert_string_equal(reached(CFA_PLEDGE_CONFIRMED,
								CFA_PLEDGE_REFUND,
								CFA_GUARD_ALWAYS),
						"illegal");
}

/* Nothing leaves failed or refunded, and nothing returns to pending. */
static void
ends_are_ends(void **state)
{
	int count;
	const CfaPledgeEdge *edges = cfa_pledge_edges(&count);

	for (int i = 0; i < count; i++)
	{
		const CfaPledgeEdge *edge = &edges[i];

		if (edge->from == CFA_PLEDGE_FAILED ||
			edge->from == CFA_PLEDGE_REFUNDED)
			assert_int_equal(edge->to, edge->from);
		if (edge->to == CFA_PLEDGE_PENDING)
			assert_true(edge->from == CFA_PLEDGE_NONE ||
						edge->from == CFA_PLEDGE_PENDING);
		if (edge->to == CFA_PLEDGE_NONE)
			fail();
	}
}

/* An edge without effect has no event to publish, every other one has. */
static void
effects_have_events(void **state)
{
	int count;
	const CfaPledgeEdge *edges = cfa_pledge_edges(&count);

	for (int i = 0; i < count; i++)
	{
		assert_int_equal(edges[i].effect == CFA_EFFECT_NOTHING,
						 edges[i].type == NULL);
		if (edges[i].effect == CFA_EFFECT_NOTHING)
			assert_int_equal(edges[i].from, edges[i].to);
	}
}

/* Each state, event and guard gives one edge at most. */
static void
edges_are_unique(void **state)
{
	int count;
	const CfaPledgeEdge *edges = cfa_pledge_edges(&count);

	for (int i = 0; i < count; i++)
	{
		assert_ptr_equal(cfa_pledge_edge(edges[i].from,
										 edges[i].event,
										 edges[i].guard),
						 &edges[i]);
	}
}

static void
names_round_trip(void **state)
{
	for (int i = CFA_PLEDGE_PENDING; i < CFA_PLEDGE_STATE_COUNT; i++)
	{
		CfaPledgeState parsed;

		assert_true(
			cfa_pledge_state_parse(cfa_pledge_state_name((CfaPledgeState) i),
								   &parsed));
		assert_int_equal(parsed, i);
	}
	for (int i = 0; i < CFA_PLEDGE_EVENT_COUNT; i++)
	{
		CfaPledgeEvent parsed;

		assert_true(
			cfa_pledge_event_parse(cfa_pledge_event_name((CfaPledgeEvent) i),
								   &parsed));
		assert_int_equal(parsed, i);
	}
	for (int i = CFA_CAMPAIGN_DRAFT; i < CFA_CAMPAIGN_STATE_COUNT; i++)
	{
		CfaCampaignState parsed;

		assert_true(cfa_campaign_state_parse(cfa_campaign_state_name(
												 (CfaCampaignState) i),
											 &parsed));
		assert_int_equal(parsed, i);
	}
}

static void
unknown_names_are_refused(void **state)
{
	CfaPledgeState pledge;
	CfaPledgeEvent event;
	CfaCampaignState campaign;

	assert_false(cfa_pledge_state_parse("", &pledge));
	assert_false(cfa_pledge_state_parse("Pending", &pledge));
	assert_false(cfa_pledge_event_parse("", &event));
	assert_false(cfa_pledge_event_parse("explode", &event));
	assert_false(cfa_campaign_state_parse("", &campaign));
	assert_false(cfa_campaign_state_parse("gone", &campaign));
}

static void
campaigns_go_one_way(void **state)
{
	static const bool
		legal[CFA_CAMPAIGN_STATE_COUNT][CFA_CAMPAIGN_STATE_COUNT] = {
			[CFA_CAMPAIGN_NONE][CFA_CAMPAIGN_DRAFT] = true,
			[CFA_CAMPAIGN_DRAFT][CFA_CAMPAIGN_ACTIVE] = true,
			[CFA_CAMPAIGN_ACTIVE][CFA_CAMPAIGN_PAUSED] = true,
			[CFA_CAMPAIGN_ACTIVE][CFA_CAMPAIGN_CLOSED] = true,
			[CFA_CAMPAIGN_PAUSED][CFA_CAMPAIGN_ACTIVE] = true,
			[CFA_CAMPAIGN_PAUSED][CFA_CAMPAIGN_CLOSED] = true,
		};

	for (int from = 0; from < CFA_CAMPAIGN_STATE_COUNT; from++)
	{
		for (int to = 0; to < CFA_CAMPAIGN_STATE_COUNT; to++)
			assert_int_equal(cfa_campaign_edge((CfaCampaignState) from,
											   (CfaCampaignState) to) != NULL,
							 legal[from][to]);
	}
}

static void
holds_follow_the_state(void **state)
{
	CfaHeld held =
		cfa_pledge_held(CFA_PLEDGE_PENDING, AMOUNT, 0, QUANTITY, true);

	assert_int_equal(held.minor, AMOUNT);
	assert_int_equal(held.places, QUANTITY);
	held = cfa_pledge_held(CFA_PLEDGE_CONFIRMED, AMOUNT, 400, QUANTITY, true);
	assert_int_equal(held.minor, AMOUNT - 400);
	assert_int_equal(held.places, QUANTITY);
	held = cfa_pledge_held(CFA_PLEDGE_CONFIRMED, AMOUNT, 400, QUANTITY, false);
	assert_int_equal(held.minor, AMOUNT);
	held = cfa_pledge_held(CFA_PLEDGE_REFUNDED, AMOUNT, AMOUNT, QUANTITY, true);
	assert_int_equal(held.minor, 0);
	assert_int_equal(held.places, 0);
	held =
		cfa_pledge_held(CFA_PLEDGE_REFUNDED, AMOUNT, AMOUNT, QUANTITY, false);
	assert_int_equal(held.minor, AMOUNT);
	assert_int_equal(held.places, QUANTITY);
	held = cfa_pledge_held(CFA_PLEDGE_FAILED, AMOUNT, 0, QUANTITY, false);
	assert_int_equal(held.minor, 0);
	assert_int_equal(held.places, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_path_is_there),
		cmocka_unit_test(ends_are_ends),
		cmocka_unit_test(effects_have_events),
		cmocka_unit_test(edges_are_unique),
		cmocka_unit_test(names_round_trip),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(campaigns_go_one_way),
		cmocka_unit_test(holds_follow_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
