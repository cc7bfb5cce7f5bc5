/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_FEED_H
#define CFA_APP_LIVE_FEED_H

#include <stdbool.h>

#include "handlers/live_hub.h"
#include "handlers/live_socket.h"

void cfa_live_feed_start(void);

/* Watches everything, from after the position or from now if that is NULL. */
void cfa_live_feed_subscribe(CfaLiveSocket *socket,
							 const CfaLivePosition *after);
void cfa_live_feed_unsubscribe(CfaLiveSocket *socket);

/* Whether anybody in this worker watches everything. */
bool cfa_live_feed_is_watched(void);

/* There may be more events to read. */
void cfa_live_feed_grown(void);

#endif
