/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_TRACE_H
#define CFA_APP_TRACE_H

#include "core/ctx.h"

/* Gives the worker its prefix of request ids. */
void cfa_trace_worker_start(void);

/* Makes a new request id. */
void cfa_request_id_make(char out[CFA_REQUEST_ID_MAX + 1]);

/*
 * Gives a request its id (the client's own if that is safe to log) and its
 * trace: the caller's with a new span, or a new one.
 */
void cfa_trace_start(CfaCtx *ctx);

#endif
