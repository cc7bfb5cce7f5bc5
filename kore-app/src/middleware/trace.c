/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c: request id and W3C trace context.
 *
 * Own request ids are a random prefix of the worker's life and a counter, so
 * that they cost no system call.
 */
#include "middleware/trace.h"

#include <careforall/trace.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "middleware/headers.h"

static char prefix[17];
static uint64_t counter;

void
cfa_trace_worker_start(void)
{
	uint8_t random[8];

	randombytes_buf(random, sizeof(random));
	(void) sodium_bin2hex(prefix, sizeof(prefix), random, sizeof(random));
}

void
cfa_request_id_make(char out[CFA_REQUEST_ID_MAX + 1])
{
	(void)
		snprintf(out, CFA_REQUEST_ID_MAX + 1, "%s-%" PRIx64, prefix, ++counter);
}

void
cfa_trace_start(CfaCtx *ctx)
{
	const char *id = cfa_ctx_header(ctx, "x-request-id");
	const char *parent = cfa_ctx_header(ctx, "traceparent");
	CfaTrace trace;

	if (id != NULL && cfa_request_id_is_safe(id))
		memcpy(ctx->request_id, id, strlen(id) + 1);
	else
		cfa_request_id_make(ctx->request_id);
	if (parent != NULL && cfa_ctx_header_count(ctx, "traceparent") == 1 &&
		cfa_trace_parse(parent, strlen(parent), &trace))
		cfa_trace_child(&trace);
	else
		cfa_trace_new(&trace);
	cfa_trace_format(&trace, ctx->traceparent);
}
