/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_H
#define CFA_APP_LIVE_H

#include <careforall/token.h>

struct CfaCtx;

/* In the parent: borrowed for ever. */
void cfa_live_configure(const CfaTokenKeys *keys);

/* In a worker. */
void cfa_live_start(void);

/* Closes all sockets; while draining. */
void cfa_live_close_all(void);

/* GET /api/v1/live: becomes a WebSocket. */
void api_live(struct CfaCtx *ctx);

#endif
