/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.c: the WebSocket at /api/v1/live: handshake, messages of clients, pings.
 *
 * A web page of a foreign origin is refused, because a browser would open the
 * socket for it. Sockets are bounded per worker and per address, subscriptions
 * per socket, messages in size; none of them can hold more than a client that
 * reads slowly is allowed to have queued.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "handlers/live.h"

#include <careforall/buf.h>
#include <careforall/text.h>
#include <jansson.h>

#include "core/ctx.h"
#include "core/dispatch.h"
#include "core/json.h"
#include "core/loop.h"
#include "edge/edge.h"
#include "handlers/live_hub.h"
#include "meters.h"
#include "middleware/cors.h"

#define SOCKETS_MAX 4000	   /* per worker */
#define SOCKETS_PER_ADDRESS 64 /* per worker */
#define MESSAGE_MAX 2048
#define PING_EVERY_MS 30000
#define DEPTH_MAX 3

/* Kore finds these by name. */
void api_live_message(struct connection *c, u_int8_t op, const void *data,
					  size_t len);
void api_live_gone(struct connection *c);

static TAILQ_HEAD(, CfaLiveSocket) sockets = TAILQ_HEAD_INITIALIZER(sockets);
static unsigned socket_count;
static const CfaTokenKeys *keys;

static bool check_handshake(CfaCtx *ctx);
static bool check_room(CfaCtx *ctx);
static void open_socket(CfaCtx *ctx);
static void on_tick(uint64_t now_ms);
static bool take_message(CfaLiveSocket *socket, json_t *message);
static bool take_target(CfaLiveSocket *socket, json_t *target,
						bool is_subscribe);
static void send_error(CfaLiveSocket *socket, const char *code,
					   const char *detail);
static void close_socket(CfaLiveSocket *socket, uint16_t code);

void
cfa_live_configure(const CfaTokenKeys *token_keys)
{
	keys = token_keys;
}

void
cfa_live_start(void)
{
	kore_websocket_maxframe = MESSAGE_MAX;
	cfa_live_hub_start();
	cfa_tick_add(on_tick);
}

void
cfa_live_close_all(void)
{
	CfaLiveSocket *socket;
	CfaLiveSocket *next;

	for (socket = TAILQ_FIRST(&sockets); socket != NULL; socket = next)
	{
		next = TAILQ_NEXT(socket, entry);
		close_socket(socket, 1001);
	}
}

void
api_live(CfaCtx *ctx)
{
	if (check_handshake(ctx) && check_room(ctx))
		open_socket(ctx);
}

/* A message of a client. */
void
api_live_message(struct connection *c, u_int8_t op, const void *data,
				 size_t len)
{
	CfaLiveSocket *socket = c->hdlr_extra;
	const char *error;
	json_t *message;

	/* Kore gives the first piece of a fragmented message as a whole one. */
	if (op != WEBSOCKET_OP_TEXT || !(c->rnb->buf[0] & 0x80))
	{
		close_socket(socket, 1003);
		return;
	}
	message = cfa_json_read(data, len, DEPTH_MAX, &error);
	if (message == NULL || !take_message(socket, message))
		cfa_meter_add(CFA_M_LIVE_BAD_MESSAGES, 1);
	if (message == NULL)
		send_error(socket, "invalid-json", error);
	json_decref(message);
}

void
api_live_gone(struct connection *c)
{
	CfaLiveSocket *socket = c->hdlr_extra;
	CfaLiveSubscription *s;

	while ((s = LIST_FIRST(&socket->subscriptions)) != NULL)
		cfa_live_unsubscribe(s);
	TAILQ_REMOVE(&sockets, socket, entry);
	socket_count--;
	cfa_meter_add(CFA_M_LIVE_SOCKETS, -1);
}

static bool
check_handshake(CfaCtx *ctx)
{
	const char *upgrade = cfa_ctx_header(ctx, "upgrade");
	const char *connection = cfa_ctx_header(ctx, "connection");
	const char *version = cfa_ctx_header(ctx, "sec-websocket-version");
	const char *key = cfa_ctx_header(ctx, "sec-websocket-key");
	const char *origin = cfa_ctx_header(ctx, "origin");

	if (ctx->method != CFA_GET || upgrade == NULL || connection == NULL ||
		strcasecmp(upgrade, "websocket") != 0 ||
		strcasestr(connection, "upgrade") == NULL || version == NULL ||
		strcmp(version, "13") != 0)
	{
		cfa_answer_header(ctx, "upgrade", "websocket");
		cfa_answer_header(ctx, "sec-websocket-version", "13");
		cfa_answer_problem(ctx, CFA_PROBLEM_UPGRADE_REQUIRED, NULL);
		return false;
	}
	if (key == NULL || strlen(key) != 24)
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_BAD_REQUEST,
						   "The Sec-WebSocket-Key is invalid.");
		return false;
	}
	if (origin != NULL && !cfa_cors_allows(origin))
	{
		cfa_meter_add(CFA_M_LIVE_REFUSED_ORIGIN, 1);
		cfa_answer_problem(ctx, CFA_PROBLEM_ORIGIN_REFUSED, NULL);
		return false;
	}
	return true;
}

/* Whether one more socket is allowed, here and for this address. */
static bool
check_room(CfaCtx *ctx)
{
	const CfaLiveSocket *socket;
	unsigned same = 0;

	TAILQ_FOREACH(socket, &sockets, entry)
		same += strcmp(socket->client, ctx->client) == 0;
	if (socket_count < SOCKETS_MAX && same < SOCKETS_PER_ADDRESS)
		return true;
	cfa_meter_add(CFA_M_LIVE_REFUSED_FULL, 1);
	if (socket_count < SOCKETS_MAX)
		cfa_answer_problem(
			ctx,
			CFA_PROBLEM_TOO_MANY_REQUESTS,
			"There are too many live connections of this address.");
	else
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
	return false;
}

static void
open_socket(CfaCtx *ctx)
{
	struct connection *c = ctx->req->owner;
	CfaLiveSocket *socket = kore_calloc(1, sizeof(*socket));

	cfa_edge_release(c);
	socket->connection = c;
	socket->ping_ms = cfa_mono_ms() + PING_EVERY_MS;
	memcpy(socket->client, ctx->client, sizeof(socket->client));
	LIST_INIT(&socket->subscriptions);
	TAILQ_INSERT_TAIL(&sockets, socket, entry);
	socket_count++;
	cfa_meter_add(CFA_M_LIVE_SOCKETS, 1);
	c->hdlr_extra = socket;
	c->flags |= CONN_IS_BUSY; /* Kore is not to read another request */
	kore_websocket_handshake(ctx->req,
							 NULL,
							 "api_live_message",
							 "api_live_gone");
	c->flags &= ~CONN_IS_BUSY;
	cfa_dispatch_took_over(ctx, 101);
}

static void
on_tick(uint64_t now_ms)
{
	CfaLiveSocket *socket;
	CfaLiveSocket *next;

	/* Kore closes a socket that is silent for long: pongs keep it. */
	for (socket = TAILQ_FIRST(&sockets); socket != NULL; socket = next)
	{
		next = TAILQ_NEXT(socket, entry);
		if (socket->is_too_slow)
		{
			socket->connection->flags |= CONN_WS_CLOSE_SENT;
			kore_connection_disconnect(socket->connection);
			continue;
		}
		if (now_ms < socket->ping_ms)
			continue;
		socket->ping_ms = now_ms + PING_EVERY_MS;
		kore_websocket_send(socket->connection, WEBSOCKET_OP_PING, "live", 4);
	}
}

static bool
take_message(CfaLiveSocket *socket, json_t *message)
{
	json_t *subscribe = json_object_get(message, "subscribe");
	json_t *unsubscribe = json_object_get(message, "unsubscribe");

	if (json_object_size(message) == 1 && json_is_object(subscribe))
		return take_target(socket, subscribe, true);
	if (json_object_size(message) == 1 && json_is_object(unsubscribe))
		return take_target(socket, unsubscribe, false);
	send_error(
		socket,
		"bad-request",
		"A message must be {\"subscribe\":{...}} or {\"unsubscribe\":{...}}.");
	return false;
}

static bool
take_target(CfaLiveSocket *socket, json_t *target, bool is_subscribe)
{
	const char *campaign =
		json_string_value(json_object_get(target, "campaign"));
	const char *pledge = json_string_value(json_object_get(target, "pledge"));
	const char *token = json_string_value(json_object_get(target, "token"));
	json_t *after = json_object_get(target, "after");
	const char *text = campaign ? campaign : pledge;
	CfaLiveKind kind = campaign ? CFA_LIVE_CAMPAIGN : CFA_LIVE_PLEDGE;
	CfaLiveSubscription *present;
	char id_text[CFA_UUID_TEXT_LEN + 1];
	uint8_t id[16];

	if (text == NULL || (campaign != NULL && pledge != NULL) ||
		!cfa_uuid_parse(text, strlen(text), id) ||
		(after != NULL && !json_is_null(after) &&
		 (!json_is_integer(after) || json_integer_value(after) < 0)))
	{
		send_error(
			socket,
			"bad-request",
			"Name one campaign or pledge by its id; after is a sequence.");
		return false;
	}
	cfa_uuid_format(id, id_text);
	present = cfa_live_find(socket, kind, id);
	if (!is_subscribe)
	{
		if (present != NULL)
			cfa_live_unsubscribe(present);
		return true;
	}
	if (kind == CFA_LIVE_PLEDGE &&
		(token == NULL ||
		 !cfa_token_check(keys, id_text, token, strlen(token))))
	{
		send_error(socket, "not-found", "There is no such pledge.");
		return false;
	}
	if (present != NULL)
		cfa_live_unsubscribe(present);
	if (socket->subscription_count >= CFA_LIVE_SUBSCRIPTIONS_MAX)
	{
		send_error(socket, "too-many-requests", "Too many subscriptions.");
		return false;
	}
	cfa_live_subscribe(socket,
					   kind,
					   id,
					   kind == CFA_LIVE_CAMPAIGN && json_is_integer(after),
					   json_integer_value(after));
	return true;
}

static void
send_error(CfaLiveSocket *socket, const char *code, const char *detail)
{
	CfaBuf text = {0};

	cfa_buf_addf(&text,
				 "{\"type\":\"error\",\"code\":\"%s\",\"detail\":",
				 code);
	cfa_buf_add_json(&text, detail, strlen(detail));
	cfa_buf_addc(&text, '}');
	cfa_live_send(socket, text.data, text.len);
	cfa_buf_clear(&text);
}

static void
close_socket(CfaLiveSocket *socket, uint16_t code)
{
	struct connection *c = socket->connection;
	uint8_t wire[2] = {(uint8_t) (code >> 8), (uint8_t) code};

	c->flags |= CONN_WS_CLOSE_SENT;
	kore_websocket_send(c, WEBSOCKET_OP_CLOSE, wire, sizeof(wire));
	kore_connection_disconnect(c);
}
