/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.c
 *	  Requests through the provider: parameters, idempotency, simulated
 *	  trouble, the operation, the journal, the answer.
 *
 * An operation changes memory and records what it changed; the records and the
 * kept answer go to the journal as one line before the answer goes out. If
 * that write fails, memory knows more than the journal: the provider calls
 * itself broken and refuses everything until it is started again.
 */
#include "provider.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include <sodium.h>

#include "call.h"
#include "memory.h"
#include "record.h"
#include "render.h"
#include "webhooks.h"

/* Payments ended in one turn: bounds how long the loop is away. */
#define TURN_MAX 128
#define ERRED_MAX 100000
/* Rewrite the journal when fewer than half of so many records are needed. */
#define REWRITE_RECORDS 2000

typedef enum Input
{
	INPUT_QUERY,
	INPUT_FORM,
	INPUT_JSON,
} Input;

/* clang-format off */
static const struct
{
	CfaMockRun run;
	Input input;
	bool is_payment; /* idempotent by key, and troubled by the simulation */
} operations[CFA_MOCK_OPERATIONS] = {
	[CFA_MOCK_CREATE_INTENT] = {cfa_mock_intent_create, INPUT_FORM, true},
	[CFA_MOCK_CONFIRM_INTENT] = {cfa_mock_intent_confirm, INPUT_FORM, true},
	[CFA_MOCK_CANCEL_INTENT] = {cfa_mock_intent_cancel, INPUT_FORM, true},
	[CFA_MOCK_READ_INTENT] = {cfa_mock_intent_read, INPUT_QUERY, false},
	[CFA_MOCK_LIST_INTENTS] = {cfa_mock_intent_list, INPUT_QUERY, false},
	[CFA_MOCK_SEARCH_INTENTS] = {cfa_mock_intent_search, INPUT_QUERY, false},
	[CFA_MOCK_CREATE_REFUND] = {cfa_mock_refund_create, INPUT_FORM, true},
	[CFA_MOCK_READ_REFUND] = {cfa_mock_refund_read, INPUT_QUERY, false},
	[CFA_MOCK_LIST_REFUNDS] = {cfa_mock_refund_list, INPUT_QUERY, false},
	[CFA_MOCK_READ_CONFIG] = {cfa_mock_config_read, INPUT_QUERY, false},
	[CFA_MOCK_WRITE_CONFIG] = {cfa_mock_config_write, INPUT_JSON, false},
	[CFA_MOCK_RESET_CONFIG] = {cfa_mock_config_reset, INPUT_QUERY, false},
	[CFA_MOCK_READ_LEDGER] = {cfa_mock_ledger_read, INPUT_QUERY, false},
	[CFA_MOCK_FLUSH_WEBHOOKS] = {cfa_mock_webhooks_flush, INPUT_FORM, false},
};
/* clang-format on */

static bool read_params(CfaMockCall *call);
static void carry_out(CfaMockProvider *provider, CfaMockCall *call,
					  CfaMockReply *reply);
static bool check_key(CfaMockCall *call);
static bool replay(CfaMockProvider *provider, CfaMockCall *call,
				   CfaMockReply *reply);
static bool simulate_error(CfaMockProvider *provider, CfaMockCall *call);
static bool asks_for_error(const CfaMockProvider *provider,
						   const CfaMockCall *call);
static void simulate_timeout(CfaMockProvider *provider, const CfaMockCall *call,
							 CfaMockReply *reply);
static void keep(CfaMockProvider *provider, const CfaMockCall *call,
				 const char *body);
static double request_draw(const CfaMockProvider *provider,
						   const char *purpose);
static void finish(CfaMockCall *call, CfaMockReply *reply);
static bool replay_record(void *context, const json_t *record);
static void plan_all(CfaMockProvider *provider);
static void forget_erred(CfaMockProvider *provider);
static int64_t sooner(int64_t left_ms, int64_t right_ms);

void
cfa_mock_provider_init(CfaMockProvider *provider,
					   const CfaMockSettings *settings)
{
	memset(provider, 0, sizeof(*provider));
	provider->initial = *settings;
	provider->settings = *settings;
	provider->batch = json_array();
	cfa_mock_store_init(&provider->store);
}

bool
cfa_mock_provider_load(CfaMockProvider *provider, CfaMockJournal *journal,
					   const char *path, CfaMockSync sync, int64_t now_ms)
{
	CfaMockStore *store = &provider->store;
	size_t needed;

	if (!cfa_mock_journal_open(journal,
							   path,
							   sync,
							   replay_record,
							   &provider->store))
		return false;
	cfa_mock_store_expire_keys(store, now_ms - CFA_MOCK_KEY_LIFE_MS);
	needed = store->intent_count + store->refund_count + store->event_count +
			 store->key_count;
	if (journal->records > REWRITE_RECORDS && journal->records / 2 > needed &&
		!cfa_mock_journal_rewrite(journal, cfa_mock_record_dump, store))
	{
		cfa_mock_journal_close(journal);
		return false;
	}
	provider->journal = journal;
	plan_all(provider);
	return true;
}

void
cfa_mock_provider_clear(CfaMockProvider *provider)
{
	cfa_mock_heap_clear(&provider->intents_due);
	cfa_mock_heap_clear(&provider->refunds_due);
	cfa_mock_heap_clear(&provider->events_due);
	forget_erred(provider);
	cfa_mock_store_clear(&provider->store);
	json_decref(provider->batch);
	if (provider->journal != NULL)
		cfa_mock_journal_close(provider->journal);
	memset(provider, 0, sizeof(*provider));
}

void
cfa_mock_provider_answer(CfaMockProvider *provider,
						 const CfaMockRequest *request, int64_t now_ms,
						 CfaMockReply *reply)
{
	CfaMockCall *call = cfa_mock_calloc(1, sizeof(*call));

	memset(reply, 0, sizeof(*reply));
	cfa_mock_id_make(reply->request_id, "req");
	call->request = request;
	call->request_id = reply->request_id;
	call->now_ms = now_ms;
	call->status = 200;
	provider->requests++;
	if (provider->is_broken)
		cfa_mock_call_refuse(call,
							 503,
							 "api_error",
							 "journal_failed",
							 NULL,
							 "The provider could not write its journal and "
							 "must be started again.");
	else if (!read_params(call) || !check_key(call))
		cfa_mock_call_fault(call);
	else if (!replay(provider, call, reply))
		carry_out(provider, call, reply);
	finish(call, reply);
	cfa_mock_params_clear(&call->params);
	free(call);
}

void
cfa_mock_provider_error(CfaMockReply *reply, int status, const char *code,
						const char *message)
{
	json_t *body =
		cfa_mock_render_error(status >= 500 ? "api_error"
											: "invalid_request_error",
							  code,
							  NULL,
							  message);

	memset(reply, 0, sizeof(*reply));
	cfa_mock_id_make(reply->request_id, "req");
	reply->status = status;
	reply->body = json_dumps(body, JSON_COMPACT);
	json_decref(body);
}

void
cfa_mock_provider_turn(CfaMockProvider *provider, int64_t now_ms)
{
	const CfaMockDue *due;
	int ended = 0;

	if (provider->is_broken)
		return;
	while (ended < TURN_MAX &&
		   (due = cfa_mock_heap_first(&provider->intents_due)) != NULL &&
		   due->due_ms <= now_ms)
	{
		CfaMockIntent *intent = due->item;
		int64_t due_ms = due->due_ms;

		cfa_mock_heap_pop(&provider->intents_due);
		if (intent->due_ms != due_ms)
			continue; /* canceled meanwhile */
		cfa_mock_intent_settle(provider, intent, now_ms);
		ended++;
	}
	while (ended < TURN_MAX &&
		   (due = cfa_mock_heap_first(&provider->refunds_due)) != NULL &&
		   due->due_ms <= now_ms)
	{
		CfaMockRefund *refund = due->item;

		cfa_mock_heap_pop(&provider->refunds_due);
		cfa_mock_refund_settle(provider, refund, now_ms);
		ended++;
	}
	(void) cfa_mock_provider_commit(provider);
}

int64_t
cfa_mock_provider_due(const CfaMockProvider *provider)
{
	const CfaMockDue *intent = cfa_mock_heap_first(&provider->intents_due);
	const CfaMockDue *refund = cfa_mock_heap_first(&provider->refunds_due);
	int64_t due_ms = cfa_mock_webhooks_due(provider);

	if (provider->is_broken)
		return -1;
	due_ms = sooner(due_ms, intent == NULL ? -1 : intent->due_ms);
	return sooner(due_ms, refund == NULL ? -1 : refund->due_ms);
}

void
cfa_mock_provider_record(CfaMockProvider *provider, json_t *record)
{
	json_array_append_new(provider->batch, record);
}

bool
cfa_mock_provider_commit(CfaMockProvider *provider)
{
	if (json_array_size(provider->batch) == 0)
		return true;
	if (provider->journal != NULL &&
		!cfa_mock_journal_append(provider->journal, provider->batch))
		provider->is_broken = true;
	json_array_clear(provider->batch);
	return !provider->is_broken;
}

void
cfa_mock_call_refuse(CfaMockCall *call, int status, const char *type,
					 const char *code, const char *param, const char *format,
					 ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	(void) vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	json_decref(call->body);
	call->status = status;
	call->body = cfa_mock_render_error(type, code, param, message);
}

void
cfa_mock_call_fault(CfaMockCall *call)
{
	cfa_mock_call_refuse(call,
						 400,
						 "invalid_request_error",
						 call->fault.code,
						 call->fault.param[0] == '\0' ? NULL
													  : call->fault.param,
						 "%s",
						 call->fault.message);
}

void
cfa_mock_call_missing(CfaMockCall *call, const char *kind, const char *param,
					  const char *id)
{
	cfa_mock_call_refuse(call,
						 404,
						 "invalid_request_error",
						 "resource_missing",
						 param,
						 "No such %s: '%s'",
						 kind,
						 id);
}

static bool
read_params(CfaMockCall *call)
{
	const CfaMockRequest *request = call->request;
	const char *query = request->query == NULL ? "" : request->query;

	switch (operations[request->operation].input)
	{
		case INPUT_QUERY:
			return cfa_mock_params_parse(&call->params,
										 query,
										 strlen(query),
										 &call->fault);
		case INPUT_FORM:
			return cfa_mock_params_parse(&call->params,
										 request->body,
										 request->body_len,
										 &call->fault);
		case INPUT_JSON:
			return true;
	}
	return false;
}

static void
carry_out(CfaMockProvider *provider, CfaMockCall *call, CfaMockReply *reply)
{
	bool is_payment = operations[call->request->operation].is_payment;

	if (is_payment && simulate_error(provider, call))
		return;
	operations[call->request->operation].run(provider, call);
	if (is_payment && call->is_final && call->request->idempotency_key != NULL)
	{
		char *body = json_dumps(call->body, JSON_COMPACT);

		keep(provider, call, body);
		free(body);
	}
	if (!cfa_mock_provider_commit(provider))
		cfa_mock_call_refuse(call,
							 500,
							 "api_error",
							 "journal_failed",
							 NULL,
							 "The provider could not write its journal.");
	else if (is_payment && call->status == 200)
		simulate_timeout(provider, call, reply);
}

static bool
check_key(CfaMockCall *call)
{
	const char *key = call->request->idempotency_key;

	if (key == NULL)
		return true;
	if (key[0] == '\0' || strlen(key) > CFA_MOCK_KEY_LENGTH_MAX)
		return cfa_mock_fault(&call->fault,
							  NULL,
							  NULL,
							  "Idempotency-Key must have between 1 and %d "
							  "characters.",
							  CFA_MOCK_KEY_LENGTH_MAX);
	return true;
}

/* Answers from the kept answer of the key, if there is one. */
static bool
replay(CfaMockProvider *provider, CfaMockCall *call, CfaMockReply *reply)
{
	const char *text = call->request->idempotency_key;
	unsigned char fingerprint[CFA_MOCK_FINGERPRINT_BYTES];
	const CfaMockKey *key;

	if (text == NULL || !operations[call->request->operation].is_payment)
		return false;
	cfa_mock_store_expire_keys(&provider->store,
							   call->now_ms - CFA_MOCK_KEY_LIFE_MS);
	key = cfa_mock_store_key(&provider->store, text);
	if (key == NULL)
		return false;
	cfa_mock_params_fingerprint(&call->params, fingerprint);
	if (strcmp(key->path, call->request->path) != 0 ||
		sodium_memcmp(key->fingerprint, fingerprint, sizeof(fingerprint)) != 0)
	{
		provider->stats.key_mismatches++;
		cfa_mock_call_refuse(
			call,
			400,
			"idempotency_error",
			NULL,
			NULL,
			"Keys for idempotent requests can only be used with the same "
			"parameters and the same endpoint they were first used with. Try "
			"using a key other than '%s' if you meant to execute a different "
			"request.",
			text);
		return true;
	}
	provider->stats.replays++;
	call->status = key->status;
	reply->body = cfa_mock_strdup(key->body);
	memcpy(reply->original_id, key->request_id, sizeof(reply->original_id));
	return true;
}

/* Answers 500 before any effect: asked for by the request, or by chance. */
static bool
simulate_error(CfaMockProvider *provider, CfaMockCall *call)
{
	const char *key = call->request->idempotency_key;
	bool hit = request_draw(provider, "error") < provider->settings.error_rate;

	if (!hit && asks_for_error(provider, call))
	{
		hit = key == NULL || cfa_mock_map_get(&provider->erred, key) == NULL;
		if (hit && key != NULL)
		{
			char *copy = cfa_mock_strdup(key);

			if (provider->erred.count >= ERRED_MAX)
				forget_erred(provider);
			cfa_mock_map_put(&provider->erred, copy, copy);
		}
	}
	if (!hit)
		return false;
	provider->stats.errors_simulated++;
	cfa_mock_call_refuse(call,
						 500,
						 "api_error",
						 NULL,
						 NULL,
						 "An error occurred, as this provider was told to "
						 "simulate. The request had no effect.");
	return true;
}

static bool
asks_for_error(const CfaMockProvider *provider, const CfaMockCall *call)
{
	const char *simulate =
		cfa_mock_params_get(&call->params, "metadata[simulate]");
	const CfaMockOutcome *outcome = NULL;
	CfaMockFault ignored;
	int64_t amount = 0;

	if (call->request->operation != CFA_MOCK_CREATE_INTENT)
		return false;
	if (simulate != NULL)
		outcome = cfa_mock_outcome_by_name(simulate);
	else if (provider->settings.magic_amounts &&
			 cfa_mock_params_integer(&call->params,
									 "amount",
									 true,
									 &amount,
									 &ignored))
		outcome = cfa_mock_outcome_by_amount(amount);
	return outcome != NULL && (outcome->traits & CFA_MOCK_ERRS_FIRST);
}

static void
simulate_timeout(CfaMockProvider *provider, const CfaMockCall *call,
				 CfaMockReply *reply)
{
	if (!(call->traits & CFA_MOCK_TIMES_OUT) &&
		request_draw(provider, "timeout") >= provider->settings.timeout_rate)
		return;
	provider->stats.timeouts_simulated++;
	reply->delay_ms = provider->settings.timeout_ms;
}

/* Keeps the answer under the idempotency key of the request. */
static void
keep(CfaMockProvider *provider, const CfaMockCall *call, const char *body)
{
	CfaMockKey *key = cfa_mock_key_new();

	key->key = cfa_mock_strdup(call->request->idempotency_key);
	key->path = cfa_mock_strdup(call->request->path);
	cfa_mock_params_fingerprint(&call->params, key->fingerprint);
	memcpy(key->request_id, call->request_id, strlen(call->request_id) + 1);
	key->status = call->status;
	key->body = cfa_mock_strdup(body);
	key->created_ms = call->now_ms;
	cfa_mock_store_add_key(&provider->store, key);
	cfa_mock_provider_record(provider, cfa_mock_record_key(key));
}

/* Trouble of a request, unlike the fate of a payment, differs at each try. */
static double
request_draw(const CfaMockProvider *provider, const char *purpose)
{
	char subject[24];

	(void) snprintf(subject,
					sizeof(subject),
					"%llu",
					(unsigned long long) provider->requests);
	return cfa_mock_draw(provider->settings.seed, subject, purpose);
}

/* Moves the answer of the call into the reply. */
static void
finish(CfaMockCall *call, CfaMockReply *reply)
{
	assert(reply->body != NULL || call->body != NULL);
	reply->status = call->status;
	if (reply->body == NULL)
		reply->body = json_dumps(call->body, JSON_COMPACT);
	json_decref(call->body);
	call->body = NULL;
}

static bool
replay_record(void *context, const json_t *record)
{
	return cfa_mock_record_apply(context, record);
}

/* Plans what a replay brought back. */
static void
plan_all(CfaMockProvider *provider)
{
	const CfaMockStore *store = &provider->store;

	for (size_t i = 0; i < store->intent_count; i++)
		if (store->intents[i]->due_ms != 0)
			cfa_mock_heap_push(&provider->intents_due,
							   store->intents[i]->due_ms,
							   store->intents[i]);
	for (size_t i = 0; i < store->refund_count; i++)
		if (store->refunds[i]->due_ms != 0)
			cfa_mock_heap_push(&provider->refunds_due,
							   store->refunds[i]->due_ms,
							   store->refunds[i]);
	cfa_mock_webhooks_plan(provider);
}

static void
forget_erred(CfaMockProvider *provider)
{
	for (size_t i = 0; i < provider->erred.size; i++)
		free(provider->erred.slots[i].value);
	cfa_mock_map_clear(&provider->erred);
}

/* The earlier of two times, where -1 is never. */
static int64_t
sooner(int64_t left_ms, int64_t right_ms)
{
	if (left_ms < 0 || (right_ms >= 0 && right_ms < left_ms))
		return right_ms;
	return left_ms;
}
