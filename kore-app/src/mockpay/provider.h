/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h
 *	  The payment provider without any HTTP or event loop: a request and the
 *	  time go in, an answer comes out, and the owner asks what is due next.
 *
 * Nothing here reads a clock or waits, so every behaviour can be tested with a
 * chosen time. A change is in the journal before its answer is returned.
 */
#ifndef CFA_MOCK_PROVIDER_H
#define CFA_MOCK_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.h"
#include "journal.h"
#include "settings.h"
#include "store.h"

typedef enum CfaMockOperation
{
	CFA_MOCK_CREATE_INTENT,
	CFA_MOCK_CONFIRM_INTENT,
	CFA_MOCK_CANCEL_INTENT,
	CFA_MOCK_LIST_INTENTS,
	CFA_MOCK_SEARCH_INTENTS,
	CFA_MOCK_READ_INTENT,
	CFA_MOCK_CREATE_REFUND,
	CFA_MOCK_READ_REFUND,
	CFA_MOCK_LIST_REFUNDS,
	CFA_MOCK_READ_CONFIG,
	CFA_MOCK_WRITE_CONFIG,
	CFA_MOCK_RESET_CONFIG,
	CFA_MOCK_READ_LEDGER,
	CFA_MOCK_FLUSH_WEBHOOKS,
} CfaMockOperation;

#define CFA_MOCK_OPERATIONS (CFA_MOCK_FLUSH_WEBHOOKS + 1)

typedef struct CfaMockRequest
{
	CfaMockOperation operation;
	const char *path;			 /* as sent, without the query */
	const char *id;				 /* of the object in the path, or NULL */
	const char *idempotency_key; /* or NULL */
	const char *query;			 /* not decoded, or NULL */
	const char *body;
	size_t body_len;
} CfaMockRequest;

typedef struct CfaMockReply
{
	int status;
	char *body; /* JSON text; the caller frees it */
	char request_id[CFA_MOCK_ID_SIZE];
	char original_id[CFA_MOCK_ID_SIZE]; /* if it is a replay, else empty */
	int64_t delay_ms;					/* answer only after so long */
} CfaMockReply;

/* Counted since the start of the process. */
typedef struct CfaMockStats
{
	uint64_t intents_created;
	uint64_t intents_succeeded;
	uint64_t intents_declined;
	uint64_t intents_canceled;
	uint64_t refunds_created;
	uint64_t refunds_succeeded;
	uint64_t refunds_failed;
	uint64_t replays;
	uint64_t key_mismatches;
	uint64_t errors_simulated;
	uint64_t timeouts_simulated;
	uint64_t events_created;
	uint64_t events_given_up;
	uint64_t deliveries_accepted;
	uint64_t deliveries_refused; /* answered, but not with 2xx */
	uint64_t deliveries_failed;	 /* no answer */
} CfaMockStats;

typedef struct CfaMockProvider
{
	CfaMockSettings initial; /* what DELETE /mock/config goes back to */
	CfaMockSettings settings;
	CfaMockStore store;
	CfaMockJournal *journal; /* borrowed; NULL: nothing survives */
	bool is_broken;			 /* the journal failed: memory is ahead of it */
	json_t *batch;			 /* records of the change under way */
	CfaMockHeap intents_due;
	CfaMockHeap refunds_due;
	CfaMockHeap events_due;
	int64_t in_flight; /* webhook attempts under way */
	CfaMockMap erred;  /* keys that had their simulated error */
	uint64_t requests;
	CfaMockStats stats;
} CfaMockProvider;

void cfa_mock_provider_init(CfaMockProvider *provider,
							const CfaMockSettings *settings);

/*
 * Opens the journal at path and takes over what it holds. On failure the
 * reason is in journal->error and the provider must be cleared.
 */
bool cfa_mock_provider_load(CfaMockProvider *provider, CfaMockJournal *journal,
							const char *path, CfaMockSync sync, int64_t now_ms);

void cfa_mock_provider_clear(CfaMockProvider *provider);

/* Answers one request; reply is filled in whatever happens. */
void cfa_mock_provider_answer(CfaMockProvider *provider,
							  const CfaMockRequest *request, int64_t now_ms,
							  CfaMockReply *reply);

/* An answer in the shape of Stripe's errors, for refusals by the HTTP side. */
void cfa_mock_provider_error(CfaMockReply *reply, int status, const char *code,
							 const char *message);

/* Ends what is due by now, at most a bounded number of payments. */
void cfa_mock_provider_turn(CfaMockProvider *provider, int64_t now_ms);

/* When to call turn or take a webhook next, or -1 if nothing is planned. */
int64_t cfa_mock_provider_due(const CfaMockProvider *provider);

#endif /* CFA_MOCK_PROVIDER_H */
