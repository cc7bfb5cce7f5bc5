/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h
 *	  What the provider remembers: payment intents, refunds, events that are
 *	  not delivered yet, and idempotency keys.
 *
 * Intents and refunds live until the store is freed, so pointers to them stay
 * valid. Events and keys are freed when they are dropped.
 */
#ifndef CFA_MOCK_STORE_H
#define CFA_MOCK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <jansson.h>

#include "form.h"
#include "map.h"
#include "outcome.h"

#define CFA_MOCK_ID_SIZE 36
#define CFA_MOCK_OBJECTS_MAX 2000000
#define CFA_MOCK_KEYS_MAX 500000
#define CFA_MOCK_KEY_LIFE_MS 86400000
#define CFA_MOCK_KEY_LENGTH_MAX 255

typedef enum CfaMockStatus
{
	CFA_MOCK_REQUIRES_PAYMENT_METHOD,
	CFA_MOCK_REQUIRES_CONFIRMATION,
	CFA_MOCK_PROCESSING,
	CFA_MOCK_SUCCEEDED,
	CFA_MOCK_CANCELED,
} CfaMockStatus;

typedef enum CfaMockRefundStatus
{
	CFA_MOCK_REFUND_PENDING,
	CFA_MOCK_REFUND_SUCCEEDED,
	CFA_MOCK_REFUND_FAILED,
} CfaMockRefundStatus;

typedef struct CfaMockIntent
{
	char id[CFA_MOCK_ID_SIZE];
	char charge_id[CFA_MOCK_ID_SIZE]; /* empty until an attempt ended */
	size_t position;				  /* in the order of creation */
	struct CfaMockIntent *older;	  /* with the same metadata[pledge_id] */
	CfaMockStatus status;
	const CfaMockOutcome *outcome; /* of the attempt under way */
	const CfaMockOutcome *failure; /* of the last attempt, or NULL */
	int64_t attempts;
	int64_t amount; /* minor units, as all amounts here */
	int64_t amount_received;
	int64_t amount_refunded; /* pending and succeeded refunds */
	char currency[4];		 /* lower case */
	char payment_method[64]; /* empty: none */
	char cancellation_reason[32];
	char *description; /* or NULL */
	json_t *metadata;
	int64_t created_ms;
	int64_t due_ms; /* when processing ends; 0: nothing planned */
	int64_t settled_ms;
	int64_t canceled_ms;
} CfaMockIntent;

typedef struct CfaMockRefund
{
	char id[CFA_MOCK_ID_SIZE];
	size_t position;
	CfaMockIntent *intent;
	CfaMockRefundStatus status;
	bool fails; /* decided when it was made */
	int64_t amount;
	char reason[32];
	json_t *metadata;
	int64_t created_ms;
	int64_t due_ms;
	int64_t settled_ms;
} CfaMockRefund;

typedef struct CfaMockEvent
{
	TAILQ_ENTRY(CfaMockEvent) link;
	char id[CFA_MOCK_ID_SIZE];
	char object_id[CFA_MOCK_ID_SIZE];
	char *type;
	char *body; /* sent byte for byte in every attempt */
	char traceparent[64];
	int64_t created_ms;
	int64_t due_ms;	   /* of the next attempt */
	int64_t copies;	   /* deliveries still to be made */
	int64_t attempts;  /* that failed in a row, since start */
	bool is_in_flight; /* an attempt is under way */
	bool is_held;	   /* waits for a flush */
	bool is_released;  /* flushed: goes out in spite of hold */
} CfaMockEvent;

typedef struct CfaMockKey
{
	TAILQ_ENTRY(CfaMockKey) link;
	char *key;
	char *path;
	unsigned char fingerprint[CFA_MOCK_FINGERPRINT_BYTES];
	char request_id[CFA_MOCK_ID_SIZE];
	int status;
	char *body;
	int64_t created_ms;
} CfaMockKey;

typedef TAILQ_HEAD(CfaMockEventList, CfaMockEvent) CfaMockEventList;
typedef TAILQ_HEAD(CfaMockKeyList, CfaMockKey) CfaMockKeyList;

typedef struct CfaMockStore
{
	CfaMockIntent **intents; /* oldest first */
	size_t intent_count;
	size_t intent_size;
	CfaMockRefund **refunds;
	size_t refund_count;
	size_t refund_size;
	CfaMockEventList events;
	size_t event_count;
	CfaMockKeyList keys;
	size_t key_count;
	CfaMockMap intent_map;
	CfaMockMap pledge_map; /* newest intent by metadata[pledge_id] */
	CfaMockMap refund_map;
	CfaMockMap event_map;
	CfaMockMap key_map;
} CfaMockStore;

void cfa_mock_store_init(CfaMockStore *store);
void cfa_mock_store_clear(CfaMockStore *store);

/* New, empty objects: the caller fills in the id, then adds them. */
CfaMockIntent *cfa_mock_intent_new(void);
CfaMockRefund *cfa_mock_refund_new(CfaMockIntent *intent);
CfaMockEvent *cfa_mock_event_new(void);
CfaMockKey *cfa_mock_key_new(void);

/* The store owns what is added. Refunds count against their intent here. */
void cfa_mock_store_add_intent(CfaMockStore *store, CfaMockIntent *intent);
void cfa_mock_store_add_refund(CfaMockStore *store, CfaMockRefund *refund);
void cfa_mock_store_add_event(CfaMockStore *store, CfaMockEvent *event);

/* Replaces an older key of the same text; the oldest goes when there are
 * more than CFA_MOCK_KEYS_MAX. */
void cfa_mock_store_add_key(CfaMockStore *store, CfaMockKey *key);

/* Each returns NULL if there is none. */
CfaMockIntent *cfa_mock_store_intent(const CfaMockStore *store, const char *id);
CfaMockIntent *cfa_mock_store_intent_of_pledge(const CfaMockStore *store,
											   const char *pledge_id);
CfaMockRefund *cfa_mock_store_refund(const CfaMockStore *store, const char *id);
CfaMockEvent *cfa_mock_store_event(const CfaMockStore *store, const char *id);
CfaMockKey *cfa_mock_store_key(const CfaMockStore *store, const char *key);

void cfa_mock_store_drop_event(CfaMockStore *store, CfaMockEvent *event);

/* Drops keys made before the given time. */
void cfa_mock_store_expire_keys(CfaMockStore *store, int64_t before_ms);

/* metadata[key] of an object as text, or NULL. */
const char *cfa_mock_metadata_get(const json_t *metadata, const char *key);

/* Writes prefix and 24 random letters and digits. */
void cfa_mock_id_make(char id[CFA_MOCK_ID_SIZE], const char *prefix);

const char *cfa_mock_status_name(CfaMockStatus status);
const char *cfa_mock_refund_status_name(CfaMockRefundStatus status);

/* Returns false if no status has this name. */
bool cfa_mock_status_from_name(const char *name, CfaMockStatus *status);
bool cfa_mock_refund_status_from_name(const char *name,
									  CfaMockRefundStatus *status);

#endif /* CFA_MOCK_STORE_H */
