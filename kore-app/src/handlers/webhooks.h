/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_WEBHOOKS_H
#define CFA_APP_WEBHOOKS_H

#include <careforall/signature.h>

struct CfaCtx;

/* In the parent: the secrets are borrowed for ever. */
void cfa_webhooks_configure(const CfaSecrets *secrets);

/* In a worker. */
void cfa_webhooks_start(void);

/* POST /api/v1/webhooks/stripe */
void api_webhook_stripe(struct CfaCtx *ctx);

#endif
