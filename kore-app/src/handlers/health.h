/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_HEALTH_H
#define CFA_APP_HEALTH_H

struct CfaCtx;

/* GET /healthz: the worker turns; touches nothing else. */
void api_healthz(struct CfaCtx *ctx);

#endif
