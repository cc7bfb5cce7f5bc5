/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c
 *	  Encoding and decoding of journal records.
 */
#include "record.h"

#include <stdio.h>

#include <sodium.h>

#include "memory.h"

/* Records of one dumped line: bounds the memory of a rewrite. */
#define DUMP_BATCH 256

static bool apply_intent(CfaMockStore *store, const json_t *record);
static bool apply_refund(CfaMockStore *store, const json_t *record);
static bool apply_event(CfaMockStore *store, const json_t *record);
static bool apply_delivered(CfaMockStore *store, const json_t *record);
static bool apply_key(CfaMockStore *store, const json_t *record);
static bool flush(json_t *batch, CfaMockJournal *journal);
static bool read_text(char *target, size_t size, const json_t *record,
					  const char *member);
static int64_t read_integer(const json_t *record, const char *member);

/* clang-format off */
static const struct
{
	const char *kind;
	bool (*apply)(CfaMockStore *store, const json_t *record);
} record_kinds[] = {
	{"intent", apply_intent},
	{"refund", apply_refund},
	{"event", apply_event},
	{"delivered", apply_delivered},
	{"key", apply_key},
};
/* clang-format on */

json_t *
cfa_mock_record_intent(const CfaMockIntent *intent)
{
	return json_pack(
		"{ss ss ss ss ss ss* sI sI sI ss ss ss ss* sO sI sI sI sI}",
		"kind",
		"intent",
		"id",
		intent->id,
		"charge",
		intent->charge_id,
		"status",
		cfa_mock_status_name(intent->status),
		"outcome",
		intent->outcome->name,
		"failure",
		intent->failure == NULL ? NULL : intent->failure->name,
		"attempts",
		(json_int_t) intent->attempts,
		"amount",
		(json_int_t) intent->amount,
		"received",
		(json_int_t) intent->amount_received,
		"currency",
		intent->currency,
		"method",
		intent->payment_method,
		"cancellation",
		intent->cancellation_reason,
		"description",
		intent->description,
		"metadata",
		intent->metadata,
		"created",
		(json_int_t) intent->created_ms,
		"due",
		(json_int_t) intent->due_ms,
		"settled",
		(json_int_t) intent->settled_ms,
		"canceled",
		(json_int_t) intent->canceled_ms);
}

json_t *
cfa_mock_record_refund(const CfaMockRefund *refund)
{
	return json_pack("{ss ss ss ss sb sI ss sO sI sI sI}",
					 "kind",
					 "refund",
					 "id",
					 refund->id,
					 "intent",
					 refund->intent->id,
					 "status",
					 cfa_mock_refund_status_name(refund->status),
					 "fails",
					 (int) refund->fails,
					 "amount",
					 (json_int_t) refund->amount,
					 "reason",
					 refund->reason,
					 "metadata",
					 refund->metadata,
					 "created",
					 (json_int_t) refund->created_ms,
					 "due",
					 (json_int_t) refund->due_ms,
					 "settled",
					 (json_int_t) refund->settled_ms);
}

json_t *
cfa_mock_record_event(const CfaMockEvent *event)
{
	return json_pack("{ss ss ss ss ss ss sI sI sI}",
					 "kind",
					 "event",
					 "id",
					 event->id,
					 "object",
					 event->object_id,
					 "type",
					 event->type,
					 "body",
					 event->body,
					 "traceparent",
					 event->traceparent,
					 "created",
					 (json_int_t) event->created_ms,
					 "due",
					 (json_int_t) event->due_ms,
					 "copies",
					 (json_int_t) event->copies);
}

json_t *
cfa_mock_record_delivered(const CfaMockEvent *event)
{
	return json_pack("{ss ss}", "kind", "delivered", "id", event->id);
}

json_t *
cfa_mock_record_key(const CfaMockKey *key)
{
	char fingerprint[CFA_MOCK_FINGERPRINT_BYTES * 2 + 1];

	sodium_bin2hex(fingerprint,
				   sizeof(fingerprint),
				   key->fingerprint,
				   sizeof(key->fingerprint));
	return json_pack("{ss ss ss ss ss si ss sI}",
					 "kind",
					 "key",
					 "key",
					 key->key,
					 "path",
					 key->path,
					 "fingerprint",
					 fingerprint,
					 "request",
					 key->request_id,
					 "status",
					 key->status,
					 "body",
					 key->body,
					 "created",
					 (json_int_t) key->created_ms);
}

bool
cfa_mock_record_apply(CfaMockStore *store, const json_t *record)
{
	const char *kind = json_string_value(json_object_get(record, "kind"));

	if (kind == NULL)
		return false;
	for (size_t i = 0; i < sizeof(record_kinds) / sizeof(record_kinds[0]); i++)
		if (strcmp(record_kinds[i].kind, kind) == 0)
			return record_kinds[i].apply(store, record);
	return false;
}

bool
cfa_mock_record_dump(void *context, CfaMockJournal *journal)
{
	CfaMockStore *store = context;
	json_t *batch = json_array();
	const CfaMockEvent *event;
	const CfaMockKey *key;
	bool written = true;

	for (size_t i = 0; written && i < store->intent_count; i++)
	{
		json_array_append_new(batch, cfa_mock_record_intent(store->intents[i]));
		written = json_array_size(batch) < DUMP_BATCH || flush(batch, journal);
	}
	for (size_t i = 0; written && i < store->refund_count; i++)
	{
		json_array_append_new(batch, cfa_mock_record_refund(store->refunds[i]));
		written = json_array_size(batch) < DUMP_BATCH || flush(batch, journal);
	}
	TAILQ_FOREACH(event, &store->events, link)
	{
		json_array_append_new(batch, cfa_mock_record_event(event));
		if (json_array_size(batch) >= DUMP_BATCH)
			written = written && flush(batch, journal);
	}
	TAILQ_FOREACH(key, &store->keys, link)
	{
		json_array_append_new(batch, cfa_mock_record_key(key));
		if (json_array_size(batch) >= DUMP_BATCH)
			written = written && flush(batch, journal);
	}
	written = written && flush(batch, journal);
	json_decref(batch);
	return written;
}

static bool
flush(json_t *batch, CfaMockJournal *journal)
{
	bool written =
		json_array_size(batch) == 0 || cfa_mock_journal_append(journal, batch);

	json_array_clear(batch);
	return written;
}

static bool
apply_intent(CfaMockStore *store, const json_t *record)
{
	const char *id = json_string_value(json_object_get(record, "id"));
	const char *status = json_string_value(json_object_get(record, "status"));
	const char *outcome = json_string_value(json_object_get(record, "outcome"));
	const char *failure = json_string_value(json_object_get(record, "failure"));
	const char *description =
		json_string_value(json_object_get(record, "description"));
	json_t *metadata = json_object_get(record, "metadata");
	CfaMockIntent *intent;
	bool is_new;

	if (id == NULL || status == NULL || outcome == NULL ||
		cfa_mock_outcome_by_name(outcome) == NULL || !json_is_object(metadata))
		return false;
	intent = cfa_mock_store_intent(store, id);
	is_new = intent == NULL;
	if (is_new)
	{
		intent = cfa_mock_intent_new();
		intent->metadata = json_incref(metadata);
		if (description != NULL)
			intent->description = cfa_mock_strdup(description);
		if (!read_text(intent->id, sizeof(intent->id), record, "id"))
			goto refused;
		cfa_mock_store_add_intent(store, intent);
	}
	intent->outcome = cfa_mock_outcome_by_name(outcome);
	intent->failure =
		failure == NULL ? NULL : cfa_mock_outcome_by_name(failure);
	intent->attempts = read_integer(record, "attempts");
	intent->amount = read_integer(record, "amount");
	intent->amount_received = read_integer(record, "received");
	intent->created_ms = read_integer(record, "created");
	intent->due_ms = read_integer(record, "due");
	intent->settled_ms = read_integer(record, "settled");
	intent->canceled_ms = read_integer(record, "canceled");
	return cfa_mock_status_from_name(status, &intent->status) &&
		   read_text(intent->charge_id,
					 sizeof(intent->charge_id),
					 record,
					 "charge") &&
		   read_text(intent->currency,
					 sizeof(intent->currency),
					 record,
					 "currency") &&
		   read_text(intent->payment_method,
					 sizeof(intent->payment_method),
					 record,
					 "method") &&
		   read_text(intent->cancellation_reason,
					 sizeof(intent->cancellation_reason),
					 record,
					 "cancellation");
refused:
	json_decref(intent->metadata);
	free(intent->description);
	free(intent);
	return false;
}

static bool
apply_refund(CfaMockStore *store, const json_t *record)
{
	const char *id = json_string_value(json_object_get(record, "id"));
	const char *owner = json_string_value(json_object_get(record, "intent"));
	const char *name = json_string_value(json_object_get(record, "status"));
	json_t *metadata = json_object_get(record, "metadata");
	CfaMockIntent *intent =
		owner == NULL ? NULL : cfa_mock_store_intent(store, owner);
	CfaMockRefundStatus status;
	CfaMockRefund *refund;

	if (id == NULL || intent == NULL || name == NULL ||
		!json_is_object(metadata) ||
		!cfa_mock_refund_status_from_name(name, &status))
		return false;
	refund = cfa_mock_store_refund(store, id);
	if (refund == NULL)
	{
		refund = cfa_mock_refund_new(intent);
		refund->metadata = json_incref(metadata);
		refund->status = status;
		refund->amount = read_integer(record, "amount");
		if (!read_text(refund->id, sizeof(refund->id), record, "id") ||
			!read_text(refund->reason,
					   sizeof(refund->reason),
					   record,
					   "reason") ||
			refund->amount < 1 ||
			(status != CFA_MOCK_REFUND_FAILED &&
			 refund->amount >
				 intent->amount_received - intent->amount_refunded))
		{
			json_decref(refund->metadata);
			free(refund);
			return false;
		}
		cfa_mock_store_add_refund(store, refund);
	}
	else if (status == CFA_MOCK_REFUND_FAILED &&
			 refund->status != CFA_MOCK_REFUND_FAILED)
		intent->amount_refunded -= refund->amount;
	refund->status = status;
	refund->fails = json_is_true(json_object_get(record, "fails"));
	refund->created_ms = read_integer(record, "created");
	refund->due_ms = read_integer(record, "due");
	refund->settled_ms = read_integer(record, "settled");
	return true;
}

static bool
apply_event(CfaMockStore *store, const json_t *record)
{
	const char *type = json_string_value(json_object_get(record, "type"));
	const char *body = json_string_value(json_object_get(record, "body"));
	CfaMockEvent *event;

	if (type == NULL || body == NULL)
		return false;
	event = cfa_mock_event_new();
	if (!read_text(event->id, sizeof(event->id), record, "id") ||
		!read_text(event->object_id,
				   sizeof(event->object_id),
				   record,
				   "object") ||
		!read_text(event->traceparent,
				   sizeof(event->traceparent),
				   record,
				   "traceparent") ||
		cfa_mock_store_event(store, event->id) != NULL)
	{
		free(event);
		return false;
	}
	event->type = cfa_mock_strdup(type);
	event->body = cfa_mock_strdup(body);
	event->created_ms = read_integer(record, "created");
	event->due_ms = read_integer(record, "due");
	event->copies = read_integer(record, "copies");
	cfa_mock_store_add_event(store, event);
	return true;
}

static bool
apply_delivered(CfaMockStore *store, const json_t *record)
{
	const char *id = json_string_value(json_object_get(record, "id"));
	CfaMockEvent *event = id == NULL ? NULL : cfa_mock_store_event(store, id);

	if (event == NULL)
		return false;
	cfa_mock_store_drop_event(store, event);
	return true;
}

static bool
apply_key(CfaMockStore *store, const json_t *record)
{
	const char *text = json_string_value(json_object_get(record, "key"));
	const char *path = json_string_value(json_object_get(record, "path"));
	const char *body = json_string_value(json_object_get(record, "body"));
	const char *fingerprint =
		json_string_value(json_object_get(record, "fingerprint"));
	CfaMockKey *key;
	size_t len = 0;

	if (text == NULL || path == NULL || body == NULL || fingerprint == NULL)
		return false;
	key = cfa_mock_key_new();
	if (!read_text(key->request_id,
				   sizeof(key->request_id),
				   record,
				   "request") ||
		sodium_hex2bin(key->fingerprint,
					   sizeof(key->fingerprint),
					   fingerprint,
					   strlen(fingerprint),
					   NULL,
					   &len,
					   NULL) != 0 ||
		len != sizeof(key->fingerprint))
	{
		free(key);
		return false;
	}
	key->key = cfa_mock_strdup(text);
	key->path = cfa_mock_strdup(path);
	key->body = cfa_mock_strdup(body);
	key->status = (int) read_integer(record, "status");
	key->created_ms = read_integer(record, "created");
	cfa_mock_store_add_key(store, key);
	return true;
}

/* Copies a member that must be text and must fit. */
static bool
read_text(char *target, size_t size, const json_t *record, const char *member)
{
	const char *text = json_string_value(json_object_get(record, member));

	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(target, text, strlen(text) + 1);
	return true;
}

static int64_t
read_integer(const json_t *record, const char *member)
{
	return json_integer_value(json_object_get(record, member));
}
