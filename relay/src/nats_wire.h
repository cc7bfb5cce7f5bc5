/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nats_wire.h: publishing to NATS without the client library: ready bytes out,
 * answers in.
 *
 * The library builds each header of each message in a hash table and frees messages
 * on a thread of its own; that costs several times what all else about an event does
 * (README.md). A wire is one plain connection beside the library's, to the
 * same server, that knows four verbs of the protocol: HPUB, SUB, MSG/HMSG, PING.
 */
#ifndef CFA_NATS_WIRE_H
#define CFA_NATS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "nats_tls.h"

typedef struct CfaWire CfaWire;

typedef struct CfaWireOptions
{
	const char *name;	   /* of the connection */
	const char *url;	   /* of one server: nats://host:port */
	const CfaNatsTls *tls; /* NULL: none */
	const char *user;	   /* NULL or "": none */
	const char *password;
	int timeout_ms; /* for each step of connecting */
} CfaWireOptions;

/* What came to the inbox. Texts are borrowed and not ended by a NUL. */
typedef struct CfaWireMessage
{
	const char *subject;
	size_t subject_len;
	const char *head; /* "NATS/1.0..." with its lines, or of length 0 */
	size_t head_len;
	const char *data;
	size_t data_len;
} CfaWireMessage;

typedef struct CfaWireHandlers
{
	/* May not free the wire. */
	void (*on_message)(void *arg, const CfaWireMessage *message);
	/* The messages of one read have been handed over; may not free the wire. */
	void (*on_read)(void *arg);
	/* What waited to be sent is gone, after cfa_wire_is_behind() was true. */
	void (*on_room)(void *arg);
	/* The connection is of no use any more; the last call. May free the wire. */
	void (*on_down)(void *arg, const char *error);
	void *arg;
} CfaWireHandlers;

/*
 * Connects and logs in; blocks, so call it on a thread that may. NULL with the reason
 * in error.
 */
CfaWire *cfa_wire_open(const CfaWireOptions *options, char *error, size_t size);

/* Gives the wire to the loop. False if the loop cannot watch it. */
bool cfa_wire_attach(CfaWire *wire, CfaLoop *loop,
					 const CfaWireHandlers *handlers);

/* Closes without calling anything back. Takes NULL. */
void cfa_wire_free(CfaWire *wire);

/* Largest message, headers and data, that the server takes. */
int64_t cfa_wire_payload_max(const CfaWire *wire);

/* Has on_message called for what comes to the subject; once for each wire. */
void cfa_wire_subscribe(CfaWire *wire, const char *subject);

/*
 * Publishes; head is header lines, each ended by CR LF, without the first line and
 * the empty one. Sent when the socket is writable next. Nothing is checked: a bad
 * subject makes the server close the connection.
 */
void cfa_wire_publish(CfaWire *wire, const char *subject, const char *reply,
					  const char *head, size_t head_len, const char *data,
					  size_t data_len);

/* More waits to be sent than memory should hold: on_room will tell when it went. */
bool cfa_wire_is_behind(const CfaWire *wire);

/*
 * Wants a sign of life, which the server gives at once; call it at a steady pace.
 * Returns how many calls, this one included, have gone by without one: a loop that
 * stood still has not called, and so blames nobody.
 */
int cfa_wire_ping(CfaWire *wire);

/* The same number without asking. */
int cfa_wire_unheard(const CfaWire *wire);

/*
 * Takes bytes as if they came from the server; how many were whole is returned, or -1
 * with the reason in error. For the unit test; the loop does the same.
 */
long cfa_wire_parse(CfaWire *wire, const char *bytes, size_t len,
					const char **error);

/* A wire without a connection, for the unit test. */
CfaWire *cfa_wire_new(const CfaWireHandlers *handlers);

/* What waits to be sent, for the unit test. */
const char *cfa_wire_pending(const CfaWire *wire, size_t *len);

#endif
