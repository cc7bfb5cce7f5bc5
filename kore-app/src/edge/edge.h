/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_EDGE_H
#define CFA_APP_EDGE_H

#include <stdint.h>

#define CFA_EDGE_HEAD_MAX 16384
#define CFA_EDGE_HEAD_TIMEOUT_MS 10000
#define CFA_EDGE_BODY_TIMEOUT_MS 30000
#define CFA_EDGE_SEND_TIMEOUT_MS 30000 /* in which something must be taken */
#define CFA_EDGE_SILENT_S 15		   /* before the first byte */
#define CFA_EDGE_IDLE_S 75 /* keep-alive; longer than the gateway's */
#define CFA_EDGE_CONNECTIONS_MAX 8192 /* per worker */

struct connection;

/* Takes over a new connection; the connect callback of each listener. */
void cfa_edge_connect(struct connection *c);

/* Makes the connection read its next request; after an answer. */
void cfa_edge_next(struct connection *c);

/* Ends the connection when all is sent, so that the client can read it. */
void cfa_edge_end(struct connection *c);

/* Gives the connection back to Kore, before a WebSocket takes it. */
void cfa_edge_release(struct connection *c);

/* Closes connections that are too slow, or that linger after the last answer. */
void cfa_edge_tick(uint64_t now_ms);

/*
 * Closes connections that have waited for a further request for that long; while
 * draining.
 */
void cfa_edge_close_idle(uint64_t idle_ms);

#endif
