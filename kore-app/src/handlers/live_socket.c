/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_socket.c: WebSockets on Kore's connections.
 *
 * Kore does the handshake only; frames are read by edge/websocket.c. What a
 * turn of the loop sends to a socket is written once, at its end. Memory of a
 * socket is bounded: a frame and a message of CFA_LIVE_MESSAGE_MAX, what it has
 * not read of CFA_LIVE_QUEUE_MAX, and a send buffer of the kernel of SEND_BUFFER.
 *
 * A socket that closes stays half open for a moment: closed with unread bytes
 * it would be reset, and the client would not see the code.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "handlers/live_socket.h"

#include <sys/socket.h>

#include "core/ctx.h"
#include "core/dispatch.h"
#include "core/loop.h"
#include "edge/edge.h"
#include "handlers/live_room.h"
#include "meters.h"

#define READ_SIZE (CFA_LIVE_MESSAGE_MAX + CFA_WS_FRAME_HEAD)
#define SEND_BUFFER (64 * 1024)
#define CLOSE_MS 2000
#define TICK_EVERY 4 /* ticks */
/* A client may send a burst of frames and then some each second. */
#define BUDGET_MAX 100
#define BUDGET_MS 50 /* for one more */
#define NEVER_MS (UINT64_MAX / 2)

static TAILQ_HEAD(, CfaLiveSocket) sockets = TAILQ_HEAD_INITIALIZER(sockets);
static TAILQ_HEAD(, CfaLiveSocket) dirty = TAILQ_HEAD_INITIALIZER(dirty);
static const CfaLiveHooks *hooks;
static uint64_t ping_every_ms;

static int on_bytes(struct netbuf *nb);
static void on_disconnect(struct connection *c);
static void on_tick(uint64_t now_ms);
static void tick_socket(CfaLiveSocket *socket, uint64_t now_ms);
static void take_frame(CfaLiveSocket *socket, const CfaWsFrame *frame);
static bool take_budget(CfaLiveSocket *socket);
static void queue_frame(CfaLiveSocket *socket, CfaWsOp op, const void *data,
						size_t len);
static void flush_dirty(void);
static void flush(CfaLiveSocket *socket);

void
cfa_live_socket_start(const CfaLiveHooks *socket_hooks, unsigned ping_ms)
{
	hooks = socket_hooks;
	ping_every_ms = ping_ms;
	cfa_tick_add(on_tick);
}

void
cfa_live_socket_open(CfaCtx *ctx)
{
	struct connection *c = ctx->req->owner;
	CfaLiveSocket *socket = kore_calloc(1, sizeof(*socket));
	int size = SEND_BUFFER;

	cfa_edge_release(c);
	(void) setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	socket->connection = c;
	socket->heard_ms = cfa_mono_ms();
	socket->ping_ms = socket->heard_ms + ping_every_ms;
	socket->budget = BUDGET_MAX;
	socket->budget_ms = socket->heard_ms;
	socket->message = (CfaWsMessage){.data = socket->message_data,
									 .size = sizeof(socket->message_data)};
	socket->address = ctx->address;
	LIST_INIT(&socket->subscriptions);
	TAILQ_INSERT_TAIL(&sockets, socket, entry);
	cfa_meter_add(CFA_M_LIVE_SOCKETS, 1);
	c->hdlr_extra = socket;
	c->flags |= CONN_IS_BUSY; /* Kore is not to read another request */
	kore_websocket_handshake(ctx->req, NULL, NULL, NULL);
	c->flags &= ~CONN_IS_BUSY;
	c->disconnect = on_disconnect;
	c->idle_timer.length = NEVER_MS;
	net_recv_reset(c, READ_SIZE, on_bytes);
	c->rnb->flags |= NETBUF_CALL_CB_ALWAYS;
	cfa_dispatch_took_over(ctx, 101);
}

void
cfa_live_send(CfaLiveSocket *socket, const char *text, size_t len)
{
	if (socket->is_closing || socket->is_too_slow ||
		socket->connection->state == CONN_STATE_DISCONNECTING)
		return;
	if (cfa_live_queued(socket) + len > CFA_LIVE_QUEUE_MAX)
		flush(socket);
	if (cfa_live_queued(socket) + len > CFA_LIVE_QUEUE_MAX)
	{
		/* Not now: the caller may be on its way along the subscriptions. */
		cfa_meter_add(CFA_M_LIVE_DROPPED_SLOW, 1);
		socket->is_too_slow = true;
		return;
	}
	cfa_meter_add(CFA_M_LIVE_FRAMES, 1);
	queue_frame(socket, CFA_WS_TEXT, text, len);
}

size_t
cfa_live_queued(const CfaLiveSocket *socket)
{
	const struct netbuf *nb;
	size_t queued = 0;

	TAILQ_FOREACH(nb, &socket->connection->send_queue, list)
		queued += nb->b_len - nb->s_off;
	return queued;
}

void
cfa_live_close(CfaLiveSocket *socket, CfaWsCode code)
{
	uint8_t wire[2] = {(uint8_t) (code >> 8), (uint8_t) code};

	if (socket->is_closing ||
		socket->connection->state == CONN_STATE_DISCONNECTING)
		return;
	queue_frame(socket, CFA_WS_CLOSE, wire, sizeof(wire));
	socket->is_closing = true;
	socket->close_ms = cfa_mono_ms() + CLOSE_MS;
}

void
cfa_live_close_all_sockets(CfaWsCode code)
{
	CfaLiveSocket *socket;

	TAILQ_FOREACH(socket, &sockets, entry)
		cfa_live_close(socket, code);
}

/* Bytes of a client came in: any part of a frame, or many. */
static int
on_bytes(struct netbuf *nb)
{
	struct connection *c = nb->owner;
	CfaLiveSocket *socket = c->hdlr_extra;
	CfaWsFrame frame;
	CfaWsResult result = CFA_WS_FRAME;
	size_t at = 0;

	socket->heard_ms = cfa_mono_ms();
	while (result == CFA_WS_FRAME && !socket->is_closing)
	{
		result = cfa_ws_read(nb->buf + at,
							 nb->s_off - at,
							 CFA_LIVE_MESSAGE_MAX,
							 &frame);
		if (result == CFA_WS_FRAME)
		{
			at += frame.frame_len;
			take_frame(socket, &frame);
		}
		else if (result == CFA_WS_BROKEN)
		{
			cfa_meter_add(CFA_M_LIVE_BAD_MESSAGES, 1);
			cfa_live_close(socket, (CfaWsCode) frame.code);
		}
	}
	if (socket->is_closing)
		at = nb->s_off;
	memmove(nb->buf, nb->buf + at, nb->s_off - at);
	nb->s_off -= at;
	return KORE_RESULT_OK;
}

static void
on_disconnect(struct connection *c)
{
	CfaLiveSocket *socket = c->hdlr_extra;

	hooks->gone(socket);
	if (socket->is_dirty)
		TAILQ_REMOVE(&dirty, socket, dirty);
	socket->is_dirty = false;
	TAILQ_REMOVE(&sockets, socket, entry);
	cfa_live_room_give_back(&socket->address);
	cfa_meter_add(CFA_M_LIVE_SOCKETS, -1);
}

static void
on_tick(uint64_t now_ms)
{
	static int turn;
	CfaLiveSocket *socket;
	CfaLiveSocket *next;

	if (++turn % TICK_EVERY != 0)
		return;
	for (socket = TAILQ_FIRST(&sockets); socket != NULL; socket = next)
	{
		next = TAILQ_NEXT(socket, entry);
		tick_socket(socket, now_ms);
	}
}

static void
tick_socket(CfaLiveSocket *socket, uint64_t now_ms)
{
	struct connection *c = socket->connection;

	if (socket->is_closing && !socket->is_shut && TAILQ_EMPTY(&c->send_queue))
	{
		socket->is_shut = true;
		(void) shutdown(c->fd, SHUT_WR);
	}
	if (socket->is_too_slow ||
		(socket->is_closing && now_ms >= socket->close_ms))
	{
		kore_connection_disconnect(c);
		return;
	}
	/* Two pings and a half without a word: nobody is there. */
	if (!cfa_loop_was_stalled() &&
		now_ms - socket->heard_ms >= ping_every_ms * 5 / 2)
	{
		cfa_meter_add(CFA_M_LIVE_DROPPED_DEAD, 1);
		kore_connection_disconnect(c);
		return;
	}
	if (now_ms < socket->ping_ms || socket->is_closing)
		return;
	socket->ping_ms = now_ms + ping_every_ms;
	queue_frame(socket, CFA_WS_PING, "live", 4);
}

static void
take_frame(CfaLiveSocket *socket, const CfaWsFrame *frame)
{
	bool is_whole = false;
	uint16_t code = 0;

	if (frame->op == CFA_WS_CLOSE)
	{
		cfa_live_close(socket, (CfaWsCode) cfa_ws_close_answer(frame));
		return;
	}
	if (!take_budget(socket))
	{
		code = CFA_WS_POLICY;
	}
	else if (frame->op == CFA_WS_PING)
	{
		if (cfa_live_queued(socket) < CFA_LIVE_QUEUE_MAX)
			queue_frame(socket,
						CFA_WS_PONG,
						frame->payload,
						frame->payload_len);
	}
	else if (frame->op != CFA_WS_PONG)
	{
		code = cfa_ws_assemble(&socket->message, frame, &is_whole);
	}
	if (code != 0)
	{
		cfa_meter_add(CFA_M_LIVE_BAD_MESSAGES, 1);
		cfa_live_close(socket, (CfaWsCode) code);
	}
	else if (is_whole)
	{
		hooks->message(socket, socket->message.data, socket->message.len);
	}
}

/* Whether the client may send one more frame now. */
static bool
take_budget(CfaLiveSocket *socket)
{
	uint64_t more = (socket->heard_ms - socket->budget_ms) / BUDGET_MS;

	socket->budget_ms += more * BUDGET_MS;
	if (more > BUDGET_MAX - socket->budget)
		more = BUDGET_MAX - socket->budget;
	socket->budget += (unsigned) more;
	if (socket->budget == 0)
		return false;
	socket->budget--;
	return true;
}

static void
queue_frame(CfaLiveSocket *socket, CfaWsOp op, const void *data, size_t len)
{
	uint8_t head[CFA_WS_HEAD_MAX];

	net_send_queue(socket->connection, head, cfa_ws_head(head, op, len));
	if (len > 0)
		net_send_queue(socket->connection, data, len);
	if (socket->is_dirty)
		return;
	socket->is_dirty = true;
	TAILQ_INSERT_TAIL(&dirty, socket, dirty);
	cfa_defer(flush_dirty);
}

static void
flush_dirty(void)
{
	CfaLiveSocket *socket;

	while ((socket = TAILQ_FIRST(&dirty)) != NULL)
	{
		TAILQ_REMOVE(&dirty, socket, dirty);
		socket->is_dirty = false;
		flush(socket);
	}
}

static void
flush(CfaLiveSocket *socket)
{
	/* The connection is broken: the tick ends it, not a caller's loop. */
	if (!net_send_flush(socket->connection))
		socket->is_too_slow = true;
}
