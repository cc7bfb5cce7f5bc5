/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_stream.c: what the stream is, what it holds, and the ids of its tail.
 *
 * A stream whose settings would lose or reorder events is refused, never changed:
 * it may be somebody's. A missing one is made only when provisioning is on.
 */
#include "relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "careforall/text.h"

#define SUBJECTS "careforall.>"
#define API_SUBJECT_MAX 128
#define DUPLICATE_WINDOW_NS ((json_int_t) 120 * 1000000000)
#define NS_PER_MS ((json_int_t) 1000000)

static void on_info(void *arg, const json_t *answer, const char *error);
static void on_created(void *arg, const json_t *answer, const char *error);

/* ---- settings */

static bool
is_text(const json_t *settings, const char *name, const char *wanted)
{
	const char *text = json_string_value(json_object_get(settings, name));

	return text != NULL && strcmp(text, wanted) == 0;
}

/* Whether a limit is absent or means none. */
static bool
is_unlimited(const json_t *settings, const char *name)
{
	return json_integer_value(json_object_get(settings, name)) <= 0;
}

static bool
has_our_subjects(const json_t *settings)
{
	const json_t *subjects = json_object_get(settings, "subjects");
	const char *first = json_string_value(json_array_get(subjects, 0));

	return json_array_size(subjects) == 1 && first != NULL &&
		   strcmp(first, SUBJECTS) == 0;
}

const char *
cfa_stream_check(const json_t *settings, char *reason, size_t size)
{
	const char *wrong = NULL;

	if (!has_our_subjects(settings))
		wrong = "its subjects must be exactly " SUBJECTS;
	else if (!is_text(settings, "retention", "limits"))
		wrong = "its retention must be limits";
	else if (!is_text(settings, "storage", "file"))
		wrong = "its storage must be file";
	else if (!is_unlimited(settings, "max_bytes"))
		wrong = "it must have no max_bytes: nats-server 2.9 drops the oldest "
				"events at that limit while it acknowledges new ones";
	else if (!is_unlimited(settings, "max_msgs_per_subject"))
		wrong = "it must have no max_msgs_per_subject";
	else if (json_object_get(settings, "mirror") != NULL ||
			 json_object_get(settings, "sources") != NULL)
		wrong = "it must not be a mirror and have no sources";
	else if (json_is_true(json_object_get(settings, "sealed")) ||
			 json_is_true(json_object_get(settings, "no_ack")))
		wrong = "it must not be sealed or without acknowledgements";
	if (wrong == NULL)
		return NULL;
	snprintf(reason, size, "%s", wrong);
	return reason;
}

json_t *
cfa_stream_settings(const CfaRelayConfig *config)
{
	return json_pack(
		"{s:s,s:s,s:[s],s:s,s:s,s:s,s:I,s:i,s:i,s:I,s:I,s:b,s:b,s:b}",
		"name",
		config->stream,
		"description",
		"Committed events of CareForAll, written by careforall-relay only.",
		"subjects",
		SUBJECTS,
		"retention",
		"limits",
		"storage",
		"file",
		"discard",
		"old",
		"max_age",
		(json_int_t) config->stream_max_age_ms * NS_PER_MS,
		"max_bytes",
		-1,
		"max_msgs",
		-1,
		"num_replicas",
		(json_int_t) config->stream_replicas,
		"duplicate_window",
		DUPLICATE_WINDOW_NS,
		"deny_delete",
		1,
		"deny_purge",
		1,
		"allow_rollup_hdrs",
		0);
}

/* ---- what it holds */

static int64_t
message_size_max(CfaRelay *relay, const json_t *settings)
{
	int64_t payload =
		natsConnection_GetMaxPayload(cfa_nats_connection(relay->nats));
	int64_t limit =
		json_integer_value(json_object_get(settings, "max_msg_size"));

	return limit > 0 && limit < payload ? limit : payload;
}

static void
take_info(CfaRelay *relay, const json_t *answer)
{
	const json_t *settings = json_object_get(answer, "config");
	const json_t *state = json_object_get(answer, "state");
	const char *created = json_string_value(json_object_get(answer, "created"));
	char reason[CFA_RELAY_REASON_MAX];

	if (settings == NULL || state == NULL || created == NULL)
	{
		cfa_relay_resync(relay, "the stream's description is incomplete");
		return;
	}
	if (cfa_stream_check(settings, reason, sizeof(reason)) != NULL)
	{
		cfa_relay_fail(relay, "stream_wrong", reason);
		return;
	}
	snprintf(relay->stream.created,
			 sizeof(relay->stream.created),
			 "%s",
			 created);
	relay->stream.first_seq =
		(uint64_t) json_integer_value(json_object_get(state, "first_seq"));
	relay->stream.last_seq =
		(uint64_t) json_integer_value(json_object_get(state, "last_seq"));
	relay->stream.message_size_max = message_size_max(relay, settings);
	cfa_relay_stream_known(relay);
}

void
cfa_stream_ask(CfaRelay *relay)
{
	char subject[API_SUBJECT_MAX];

	snprintf(subject,
			 sizeof(subject),
			 "$JS.API.STREAM.INFO.%s",
			 relay->config->stream);
	if (cfa_js_request(
			relay->js, subject, NULL, cfa_monotonic_ms(), on_info, relay) != 0)
		cfa_relay_resync(relay, "the stream cannot be asked for");
}

static void
create_stream(CfaRelay *relay)
{
	char subject[API_SUBJECT_MAX];

	snprintf(subject,
			 sizeof(subject),
			 "$JS.API.STREAM.CREATE.%s",
			 relay->config->stream);
	cfa_log(CFA_LOG_INFO,
			"stream_making",
			CFA_STR("stream", relay->config->stream));
	if (cfa_js_request(relay->js,
					   subject,
					   cfa_stream_settings(relay->config),
					   cfa_monotonic_ms(),
					   on_created,
					   relay) != 0)
		cfa_relay_resync(relay, "the stream cannot be made");
}

static void
on_info(void *arg, const json_t *answer, const char *error)
{
	CfaRelay *relay = arg;

	if (relay->phase != CFA_RELAY_STREAM)
		return;
	if (answer != NULL)
		take_info(relay, answer);
	else if (strcmp(error, "stream not found") != 0)
		cfa_relay_resync(relay, error);
	else if (relay->config->stream_provision)
		create_stream(relay);
	else
		cfa_relay_fail(relay,
					   "stream_missing",
					   "there is no such stream: start once with --provision, "
					   "or set CAREFORALL_STREAM_PROVISION=on");
}

static void
on_created(void *arg, const json_t *answer, const char *error)
{
	CfaRelay *relay = arg;

	if (relay->phase != CFA_RELAY_STREAM)
		return;
	if (answer != NULL)
		take_info(relay, answer);
	else
		cfa_relay_resync(relay, error);
}

/* ---- tail */

/* Freeing the consumer ends the messages; true is for those that come after. */
static bool
on_tail_message(void *arg, const CfaDelivery *delivery)
{
	CfaRelay *relay = arg;
	const char *text = NULL;
	uint8_t id[16];

	if (relay->phase != CFA_RELAY_TAIL)
		return true;
	if (natsMsgHeader_Get(delivery->message, CFA_HEADER_ID, &text) == NATS_OK &&
		cfa_uuid_parse(text, strlen(text), id) &&
		!cfa_ids_put(&relay->done, id, delivery->sequence))
	{
		cfa_relay_fail(relay,
					   "tail_too_long",
					   "the stream's tail does not fit into memory");
		return true;
	}
	relay->tail_heard_us = cfa_loop_now_us(relay->loop);
	if ((uint64_t) delivery->sequence >= relay->stream.last_seq ||
		delivery->pending == 0)
		cfa_relay_tail_known(relay);
	return true;
}

/* How many wait is of no concern: the last message tells that it is the last. */
static void
on_tail_ready(void *arg, int64_t pending)
{
	CfaRelay *relay = arg;

	relay->tail_heard_us = cfa_loop_now_us(relay->loop);
}

static void
on_tail_lost(void *arg, const char *reason)
{
	cfa_relay_resync(arg, reason);
}

void
cfa_stream_read_tail(CfaRelay *relay)
{
	const CfaConsumerConfig config = {.stream = relay->config->stream,
									  .start_sequence =
										  (int64_t) relay->tail_from + 1,
									  .headers_only = true,
									  .ready = on_tail_ready,
									  .message = on_tail_message,
									  .lost = on_tail_lost,
									  .arg = relay};

	relay->tail_heard_us = cfa_loop_now_us(relay->loop);
	relay->tail = cfa_consumer_new(relay->js, &config, cfa_monotonic_ms());
	if (relay->tail == NULL)
		cfa_relay_resync(relay, "the stream's tail cannot be read");
}

void
cfa_stream_end_tail(CfaRelay *relay)
{
	cfa_consumer_free(relay->tail);
	relay->tail = NULL;
}
