/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CLIENT_H
#define CFA_APP_CLIENT_H

#include <stdbool.h>

#include "core/ctx.h"

struct connection;

/*
 * Sets the addresses and networks whose X-Forwarded-For is believed, a comma
 * list. False if it is malformed.
 */
bool cfa_client_configure(const char *list);

/*
 * Finds the address of the client: that of the connection, or, if that is a
 * known proxy, the last one the proxies did not add themselves.
 */
void cfa_client_start(CfaCtx *ctx);

/* Whether the other end of a connection is a known proxy. */
bool cfa_client_is_proxy(const struct connection *c);

#endif
