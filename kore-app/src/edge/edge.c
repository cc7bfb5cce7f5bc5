/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge.c: stands between the socket and Kore's HTTP parser.
 *
 * Kore's reader is replaced for each connection: bytes are framed by frame.c,
 * and Kore is given exactly one request at a time. What came with it of the
 * next one waits in left until the answer is out. Refusals are problem+json;
 * the connection then stays half open for a moment, because closing it with
 * unread bytes would reset it and the client would never see the answer.
 *
 * CfaEdge hangs on connection.hdlr_extra and is freed by Kore; left is freed by
 * on_disconnect.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "edge/edge.h"

#include "core/app.h"
#include "core/ctx.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "core/respond.h"
#include "edge/frame.h"
#include "middleware/headers.h"
#include "middleware/trace.h"
#include <careforall/buf.h>
#include <careforall/log.h>

#define LINGER_MS 2000
#define LINGER_BYTES_MAX (1024 * 1024)
#define DISCARD_SIZE 8192
#define TICK_EVERY 5 /* ticks */

typedef struct CfaEdge
{
	uint8_t *left; /* bytes of requests to come */
	size_t left_len;
	uint64_t deadline_ms;	  /* for the head or body under way; 0 is none */
	uint64_t linger_until_ms; /* after a refusal; 0 before */
	size_t discarded;
	bool is_in_event; /* Kore's loop will look at new requests by itself */
	bool is_shut;
} CfaEdge;

static void on_ready(void *arg, int error);
static int on_event(struct connection *c);
static int on_read(struct connection *c, size_t *count);
static int on_head(struct netbuf *nb);
static int on_discard(struct netbuf *nb);
static void on_disconnect(struct connection *c);
static bool has_unanswered(struct connection *c);
static int pass_on(struct netbuf *nb, CfaEdge *edge, const CfaFrame *frame);
static void keep_rest(struct netbuf *nb, CfaEdge *edge, size_t len);
static size_t body_limit(const struct netbuf *nb, const CfaFrame *frame);
static void refuse(struct connection *c, CfaProblem problem,
				   const char *detail);
static void answer_asterisk(struct connection *c);
static void linger(struct connection *c);

void
cfa_edge_connect(struct connection *c)
{
	CfaEdge *edge = kore_calloc(1, sizeof(*edge));

	c->hdlr_extra = edge;
	c->evt.handle = on_ready;
	c->read = on_read;
	c->handle = on_event;
	c->disconnect = on_disconnect;
	c->proto = CONN_PROTO_HTTP;
	c->http_timeout = 0;
	c->idle_timer.length = CFA_EDGE_IDLE_S * 1000;
	net_recv_queue(c, http_header_max, NETBUF_CALL_CB_ALWAYS, on_head);
	cfa_meter_add(CFA_M_CONNECTIONS, 1);
}

void
cfa_edge_next(struct connection *c)
{
	net_recv_reset(c, http_header_max, on_head);
	c->http_timeout = 0;
	(void) net_recv_flush(c);
}

void
cfa_edge_release(struct connection *c)
{
	on_disconnect(c);
	kore_free(c->hdlr_extra);
	c->hdlr_extra = NULL;
	c->disconnect = NULL;
	c->evt.handle = kore_connection_event;
	c->read = net_read;
	c->handle = kore_connection_handle;
}

void
cfa_edge_tick(uint64_t now_ms)
{
	static int turn;
	struct connection *c;
	struct connection *next;

	if (++turn % TICK_EVERY != 0)
		return;
	for (c = TAILQ_FIRST(&connections); c != NULL; c = next)
	{
		CfaEdge *edge = c->hdlr_extra;

		next = TAILQ_NEXT(c, list);
		if (c->handle != on_event)
			continue;
		if (edge->linger_until_ms > 0)
		{
			if (now_ms >= edge->linger_until_ms)
				kore_connection_disconnect(c);
		}
		else if (edge->deadline_ms > 0 && now_ms >= edge->deadline_ms)
		{
			refuse(c,
				   CFA_PROBLEM_REQUEST_TIMEOUT,
				   "The request did not arrive in time.");
		}
	}
}

void
cfa_edge_close_idle(void)
{
	struct connection *c;
	struct connection *next;

	for (c = TAILQ_FIRST(&connections); c != NULL; c = next)
	{
		CfaEdge *edge = c->hdlr_extra;

		next = TAILQ_NEXT(c, list);
		if (c->handle == on_event && TAILQ_EMPTY(&c->http_requests) &&
			TAILQ_EMPTY(&c->send_queue) && edge->deadline_ms == 0)
			kore_connection_disconnect(c);
	}
}

/*
 * Kore would drop a connection at once when the client ends its half; here what
 * it sent before is read and answered first. A dead socket shows itself at the
 * next read or write.
 */
static void
on_ready(void *arg, int error)
{
	struct connection *c = arg;

	if (error)
		c->evt.flags |= KORE_EVENT_READ;
	if (!c->handle(c))
		kore_connection_disconnect(c);
}

static int
on_event(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;
	int result;

	edge->is_in_event = true;
	result = kore_connection_handle(c);
	if (c->handle != on_event)
		return result;
	edge->is_in_event = false;
	if (edge->linger_until_ms > 0)
		linger(c);
	return result;
}

/* Reads for Kore: first what was kept, then the socket. */
static int
on_read(struct connection *c, size_t *count)
{
	struct netbuf *nb = c->rnb;
	CfaEdge *edge = c->hdlr_extra;
	size_t room;

	if (nb->cb == http_header_recv)
		nb->cb = on_head;
	if (nb->cb == on_head && has_unanswered(c))
	{
		/* Park: without a buffer Kore stops reading until cfa_edge_next. */
		edge->deadline_ms = 0;
		kore_free(nb->buf);
		nb->buf = NULL;
		nb->m_len = 0;
		*count = 0;
		return KORE_RESULT_OK;
	}
	if (edge->left_len == 0 || nb->cb != on_head)
		return net_read(c, count);
	room = nb->b_len - nb->s_off;
	if (room > edge->left_len)
		room = edge->left_len;
	memcpy(nb->buf + nb->s_off, edge->left, room);
	edge->left_len -= room;
	memmove(edge->left, edge->left + room, edge->left_len);
	*count = room;
	return KORE_RESULT_OK;
}

/* More bytes of a request head came in. */
static int
on_head(struct netbuf *nb)
{
	struct connection *c = nb->owner;
	CfaEdge *edge = c->hdlr_extra;
	CfaFrame frame;

	if (nb->buf == NULL || nb->s_off == 0)
		return KORE_RESULT_OK;
	switch (cfa_frame_parse(nb->buf, &nb->s_off, nb->b_len, &frame))
	{
		case CFA_FRAME_MORE:
			if (edge->deadline_ms == 0 && nb->s_off > 0)
				edge->deadline_ms = cfa_mono_ms() + CFA_EDGE_HEAD_TIMEOUT_MS;
			return KORE_RESULT_OK;
		case CFA_FRAME_REFUSED:
			refuse(c, frame.problem, frame.detail);
			return KORE_RESULT_OK;
		case CFA_FRAME_ASTERISK:
			answer_asterisk(c);
			return KORE_RESULT_OK;
		case CFA_FRAME_READY:
			break;
	}
	edge->deadline_ms = 0;
	if (frame.body_len > body_limit(nb, &frame))
	{
		refuse(c, CFA_PROBLEM_PAYLOAD_TOO_LARGE, "The body is too large.");
		return KORE_RESULT_OK;
	}
	if (http_request_count >= http_request_limit)
	{
		refuse(c, CFA_PROBLEM_OVERLOADED, "Too many requests are under way.");
		return KORE_RESULT_OK;
	}
	return pass_on(nb, edge, &frame);
}

/* Gives one request to Kore and keeps what lies behind it. */
static int
pass_on(struct netbuf *nb, CfaEdge *edge, const CfaFrame *frame)
{
	struct connection *c = nb->owner;
	size_t whole = frame->head_len + (size_t) frame->body_len;
	bool is_whole = nb->s_off >= whole;
	int result;

	if (nb->s_off > whole)
		keep_rest(nb, edge, whole);
	if (!is_whole)
	{
		edge->deadline_ms = cfa_mono_ms() + CFA_EDGE_BODY_TIMEOUT_MS;
		if (frame->expects_continue)
		{
			net_send_queue(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
			(void) net_send_flush(c);
		}
	}
	result = http_header_recv(nb);
	c->http_timeout = 0;
	if (is_whole && frame->body_len > 0 && c->rnb->buf == NULL)
		edge->deadline_ms = 0;
	if (!edge->is_in_event)
		cfa_kick();
	return result;
}

/* Moves the bytes of nb from len on into left. */
static void
keep_rest(struct netbuf *nb, CfaEdge *edge, size_t len)
{
	size_t rest = nb->s_off - len;
	uint8_t *left = kore_malloc(rest + edge->left_len);

	memcpy(left, nb->buf + len, rest);
	if (edge->left_len > 0)
		memcpy(left + rest, edge->left, edge->left_len);
	kore_free(edge->left);
	edge->left = left;
	edge->left_len += rest;
	nb->s_off = len;
}

static int
on_discard(struct netbuf *nb)
{
	CfaEdge *edge = nb->owner->hdlr_extra;

	edge->discarded += nb->s_off;
	nb->s_off = 0;
	return edge->discarded > LINGER_BYTES_MAX ? KORE_RESULT_ERROR
											  : KORE_RESULT_OK;
}

static void
on_disconnect(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;

	kore_free(edge->left);
	edge->left = NULL;
	edge->left_len = 0;
	cfa_meter_add(CFA_M_CONNECTIONS, -1);
}

static bool
has_unanswered(struct connection *c)
{
	struct http_request *req;

	TAILQ_FOREACH(req, &c->http_requests, olist)
	{
		if (req->status == 0 && !(req->flags & HTTP_REQUEST_DELETE))
			return true;
	}
	return false;
}

/* The most that the route of this request takes as a body. */
static size_t
body_limit(const struct netbuf *nb, const CfaFrame *frame)
{
	CfaMatch match;

	if (frame->body_len == 0)
		return 0;
	if (cfa_router_match(cfa_app.routes,
						 cfa_app_route_count(),
						 cfa_app_surface(nb->owner),
						 frame->method,
						 (const char *) nb->buf + frame->path_at,
						 frame->path_len,
						 &match) == CFA_MATCH_OK)
		return match.route->body_max;
	return CFA_BODY_MAX_UNROUTED;
}

/* Answers a request that never becomes one, and closes softly. */
static void
refuse(struct connection *c, CfaProblem problem, const char *detail)
{
	const CfaProblemInfo *info = cfa_problem_info(problem);
	CfaEdge *edge = c->hdlr_extra;
	CfaBuf head = {0};
	CfaArena arena;
	const char *body;
	char request_id[CFA_REQUEST_ID_MAX + 1];

	cfa_arena_init(&arena);
	cfa_request_id_make(request_id);
	body = cfa_problem_json(&arena, info, detail, request_id, NULL);
	cfa_buf_addf(
		&head,
		"HTTP/1.1 %d %s\r\ndate: %s\r\n%scache-control: no-store\r\n"
		"content-type: application/problem+json\r\ncontent-length: %zu\r\n"
		"x-request-id: %s\r\nconnection: close\r\n",
		info->status,
		cfa_status_text(info->status),
		cfa_http_date(),
		cfa_security_headers,
		strlen(body),
		request_id);
	if (info->retry_after_s > 0)
		cfa_buf_addf(&head, "retry-after: %d\r\n", info->retry_after_s);
	cfa_buf_addf(&head, "\r\n%s", body);
	net_send_queue(c, head.data, head.len);
	cfa_buf_clear(&head);
	cfa_arena_clear(&arena);
	cfa_meter_edge_refusal(problem);
	cfa_log(CFA_LOG_INFO,
			"http_refused",
			CFA_STR("problem", info->slug),
			CFA_INT("status", info->status),
			CFA_STR("request_id", request_id));
	edge->deadline_ms = 0;
	edge->left_len = 0;
	edge->linger_until_ms = cfa_mono_ms() + LINGER_MS;
	net_recv_reset(c, DISCARD_SIZE, on_discard);
	(void) net_send_flush(c);
	linger(c);
}

static void
answer_asterisk(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;
	CfaBuf head = {0};

	cfa_buf_addf(&head,
				 "HTTP/1.1 204 %s\r\ndate: %s\r\n%s"
				 "allow: GET, HEAD, POST, OPTIONS\r\nconnection: close\r\n\r\n",
				 cfa_status_text(204),
				 cfa_http_date(),
				 cfa_security_headers);
	net_send_queue(c, head.data, head.len);
	cfa_buf_clear(&head);
	edge->deadline_ms = 0;
	edge->left_len = 0;
	edge->linger_until_ms = cfa_mono_ms() + LINGER_MS;
	net_recv_reset(c, DISCARD_SIZE, on_discard);
	(void) net_send_flush(c);
	linger(c);
}

/* Ends our half of the connection once all is sent. */
static void
linger(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;

	if (edge->is_shut || c->state == CONN_STATE_DISCONNECTING ||
		!TAILQ_EMPTY(&c->send_queue))
		return;
	edge->is_shut = true;
	(void) shutdown(c->fd, SHUT_WR);
}
