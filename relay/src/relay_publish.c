/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_publish.c: messages out, acknowledgements in.
 *
 * Each connection has one inbox; message n of an epoch asks for its answer at
 * <inbox>.<n>. It is stored only behind sequence base + n - 1 and, but for the first
 * one, behind the very message that was sent before it: the sequence alone would let
 * message n + 1 in where somebody else's took the place of message n. An
 * answer that is not exactly what the chain demands ends the epoch: single messages
 * are never sent again, because what follows them may be stored already.
 */
#include "relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "careforall/text.h"
#include "relay_ack.h"
#include "relay_fault.h"

#define REPLY_MAX 128
/* Above the subject, the protocol line and a little air. */
#define MESSAGE_OVERHEAD 256
#define NO_RESPONDERS "NATS/1.0 503"

bool
cfa_publish_open(CfaRelay *relay)
{
	natsInbox *inbox = NULL;
	char subject[sizeof(relay->inbox) + 2];

	if (natsInbox_Create(&inbox) != NATS_OK)
		return false;
	snprintf(relay->inbox, sizeof(relay->inbox), "%s", inbox);
	natsInbox_Destroy(inbox);
	snprintf(subject, sizeof(subject), "%s.*", relay->inbox);
	cfa_wire_subscribe(cfa_nats_wire(relay->nats), subject);
	return true;
}

void
cfa_publish_close(CfaRelay *relay)
{
	relay->is_held_back = false;
	cfa_relay_spans_lost(&relay->spans);
	cfa_window_start(&relay->window, 0);
}

bool
cfa_publish_is_full(const CfaRelay *relay)
{
	const CfaWire *wire = cfa_nats_wire(relay->nats);

	return cfa_window_is_full(&relay->window) ||
		   (wire != NULL && cfa_wire_is_behind(wire));
}

/* ---- out */

static void
send_event(CfaRelay *relay, const CfaRow *row, int64_t replay)
{
	const CfaEvent *event = &row->event;
	CfaWire *wire = cfa_nats_wire(relay->nats);
	char subject[CFA_EVENT_SUBJECT_MAX];
	char reply[REPLY_MAX];
	char lines[CFA_EVENT_LINES_MAX];
	uint64_t expected = cfa_window_expected(&relay->window);
	uint64_t ordinal;
	size_t len;

	ordinal = cfa_window_add(&relay->window,
							 event->outbox_id,
							 row->recorded_ms,
							 cfa_loop_now_us(relay->loop));
	if (replay != 0)
		cfa_window_mark_replay(&relay->window);
	cfa_relay_spans_sent(&relay->spans, relay->window.size, ordinal, event);
	snprintf(reply, sizeof(reply), "%s.%" PRIu64, relay->inbox, ordinal);
	cfa_event_subject(event, subject);
	len = cfa_event_lines(event, expected, relay->previous, replay, lines);
	cfa_wire_publish(
		wire, subject, reply, lines, len, event->data, event->data_len);
	memcpy(relay->previous, event->event_id, sizeof(relay->previous));
	cfa_metrics_add(relay->metrics.registry, relay->metrics.published, 1);
	CFA_FAULT("after_publish");
}

/* Why this event cannot be published, NULL if it can. */
static const char *
reason_to_park(const CfaRelay *relay, const CfaRow *row)
{
	const char *reason = cfa_event_check(&row->event);
	int64_t first_parked = 0;

	if (reason != NULL)
		return reason;
	if (relay->stream.message_size_max > 0 &&
		(int64_t) row->event.data_len + CFA_EVENT_HEAD_MAX + MESSAGE_OVERHEAD >
			relay->stream.message_size_max)
		return "larger than the stream takes";
	if (relay->poison_outbox_id == row->event.outbox_id)
		return "refused by the stream";
	if (relay->batch.is_released)
		return cfa_ids_get(&relay->blocked, row->aggregate_id, NULL)
				   ? CFA_REASON_AGGREGATE
				   : NULL;
	if (cfa_ids_get(&relay->parked, row->aggregate_id, &first_parked) &&
		row->event.outbox_id >= first_parked)
		return CFA_REASON_AGGREGATE;
	return NULL;
}

bool
cfa_publish_row(CfaRelay *relay, const CfaRow *row)
{
	const char *reason;

	if (cfa_ids_get(&relay->done, row->event_id, NULL))
	{
		cfa_metrics_add(relay->metrics.registry, relay->metrics.skipped, 1);
		return true;
	}
	/* Somebody decided so; only a reading of everything comes past it again. */
	if (cfa_ids_get(&relay->dropped, row->event_id, NULL))
		return true;
	reason = reason_to_park(relay, row);
	if (reason != NULL)
		cfa_lead_park(relay, row, reason);
	else
		send_event(relay, row, 0);
	return reason == NULL;
}

bool
cfa_publish_again(CfaRelay *relay, const CfaRow *row, int64_t replay)
{
	int64_t first_parked = 0;

	/* What was never published is not published again. */
	if (cfa_event_check(&row->event) != NULL ||
		cfa_ids_get(&relay->dropped, row->event_id, NULL) ||
		(cfa_ids_get(&relay->parked, row->aggregate_id, &first_parked) &&
		 row->event.outbox_id >= first_parked))
		return false;
	send_event(relay, row, replay);
	cfa_metrics_add(relay->metrics.registry, relay->metrics.replayed, 1);
	return true;
}

/* ---- in */

static void
count_refusal(CfaRelay *relay, const CfaAck *ack)
{
	CfaRelayMetrics *m = &relay->metrics;
	CfaMetric metric = m->refused_other;

	if (ack->class == CFA_ACK_REFUSED)
		metric = m->refused_chain;
	else if (ack->class == CFA_ACK_POISON)
		metric = m->refused_poison;
	else if (ack->class == CFA_ACK_WAIT)
		metric = m->refused_wait;
	cfa_metrics_add(m->registry, metric, 1);
}

/* The server will never take this one: remember that, for the next reading. */
static void
remember_poison(CfaRelay *relay, int64_t outbox_id)
{
	cfa_log(CFA_LOG_ERROR,
			"event_refused",
			CFA_INT("outbox_id", outbox_id),
			CFA_STR("reason", "refused by the stream"));
	relay->poison_outbox_id = outbox_id;
}

static void
refused(CfaRelay *relay, uint64_t ordinal, const CfaAck *ack)
{
	const CfaSent *sent = cfa_window_find(&relay->window, ordinal);
	char reason[96];

	count_refusal(relay, ack);
	if (ack->class == CFA_ACK_POISON && sent != NULL)
		remember_poison(relay, sent->outbox_id);
	if (ack->class == CFA_ACK_UNKNOWN && sent != NULL)
		cfa_log(CFA_LOG_ERROR,
				"answer_unknown",
				CFA_INT("outbox_id", sent->outbox_id),
				CFA_INT("code", ack->code));
	snprintf(reason,
			 sizeof(reason),
			 "the stream refused a message (%d)",
			 ack->code);
	cfa_relay_resync(relay, reason);
}

static void
stored(CfaRelay *relay, uint64_t ordinal, const CfaAck *ack)
{
	CfaRelayMetrics *m = &relay->metrics;
	const CfaSent *sent = cfa_window_find(&relay->window, ordinal);
	int64_t sent_us = sent == NULL ? 0 : sent->sent_us;
	int64_t recorded_ms = sent == NULL ? 0 : sent->recorded_ms;
	int64_t delay_ms = cfa_now_ms() - recorded_ms;

	if (ack->is_duplicate && sent != NULL && sent->is_replay)
	{
		cfa_replay_rest(relay);
		cfa_relay_resync(relay, "the stream knows a replayed event still");
		return;
	}
	if (ack->is_duplicate)
		cfa_metrics_add(m->registry, m->duplicates, 1);
	if (cfa_window_ack(&relay->window, ordinal, ack->seq, ack->is_duplicate) ==
		CFA_ACK_BROKEN)
	{
		cfa_relay_resync(relay, "an answer does not fit the chain");
		return;
	}
	relay->broker_heard_us = cfa_loop_now_us(relay->loop);
	relay->doubt[0] = '\0';
	cfa_relay_spans_stored(&relay->spans, ordinal, ack->is_duplicate);
	cfa_metrics_add(m->registry, m->acknowledged, 1);
	cfa_metrics_observe(m->registry,
						m->ack_time,
						(uint64_t) (cfa_loop_now_us(relay->loop) - sent_us));
	cfa_metrics_observe(m->registry,
						m->delay,
						(uint64_t) (delay_ms < 0 ? 0 : delay_ms) * 1000);
	CFA_FAULT("after_ack");
}

void
cfa_publish_answer(void *arg, const CfaWireMessage *message)
{
	CfaRelay *relay = arg;
	size_t inbox_len = strlen(relay->inbox);
	uint64_t ordinal = 0;
	CfaAck ack;

	/* What comes after a resync belongs to the epoch that is over. */
	if ((relay->phase != CFA_RELAY_FLOW &&
		 relay->phase != CFA_RELAY_STOPPING) ||
		message->subject_len <= inbox_len + 1 ||
		!cfa_parse_uint(message->subject + inbox_len + 1,
						message->subject_len - inbox_len - 1,
						UINT64_MAX,
						&ordinal))
		return;
	if (message->head_len >= sizeof(NO_RESPONDERS) - 1 &&
		memcmp(message->head, NO_RESPONDERS, sizeof(NO_RESPONDERS) - 1) == 0)
	{
		cfa_metrics_add(relay->metrics.registry,
						relay->metrics.refused_wait,
						1);
		cfa_relay_resync(relay, "no stream takes the messages");
		return;
	}
	ack = cfa_ack_parse(message->data, message->data_len);
	if (ack.class == CFA_ACK_STORED)
		stored(relay, ordinal, &ack);
	else
		refused(relay, ordinal, &ack);
}

void
cfa_publish_answered(void *arg)
{
	cfa_relay_window_moved(arg);
}
