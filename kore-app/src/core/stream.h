/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_STREAM_H
#define CFA_APP_STREAM_H

#include <careforall/buf.h>
#include <stdbool.h>

#include "core/ctx.h"

/*
 * An answer that is sent piece by piece as fast as the client reads it: at most
 * one piece is in memory. A client that takes nothing for a while, or takes for
 * ever, is disconnected.
 */
typedef struct CfaStream CfaStream;

typedef enum CfaStreamEvent
{
	CFA_STREAM_DRAINED, /* the piece is out: send the next one, or end */
	CFA_STREAM_GONE		/* the client is; the stream must not be used again */
} CfaStreamEvent;

typedef void (*CfaStreamHook)(void *arg, CfaStreamEvent event);

/* In a worker, once. */
void cfa_streams_start(void);

/*
 * Sends the head, 200 with the headers set so far. The context is held until the
 * stream ends or the client is gone, which hook is told once. NULL if there is
 * nothing more to do: the client has left, or the request was HEAD.
 */
CfaStream *cfa_stream_begin(CfaCtx *ctx, const char *content_type,
							CfaStreamHook hook, void *arg);

/* Sends a piece, which must not be empty, after DRAINED or as the first one. */
void cfa_stream_send(CfaStream *stream, const CfaBuf *piece);

/* Ends a body that is whole. */
void cfa_stream_end(CfaStream *stream);

/* Cuts the connection, so that the client knows that the body is not whole. */
void cfa_stream_cut(CfaStream *stream);

#endif
