/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nats_link.h: one NATS connection on the loop, connected again after a loss.
 *
 * The library's own reconnect is off: one connection is one epoch, and nothing is
 * ever resent behind our back. Connecting happens on a thread of its own, so that
 * the loop never waits. With in_loop the loop itself reads and writes the socket
 * (no thread of the library takes part, and sending is soonest); without it the
 * library's threads do, and its callbacks, which run on those threads, may only
 * hand over: put what came under a lock of yours and call cfa_waker_wake().
 */
#ifndef CFA_NATS_LINK_H
#define CFA_NATS_LINK_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "nats_wire.h"

#define CFA_NATS_SERVERS_MAX 8

typedef struct CfaNatsLink CfaNatsLink;

typedef struct CfaNatsOptions
{
	const char *name; /* of the connection; borrowed for ever, as all texts */
	const char *url; /* nats:// or tls://host:port, comma list; no user in it */
	CfaNatsTls tls;	 /* for tls:// */
	const char *user;	  /* NULL or "": none */
	const char *password; /* NULL or "": none */
	bool in_loop;
	/* A second, plain connection to the same server, to publish on; in_loop only.
	 * The two stand and fall together. */
	bool has_wire;
	void (*on_up)(void *arg);
	/* The connection is gone already when this is called. */
	void (*on_down)(void *arg, const char *error);
	/* in_loop only, NULL if not wanted: something was read from the socket. */
	void (*on_read)(void *arg);
	/* has_wire only, see nats_wire.h. */
	void (*on_wire_message)(void *arg, const CfaWireMessage *message);
	void (*on_wire_read)(void *arg);
	void (*on_wire_room)(void *arg);
	void *arg;
} CfaNatsOptions;

/* False, with a sentence, if CAREFORALL_NATS_URL names no servers. */
bool cfa_nats_check(const char *url, char *error, size_t size);

/* Starts to connect in the next turn. Dies when memory is out. */
CfaNatsLink *cfa_nats_new(CfaLoop *loop, const CfaNatsOptions *options);

/*
 * Closes without calling anything back, and ends the library: a process has one
 * link. Takes NULL.
 */
void cfa_nats_free(CfaNatsLink *link);

/*
 * The connection, or NULL while down. It is valid until the next turn of the loop,
 * cfa_nats_drop() or cfa_nats_free(): subscriptions on it must be destroyed in
 * on_down, before a drop, or before the free.
 */
natsConnection *cfa_nats_connection(CfaNatsLink *link);

/* The wire, valid for as long as the connection; NULL while down or without one. */
CfaWire *cfa_nats_wire(CfaNatsLink *link);

/* has_wire only: for how long the server has not given a sign of life. */
int64_t cfa_nats_silent_us(const CfaNatsLink *link);

/* Times that a connection was lost or dropped after it had been up. */
uint64_t cfa_nats_losses(const CfaNatsLink *link);

/* Drops the connection now (on_down is called) and connects again later. */
void cfa_nats_drop(CfaNatsLink *link, const char *why);

#endif
