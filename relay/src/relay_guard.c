/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_guard.c: whether the NATS server lets just anybody write to the stream.
 *
 * A second connection, without a name, asks to store a message that cannot be stored
 * because it expects another stream. JetStream's refusal tells that the message got
 * through to it, so anybody's would; no answer, or no connection, that it did not.
 * That takes up to two seconds of waiting and so has a thread, which owns nothing but
 * what it is given and hands its result to the loop.
 *
 * What log-ins other than the relay's may do cannot be seen from here: the tail of
 * the stream and refused sequences tell when somebody else has written.
 */
#include "relay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"

#define GUARD_TIMEOUT_MS 1000
#define GUARD_SUBJECT "careforall.guard"
#define GUARD_STREAM "no-stream-has-this-name"
#define HEADER_STREAM "Nats-Expected-Stream"

struct CfaGuard
{
	CfaRelay *relay;
	CfaWaker waker;
	pthread_t thread;
	bool is_running; /* the thread has to be joined */
	CfaGuardState state;
	char *urls; /* that servers point into */
	const char *servers[CFA_NATS_SERVERS_MAX];
	int server_count;
	_Atomic CfaGuardState found;
};

static void on_found(void *arg);

/* ---- on the thread */

static CfaGuardState
try_to_write(natsConnection *connection)
{
	natsMsg *message = NULL;
	natsMsg *answer = NULL;
	CfaGuardState state = CFA_GUARD_CLOSED;
	natsStatus s = natsMsg_Create(&message, GUARD_SUBJECT, NULL, "", 0);

	if (s == NATS_OK)
		s = natsMsgHeader_Set(message, HEADER_STREAM, GUARD_STREAM);
	if (s == NATS_OK)
		s = natsConnection_RequestMsg(&answer,
									  connection,
									  message,
									  GUARD_TIMEOUT_MS);
	/* Nobody listens: there is no stream yet, or a server that may reach it. */
	if (s == NATS_NO_RESPONDERS)
		state = CFA_GUARD_UNKNOWN;
	else if (s == NATS_OK && natsMsg_GetDataLength(answer) > 0)
		state = CFA_GUARD_OPEN;
	natsMsg_Destroy(answer);
	natsMsg_Destroy(message);
	return state;
}

static void *
look(void *arg)
{
	CfaGuard *guard = arg;
	natsOptions *opts = NULL;
	natsConnection *connection = NULL;
	CfaGuardState state = CFA_GUARD_UNKNOWN;
	const CfaNatsTls tls = CFA_DAEMON_NATS_TLS(guard->relay->config->daemon);
	natsStatus s = natsOptions_Create(&opts);

	if (s == NATS_OK)
		s = natsOptions_SetServers(opts, guard->servers, guard->server_count);
	if (s == NATS_OK)
		s = cfa_nats_tls_apply(opts,
							   guard->relay->config->daemon.nats_url,
							   &tls);
	if (s == NATS_OK)
		s = natsOptions_SetName(opts, "careforall-relay guard");
	if (s == NATS_OK)
		s = natsOptions_SetAllowReconnect(opts, false);
	if (s == NATS_OK)
		s = natsOptions_SetTimeout(opts, GUARD_TIMEOUT_MS);
	if (s == NATS_OK)
		s = natsConnection_Connect(&connection, opts);
	if (s == NATS_OK)
		state = try_to_write(connection);
	else if (s == NATS_CONNECTION_AUTH_FAILED || s == NATS_NOT_PERMITTED)
		state = CFA_GUARD_CLOSED;
	natsConnection_Destroy(connection);
	natsOptions_Destroy(opts);
	atomic_store(&guard->found, state);
	cfa_waker_wake(&guard->waker);
	return NULL;
}

/* ---- on the loop's thread */

static void
split_servers(CfaGuard *guard, const char *url)
{
	char *rest = NULL;

	guard->urls = strdup(url);
	if (guard->urls == NULL)
		abort();
	for (char *one = strtok_r(guard->urls, ", ", &rest);
		 one != NULL && guard->server_count < CFA_NATS_SERVERS_MAX;
		 one = strtok_r(NULL, ", ", &rest))
		guard->servers[guard->server_count++] = one;
}

CfaGuard *
cfa_guard_new(CfaRelay *relay)
{
	CfaGuard *guard = calloc(1, sizeof(*guard));

	if (guard == NULL ||
		cfa_waker_init(&guard->waker, relay->loop, on_found, guard) != 0)
		abort();
	guard->relay = relay;
	split_servers(guard, relay->config->daemon.nats_url);
	return guard;
}

static void
join(CfaGuard *guard)
{
	if (guard->is_running)
		pthread_join(guard->thread, NULL);
	guard->is_running = false;
}

void
cfa_guard_free(CfaGuard *guard)
{
	if (guard == NULL)
		return;
	join(guard);
	cfa_waker_clear(&guard->waker);
	free(guard->urls);
	free(guard);
}

CfaGuardState
cfa_guard_state(CfaGuard *guard)
{
	if (guard->state != CFA_GUARD_UNKNOWN || guard->is_running)
		return guard->state;
	guard->state = CFA_GUARD_ASKING;
	if (pthread_create(&guard->thread, NULL, look, guard) != 0)
		abort();
	guard->is_running = true;
	return guard->state;
}

static void
on_found(void *arg)
{
	CfaGuard *guard = arg;

	join(guard);
	guard->state = atomic_load(&guard->found);
	cfa_log(guard->state == CFA_GUARD_CLOSED ? CFA_LOG_DEBUG : CFA_LOG_WARN,
			"guard",
			CFA_STR("found",
					guard->state == CFA_GUARD_CLOSED ? "closed"
					: guard->state == CFA_GUARD_OPEN ? "open"
													 : "unknown"));
	cfa_relay_guarded(guard->relay);
}
