/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_ADMIN_H
#define CFA_APP_LIVE_ADMIN_H

#include "handlers/live_hub.h"
#include "handlers/live_socket.h"

void cfa_live_admin_start(void);

/*
 * Lets the socket watch everything if the access token is that of an
 * administrator, and for as long as it stays so; else closes it. after as for
 * cfa_live_feed_subscribe().
 */
void cfa_live_admin_subscribe(CfaLiveSocket *socket, const char *token,
							  size_t token_len, const CfaLivePosition *after);
void cfa_live_admin_unsubscribe(CfaLiveSocket *socket);

#endif
