/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_projector_model.c - goal: figures, documents, gifts and frames of one campaign
 * are right after each kind of event. Method: a campaign with a pooled and an
 * unlimited reward is taken through the life of pledges; documents are compared as
 * JSON values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "projector_model.h"
#include "projector_render.h"

#define CAMPAIGN "0193592c-0000-7000-8000-000000000001"
#define REWARD "0193592c-0000-7000-8000-00000000000a"
#define OTHER_REWARD "0193592c-0000-7000-8000-00000000000b"
#define POOL "0193592c-0000-7000-8000-00000000000c"
#define PLEDGE "0193592c-0000-7000-8000-0000000000ff"

static const char source_text[] =
	"{\"id\":\"" CAMPAIGN "\",\"slug\":\"school\",\"title\":\"A school\","
	"\"state\":\"active\",\"currency\":\"EUR\",\"cap\":null,\"starts_at\":"
	"\"2026-01-01T00:00:00.000Z\",\"ends_at\":null,\"version\":3,\"rewards\":["
	"{\"id\":\"" REWARD
	"\",\"title\":\"Mug\",\"quantity\":10,\"pool_id\":\"" POOL
	"\"},{\"id\":\"" OTHER_REWARD "\",\"title\":\"Card\",\"quantity\":null,"
	"\"pool_id\":null}],\"created_at\":\"2026-01-01T00:00:00.000Z\",\"pools\":[{"
	"\"id\":\"" POOL "\",\"capacity\":4}]}";

static CfaModelCampaign *
campaign_of(const char *text)
{
	CfaModelCampaign *campaign = cfa_model_campaign_new(CAMPAIGN);
	json_t *source = json_loads(text, 0, NULL);

	assert_non_null(source);
	assert_int_equal(cfa_model_set_source(campaign, source), 0);
	json_decref(source);
	return campaign;
}

/* A pledge event of 2 places and 500 minor units with the given deltas. */
static CfaModelEvent
pledge_event(const char *type, const char *state, int64_t sequence,
			 const char *delta)
{
	CfaModelEvent event = {0};
	char data[1024];

	snprintf(event.type, sizeof(event.type), "%s", type);
	snprintf(event.aggregate_id, sizeof(event.aggregate_id), PLEDGE);
	event.aggregate_version = 2;
	event.sequence = sequence;
	snprintf(
		data,
		sizeof(data),
		"{\"pledge_id\":\"" PLEDGE "\",\"reward_id\":\"" REWARD
		"\",\"pool_id\":\"" POOL "\",\"amount_minor\":500,\"currency\":\"EUR\","
		"\"state\":\"%s\",\"state_reason\":null,\"delta\":%s,\"name\":\"Zo\xc3\xab\","
		"\"message\":null,\"show_amount\":true,"
		"\"created_at\":\"2026-01-02T03:04:05.678Z\"}",
		state,
		delta);
	event.data = json_loads(data, 0, NULL);
	assert_non_null(event.data);
	return event;
}

static void
apply(CfaModelCampaign *campaign, CfaModelEvent event, CfaModelChange *change)
{
	assert_int_equal(cfa_model_apply(campaign, &event, change),
					 CFA_MODEL_APPLIED);
	cfa_model_event_clear(&event);
}

static json_t *
document(CfaModelCampaign *campaign)
{
	char *text = cfa_model_render(campaign);
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(value);
	free(text);
	return value;
}

static void
assert_json(const json_t *value, const char *expected)
{
	json_t *other = json_loads(expected, JSON_DECODE_ANY, NULL);

	assert_non_null(other);
	if (!json_equal(value, other))
	{
		char *text = json_dumps(value, JSON_DECODE_ANY | JSON_ENCODE_ANY);

		print_error("%s is not %s\n", text, expected);
		free(text);
		json_decref(other);
		fail();
	}
	json_decref(other);
}

#define CREATED                                                          \
	"{\"confirmed_minor\":0,\"confirmed_count\":0,\"refunded_minor\":0," \
	"\"held_minor\":500,\"held_places\":2,\"pending_minor\":500,"        \
	"\"pending_count\":1}"
#define CONFIRMED                                                          \
	"{\"confirmed_minor\":500,\"confirmed_count\":1,\"refunded_minor\":0," \
	"\"held_minor\":0,\"held_places\":0,\"pending_minor\":-500,"           \
	"\"pending_count\":-1}"
#define REFUNDED                                                            \
	"{\"confirmed_minor\":0,\"confirmed_count\":-1,\"refunded_minor\":500," \
	"\"held_minor\":-500,\"held_places\":-2,\"pending_minor\":0,"           \
	"\"pending_count\":0}"
#define NOTHING                                                          \
	"{\"confirmed_minor\":0,\"confirmed_count\":0,\"refunded_minor\":0," \
	"\"held_minor\":0,\"held_places\":0,\"pending_minor\":0,\"pending_count\":0}"

static void
life_of_a_pledge(void **state)
{
	CfaModelCampaign *campaign = campaign_of(source_text);
	CfaModelChange change;
	json_t *value;
	char etag[80];
	char *gift;

	apply(campaign,
		  pledge_event("pledge.created", "pending", 7, CREATED),
		  &change);
	assert_true(change.is_figures_changed);
	assert_null(change.gift_added);
	value = document(campaign);
	assert_json(
		json_object_get(value, "totals"),
		"{\"raised\":{\"amount\":0,\"currency\":\"EUR\"},"
		"\"confirmed_count\":0,\"pending\":{\"amount\":500,\"currency\":"
		"\"EUR\"},\"pending_count\":1,\"sequence\":7}");
	assert_int_equal(json_integer_value(json_object_get(
						 json_array_get(json_object_get(value, "rewards"), 0),
						 "remaining")),
					 2);
	assert_true(json_is_null(
		json_object_get(json_array_get(json_object_get(value, "rewards"), 1),
						"remaining")));
	assert_null(json_object_get(value, "pools"));
	json_decref(value);
	cfa_model_change_clear(&change);

	apply(campaign,
		  pledge_event("pledge.confirmed", "confirmed", 9, CONFIRMED),
		  &change);
	gift = change.gift_added;
	change.gift_added = NULL;
	assert_string_equal(
		gift,
		"{\"id\":\"3e377f5f3d7b0bac\",\"name\":\"Zo\xc3\xab\",\"amount\":{\"amount\":500,"
		"\"currency\":\"EUR\"},\"message\":null,\"at\":\"2026-01-02T03:04:05.678Z\"}");
	assert_json(json_object_get(change.frame, "rewards"),
				"[{\"id\":\"" REWARD
				"\",\"remaining\":2},{\"id\":\"" OTHER_REWARD
				"\",\"remaining\":null}]");
	cfa_model_change_clear(&change);

	apply(campaign,
		  pledge_event("pledge.refunded", "refunded", 12, REFUNDED),
		  &change);
	assert_string_equal(change.gift_removed, gift);
	free(gift);
	cfa_model_change_clear(&change);
	value = document(campaign);
	assert_json(json_object_get(value, "totals"),
				"{\"raised\":{\"amount\":0,\"currency\":\"EUR\"},"
				"\"confirmed_count\":0,\"pending\":{\"amount\":0,\"currency\":"
				"\"EUR\"},\"pending_count\":0,\"sequence\":12}");
	json_decref(value);
	cfa_model_etag(campaign, 4, etag, sizeof(etag));
	assert_string_equal(etag, "\"3-12-4\"");
	cfa_model_campaign_free(campaign);
}

static void
frames_of_an_event(void **state)
{
	CfaModelEvent event =
		pledge_event("pledge.confirmed", "confirmed", 9, CONFIRMED);
	CfaBuf text = {0};

	event.time_ms = 1767323045678;
	snprintf(event.campaign_id, sizeof(event.campaign_id), "%s", CAMPAIGN);
	cfa_render_pledge_frame(&text, &event);
	assert_string_equal(
		cfa_buf_text(&text),
		"{\"type\":\"pledge\",\"pledge_id\":\"" PLEDGE
		"\",\"sequence\":9,\"state\":\"confirmed\",\"state_reason\":null,"
		"\"version\":2}");
	cfa_buf_reset(&text);
	cfa_render_event_frame(&text, &event);
	assert_string_equal(
		cfa_buf_text(&text),
		"{\"type\":\"event\",\"sequence\":9,\"event\":\"pledge.confirmed\","
		"\"campaign_id\":\"" CAMPAIGN "\",\"pledge_id\":\"" PLEDGE
		"\",\"version\":2,\"state\":\"confirmed\",\"state_reason\":null,"
		"\"amount\":{\"amount\":500,\"currency\":\"EUR\"},\"refunded\":null,"
		"\"at\":\"2026-01-02T03:04:05.678Z\"}");
	cfa_model_event_clear(&event);

	/* A campaign's has no pledge and no money; text is escaped. */
	snprintf(event.type, sizeof(event.type), "campaign.paused");
	snprintf(event.campaign_id, sizeof(event.campaign_id), "%s", CAMPAIGN);
	event.sequence = 10;
	event.aggregate_version = 3;
	event.data = json_pack("{s:s}", "state", "pau\"sed\n");
	cfa_buf_reset(&text);
	cfa_render_event_frame(&text, &event);
	assert_string_equal(
		cfa_buf_text(&text),
		"{\"type\":\"event\",\"sequence\":10,\"event\":\"campaign.paused\","
		"\"campaign_id\":\"" CAMPAIGN
		"\",\"version\":3,\"state\":\"pau\\\"sed\\n\","
		"\"at\":\"1970-01-01T00:00:00.000Z\"}");
	cfa_model_event_clear(&event);
	cfa_buf_clear(&text);
}

static void
event_without_figures_keeps_the_sequence(void **state)
{
	CfaModelCampaign *campaign = campaign_of(source_text);
	CfaModelChange change;

	apply(campaign,
		  pledge_event("pledge.payment_attached", "pending", 8, NOTHING),
		  &change);
	assert_false(change.is_figures_changed);
	assert_null(change.frame);
	assert_int_equal(campaign->figures.sequence, 0);
	cfa_model_change_clear(&change);
	cfa_model_campaign_free(campaign);
}

static void
campaign_versions_only_grow(void **state)
{
	CfaModelCampaign *campaign = cfa_model_campaign_new(CAMPAIGN);
	CfaModelEvent event = {0};
	CfaModelChange change;
	json_t *source = json_loads(source_text, 0, NULL);

	snprintf(event.type, sizeof(event.type), "campaign.published");
	event.aggregate_version = 3;
	event.sequence = 5;
	event.data = json_pack("{s:o}", "campaign", source);
	assert_int_equal(cfa_model_apply(campaign, &event, &change),
					 CFA_MODEL_APPLIED);
	assert_non_null(change.frame);
	cfa_model_change_clear(&change);
	assert_int_equal(cfa_model_apply(campaign, &event, &change),
					 CFA_MODEL_STALE);
	cfa_model_change_clear(&change);

	assert_true(cfa_model_is_listed(campaign));

	source = json_deep_copy(source);
	json_object_set_new(source, "archived_at", json_string(CREATED));
	json_object_set_new(event.data, "campaign", source);
	event.aggregate_version = 4;
	assert_int_equal(cfa_model_apply(campaign, &event, &change),
					 CFA_MODEL_APPLIED);
	assert_true(cfa_model_is_public(campaign));
	assert_false(cfa_model_is_listed(campaign));
	cfa_model_change_clear(&change);

	source = json_deep_copy(source);
	json_object_set_new(source, "slug", json_string("new-school"));
	json_object_set_new(source, "state", json_string("draft"));
	json_object_set_new(event.data, "campaign", source);
	event.aggregate_version = 5;
	assert_int_equal(cfa_model_apply(campaign, &event, &change),
					 CFA_MODEL_APPLIED);
	assert_string_equal(change.old_slug, "school");
	assert_string_equal(cfa_model_slug(campaign), "new-school");
	assert_false(cfa_model_is_public(campaign));
	assert_false(cfa_model_is_listed(campaign));
	assert_null(change.frame);
	cfa_model_change_clear(&change);
	cfa_model_event_clear(&event);
	cfa_model_campaign_free(campaign);
}

static void
bad_events_change_nothing(void **state)
{
	CfaModelCampaign *campaign = campaign_of(source_text);
	CfaModelCampaign *unknown = cfa_model_campaign_new(CAMPAIGN);
	CfaModelEvent event = pledge_event("pledge.created", "pending", 7, CREATED);
	CfaModelChange change;

	assert_int_equal(cfa_model_apply(unknown, &event, &change),
					 CFA_MODEL_MISSING);
	cfa_model_change_clear(&change);
	json_object_del(json_object_get(event.data, "delta"), "pending_count");
	assert_int_equal(cfa_model_apply(campaign, &event, &change),
					 CFA_MODEL_MALFORMED);
	cfa_model_change_clear(&change);
	cfa_model_event_clear(&event);

	event = pledge_event("pledge.created",
						 "pending",
						 7,
						 "{\"confirmed_minor\":9223372036854775807,"
						 "\"confirmed_count\":0,\"refunded_minor\":0,"
						 "\"held_places\":0,\"pending_minor\":0,"
						 "\"pending_count\":0}");
	campaign->figures.confirmed_minor = 1;
	assert_int_equal(cfa_model_apply(campaign, &event, &change),
					 CFA_MODEL_MALFORMED);
	assert_int_equal(campaign->figures.confirmed_minor, 1);
	cfa_model_change_clear(&change);
	snprintf(event.type, sizeof(event.type), "donor.moved");
	assert_int_equal(cfa_model_apply(campaign, &event, &change),
					 CFA_MODEL_IGNORED);
	cfa_model_event_clear(&event);
	cfa_model_campaign_free(campaign);
	cfa_model_campaign_free(unknown);
}

static void
figures_round_trip(void **state)
{
	static const char half_a_place[] = "{\"places\":{\"" REWARD "\":1.5}}";
	static const char *const bad[] = {"",
									  "[]",
									  "{\"pending_minor\":\"1\"}",
									  "{\"places\":{\"x\":1}}",
									  half_a_place};
	CfaFigures figures = {.confirmed_minor = 9007199254740991,
						  .confirmed_count = 2,
						  .refunded_minor = 3,
						  .pending_minor = 4,
						  .pending_count = 5,
						  .sequence = 6,
						  .places_count = 1};
	CfaFigures copy;
	char *text;

	snprintf(figures.places[0].id, sizeof(figures.places[0].id), REWARD);
	figures.places[0].held = 7;
	text = cfa_model_figures_format(&figures);
	assert_int_equal(cfa_model_figures_parse(&copy, text), 0);
	assert_memory_equal(&figures, &copy, sizeof(figures));
	free(text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cfa_model_figures_parse(&copy, bad[i]), -1);
}

static void
gift_hides_what_is_not_public(void **state)
{
	json_t *data =
		json_loads("{\"pledge_id\":\"" PLEDGE "\",\"amount_minor\":500,"
				   "\"currency\":\"EUR\",\"name\":null,\"message\":null,"
				   "\"show_amount\":false,\"created_at\":\"2026\"}",
				   0,
				   NULL);
	char *gift = cfa_model_gift(data);
	json_t *value = json_loads(gift, 0, NULL);
	char *copy = cfa_model_gift_copy(value);

	assert_json(json_object_get(value, "amount"), "null");
	assert_null(strstr(gift, "500"));
	assert_string_equal(copy, gift);
	free(copy);
	free(gift);
	json_decref(value);
	json_decref(data);
}

static void
times(void **state)
{
	assert_int_equal(cfa_model_time_ms("1970-01-01T00:00:01.005Z"), 1005);
	assert_int_equal(cfa_model_time_ms("2026-11-23T18:00:00Z"), 1795456800000);
	assert_int_equal(cfa_model_time_ms("2026-11-23T18:00:00.1234Z"),
					 1795456800123);
	assert_int_equal(cfa_model_time_ms("2026-11-23"), -1);
	assert_int_equal(cfa_model_time_ms("2026-11-23T18:00:00+02:00"), -1);
	assert_int_equal(cfa_model_time_ms(NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_of_a_pledge),
		cmocka_unit_test(frames_of_an_event),
		cmocka_unit_test(event_without_figures_keeps_the_sequence),
		cmocka_unit_test(campaign_versions_only_grow),
		cmocka_unit_test(bad_events_change_nothing),
		cmocka_unit_test(figures_round_trip),
		cmocka_unit_test(gift_hides_what_is_not_public),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
