/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CLIENT_H
#define CFA_APP_CLIENT_H

#include "core/ctx.h"

/* Sets the addresses whose X-Forwarded-For is believed; a comma list. */
void cfa_client_configure(const char *proxies);

/*
 * Finds the address of the client: that of the connection, or, if that is a
 * known proxy, the last one the proxies did not add themselves.
 */
void cfa_client_start(CfaCtx *ctx);

#endif
