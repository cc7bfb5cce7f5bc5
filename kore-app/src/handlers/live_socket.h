/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_SOCKET_H
#define CFA_APP_LIVE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/address.h"
#include "edge/websocket.h"

#define CFA_LIVE_MESSAGE_MAX 4096		/* of a client */
#define CFA_LIVE_SUBSCRIPTIONS_MAX 32	/* of one socket */
#define CFA_LIVE_QUEUE_MAX (256 * 1024) /* bytes not read by the client */

struct CfaCtx;
struct CfaLiveFeed;
struct CfaLiveGrant;
struct CfaLiveSubscription;
struct connection;

/* A client's WebSocket; hangs on connection.hdlr_extra and is freed by Kore. */
typedef struct CfaLiveSocket
{
	TAILQ_ENTRY(CfaLiveSocket) entry;
	TAILQ_ENTRY(CfaLiveSocket) dirty;
	struct connection *connection;
	CfaAddress address;
	bool is_dirty;	  /* frames wait to be written at the end of this turn */
	bool is_too_slow; /* to be dropped in the next tick */
	bool is_closing;  /* our close frame is queued */
	bool is_shut;
	uint64_t close_ms; /* when to drop it if it is closing */
	uint64_t ping_ms;  /* of the next one */
	uint64_t heard_ms; /* when the client last sent anything */
	uint64_t budget_ms;
	unsigned budget; /* frames that the client may send */
	CfaWsMessage message;
	uint8_t message_data[CFA_LIVE_MESSAGE_MAX];
	unsigned subscription_count;
	LIST_HEAD(, CfaLiveSubscription) subscriptions;
	unsigned feed_untold;	  /* requests for everything, not answered yet */
	struct CfaLiveFeed *feed; /* NULL if it does not watch everything */
	struct CfaLiveGrant *grant;
} CfaLiveSocket;

/* What is done with a whole text message, and when a socket ends. */
typedef struct CfaLiveHooks
{
	void (*message)(CfaLiveSocket *socket, const uint8_t *data, size_t len);
	void (*gone)(CfaLiveSocket *socket);
} CfaLiveHooks;

/* In a worker. */
void cfa_live_socket_start(const CfaLiveHooks *hooks, unsigned ping_ms);

/* Answers the handshake, which was checked, and takes over the connection. */
void cfa_live_socket_open(struct CfaCtx *ctx);

/* Sends a text frame; a client that reads too slowly is dropped. */
void cfa_live_send(CfaLiveSocket *socket, const char *text, size_t len);

/* Bytes that the client has not read. */
size_t cfa_live_queued(const CfaLiveSocket *socket);

/* Sends a close frame; the socket ends soon, and no frame follows. */
void cfa_live_close(CfaLiveSocket *socket, CfaWsCode code);
void cfa_live_close_all_sockets(CfaWsCode code);

#endif
