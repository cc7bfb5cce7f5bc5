/* SPDX-License-Identifier: Apache-2.0 */
/* Outbox row to headers and back, and each event that must never be sent. */
#include "unit.h"

#include "careforall/envelope.h"

#define UUID "01890a5d-ac96-774b-bcce-b302099a8057"
#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static const CfaEvent good = {.event_id = UUID,
							  .outbox_id = 42,
							  .transaction_id = 9000000000,
							  .aggregate_type = "pledge",
							  .aggregate_id =
								  "01890a5d-ac96-774b-bcce-b302099a8001",
							  .aggregate_version = 2,
							  .campaign_id =
								  "01890a5d-ac96-774b-bcce-b302099a80ff",
							  .type = "pledge.refund_recorded",
							  .traceparent = TRACE,
							  .occurred_at_ms = 1795456800123,
							  .data = "{}",
							  .data_len = 2};

/* Header lines, cut into names and values. */
typedef struct Message
{
	char head[CFA_EVENT_HEAD_MAX];
	char *names[32];
	char *values[32];
	size_t count;
} Message;

static void
write_head(Message *message, const CfaEvent *event)
{
	size_t len = cfa_event_head(event, message->head);
	char *at = message->head;

	assert_in_range(len, 1, CFA_EVENT_HEAD_MAX - 1);
	message->head[len] = '\0';
	message->count = 0;
	while (*at != '\0')
	{
		char *colon = strstr(at, ": ");
		char *end = strstr(at, "\r\n");

		assert_true(colon != NULL && end != NULL && colon < end);
		*colon = '\0';
		*end = '\0';
		message->names[message->count] = at;
		message->values[message->count++] = colon + 2;
		at = end + 2;
	}
}

static const char *
get(void *closure, const char *name)
{
	Message *message = closure;
	size_t i;

	for (i = 0; i < message->count; i++)
	{
		if (strcmp(message->names[i], name) == 0)
			return message->values[i];
	}
	return NULL;
}

static void
test_round_trip(void **state)
{
	Message message;
	CfaEventIn in;
	char subject[CFA_EVENT_SUBJECT_MAX];
	size_t i;

	assert_null(cfa_event_check(&good));
	write_head(&message, &good);
	assert_int_equal(message.count, 15);
	for (i = 0; i < message.count; i++)
		assert_true(message.values[i][0] != '\0');
	cfa_event_subject(&good, subject);
	assert_string_equal(subject, "careforall.pledge.refund_recorded.63");
	assert_string_equal(get(&message, "ce-type"),
						"careforall.pledge.refund_recorded.v1");
	assert_string_equal(get(&message, "ce-sequence"), "00000000000000000042");
	assert_string_equal(get(&message, "ce-time"), "2026-11-23T18:00:00.123Z");
	assert_string_equal(get(&message, "ce-traceparent"), TRACE);
	assert_string_equal(get(&message, "ce-specversion"), "1.0");
	assert_string_equal(get(&message, "ce-source"), "/careforall");
	assert_string_equal(get(&message, "ce-datacontenttype"),
						"application/json");
	assert_string_equal(get(&message, "ce-partitionkey"), good.aggregate_id);
	assert_string_equal(get(&message, "ce-id"), UUID);
	assert_true(cfa_event_read(get, &message, &in));
	assert_string_equal(in.event_id, good.event_id);
	assert_string_equal(in.type, good.type);
	assert_string_equal(in.aggregate_id, good.aggregate_id);
	assert_string_equal(in.campaign_id, good.campaign_id);
	assert_string_equal(in.traceparent, TRACE);
	assert_true(in.outbox_id == 42 && in.aggregate_version == 2);
	assert_true(in.transaction_id == 9000000000);
	assert_true(in.occurred_at_ms == good.occurred_at_ms);
}

static void
test_refused(void **state)
{
	CfaEvent event;

#define REFUSED(field, value) \
	event = good;             \
	event.field = (value);    \
	assert_non_null(cfa_event_check(&event))
	REFUSED(event_id, "x");
	REFUSED(event_id, NULL);
	REFUSED(aggregate_id, "");
	REFUSED(campaign_id, UUID "0");
	REFUSED(outbox_id, 0);
	REFUSED(aggregate_version, -1);
	REFUSED(aggregate_type, "campaign");
	REFUSED(type, "pledge.");
	REFUSED(type, "pledge.a b");
	REFUSED(type, "pledge.>");
	REFUSED(type, "pledge.a.b");
	REFUSED(type, "pledge.a\r\nPUB x 0");
	REFUSED(type, "pledge.Created");
	REFUSED(data_len, CFA_EVENT_SIZE_MAX);
	REFUSED(occurred_at_ms, -1);
}

/* The largest head fits, and its bytes count towards the limit of the whole. */
static void
test_limits(void **state)
{
	CfaEvent event = good;
	char head[CFA_EVENT_HEAD_MAX];

	event.outbox_id = INT64_MAX;
	event.aggregate_version = INT64_MAX;
	event.transaction_id = UINT64_MAX;
	event.aggregate_type = "abcdefghijklmnopqrstuvwx";
	event.type = "abcdefghijklmnopqrstuvwx.abcdefghijklmnopqrstuvwx";
	event.data_len = CFA_EVENT_SIZE_MAX - cfa_event_head(&event, head);
	assert_null(cfa_event_check(&event));
	event.data_len++;
	assert_non_null(cfa_event_check(&event));
}

static void
test_bad_trace_is_dropped(void **state)
{
	CfaEvent event = good;
	Message message;
	CfaEventIn in;

	event.traceparent = "00-zz";
	assert_null(cfa_event_check(&event));
	write_head(&message, &event);
	assert_null(get(&message, "traceparent"));
	assert_true(cfa_event_read(get, &message, &in));
	assert_string_equal(in.traceparent, "");
}

static void
test_unreadable(void **state)
{
	Message message;
	CfaEventIn in;
	size_t i;

	/* Without, or with garbage in, any header that matters, it is refused. */
	static const char *const needed[] = {"Nats-Msg-Id",
										 "ce-type",
										 "ce-subject",
										 "ce-time",
										 "ce-sequence",
										 "ce-aggregateversion",
										 "ce-campaignid",
										 "ce-transactionid"};

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
	{
		size_t j = 0;

		write_head(&message, &good);
		while (strcmp(message.names[j], needed[i]) != 0)
			j++;
		message.values[j] = (char[]){"garbage"};
		assert_false(cfa_event_read(get, &message, &in));
		message.names[j] = (char[]){"x"};
		assert_false(cfa_event_read(get, &message, &in));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
									   cmocka_unit_test(test_refused),
									   cmocka_unit_test(test_limits),
									   cmocka_unit_test(
										   test_bad_trace_is_dropped),
									   cmocka_unit_test(test_unreadable)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
