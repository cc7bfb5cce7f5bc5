/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_H
#define CFA_APP_LIVE_H

#include <careforall/token.h>

struct CfaCtx;

typedef struct CfaLiveOptions
{
	const CfaTokenKeys *keys; /* of pledge links; borrowed for ever */
	unsigned sockets;		  /* per worker */
	unsigned sockets_per_address;
	unsigned ping_ms;
} CfaLiveOptions;

/* In the parent. */
void cfa_live_configure(const CfaLiveOptions *options);

/* In a worker. */
void cfa_live_start(void);

/* Closes all sockets; while draining. */
void cfa_live_close_all(void);

/* GET /api/v1/live: becomes a WebSocket. */
void api_live(struct CfaCtx *ctx);

#endif
