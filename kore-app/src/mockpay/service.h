/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h
 *	  The provider as a program: what its HTTP side, its deliveries and its
 *	  metrics share. One worker only, so all of this is plain memory.
 */
#ifndef CFA_MOCK_SERVICE_H
#define CFA_MOCK_SERVICE_H

#include <careforall/signature.h>

#include "core/app.h"
#include "core/ctx.h"
#include "mockpay/provider.h"

typedef struct CfaMockService
{
	/* Settings of the program; texts live as long as the process. */
	char *listen;
	char *key;
	char *state_path;
	char *state_sync;
	char *webhook_scheme;
	char *webhook_secret;
	CfaWebhookSecrets webhook_secrets; /* of Standard Webhooks; else none */
	char *webhook_url;
	CfaMockSettings simulation;

	CfaMockProvider provider;
	CfaMockJournal journal;
} CfaMockService;

extern CfaMockService cfa_mock_service;

#define CFA_MOCK_ROUTES (CFA_MOCK_OPERATIONS + 4)
#define CFA_MOCK_METERS 21

extern const CfaRoute cfa_mock_routes[CFA_MOCK_ROUTES + 1];
extern const CfaMeterDef cfa_mock_meters[CFA_MOCK_METERS];

/* Milliseconds since 1970. */
int64_t cfa_mock_now_ms(void);

/* Looks at what is due and plans the next look; call after every change. */
void cfa_mock_schedule(void);

/* Brings the meters up to date, before they are rendered. */
void cfa_mock_meters_update(void);

/* Sets up and ends the HTTP client for webhooks. */
void cfa_mock_deliver_start(void);
void cfa_mock_deliver_stop(void);

/* Starts all deliveries that are due; never blocks. */
void cfa_mock_deliver_due(int64_t now_ms);

/* Sends the answers that are kept back: the program is about to end. */
void cfa_mock_http_drain(void);

/* Core's hook: its own refusals in the shape of Stripe's errors. */
const char *cfa_mock_problem(CfaCtx *ctx, const CfaProblemInfo *info,
							 const char *detail);

#endif /* CFA_MOCK_SERVICE_H */
