/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_HUB_H
#define CFA_APP_LIVE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define CFA_LIVE_SUBSCRIPTIONS_MAX 32	/* of one socket */
#define CFA_LIVE_HELD_MAX 512			/* frames kept while a resume is read */
#define CFA_LIVE_QUEUE_MAX (256 * 1024) /* bytes not read by the client */

struct connection;

typedef enum CfaLiveKind
{
	CFA_LIVE_CAMPAIGN,
	CFA_LIVE_PLEDGE
} CfaLiveKind;

typedef struct CfaLiveSocket CfaLiveSocket;

/* A frame that came while the subscription was being resumed. */
typedef struct CfaLiveHeld
{
	STAILQ_ENTRY(CfaLiveHeld) entry;
	int64_t sequence;
	size_t len;
	char text[];
} CfaLiveHeld;

/* What a socket asked for. refs: the socket's list, and each read under way. */
typedef struct CfaLiveSubscription
{
	LIST_ENTRY(CfaLiveSubscription) in_room;
	LIST_ENTRY(CfaLiveSubscription) in_socket;
	CfaLiveSocket *socket; /* NULL once it is gone or unsubscribed */
	CfaLiveKind kind;
	uint8_t id[16];
	char id_text[37];
	int refs;
	bool is_resuming; /* frames are held until the read is done */
	bool has_after;
	int64_t after; /* what the client has seen */
	int64_t last;  /* sequence, or version of a pledge, last sent */
	unsigned held_count;
	STAILQ_HEAD(, CfaLiveHeld) held;
} CfaLiveSubscription;

/* A client's WebSocket; hangs on connection.hdlr_extra and is freed by Kore. */
struct CfaLiveSocket
{
	TAILQ_ENTRY(CfaLiveSocket) entry;
	struct connection *connection;
	char client[48];
	unsigned subscription_count;
	bool is_too_slow; /* to be dropped in the next tick */
	uint64_t ping_ms;
	LIST_HEAD(, CfaLiveSubscription) subscriptions;
};

void cfa_live_hub_start(void);

/* The subscription of a socket to a thing, or NULL. */
CfaLiveSubscription *cfa_live_find(CfaLiveSocket *socket, CfaLiveKind kind,
								   const uint8_t id[16]);

/* Subscribes, and reads what the client has missed or should know now. */
void cfa_live_subscribe(CfaLiveSocket *socket, CfaLiveKind kind,
						const uint8_t id[16], bool has_after, int64_t after);
void cfa_live_unsubscribe(CfaLiveSubscription *subscription);

/* Sends a text frame; a client that reads too slowly is dropped. */
void cfa_live_send(CfaLiveSocket *socket, const char *text, size_t len);

#endif
