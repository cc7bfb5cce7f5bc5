/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c
 *	  Objects of the provider in memory, found by id, pledge or key.
 */
#include "store.h"

#include <assert.h>
#include <stdio.h>

#include <sodium.h>

#include "memory.h"

#define FIRST_SIZE 256

static const char *const status_names[] = {"requires_payment_method",
										   "requires_confirmation",
										   "processing",
										   "succeeded",
										   "canceled"};
static const char *const refund_status_names[] = {"pending",
												  "succeeded",
												  "failed"};

static void free_event(CfaMockEvent *event);
static void drop_key(CfaMockStore *store, CfaMockKey *key);
static bool find_name(const char *const *names, size_t count, const char *name,
					  size_t *at);

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

void
cfa_mock_store_init(CfaMockStore *store)
{
	memset(store, 0, sizeof(*store));
	TAILQ_INIT(&store->events);
	TAILQ_INIT(&store->keys);
}

void
cfa_mock_store_clear(CfaMockStore *store)
{
	CfaMockEvent *event;
	CfaMockKey *key;

	for (size_t i = 0; i < store->refund_count; i++)
	{
		json_decref(store->refunds[i]->metadata);
		free(store->refunds[i]);
	}
	for (size_t i = 0; i < store->intent_count; i++)
	{
		json_decref(store->intents[i]->metadata);
		free(store->intents[i]->description);
		free(store->intents[i]);
	}
	while ((event = TAILQ_FIRST(&store->events)) != NULL)
		cfa_mock_store_drop_event(store, event);
	while ((key = TAILQ_FIRST(&store->keys)) != NULL)
		drop_key(store, key);
	free(store->refunds);
	free(store->intents);
	cfa_mock_map_clear(&store->intent_map);
	cfa_mock_map_clear(&store->pledge_map);
	cfa_mock_map_clear(&store->refund_map);
	cfa_mock_map_clear(&store->event_map);
	cfa_mock_map_clear(&store->key_map);
	cfa_mock_store_init(store);
}

CfaMockIntent *
cfa_mock_intent_new(void)
{
	CfaMockIntent *intent = cfa_mock_calloc(1, sizeof(*intent));

	intent->outcome = cfa_mock_outcome_default();
	return intent;
}

CfaMockRefund *
cfa_mock_refund_new(CfaMockIntent *intent)
{
	CfaMockRefund *refund = cfa_mock_calloc(1, sizeof(*refund));

	refund->intent = intent;
	return refund;
}

CfaMockEvent *
cfa_mock_event_new(void)
{
	return cfa_mock_calloc(1, sizeof(CfaMockEvent));
}

CfaMockKey *
cfa_mock_key_new(void)
{
	return cfa_mock_calloc(1, sizeof(CfaMockKey));
}

void
cfa_mock_store_add_intent(CfaMockStore *store, CfaMockIntent *intent)
{
	const char *pledge_id =
		cfa_mock_metadata_get(intent->metadata, "pledge_id");

	assert(cfa_mock_store_intent(store, intent->id) == NULL);
	if (store->intent_count == store->intent_size)
	{
		store->intent_size =
			store->intent_size == 0 ? FIRST_SIZE : store->intent_size * 2;
		store->intents = cfa_mock_realloc(store->intents,
										  store->intent_size,
										  sizeof(CfaMockIntent *));
	}
	intent->position = store->intent_count;
	store->intents[store->intent_count++] = intent;
	cfa_mock_map_put(&store->intent_map, intent->id, intent);
	if (pledge_id == NULL)
		return;
	intent->older = cfa_mock_store_intent_of_pledge(store, pledge_id);
	cfa_mock_map_put(&store->pledge_map, pledge_id, intent);
}

void
cfa_mock_store_add_refund(CfaMockStore *store, CfaMockRefund *refund)
{
	assert(cfa_mock_store_refund(store, refund->id) == NULL);
	if (store->refund_count == store->refund_size)
	{
		store->refund_size =
			store->refund_size == 0 ? FIRST_SIZE : store->refund_size * 2;
		store->refunds = cfa_mock_realloc(store->refunds,
										  store->refund_size,
										  sizeof(CfaMockRefund *));
	}
	refund->position = store->refund_count;
	store->refunds[store->refund_count++] = refund;
	cfa_mock_map_put(&store->refund_map, refund->id, refund);
	if (refund->status != CFA_MOCK_REFUND_FAILED)
		refund->intent->amount_refunded += refund->amount;
	assert(refund->intent->amount_refunded <= refund->intent->amount_received);
}

void
cfa_mock_store_add_event(CfaMockStore *store, CfaMockEvent *event)
{
	TAILQ_INSERT_TAIL(&store->events, event, link);
	store->event_count++;
	cfa_mock_map_put(&store->event_map, event->id, event);
}

void
cfa_mock_store_add_key(CfaMockStore *store, CfaMockKey *key)
{
	CfaMockKey *older = cfa_mock_store_key(store, key->key);

	if (older != NULL)
		drop_key(store, older);
	if (store->key_count >= CFA_MOCK_KEYS_MAX)
		drop_key(store, TAILQ_FIRST(&store->keys));
	TAILQ_INSERT_TAIL(&store->keys, key, link);
	store->key_count++;
	cfa_mock_map_put(&store->key_map, key->key, key);
}

CfaMockIntent *
cfa_mock_store_intent(const CfaMockStore *store, const char *id)
{
	return cfa_mock_map_get(&store->intent_map, id);
}

CfaMockIntent *
cfa_mock_store_intent_of_pledge(const CfaMockStore *store,
								const char *pledge_id)
{
	return cfa_mock_map_get(&store->pledge_map, pledge_id);
}

CfaMockRefund *
cfa_mock_store_refund(const CfaMockStore *store, const char *id)
{
	return cfa_mock_map_get(&store->refund_map, id);
}

CfaMockEvent *
cfa_mock_store_event(const CfaMockStore *store, const char *id)
{
	return cfa_mock_map_get(&store->event_map, id);
}

CfaMockKey *
cfa_mock_store_key(const CfaMockStore *store, const char *key)
{
	return cfa_mock_map_get(&store->key_map, key);
}

void
cfa_mock_store_drop_event(CfaMockStore *store, CfaMockEvent *event)
{
	cfa_mock_map_remove(&store->event_map, event->id);
	TAILQ_REMOVE(&store->events, event, link);
	store->event_count--;
	free_event(event);
}

void
cfa_mock_store_expire_keys(CfaMockStore *store, int64_t before_ms)
{
	CfaMockKey *key;

	while ((key = TAILQ_FIRST(&store->keys)) != NULL &&
		   key->created_ms < before_ms)
		drop_key(store, key);
}

const char *
cfa_mock_metadata_get(const json_t *metadata, const char *key)
{
	return json_string_value(json_object_get(metadata, key));
}

void
cfa_mock_id_make(char id[CFA_MOCK_ID_SIZE], const char *prefix)
{
	static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
								   "abcdefghijklmnopqrstuvwxyz";
	unsigned char random[24];
	char text[sizeof(random) + 1];

	/* The remainder favours a few characters; 24 of them are still unique. */
	randombytes_buf(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		text[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
	text[sizeof(random)] = '\0';
	(void) snprintf(id, CFA_MOCK_ID_SIZE, "%s_%s", prefix, text);
}

const char *
cfa_mock_status_name(CfaMockStatus status)
{
	return status_names[status];
}

const char *
cfa_mock_refund_status_name(CfaMockRefundStatus status)
{
	return refund_status_names[status];
}

bool
cfa_mock_status_from_name(const char *name, CfaMockStatus *status)
{
	size_t at;

	if (!find_name(status_names, LENGTH(status_names), name, &at))
		return false;
	*status = (CfaMockStatus) at;
	return true;
}

bool
cfa_mock_refund_status_from_name(const char *name, CfaMockRefundStatus *status)
{
	size_t at;

	if (!find_name(refund_status_names, LENGTH(refund_status_names), name, &at))
		return false;
	*status = (CfaMockRefundStatus) at;
	return true;
}

static void
free_event(CfaMockEvent *event)
{
	free(event->type);
	free(event->body);
	free(event);
}

static void
drop_key(CfaMockStore *store, CfaMockKey *key)
{
	cfa_mock_map_remove(&store->key_map, key->key);
	TAILQ_REMOVE(&store->keys, key, link);
	store->key_count--;
	free(key->key);
	free(key->path);
	free(key->body);
	free(key);
}

static bool
find_name(const char *const *names, size_t count, const char *name, size_t *at)
{
	for (*at = 0; *at < count; (*at)++)
		if (strcmp(names[*at], name) == 0)
			return true;
	return false;
}
