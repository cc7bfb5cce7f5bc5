/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c: answers whose body is made while it is sent.
 *
 * The request sleeps unanswered meanwhile, so the edge reads nothing further from
 * the connection; a client that takes nothing is cut by the edge. A piece is lent
 * to Kore's send queue, which gives it back when it is out or the connection is
 * gone; only then is the next one made, from the loop and never from inside Kore's
 * queue.
 *
 * Ownership: a stream lives until it is closed and its piece has come back. It
 * holds its context until it is closed.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "core/stream.h"

#include <careforall/log.h>

#include "core/dispatch.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "core/respond.h"
#include "edge/edge.h"

#define WHOLE_MS (15 * 60 * 1000) /* from the head to the end */

struct CfaStream
{
	TAILQ_ENTRY(CfaStream) entry;
	CfaCtx *ctx; /* NULL once closed */
	CfaStreamHook hook;
	void *arg;
	bool is_chunked;
	bool is_drained;	  /* hook is to be told */
	struct netbuf *piece; /* in Kore's queue, or NULL */
	uint64_t deadline_ms;
};

static TAILQ_HEAD(, CfaStream) streams = TAILQ_HEAD_INITIALIZER(streams);

static struct connection *connection_of(const CfaStream *stream);
static int on_piece_back(struct netbuf *nb);
static void run(void);
static void on_tick(uint64_t now_ms);
static void tick_stream(CfaStream *stream, uint64_t now_ms);
static void close_stream(CfaStream *stream, int status);
static void free_if_done(CfaStream *stream);

void
cfa_streams_start(void)
{
	cfa_tick_add(on_tick);
}

CfaStream *
cfa_stream_begin(CfaCtx *ctx, const char *content_type, CfaStreamHook hook,
				 void *arg)
{
	CfaStream *stream;

	if (ctx->req == NULL || ctx->req->owner == NULL || ctx->is_answered)
		return NULL;
	ctx->status = 200;
	ctx->content_type = content_type;
	cfa_ctx_no_deadline(ctx);
	cfa_ctx_hold(ctx);
	stream = kore_calloc(1, sizeof(*stream));
	stream->ctx = ctx;
	stream->hook = hook;
	stream->arg = arg;
	stream->is_chunked = !(ctx->req->flags & HTTP_VERSION_1_0);
	stream->deadline_ms = cfa_mono_ms() + WHOLE_MS;
	TAILQ_INSERT_TAIL(&streams, stream, entry);
	cfa_respond_head(ctx);
	if (ctx->method != CFA_HEAD)
		return stream;
	close_stream(stream, 200);
	return NULL;
}

void
cfa_stream_send(CfaStream *stream, const CfaBuf *piece)
{
	struct connection *c = connection_of(stream);
	CfaBuf framed = {0};

	if (c == NULL)
		return; /* the tick will tell */
	if (stream->is_chunked)
		cfa_buf_addf(&framed, "%zx\r\n", piece->len);
	cfa_buf_add(&framed, piece->data, piece->len);
	if (stream->is_chunked)
		cfa_buf_add(&framed, "\r\n", 2);
	net_send_stream(c, framed.data, framed.len, on_piece_back, &stream->piece);
	stream->piece->extra = stream;
	if (!net_send_flush(c))
		kore_connection_disconnect(c);
}

void
cfa_stream_end(CfaStream *stream)
{
	struct connection *c = connection_of(stream);

	if (c != NULL && stream->is_chunked)
		net_send_queue(c, "0\r\n\r\n", 5);
	close_stream(stream, 200);
}

void
cfa_stream_cut(CfaStream *stream)
{
	struct connection *c = connection_of(stream);

	cfa_meter_add(CFA_M_STREAMS_CUT_FAILED, 1);
	if (c != NULL)
		kore_connection_disconnect(c);
	close_stream(stream, 500);
}

/* The connection of an open stream, or NULL if it is lost. */
static struct connection *
connection_of(const CfaStream *stream)
{
	struct connection *c;

	if (stream->ctx->req == NULL)
		return NULL;
	c = stream->ctx->req->owner;
	return c == NULL || c->state == CONN_STATE_DISCONNECTING ? NULL : c;
}

/* Kore is done with a piece: it is out, or the connection is gone. */
static int
on_piece_back(struct netbuf *nb)
{
	CfaStream *stream = nb->extra;
	CfaBuf piece = {.data = (char *) nb->buf};

	cfa_buf_clear(&piece);
	nb->buf = NULL;
	stream->piece = NULL;
	stream->is_drained = true;
	cfa_defer(run);
	return KORE_RESULT_OK;
}

/* Tells the hooks of streams whose piece is out. */
static void
run(void)
{
	CfaStream *stream;
	CfaStream *next;

	for (stream = TAILQ_FIRST(&streams); stream != NULL; stream = next)
	{
		next = TAILQ_NEXT(stream, entry);
		if (stream->ctx == NULL)
		{
			free_if_done(stream);
		}
		else if (stream->is_drained && connection_of(stream) != NULL)
		{
			stream->is_drained = false;
			stream->hook(stream->arg, CFA_STREAM_DRAINED);
		}
	}
}

static void
on_tick(uint64_t now_ms)
{
	CfaStream *stream;
	CfaStream *next;

	for (stream = TAILQ_FIRST(&streams); stream != NULL; stream = next)
	{
		next = TAILQ_NEXT(stream, entry);
		if (stream->ctx == NULL)
			free_if_done(stream);
		else
			tick_stream(stream, now_ms);
	}
}

static void
tick_stream(CfaStream *stream, uint64_t now_ms)
{
	struct connection *c = connection_of(stream);

	if (c == NULL)
	{
		stream->hook(stream->arg, CFA_STREAM_GONE);
		close_stream(stream, 499);
		return;
	}
	if (now_ms < stream->deadline_ms)
		return;
	cfa_meter_add(CFA_M_STREAMS_CUT_LATE, 1);
	cfa_log(CFA_LOG_INFO,
			"stream_cut",
			CFA_STR("route", stream->ctx->route->path),
			CFA_STR("request_id", stream->ctx->request_id));
	kore_connection_disconnect(c);
}

/* Lets go of the request, which is answered now as far as it ever will be. */
static void
close_stream(CfaStream *stream, int status)
{
	CfaCtx *ctx = stream->ctx;
	struct connection *c = connection_of(stream);
	struct http_request *req = ctx->req;

	stream->ctx = NULL;
	if (req != NULL)
	{
		cfa_dispatch_took_over(ctx, status);
		req->status = (u_int16_t) status;
		http_request_wakeup(req);
		cfa_kick();
	}
	if (c != NULL && ctx->is_last)
		cfa_edge_end(c);
	else if (c != NULL)
		cfa_edge_next(c);
	cfa_ctx_release(ctx);
	free_if_done(stream);
}

static void
free_if_done(CfaStream *stream)
{
	if (stream->ctx != NULL || stream->piece != NULL)
		return;
	TAILQ_REMOVE(&streams, stream, entry);
	kore_free(stream);
}
