/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jetstream.h - JetStream's API and push consumers over a plain NATS connection,
 * without threads and without blocking calls.
 *
 * The library's own JetStream calls wait for answers and would stop the loop that
 * has to read them; its ordered consumer mends itself on a thread of its own. Here
 * requests are answered by callback, and an ordered consumer that finds a hole says
 * so and leaves the decision to its owner. The owner calls cfa_js_poll() after each
 * read of the connection and cfa_js_tick() about once a second.
 */
#ifndef CFA_JETSTREAM_H
#define CFA_JETSTREAM_H

#include <jansson.h>
#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

#define CFA_JS_REQUESTS_MAX 16
#define CFA_JS_REQUEST_TIMEOUT_MS 5000
#define CFA_JS_CONSUMERS_MAX 8

typedef struct CfaJetstream CfaJetstream;
typedef struct CfaConsumer CfaConsumer;

/*
 * The answer of the API: an object, or NULL with a reason ("timeout" or the API's
 * own description). Borrowed for the call.
 */
typedef void (*CfaJsAnswer)(void *arg, const json_t *answer, const char *error);

/* Binds to an open connection; NULL and a reason if it cannot subscribe. */
CfaJetstream *cfa_js_new(natsConnection *connection, const char **error);

/* Drops consumers and open requests without calling anybody back. NULL is fine. */
void cfa_js_free(CfaJetstream *js);

/* Hands over what the connection has read. Callbacks may free consumers. */
void cfa_js_poll(CfaJetstream *js, int64_t now_ms);

/* Deadlines of requests; looks after consumers that went silent or are gone. */
void cfa_js_tick(CfaJetstream *js, int64_t now_ms);

/* Takes the body (a new reference). -1: too many open requests or not sent. */
int cfa_js_request(CfaJetstream *js, const char *subject, json_t *body,
				   int64_t now_ms, CfaJsAnswer answer, void *arg);

/* The same for what changes nothing: sent again each second until it is answered. */
int cfa_js_ask(CfaJetstream *js, const char *subject, json_t *body,
			   int64_t now_ms, CfaJsAnswer answer, void *arg);

/* One message of a consumer. */
typedef struct CfaDelivery
{
	natsMsg *message; /* borrowed for the call */
	int64_t sequence; /* in the stream */
	int64_t consumer_sequence;
	int64_t deliveries; /* 1 for the first */
	int64_t pending;	/* messages still to come */
	const char *reply;	/* where to acknowledge */
} CfaDelivery;

/* Returns false to get no more messages until cfa_consumer_resume(). */
typedef bool (*CfaConsumerMessage)(void *arg, const CfaDelivery *delivery);

/* The consumer is of no use any more (a hole, silence, refused); free it. */
typedef void (*CfaConsumerLost)(void *arg, const char *reason);

/* The consumer stands, and how many messages wait for it. */
typedef void (*CfaConsumerReady)(void *arg, int64_t pending);

/* How many messages of the stream it has not delivered, as asked now and then. */
typedef void (*CfaConsumerWaiting)(void *arg, int64_t count);

/* Whether messages of a durable one are being worked on in this process. */
typedef bool (*CfaConsumerBusy)(void *arg);

/* The reason of a consumer that stands still while the stream has more for it. */
#define CFA_CONSUMER_STALLED "stalled"

typedef struct CfaConsumerConfig
{
	const char *stream;
	const char *durable;	/* NULL: ordered, without acknowledgements */
	const char *filter;		/* NULL: all subjects; durable only */
	int64_t start_sequence; /* ordered only */
	bool headers_only;		/* ordered only: leave the data out */
	bool is_replaced;		/* durable only: not one that stands already */
	bool is_frequent;	   /* durable only: its last is near the stream's end */
	int64_t reach_back_ms; /* durable only: age of the first message */
	int64_t ack_wait_ms;   /* durable only */
	int64_t ack_pending_max;
	CfaConsumerReady ready;
	CfaConsumerMessage message;
	CfaConsumerLost lost;
	CfaConsumerWaiting waiting; /* NULL: not asked whether it stands still */
	CfaConsumerBusy is_busy;	/* durable only */
	void *arg;
} CfaConsumerConfig;

/*
 * Makes a consumer. A durable one is shared by all processes that make it: each
 * message goes to one of them. It lives in the memory of one server: after that
 * server is gone, messages come again from reach_back_ms before on. NULL if it
 * cannot even be asked for.
 */
CfaConsumer *cfa_consumer_new(CfaJetstream *js, const CfaConsumerConfig *config,
							  int64_t now_ms);
void cfa_consumer_free(CfaConsumer *consumer);
void cfa_consumer_resume(CfaConsumer *consumer);

/* Answers to a delivery of a durable consumer, by its reply subject. */
int cfa_js_ack(CfaJetstream *js, const char *reply);
int cfa_js_nak(CfaJetstream *js, const char *reply, int64_t delay_ms);
int cfa_js_in_progress(CfaJetstream *js, const char *reply);

/* Parses "$JS.ACK...." (9 or 11 and more tokens); -1 if it is none. For tests. */
int cfa_js_parse_reply(const char *reply, CfaDelivery *delivery);

#endif
