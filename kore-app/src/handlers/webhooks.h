/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_WEBHOOKS_H
#define CFA_APP_WEBHOOKS_H

#include <careforall/signature.h>

struct CfaCtx;

/*
 * In the parent: the secrets of each form, borrowed for ever; a form without any
 * is not served.
 */
void cfa_webhooks_configure(const CfaSecrets *stripe,
							const CfaWebhookSecrets *standard);

/* In a worker. */
void cfa_webhooks_start(void);

/* POST /api/v1/webhooks/stripe */
void api_webhook_stripe(struct CfaCtx *ctx);

/* POST /api/v1/webhooks/standard */
void api_webhook_standard(struct CfaCtx *ctx);

#endif
