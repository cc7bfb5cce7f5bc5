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

#define API_SUBJECT_MAX 128
#define NS_PER_MS INT64_C(1000000)
#define PROBE_US (INT64_C(5) * 1000000)

static void on_info(void *arg, const json_t *answer, const char *error);
static void on_created(void *arg, const json_t *answer, const char *error);
static void on_probe(void *arg, const json_t *answer, const char *error);

/* ---- what it holds */

static int64_t
message_size_max(CfaRelay *relay, const json_t *settings)
{
	int64_t payload = cfa_wire_payload_max(cfa_nats_wire(relay->nats));
	int64_t limit =
		json_integer_value(json_object_get(settings, "max_msg_size"));

	return limit > 0 && limit < payload ? limit : payload;
}

static bool
keeps_contract(CfaRelay *relay, const json_t *settings)
{
	const CfaRelayConfig *config = relay->config;
	const CfaContract contract = {.retention_ms = relay->retention_ms,
								  .messages_min = config->stream_messages,
								  .window_min_ms = config->stream_window_ms,
								  .replicas_min = config->stream_replicas};
	char reason[CFA_CONTRACT_REASON_MAX];

	if (cfa_contract_check(&contract, settings, reason, sizeof(reason)) == NULL)
		return true;
	cfa_relay_fail(relay, "stream_wrong", reason);
	return false;
}

static void
take_info(CfaRelay *relay, const json_t *answer)
{
	const json_t *settings = json_object_get(answer, "config");
	const json_t *state = json_object_get(answer, "state");
	const char *created = json_string_value(json_object_get(answer, "created"));

	if (settings == NULL || state == NULL || created == NULL)
	{
		cfa_relay_resync(relay, "the stream's description is incomplete");
		return;
	}
	if (!keeps_contract(relay, settings))
		return;
	relay->broker_heard_us = cfa_loop_now_us(relay->loop);
	snprintf(relay->stream.created,
			 sizeof(relay->stream.created),
			 "%s",
			 created);
	relay->stream.first_seq =
		(uint64_t) json_integer_value(json_object_get(state, "first_seq"));
	relay->stream.last_seq =
		(uint64_t) json_integer_value(json_object_get(state, "last_seq"));
	relay->stream.window_ms =
		json_integer_value(json_object_get(settings, "duplicate_window")) /
		NS_PER_MS;
	relay->stream.message_size_max = message_size_max(relay, settings);
	relay->stream.is_known = true;
	cfa_relay_guarded(relay);
}

static void
ask(CfaRelay *relay, CfaJsAnswer answer)
{
	char subject[API_SUBJECT_MAX];

	snprintf(subject,
			 sizeof(subject),
			 "$JS.API.STREAM.INFO.%s",
			 relay->config->stream);
	if (cfa_js_ask(
			relay->js, subject, NULL, cfa_monotonic_ms(), answer, relay) != 0)
		cfa_relay_resync(relay, "the stream cannot be asked for");
}

void
cfa_stream_ask(CfaRelay *relay)
{
	relay->stream.is_known = false;
	relay->is_probing = false;
	ask(relay, on_info);
}

/* ---- whether it is still what it was */

/*
 * A server that hangs answers pings, and one that has lost or changed the stream says
 * so only when somebody writes: while nothing is acknowledged, the stream is asked.
 */
void
cfa_stream_probe(CfaRelay *relay)
{
	int64_t now_us = cfa_loop_now_us(relay->loop);

	if (relay->phase != CFA_RELAY_FLOW || relay->is_probing ||
		now_us - relay->broker_heard_us < PROBE_US)
		return;
	relay->is_probing = true;
	relay->probe_ordinal = relay->window.last_ordinal;
	ask(relay, on_probe);
}

/* What the stream ends with, if nothing was under way while it was asked. */
static void
check_end(CfaRelay *relay, uint64_t last_seq)
{
	uint64_t expected = relay->window.base + relay->window.acked;

	if (cfa_window_in_flight(&relay->window) > 0 ||
		relay->window.last_ordinal != relay->probe_ordinal)
		return;
	if (last_seq < expected)
		cfa_relay_resync(relay, "the stream holds less than it did");
	else if (last_seq > expected)
		cfa_relay_resync(relay, "somebody else has written to the stream");
}

static void
on_probe(void *arg, const json_t *answer, const char *error)
{
	CfaRelay *relay = arg;
	const json_t *state = json_object_get(answer, "state");
	const char *created = json_string_value(json_object_get(answer, "created"));

	if (relay->phase != CFA_RELAY_FLOW || !relay->is_probing)
		return;
	relay->is_probing = false;
	if (answer == NULL || state == NULL || created == NULL)
	{
		cfa_relay_resync(relay,
						 error == NULL || strcmp(error, "timeout") == 0
							 ? "the server does not answer"
							 : error);
		return;
	}
	relay->broker_heard_us = cfa_loop_now_us(relay->loop);
	if (strcmp(created, relay->stream.created) != 0)
		cfa_relay_resync(relay, "the stream has been made anew");
	else if (keeps_contract(relay, json_object_get(answer, "config")))
		check_end(relay,
				  (uint64_t) json_integer_value(
					  json_object_get(state, "last_seq")));
}

/* ---- making it */

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
					   cfa_contract_settings(relay->config),
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

/* A message without the relay's proof was written by somebody else. */
static void
note_foreign(CfaRelay *relay, const CfaDelivery *delivery)
{
	const char *text = NULL;

	if (natsMsgHeader_Get(delivery->message, CFA_HEADER_EXPECT, &text) ==
		NATS_OK)
		return;
	cfa_metrics_add(relay->metrics.registry, relay->metrics.foreign, 1);
	cfa_log(CFA_LOG_ERROR,
			"foreign_message",
			CFA_INT("sequence", delivery->sequence),
			CFA_STR("subject", natsMsg_GetSubject(delivery->message)),
			CFA_STR("hint", "let only the relay's user publish careforall.>"));
}

static void
note_replay(CfaRelay *relay, const CfaDelivery *delivery)
{
	const char *replay = NULL;
	const char *position = NULL;

	if (natsMsgHeader_Get(delivery->message, CFA_HEADER_REPLAY, &replay) ==
			NATS_OK &&
		natsMsgHeader_Get(delivery->message, CFA_HEADER_SEQUENCE, &position) ==
			NATS_OK)
		cfa_replay_tail(relay, replay, strtoll(position, NULL, 10));
}

/* Freeing the consumer ends the messages; true is for those that come after. */
static bool
on_tail_message(void *arg, const CfaDelivery *delivery)
{
	CfaRelay *relay = arg;
	const char *text = NULL;
	uint8_t id[16];

	if (relay->phase != CFA_RELAY_TAIL)
		return true;
	note_foreign(relay, delivery);
	note_replay(relay, delivery);
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
