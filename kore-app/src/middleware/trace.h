/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_TRACE_H
#define CFA_APP_TRACE_H

#include "core/ctx.h"

/* Whether requests begin traces of their own, linked to those of their callers. */
void cfa_trace_configure(bool restarts);

/* Gives the worker its prefix of request ids. */
void cfa_trace_worker_start(void);

/* Makes a new request id. */
void cfa_request_id_make(char out[CFA_REQUEST_ID_MAX + 1]);

/*
 * Gives a request its id (the client's own if that is safe to log) and its
 * trace: the caller's with a new span, or a new one.
 */
void cfa_trace_start(CfaCtx *ctx);

/*
 * What a request is about has a trace: goes on with that if the caller sent none,
 * else links to it. True if the request is part of that trace now.
 */
bool cfa_trace_adopt(CfaCtx *ctx, const CfaTrace *trace);

/* Adds the span of a request that is over; status as logged. */
void cfa_trace_end(const CfaCtx *ctx, int status, uint64_t us);

#endif
