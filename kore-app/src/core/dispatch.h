/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_DISPATCH_H
#define CFA_APP_DISPATCH_H

#include "core/ctx.h"

/*
 * Kore's one route ends here: makes the context, runs the middleware, finds the
 * route, calls the handler, and sends the answer when there is one.
 */
int api_dispatch(struct http_request *req);

/* A context was woken: makes sure that the loop turns once more. */
void cfa_dispatch_woke(void);

/*
 * Goes on with a request after a step that waited: the further steps, then the
 * handler, unless the client has left or the request is answered.
 */
void cfa_dispatch_continue(struct CfaCtx *ctx);

/* The handler has answered by itself and taken over the connection. */
void cfa_dispatch_took_over(CfaCtx *ctx, int status);

/* The client went away before its answer. */
void cfa_dispatch_abandoned(CfaCtx *ctx);

#endif
