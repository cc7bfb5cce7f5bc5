/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h - the language of the payment provider: PaymentIntents and Refunds in
 * the shape of Stripe's API.
 *
 * Pure: builds requests and reads answers. Sending them is http_client.h's work,
 * what to do next is payments_plan.h's.
 */
#ifndef CFA_PROVIDER_H
#define CFA_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_PROVIDER_NAME "stripe"
#define CFA_PROVIDER_ID_MAX 128
#define CFA_PROVIDER_ANSWER_MAX (256 * 1024)

typedef enum CfaProviderCall
{
	CFA_CALL_CREATE, /* make and confirm the payment of a pledge */
	CFA_CALL_GET,
	CFA_CALL_CANCEL,
	CFA_CALL_SEARCH, /* the payment of a pledge by its metadata */
	CFA_CALL_REFUND,
	CFA_CALL_REFUND_GET,
	CFA_CALL_REFUND_LIST /* the refunds of a payment */
} CfaProviderCall;

#define CFA_PROVIDER_CALLS 7

/* What a request is made of; members that a call does not need may be empty. */
typedef struct CfaProviderTerms
{
	const char *pledge_id;
	const char *payment_id;
	const char *refund_id;
	const char *provider_refund_id;
	const char *currency;
	const char *traceparent;
	int64_t amount_minor;
} CfaProviderTerms;

typedef struct CfaProviderRequest
{
	bool is_post;
	char path[512];
	char idempotency_key[64]; /* empty if none */
	char *body;				  /* owned; NULL if none */
} CfaProviderRequest;

typedef enum CfaProviderOutcome
{
	CFA_PROVIDER_OK,		/* the object is in the answer */
	CFA_PROVIDER_NOT_FOUND, /* no such object, or the search found none */
	CFA_PROVIDER_STATE,		/* the object is past what was asked */
	CFA_PROVIDER_RETRY,		/* unknown whether it was done: ask again later */
	CFA_PROVIDER_REFUSED	/* asking again will not help */
} CfaProviderOutcome;

typedef struct CfaProviderAnswer
{
	CfaProviderOutcome outcome;
	bool is_outage;			/* counts against the breaker */
	int http_status;		/* 0 if there was no answer */
	int64_t retry_after_ms; /* 0 if not said */
	int64_t amount_minor;
	int64_t received_minor;
	char id[CFA_PROVIDER_ID_MAX];
	char status[40];
	char currency[4]; /* upper case */
	char code[64];	  /* of an error, or of the last declined try */
	char message[200];
} CfaProviderAnswer;

/* What came back over the wire. */
typedef struct CfaProviderReply
{
	int http_status;	 /* 0 if there was no answer */
	const char *failure; /* why there was none: "timeout", "connection" */
	const char *body;
	size_t body_len;
	const char *retry_after; /* header value; NULL if none */
} CfaProviderReply;

/* 0 is ok; -1 if the terms do not allow the call (an id with strange signs). */
int cfa_provider_request(CfaProviderRequest *request, CfaProviderCall call,
						 const CfaProviderTerms *terms);
void cfa_provider_request_clear(CfaProviderRequest *request);

/* Never fails: what cannot be understood is CFA_PROVIDER_RETRY. */
void cfa_provider_read(CfaProviderAnswer *answer, CfaProviderCall call,
					   const CfaProviderTerms *terms,
					   const CfaProviderReply *reply);

const char *cfa_provider_call_name(CfaProviderCall call);

#endif
