/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_HUB_H
#define CFA_APP_LIVE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "handlers/live_socket.h"

#define CFA_LIVE_HELD_MAX 512 /* frames kept while a resume is read */

typedef enum CfaLiveKind
{
	CFA_LIVE_CAMPAIGN,
	CFA_LIVE_PLEDGE
} CfaLiveKind;

/*
 * Where a reader stands. Within one epoch, which ends when the read model is
 * rebuilt, a sequence never changes its meaning. Epoch 0: not known.
 */
typedef struct CfaLivePosition
{
	int64_t epoch;
	int64_t sequence; /* below 0: not known */
} CfaLivePosition;

/* A frame that came while the subscription was being resumed. */
typedef struct CfaLiveHeld
{
	STAILQ_ENTRY(CfaLiveHeld) entry;
	CfaLivePosition position;
	bool is_reset;
	size_t len;
	char text[];
} CfaLiveHeld;

/* What a socket asked for. refs: the socket's list, and each read under way. */
typedef struct CfaLiveSubscription
{
	LIST_ENTRY(CfaLiveSubscription) in_room;
	LIST_ENTRY(CfaLiveSubscription) in_socket;
	TAILQ_ENTRY(CfaLiveSubscription) in_waiting;
	CfaLiveSocket *socket; /* NULL once it is gone or unsubscribed */
	CfaLiveKind kind;
	uint8_t id[16];
	char id_text[37];
	int refs;
	unsigned untold;  /* requests that "subscribed" has not answered yet */
	bool is_resuming; /* a read is under way, and frames are held */
	bool is_waiting;  /* for Redis, to resume; frames are held */
	bool has_position;
	CfaLivePosition position; /* last sent; of a pledge the version */
	unsigned held_count;
	STAILQ_HEAD(, CfaLiveHeld) held;
} CfaLiveSubscription;

void cfa_live_hub_start(void);

/* The subscription of a socket to a thing, or NULL. */
CfaLiveSubscription *cfa_live_find(CfaLiveSocket *socket, CfaLiveKind kind,
								   const uint8_t id[16]);

/*
 * Subscribes, and reads what the client has missed since the position, or
 * should know now if that is NULL. untold: earlier requests for the same that
 * this one replaces before they were answered; they are answered with it.
 */
void cfa_live_subscribe(CfaLiveSocket *socket, CfaLiveKind kind,
						const uint8_t id[16], const CfaLivePosition *after,
						unsigned untold);
void cfa_live_unsubscribe(CfaLiveSubscription *subscription);

#endif
