/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.c: the WebSocket at /api/v1/live: handshake and messages of clients.
 *
 * A web page of a foreign origin is refused, because a browser would open the
 * socket for it. Sockets are bounded per worker and, over all workers, per
 * address; subscriptions per socket, messages in size and number.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "handlers/live.h"

#include <careforall/buf.h>
#include <careforall/text.h>
#include <jansson.h>

#include "core/body.h"
#include "core/ctx.h"
#include "core/json.h"
#include "handlers/live_admin.h"
#include "handlers/live_feed.h"
#include "handlers/live_hub.h"
#include "handlers/live_room.h"
#include "handlers/live_socket.h"
#include "meters.h"
#include "middleware/cors.h"
#include "middleware/limit_fields.h"

#define DEPTH_MAX 3

static const CfaTokenKeys *keys;
static unsigned ping_ms;

static bool check_handshake(CfaCtx *ctx);
static bool check_room(CfaCtx *ctx);
static void on_message(CfaLiveSocket *socket, const uint8_t *data, size_t len);
static void on_gone(CfaLiveSocket *socket);
static bool take_message(CfaLiveSocket *socket, json_t *message);
static bool take_topic(CfaLiveSocket *socket, json_t *topic, bool is_subscribe);
static bool take_campaign(CfaLiveSocket *socket, json_t *topic,
						  bool is_subscribe);
static bool take_pledge(CfaLiveSocket *socket, json_t *topic,
						bool is_subscribe);
static bool take_all(CfaLiveSocket *socket, json_t *topic, bool is_subscribe);
static bool subscribe(CfaLiveSocket *socket, CfaLiveKind kind,
					  const uint8_t id[16], const CfaLivePosition *after,
					  unsigned untold);
static unsigned drop(CfaLiveSocket *socket, CfaLiveKind kind,
					 const uint8_t id[16]);
static bool read_id(json_t *topic, const char *name, uint8_t id[16]);
static bool read_position(json_t *topic, CfaLivePosition *position,
						  bool *has_position);
static bool has_only(json_t *topic, const char *names);
static void send_error(CfaLiveSocket *socket, const char *code,
					   const char *detail);

static const CfaLiveHooks hooks = {.message = on_message, .gone = on_gone};

void
cfa_live_configure(const CfaLiveOptions *options)
{
	keys = options->keys;
	ping_ms = options->ping_ms;
	cfa_live_room_configure(options->sockets, options->sockets_per_address);
}

void
cfa_live_start(void)
{
	cfa_live_room_start();
	cfa_live_socket_start(&hooks, ping_ms);
	cfa_live_admin_start();
	cfa_live_feed_start();
	cfa_live_hub_start();
}

void
cfa_live_close_all(void)
{
	cfa_live_close_all_sockets(CFA_WS_GOING_AWAY);
}

void
api_live(CfaCtx *ctx)
{
	if (check_handshake(ctx) && check_room(ctx))
		cfa_live_socket_open(ctx);
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
	switch (cfa_live_room_take(&ctx->address))
	{
		case CFA_LIVE_ROOM_OK:
			return true;
		case CFA_LIVE_ROOM_WORKER_FULL:
			cfa_meter_add(CFA_M_LIVE_REFUSED_FULL, 1);
			cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
			break;
		case CFA_LIVE_ROOM_ADDRESS_FULL:
			cfa_meter_add(CFA_M_LIVE_REFUSED_ADDRESS, 1);
			cfa_limit_answer_bound(
				ctx,
				"live-sockets-address",
				"1",
				"There are too many live connections of this address.");
			break;
	}
	return false;
}

static void
on_message(CfaLiveSocket *socket, const uint8_t *data, size_t len)
{
	const char *error;
	json_t *message = cfa_json_read(data, len, DEPTH_MAX, &error);

	if (message == NULL || !take_message(socket, message))
		cfa_meter_add(CFA_M_LIVE_BAD_MESSAGES, 1);
	if (message == NULL)
		send_error(socket, "invalid-json", error);
	json_decref(message);
}

static void
on_gone(CfaLiveSocket *socket)
{
	CfaLiveSubscription *s;

	while ((s = LIST_FIRST(&socket->subscriptions)) != NULL)
		cfa_live_unsubscribe(s);
	cfa_live_admin_unsubscribe(socket);
}

static bool
take_message(CfaLiveSocket *socket, json_t *message)
{
	json_t *subscribe_to = json_object_get(message, "subscribe");
	json_t *unsubscribe_from = json_object_get(message, "unsubscribe");

	if (json_object_size(message) == 1 && json_is_object(subscribe_to))
		return take_topic(socket, subscribe_to, true);
	if (json_object_size(message) == 1 && json_is_object(unsubscribe_from))
		return take_topic(socket, unsubscribe_from, false);
	send_error(
		socket,
		"bad-request",
		"A message must be {\"subscribe\":{...}} or {\"unsubscribe\":{...}}.");
	return false;
}

static bool
take_topic(CfaLiveSocket *socket, json_t *topic, bool is_subscribe)
{
	if (json_object_get(topic, "campaign") != NULL)
		return take_campaign(socket, topic, is_subscribe);
	if (json_object_get(topic, "pledge") != NULL)
		return take_pledge(socket, topic, is_subscribe);
	if (json_object_get(topic, "all") != NULL)
		return take_all(socket, topic, is_subscribe);
	send_error(socket, "bad-request", "Name a campaign, a pledge, or all.");
	return false;
}

static bool
take_campaign(CfaLiveSocket *socket, json_t *topic, bool is_subscribe)
{
	CfaLivePosition after;
	unsigned untold;
	bool has_after;
	uint8_t id[16];

	if (!read_id(topic, "campaign", id) ||
		!read_position(topic, &after, &has_after) ||
		!has_only(topic, "campaign after epoch"))
	{
		send_error(
			socket,
			"bad-request",
			"Name one campaign by its id; after is a sequence, and epoch "
			"the one it belongs to.");
		return false;
	}
	untold = drop(socket, CFA_LIVE_CAMPAIGN, id);
	if (!is_subscribe)
		return true;
	return subscribe(socket,
					 CFA_LIVE_CAMPAIGN,
					 id,
					 has_after ? &after : NULL,
					 untold);
}

static bool
take_pledge(CfaLiveSocket *socket, json_t *topic, bool is_subscribe)
{
	const char *token = json_string_value(json_object_get(topic, "token"));
	char text[CFA_UUID_TEXT_LEN + 1];
	unsigned untold;
	uint8_t id[16];

	if (!read_id(topic, "pledge", id) || !has_only(topic, "pledge token"))
	{
		send_error(socket, "bad-request", "Name one pledge by its id.");
		return false;
	}
	cfa_uuid_format(id, text);
	if (is_subscribe &&
		(token == NULL || !cfa_token_check(keys, text, token, strlen(token))))
	{
		send_error(socket, "not-found", "There is no such pledge.");
		return false;
	}
	untold = drop(socket, CFA_LIVE_PLEDGE, id);
	return !is_subscribe ||
		   subscribe(socket, CFA_LIVE_PLEDGE, id, NULL, untold);
}

/* The token goes in a message and never in the URL, which is logged. */
static bool
take_all(CfaLiveSocket *socket, json_t *topic, bool is_subscribe)
{
	const json_t *token = json_object_get(topic, "access_token");
	CfaLivePosition after;
	bool has_after;

	if (!json_is_true(json_object_get(topic, "all")) ||
		!read_position(topic, &after, &has_after) ||
		(has_after && after.epoch == 0) ||
		(is_subscribe && !json_is_string(token)) ||
		!has_only(topic, "all access_token after epoch"))
	{
		send_error(socket,
				   "bad-request",
				   "all is true, access_token a token, after a sequence, and "
				   "epoch the one it belongs to.");
		return false;
	}
	if (!is_subscribe)
	{
		socket->feed_untold = 0;
		cfa_live_admin_unsubscribe(socket);
		return true;
	}
	socket->feed_untold++;
	cfa_live_admin_subscribe(socket,
							 json_string_value(token),
							 json_string_length(token),
							 has_after ? &after : NULL);
	return true;
}

static bool
subscribe(CfaLiveSocket *socket, CfaLiveKind kind, const uint8_t id[16],
		  const CfaLivePosition *after, unsigned untold)
{
	if (socket->subscription_count >= CFA_LIVE_SUBSCRIPTIONS_MAX)
	{
		send_error(socket, "too-many-requests", "Too many subscriptions.");
		return false;
	}
	cfa_live_subscribe(socket, kind, id, after, untold);
	return true;
}

/* Ends a subscription, if there is one: how many requests it leaves unanswered. */
static unsigned
drop(CfaLiveSocket *socket, CfaLiveKind kind, const uint8_t id[16])
{
	CfaLiveSubscription *present = cfa_live_find(socket, kind, id);
	unsigned untold;

	if (present == NULL)
		return 0;
	untold = present->untold;
	cfa_live_unsubscribe(present);
	return untold;
}

static bool
read_id(json_t *topic, const char *name, uint8_t id[16])
{
	const json_t *value = json_object_get(topic, name);

	return json_is_string(value) && cfa_uuid_parse(json_string_value(value),
												   json_string_length(value),
												   id);
}

/* Reads after and epoch, each absent, null or an integer. */
static bool
read_position(json_t *topic, CfaLivePosition *position, bool *has_position)
{
	const json_t *after = json_object_get(topic, "after");
	const json_t *epoch = json_object_get(topic, "epoch");

	*has_position = json_is_integer(after);
	position->sequence = json_integer_value(after);
	position->epoch = json_integer_value(epoch);
	return (after == NULL || json_is_null(after) || json_is_integer(after)) &&
		   (epoch == NULL || json_is_null(epoch) || json_is_integer(epoch)) &&
		   position->sequence >= 0 && position->epoch >= 0;
}

/* Whether the topic has no member but those of the blank-separated names. */
static bool
has_only(json_t *topic, const char *names)
{
	const char *name;
	json_t *value;

	json_object_foreach(topic, name, value)
	{
		if (!cfa_word_is_in(names, name))
			return false;
	}
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
