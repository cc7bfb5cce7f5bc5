/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h
 *	  One request on its way through the provider, for the files that carry out
 *	  operations. Not for the HTTP side.
 */
#ifndef CFA_MOCK_CALL_H
#define CFA_MOCK_CALL_H

#include "provider.h"

/* Largest amount that a JSON number holds exactly. */
#define CFA_MOCK_AMOUNT_MAX INT64_C(9007199254740991)

typedef struct CfaMockCall
{
	const CfaMockRequest *request;
	CfaMockParams params; /* of the body or the query */
	int64_t now_ms;
	const char *request_id;
	int status;	   /* of the answer, 200 until refused */
	json_t *body;  /* of the answer, owned */
	bool is_final; /* the answer is kept under the idempotency key */
	unsigned traits;
	CfaMockFault fault;
} CfaMockCall;

/* An operation: fills in status and body. */
typedef void (*CfaMockRun)(CfaMockProvider *provider, CfaMockCall *call);

void cfa_mock_intent_create(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_intent_confirm(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_intent_cancel(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_intent_read(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_intent_list(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_intent_search(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_refund_create(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_refund_read(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_refund_list(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_config_read(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_config_write(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_config_reset(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_ledger_read(CfaMockProvider *provider, CfaMockCall *call);
void cfa_mock_webhooks_flush(CfaMockProvider *provider, CfaMockCall *call);

/* End of processing, when due. */
void cfa_mock_intent_settle(CfaMockProvider *provider, CfaMockIntent *intent,
							int64_t now_ms);
void cfa_mock_refund_settle(CfaMockProvider *provider, CfaMockRefund *refund,
							int64_t now_ms);

/*
 * Makes the event of a change to an object, the JSON of which it takes over,
 * and plans its delivery. call is NULL for changes that no request made.
 */
void cfa_mock_event_emit(CfaMockProvider *provider, const CfaMockCall *call,
						 const char *type, const CfaMockIntent *intent,
						 const char *object_id, json_t *object, int64_t now_ms);

/* Adds a record, which it takes over, to the change under way. */
void cfa_mock_provider_record(CfaMockProvider *provider, json_t *record);

/*
 * Writes what was recorded to the journal. On failure the provider is broken:
 * from then on it refuses every request.
 */
bool cfa_mock_provider_commit(CfaMockProvider *provider);

/* Makes the answer an error in Stripe's shape; code and param may be NULL. */
void cfa_mock_call_refuse(CfaMockCall *call, int status, const char *type,
						  const char *code, const char *param,
						  const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* The answer for the fault of a parameter: 400. */
void cfa_mock_call_fault(CfaMockCall *call);

/* The answer for an object that does not exist: 404. */
void cfa_mock_call_missing(CfaMockCall *call, const char *kind,
						   const char *param, const char *id);

#endif /* CFA_MOCK_CALL_H */
