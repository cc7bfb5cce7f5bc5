/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nats_link.c: a cnats connection on the loop.
 *
 * Threads: the loop's owns everything but the fields marked atomic. A connecting
 * thread touches only its Attempt and wakes the loop when it is done. In loop mode
 * the library calls the event-loop callbacks on whatever thread it works (the
 * connecting one, its ping timer's): they set atomics and wake the loop.
 */
#include "nats_link.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "careforall/backoff.h"
#include "careforall/log.h"

#define CONNECT_TIMEOUT_MS 2000
#define RECONNECT_BASE_MS 50
#define RECONNECT_MAX_MS 5000
#define PING_INTERVAL_MS 5000
#define PINGS_OUT_MAX 2
#define ERROR_MAX 256
#define URL_MAX 512
/* How often the wire asks for a sign of life, and how often in vain. */
#define LIFE_US INT64_C(500000)
#define UNHEARD_MAX 5

typedef enum LinkState
{
	LINK_CLOSED,
	LINK_CONNECTING,
	LINK_UP
} LinkState;

struct CfaNatsLink
{
	CfaLoop *loop;
	CfaNatsOptions options;
	pthread_t loop_thread;
	LinkState state;
	natsConnection *connection;
	CfaWatch *watch;
	CfaWaker waker;
	CfaTimer timer; /* when to connect */
	CfaBackoff backoff;
	uint64_t losses;
	pthread_t thread; /* that connects; joined when is_done */
	natsConnection *connected;
	natsStatus connect_status;
	char connect_error[ERROR_MAX]; /* "" if none */
	CfaWire *wire;
	CfaTimer life; /* the wire's signs of life */
	atomic_bool is_done;
	atomic_int fd; /* of the connection, -1 when not attached */
	atomic_bool wants_write;
};

static void start_connect(void *arg);
static void on_wake(void *arg);
static void on_socket(void *arg, uint32_t events);
static void on_life(void *arg);

/* ---- callbacks of the library, on any thread */

static void
on_closed(natsConnection *connection, void *closure)
{
	CfaNatsLink *link = closure;

	cfa_waker_wake(&link->waker);
}

static natsStatus
on_attach(void **user, void *loop, natsConnection *connection, natsSock socket)
{
	CfaNatsLink *link = loop;

	*user = link;
	atomic_store(&link->wants_write, false);
	atomic_store(&link->fd, (int) socket);
	return NATS_OK;
}

static natsStatus
on_read_wanted(void *user, bool add)
{
	CfaNatsLink *link = user;

	if (!add)
	{
		atomic_store(&link->fd, -1);
		cfa_waker_wake(&link->waker);
	}
	return NATS_OK;
}

static natsStatus
on_write_wanted(void *user, bool add)
{
	CfaNatsLink *link = user;

	atomic_store(&link->wants_write, add);
	if (!add)
		return NATS_OK;
	if (!pthread_equal(pthread_self(), link->loop_thread))
		cfa_waker_wake(&link->waker);
	else if (link->watch != NULL)
		cfa_loop_rewatch(link->watch, EPOLLIN | EPOLLOUT);
	return NATS_OK;
}

static natsStatus
on_detach(void *user)
{
	return on_read_wanted(user, false);
}

/* ---- connecting */

/* Cuts the list, in place; the number of its servers, or -1 for too many. */
static int
cut_servers(char *list, const char *servers[CFA_NATS_SERVERS_MAX])
{
	int count = 0;
	char *rest = NULL;

	for (char *one = strtok_r(list, ", ", &rest); one != NULL;
		 one = strtok_r(NULL, ", ", &rest))
	{
		if (count == CFA_NATS_SERVERS_MAX)
			return -1;
		servers[count++] = one;
	}
	return count;
}

static bool
has_scheme(const char *server)
{
	return strncasecmp(server, "nats://", 7) == 0 ||
		   strncasecmp(server, "tls://", 6) == 0;
}

/* The address is not repeated: people put passwords into it. */
bool
cfa_nats_check(const char *url, char *error, size_t size)
{
	char *copy = strdup(url);
	const char *servers[CFA_NATS_SERVERS_MAX];
	int count = copy == NULL ? 0 : cut_servers(copy, servers);
	bool is_good = count > 0;

	for (int i = 0; i < count; i++)
		is_good = is_good && has_scheme(servers[i]);
	if (!is_good)
		snprintf(error,
				 size,
				 "CAREFORALL_NATS_URL is invalid: 1 to %d servers, "
				 "nats://host:port or tls://host:port",
				 CFA_NATS_SERVERS_MAX);
	free(copy);
	return is_good;
}

static natsStatus
set_servers(natsOptions *opts, const char *url)
{
	char *copy = strdup(url);
	const char *servers[CFA_NATS_SERVERS_MAX];
	natsStatus s = NATS_NO_MEMORY;

	if (copy != NULL)
		s = natsOptions_SetServers(opts, servers, cut_servers(copy, servers));
	free(copy);
	return s;
}

static natsStatus
make_options(const CfaNatsOptions *options, CfaNatsLink *link,
			 natsOptions **opts)
{
	const char *user = options->user;
	natsStatus s = natsOptions_Create(opts);

	if (s == NATS_OK)
		s = set_servers(*opts, options->url);
	if (s == NATS_OK)
		s = cfa_nats_tls_apply(*opts, options->url, &options->tls);
	if (s == NATS_OK)
		s = natsOptions_SetName(*opts, options->name);
	if (s == NATS_OK && user != NULL && user[0] != '\0')
		s = natsOptions_SetUserInfo(*opts, user, options->password);
	if (s == NATS_OK)
		s = natsOptions_SetAllowReconnect(*opts, false);
	if (s == NATS_OK)
		s = natsOptions_SetTimeout(*opts, CONNECT_TIMEOUT_MS);
	if (s == NATS_OK)
		s = natsOptions_SetPingInterval(*opts, PING_INTERVAL_MS);
	if (s == NATS_OK)
		s = natsOptions_SetMaxPingsOut(*opts, PINGS_OUT_MAX);
	if (s == NATS_OK)
		s = natsOptions_SetClosedCB(*opts, on_closed, link);
	if (s == NATS_OK && options->in_loop)
		s = natsOptions_SetEventLoop(*opts,
									 link,
									 on_attach,
									 on_read_wanted,
									 on_write_wanted,
									 on_detach);
	if (s == NATS_OK && options->in_loop)
		s = natsOptions_SetSendAsap(*opts, true);
	return s;
}

static natsStatus
connect_now(const CfaNatsOptions *options, CfaNatsLink *link,
			natsConnection **connection)
{
	natsOptions *opts = NULL;
	natsStatus s = make_options(options, link, &opts);

	*connection = NULL;
	if (s == NATS_OK)
		s = natsConnection_Connect(connection, opts);
	natsOptions_Destroy(opts);
	return s;
}

/* To the very server that the library has chosen. */
static void
open_wire(CfaNatsLink *link)
{
	char url[URL_MAX] = "";
	bool is_tls = cfa_nats_tls_wanted(link->options.url);
	const CfaWireOptions options = {.name = link->options.name,
									.url = url,
									.tls = is_tls ? &link->options.tls : NULL,
									.user = link->options.user,
									.password = link->options.password,
									.timeout_ms = CONNECT_TIMEOUT_MS};

	snprintf(link->connect_error, ERROR_MAX, "the server's address is unknown");
	if (natsConnection_GetConnectedUrl(link->connected, url, sizeof(url)) ==
		NATS_OK)
		link->wire = cfa_wire_open(&options, link->connect_error, ERROR_MAX);
	if (link->wire != NULL)
		return;
	natsConnection_Close(link->connected);
	natsConnection_Destroy(link->connected);
	link->connected = NULL;
	link->connect_status = NATS_NO_SERVER;
}

/* The library's words for it, without the place in its sources: "(conn.c:733): ". */
static void
say_why(CfaNatsLink *link)
{
	const char *words = nats_GetLastError(NULL);
	const char *place = words == NULL ? NULL : strstr(words, "): ");

	if (place != NULL)
		words = place + 3;
	if (words == NULL || words[0] == '\0')
		words = natsStatus_GetText(link->connect_status);
	snprintf(link->connect_error, ERROR_MAX, "%s", words);
}

static void *
connect_thread(void *arg)
{
	CfaNatsLink *link = arg;

	link->connect_error[0] = '\0';
	link->connect_status = connect_now(&link->options, link, &link->connected);
	/* The library upgrades by itself, without our authorities. */
	if (link->connect_status == NATS_SSL_ERROR &&
		!cfa_nats_tls_wanted(link->options.url))
		snprintf(link->connect_error,
				 ERROR_MAX,
				 "the server wants TLS: CAREFORALL_NATS_URL must say tls://");
	else if (link->connect_status != NATS_OK)
		say_why(link);
	if (link->connect_status == NATS_OK && link->options.has_wire)
		open_wire(link);
	atomic_store(&link->is_done, true);
	cfa_waker_wake(&link->waker);
	return NULL;
}

static void
retry_later(CfaNatsLink *link, const char *event, const char *error)
{
	int64_t delay_ms = cfa_backoff_next(&link->backoff);

	cfa_log(CFA_LOG_WARN,
			event,
			CFA_STR("connection", link->options.name),
			CFA_STR("error", error),
			CFA_INT("retry_ms", delay_ms));
	cfa_timer_set(link->loop, &link->timer, delay_ms * 1000);
}

static void
start_connect(void *arg)
{
	CfaNatsLink *link = arg;

	atomic_store(&link->is_done, false);
	atomic_store(&link->fd, -1);
	if (pthread_create(&link->thread, NULL, connect_thread, link) != 0)
		retry_later(link, "nats_connect_failed", "no thread could be started");
	else
		link->state = LINK_CONNECTING;
}

static void
on_wire_message(void *arg, const CfaWireMessage *message)
{
	const CfaNatsOptions *options = &((CfaNatsLink *) arg)->options;

	options->on_wire_message(options->arg, message);
}

static void
on_wire_read(void *arg)
{
	const CfaNatsOptions *options = &((CfaNatsLink *) arg)->options;

	options->on_wire_read(options->arg);
}

static void
on_wire_room(void *arg)
{
	const CfaNatsOptions *options = &((CfaNatsLink *) arg)->options;

	options->on_wire_room(options->arg);
}

static void
on_wire_down(void *arg, const char *error)
{
	cfa_nats_drop(arg, error);
}

/*
 * A line that was cut without a word is noticed by this: the server answers pings
 * in order with all else, in a moment unless it is gone.
 */
static void
on_life(void *arg)
{
	CfaNatsLink *link = arg;

	if (link->wire == NULL)
		return;
	if (cfa_wire_ping(link->wire) > UNHEARD_MAX)
	{
		cfa_nats_drop(link, "the server is silent");
		return;
	}
	cfa_timer_set(link->loop, &link->life, LIFE_US);
}

static bool
attach_wire(CfaNatsLink *link)
{
	const CfaNatsOptions *options = &link->options;
	const CfaWireHandlers handlers = {.on_message = on_wire_message,
									  .on_read = on_wire_read,
									  .on_room = on_wire_room,
									  .on_down = on_wire_down,
									  .arg = link};

	if (!options->has_wire)
		return true;
	cfa_timer_set(link->loop, &link->life, LIFE_US);
	return cfa_wire_attach(link->wire, link->loop, &handlers);
}

static void
finish_connect(CfaNatsLink *link)
{
	int fd = atomic_load(&link->fd);

	pthread_join(link->thread, NULL);
	link->state = LINK_CLOSED;
	if (link->connect_status != NATS_OK)
	{
		retry_later(link, "nats_connect_failed", link->connect_error);
		return;
	}
	link->connection = link->connected;
	link->state = LINK_UP;
	if (link->options.in_loop && fd >= 0)
		link->watch = cfa_loop_watch(link->loop, fd, EPOLLIN, on_socket, link);
	if ((link->options.in_loop && link->watch == NULL) || !attach_wire(link))
	{
		cfa_nats_drop(link, "the socket cannot be watched");
		return;
	}
	cfa_backoff_reset(&link->backoff);
	link->options.on_up(link->options.arg);
}

/* ---- the loop's side */

CfaNatsLink *
cfa_nats_new(CfaLoop *loop, const CfaNatsOptions *options)
{
	CfaNatsLink *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->loop = loop;
	link->loop_thread = pthread_self();
	link->options = *options;
	link->timer = (CfaTimer){.fn = start_connect, .arg = link};
	link->life = (CfaTimer){.fn = on_life, .arg = link};
	if (cfa_waker_init(&link->waker, loop, on_wake, link) != 0)
		abort();
	cfa_backoff_init(&link->backoff,
					 RECONNECT_BASE_MS,
					 RECONNECT_MAX_MS,
					 (uint64_t) cfa_clock_us());
	cfa_timer_set(loop, &link->timer, 0);
	return link;
}

static void
close_connection(CfaNatsLink *link)
{
	cfa_timer_cancel(link->loop, &link->life);
	cfa_wire_free(link->wire);
	link->wire = NULL;
	cfa_loop_unwatch(link->watch);
	link->watch = NULL;
	if (link->connection != NULL)
	{
		natsConnection_Close(link->connection);
		natsConnection_Destroy(link->connection);
	}
	link->connection = NULL;
	link->state = LINK_CLOSED;
}

void
cfa_nats_free(CfaNatsLink *link)
{
	if (link == NULL)
		return;
	cfa_timer_cancel(link->loop, &link->timer);
	if (link->state == LINK_CONNECTING)
	{
		pthread_join(link->thread, NULL);
		if (link->connect_status == NATS_OK)
			link->connection = link->connected;
	}
	close_connection(link);
	/* The library may still be about to report the close: end it first. */
	(void) nats_CloseAndWait(2000);
	cfa_waker_clear(&link->waker);
	free(link);
}

natsConnection *
cfa_nats_connection(CfaNatsLink *link)
{
	return link->connection;
}

CfaWire *
cfa_nats_wire(CfaNatsLink *link)
{
	return link->state == LINK_UP ? link->wire : NULL;
}

int64_t
cfa_nats_silent_us(const CfaNatsLink *link)
{
	int unheard = link->wire == NULL ? 0 : cfa_wire_unheard(link->wire);

	/* One answer may be under way. */
	return unheard > 1 ? (unheard - 1) * LIFE_US : 0;
}

uint64_t
cfa_nats_losses(const CfaNatsLink *link)
{
	return link->losses;
}

void
cfa_nats_drop(CfaNatsLink *link, const char *why)
{
	char reason[ERROR_MAX];

	if (link->state != LINK_UP)
		return;
	/* The text may belong to the connection. */
	snprintf(reason, sizeof(reason), "%s", why);
	close_connection(link);
	link->losses++;
	retry_later(link, "nats_lost", reason);
	link->options.on_down(link->options.arg, reason);
}

static void
check_closed(CfaNatsLink *link)
{
	const char *error = NULL;

	if (link->state != LINK_UP || !natsConnection_IsClosed(link->connection))
		return;
	(void) natsConnection_GetLastError(link->connection, &error);
	cfa_nats_drop(link,
				  error == NULL || error[0] == '\0' ? "connection closed"
													: error);
}

static void
on_wake(void *arg)
{
	CfaNatsLink *link = arg;

	if (link->state == LINK_CONNECTING && atomic_load(&link->is_done))
		finish_connect(link);
	if (link->watch != NULL && atomic_load(&link->wants_write))
		cfa_loop_rewatch(link->watch, EPOLLIN | EPOLLOUT);
	check_closed(link);
}

static void
on_socket(void *arg, uint32_t events)
{
	CfaNatsLink *link = arg;

	if ((events & EPOLLOUT) != 0)
		natsConnection_ProcessWriteEvent(link->connection);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		natsConnection_ProcessReadEvent(link->connection);
	if (link->watch != NULL && !atomic_load(&link->wants_write))
		cfa_loop_rewatch(link->watch, EPOLLIN);
	if (natsConnection_IsClosed(link->connection))
		check_closed(link);
	else if ((events & EPOLLIN) != 0 && link->options.on_read != NULL)
		link->options.on_read(link->options.arg);
}
