/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge.c: stands between the socket and Kore's HTTP parser.
 *
 * Kore's reader is replaced for each connection: bytes are framed by frame.c,
 * and Kore is given exactly one request at a time. What came with it of the
 * next one waits in left until the answer is out, and nothing is read while the
 * client has not taken its answers. Refusals are problem+json. After the last
 * answer the connection stays half open for a moment, because closing it with
 * unread bytes would reset it and the client would never see the answer.
 *
 * What one client can hold is bounded in connections (admission.c), in bytes
 * (one head, one body, QUEUE_MAX and one answer) and in time, at each step.
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
#include "edge/admission.h"
#include "edge/frame.h"
#include "middleware/client.h"
#include "middleware/headers.h"
#include "middleware/trace.h"
#include <careforall/buf.h>
#include <careforall/log.h>

#define LINGER_MS 2000
#define LINGER_BYTES_MAX (1024 * 1024)
#define LINGERING_MAX 512 /* per worker; above it connections end at once */
#define DISCARD_SIZE 8192
#define QUEUE_MAX 65536 /* bytes not taken by the client: none is read */
#define TICK_EVERY 5	/* ticks */
#define REFUSALS_LOGGED_MAX 20
#define REFUSALS_LOGGED_MS 1000

typedef struct CfaEdge
{
	uint8_t *left; /* bytes of requests to come */
	size_t left_len;
	uint64_t deadline_ms;	  /* for the head or body under way; 0 is none */
	uint64_t linger_until_ms; /* after the last answer; 0 before */
	uint64_t stalled_ms;	  /* since when nothing was taken */
	uint64_t taken;			  /* bytes sent */
	uint64_t taken_before;	  /* the same when last looked at */
	size_t discarded;
	bool is_in_event; /* Kore's loop will look at new requests by itself */
	bool is_parked;	  /* not reading: an answer is to come or to be taken */
	bool is_admitted; /* counted by admission.c */
	bool is_shut;
} CfaEdge;

static unsigned lingering;

static void on_ready(void *arg, int error);
static int on_event(struct connection *c);
static int on_read(struct connection *c, size_t *count);
static int on_write(struct connection *c, size_t len, size_t *count);
static int on_head(struct netbuf *nb);
static int on_discard(struct netbuf *nb);
static void on_disconnect(struct connection *c);
static int receive(struct connection *c, size_t *count);
static bool must_park(const struct connection *c);
static bool has_unanswered(const struct connection *c);
static size_t queued_bytes(const struct connection *c);
static bool has_unread(const struct connection *c);
static bool admit(struct connection *c);
static size_t address_of(const struct connection *c, const uint8_t **address);
static void check_deadlines(struct connection *c, uint64_t now_ms);
static bool is_stalled(struct connection *c, uint64_t now_ms);
static int pass_on(struct netbuf *nb, CfaEdge *edge, const CfaFrame *frame);
static void keep_rest(struct netbuf *nb, CfaEdge *edge, size_t len);
static size_t body_limit(const struct netbuf *nb, const CfaFrame *frame);
static void refuse(struct connection *c, CfaProblem problem,
				   const char *detail);
static bool is_head_request(const struct connection *c);
static void log_refusal(const CfaProblemInfo *info, const char *request_id);
static void answer_asterisk(struct connection *c);
static void shut(struct connection *c);

void
cfa_edge_connect(struct connection *c)
{
	CfaEdge *edge = kore_calloc(1, sizeof(*edge));

	c->hdlr_extra = edge;
	c->evt.handle = on_ready;
	c->read = on_read;
	c->write = on_write;
	c->handle = on_event;
	c->disconnect = on_disconnect;
	c->proto = CONN_PROTO_HTTP;
	c->http_timeout = 0;
	c->idle_timer.length = CFA_EDGE_SILENT_S * 1000;
	net_recv_queue(c, http_header_max, NETBUF_CALL_CB_ALWAYS, on_head);
	cfa_meter_add(CFA_M_CONNECTIONS, 1);
	if (worker_active_connections >= CFA_EDGE_CONNECTIONS_MAX)
		refuse(c, CFA_PROBLEM_OVERLOADED, "Too many connections are open.");
	else if (!admit(c))
		refuse(c,
			   CFA_PROBLEM_TOO_MANY_CONNECTIONS,
			   "This address has too many connections open.");
}

void
cfa_edge_next(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;

	edge->is_parked = false;
	net_recv_reset(c, http_header_max, on_head);
	c->http_timeout = 0;
	c->idle_timer.length = CFA_EDGE_IDLE_S * 1000;
	if (!net_send_flush(c) || !net_recv_flush(c))
		kore_connection_disconnect(c);
}

void
cfa_edge_end(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;

	edge->is_parked = false;
	edge->deadline_ms = 0;
	edge->left_len = 0;
	c->http_timeout = 0;
	if (lingering >= LINGERING_MAX)
	{
		c->flags |= CONN_CLOSE_EMPTY;
	}
	else
	{
		lingering++;
		edge->linger_until_ms = cfa_mono_ms() + LINGER_MS;
	}
	net_recv_reset(c, DISCARD_SIZE, on_discard);
	if (!net_send_flush(c) || !net_recv_flush(c))
		kore_connection_disconnect(c);
	else
		shut(c);
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
	c->write = net_write;
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
		next = TAILQ_NEXT(c, list);
		if (c->handle == on_event)
			check_deadlines(c, now_ms);
	}
}

void
cfa_edge_close_idle(uint64_t idle_ms)
{
	uint64_t now_ms = kore_time_ms();
	struct connection *c;
	struct connection *next;

	for (c = TAILQ_FIRST(&connections); c != NULL; c = next)
	{
		const CfaEdge *edge = c->hdlr_extra;

		next = TAILQ_NEXT(c, list);
		if (c->handle == on_event && TAILQ_EMPTY(&c->http_requests) &&
			TAILQ_EMPTY(&c->send_queue) && edge->deadline_ms == 0 &&
			edge->linger_until_ms == 0 && edge->left_len == 0 &&
			now_ms - c->idle_timer.start >= idle_ms && !has_unread(c))
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
	if (result && edge->is_parked && c->state == CONN_STATE_ESTABLISHED &&
		!must_park(c))
		cfa_edge_next(c);
	edge->is_in_event = false;
	if (edge->linger_until_ms > 0)
		shut(c);
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
	if (nb->cb == on_head && must_park(c))
	{
		/* Park: without a buffer Kore stops reading until cfa_edge_next. */
		edge->is_parked = true;
		edge->deadline_ms = 0;
		kore_free(nb->buf);
		nb->buf = NULL;
		nb->m_len = 0;
		*count = 0;
		return KORE_RESULT_OK;
	}
	if (edge->left_len == 0 || nb->cb != on_head)
		return receive(c, count);
	room = nb->b_len - nb->s_off;
	if (room > edge->left_len)
		room = edge->left_len;
	memcpy(nb->buf + nb->s_off, edge->left, room);
	edge->left_len -= room;
	memmove(edge->left, edge->left + room, edge->left_len);
	*count = room;
	return KORE_RESULT_OK;
}

static int
on_write(struct connection *c, size_t len, size_t *count)
{
	CfaEdge *edge = c->hdlr_extra;
	int result = net_write(c, len, count);

	/* Without the flag nothing was sent, and count is not set. */
	if (result == KORE_RESULT_OK && (c->evt.flags & KORE_EVENT_WRITE))
		edge->taken += *count;
	return result;
}

/*
 * Reads from the socket. A client that ends its half may still wait for what it
 * has asked for: the connection ends when that is sent.
 */
static int
receive(struct connection *c, size_t *count)
{
	struct netbuf *nb = c->rnb;
	ssize_t got = recv(c->fd, nb->buf + nb->s_off, nb->b_len - nb->s_off, 0);

	if (got > 0)
	{
		*count = (size_t) got;
		return KORE_RESULT_OK;
	}
	if (got == -1 && errno == EINTR)
	{
		*count = 0;
		return KORE_RESULT_OK;
	}
	c->evt.flags &= ~KORE_EVENT_READ;
	if (got == -1)
		return errno == EAGAIN ? KORE_RESULT_OK : KORE_RESULT_ERROR;
	if (TAILQ_EMPTY(&c->send_queue))
		kore_connection_disconnect(c);
	else
		c->flags |= CONN_CLOSE_EMPTY;
	return KORE_RESULT_OK;
}

/* More bytes of a request head came in. */
static int
on_head(struct netbuf *nb)
{
	struct connection *c = nb->owner;
	CfaEdge *edge = c->hdlr_extra;
	CfaFrame frame;
	size_t limit;

	if (nb->buf == NULL || nb->s_off == 0)
		return KORE_RESULT_OK;
	switch (cfa_frame_parse(nb->buf, &nb->s_off, nb->b_len, &frame))
	{
		case CFA_FRAME_MORE:
			/* Also after a mere empty line, which is dropped. */
			if (edge->deadline_ms == 0)
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
	limit = body_limit(nb, &frame);
	if (frame.body_len > limit)
	{
		refuse(c,
			   CFA_PROBLEM_PAYLOAD_TOO_LARGE,
			   limit == 0 ? "This resource takes no body."
						  : "The body is too large.");
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
	const uint8_t *address;
	size_t len = address_of(c, &address);

	kore_free(edge->left);
	edge->left = NULL;
	edge->left_len = 0;
	if (edge->is_admitted)
		cfa_admission_leave(address, len);
	if (edge->linger_until_ms > 0)
		lingering--;
	cfa_meter_add(CFA_M_CONNECTIONS, -1);
}

/* Whether the next request has to wait. */
static bool
must_park(const struct connection *c)
{
	return has_unanswered(c) || queued_bytes(c) > QUEUE_MAX;
}

static bool
has_unanswered(const struct connection *c)
{
	const struct http_request *req;

	TAILQ_FOREACH(req, &c->http_requests, olist)
	{
		if (req->status == 0 && !(req->flags & HTTP_REQUEST_DELETE))
			return true;
	}
	return false;
}

/* How much the client has not taken yet. */
static size_t
queued_bytes(const struct connection *c)
{
	const struct netbuf *nb;
	size_t sum = 0;

	TAILQ_FOREACH(nb, &c->send_queue, list)
		sum += nb->b_len - nb->s_off;
	return sum;
}

static bool
has_unread(const struct connection *c)
{
	char byte;

	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Counts the connection for its address; proxies speak for many. */
static bool
admit(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;
	const uint8_t *address;
	size_t len = address_of(c, &address);

	if (len == 0 || cfa_client_is_proxy(c))
		return true;
	edge->is_admitted = cfa_admission_enter(address, len);
	return edge->is_admitted;
}

/* The address to count by; of version 6 the network, which one client has. */
static size_t
address_of(const struct connection *c, const uint8_t **address)
{
	if (c->family == AF_INET)
	{
		*address = (const uint8_t *) &c->addr.ipv4.sin_addr;
		return 4;
	}
	*address = (const uint8_t *) &c->addr.ipv6.sin6_addr;
	return c->family == AF_INET6 ? 8 : 0;
}

static void
check_deadlines(struct connection *c, uint64_t now_ms)
{
	CfaEdge *edge = c->hdlr_extra;

	if (is_stalled(c, now_ms))
	{
		cfa_meter_add(CFA_M_SLOW_READERS, 1);
		kore_connection_disconnect(c);
	}
	else if (edge->linger_until_ms > 0)
	{
		if (now_ms >= edge->linger_until_ms && TAILQ_EMPTY(&c->send_queue))
			kore_connection_disconnect(c);
	}
	else if (edge->deadline_ms > 0 && now_ms >= edge->deadline_ms)
	{
		refuse(c,
			   CFA_PROBLEM_REQUEST_TIMEOUT,
			   "The request did not arrive in time.");
	}
}

/* Whether the client has taken nothing of its answer for too long. */
static bool
is_stalled(struct connection *c, uint64_t now_ms)
{
	CfaEdge *edge = c->hdlr_extra;

	if (TAILQ_EMPTY(&c->send_queue) || edge->taken != edge->taken_before)
	{
		edge->taken_before = edge->taken;
		edge->stalled_ms = now_ms;
		return false;
	}
	return now_ms - edge->stalled_ms >= CFA_EDGE_SEND_TIMEOUT_MS;
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
	CfaBuf head = {0};
	CfaArena arena;
	const char *members = NULL;
	const char *body;
	char request_id[CFA_REQUEST_ID_MAX + 1];

	cfa_arena_init(&arena);
	cfa_request_id_make(request_id);
	if (problem == CFA_PROBLEM_TOO_MANY_CONNECTIONS)
		members = ",\"violated-policies\":[\"connections-address\"]";
	body = cfa_problem_json(&arena, info, detail, request_id, members);
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
	cfa_buf_adds(&head, "\r\n");
	net_send_queue(c, head.data, head.len);
	if (!is_head_request(c))
		net_send_queue(c, body, strlen(body));
	cfa_buf_clear(&head);
	cfa_arena_clear(&arena);
	cfa_meter_edge_refusal(problem);
	log_refusal(info, request_id);
	cfa_edge_end(c);
}

/* Whether what is being read says HEAD: its answer has no body. */
static bool
is_head_request(const struct connection *c)
{
	const struct netbuf *nb = c->rnb;

	return nb->cb == on_head && nb->buf != NULL && nb->s_off >= 5 &&
		   memcmp(nb->buf, "HEAD ", 5) == 0;
}

/* Hostile clients must not fill the log: some lines a second say how many. */
static void
log_refusal(const CfaProblemInfo *info, const char *request_id)
{
	static uint64_t since_ms;
	static unsigned logged;
	static unsigned silent;
	uint64_t now_ms = cfa_mono_ms();

	if (now_ms - since_ms >= REFUSALS_LOGGED_MS)
	{
		since_ms = now_ms;
		logged = 0;
	}
	if (logged++ >= REFUSALS_LOGGED_MAX)
	{
		silent++;
		return;
	}
	cfa_log(CFA_LOG_INFO,
			"http_refused",
			CFA_STR("problem", info->slug),
			CFA_INT("status", info->status),
			CFA_INT("not_logged_before", silent),
			CFA_STR("request_id", request_id));
	silent = 0;
}

static void
answer_asterisk(struct connection *c)
{
	CfaBuf head = {0};

	cfa_buf_addf(&head,
				 "HTTP/1.1 204 %s\r\ndate: %s\r\n%s"
				 "allow: GET, HEAD, POST, OPTIONS\r\nconnection: close\r\n\r\n",
				 cfa_status_text(204),
				 cfa_http_date(),
				 cfa_security_headers);
	net_send_queue(c, head.data, head.len);
	cfa_buf_clear(&head);
	cfa_edge_end(c);
}

/* Ends our half of the connection once all is sent. */
static void
shut(struct connection *c)
{
	CfaEdge *edge = c->hdlr_extra;

	if (edge->is_shut || c->state == CONN_STATE_DISCONNECTING ||
		!TAILQ_EMPTY(&c->send_queue))
		return;
	edge->is_shut = true;
	edge->linger_until_ms = cfa_mono_ms() + LINGER_MS;
	(void) shutdown(c->fd, SHUT_WR);
}
