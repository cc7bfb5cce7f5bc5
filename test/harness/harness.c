/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness.c: starts the API in this process and turns its loop by hand.
 *
 * The server's end of a socket pair becomes a Kore connection as if it had been
 * accepted; the client's end is read and written by the test. The clock is
 * linked by --wrap and moves only in hn_pass_ms().
 */
#include <kore/kore.h>
#include <kore/hooks.h>
#include <kore/http.h>
#include <kore/tasks.h>

#include "harness.h"

#include <arpa/inet.h>
#include <careforall/log.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>

#include "core/app.h"
#include "core/ctx.h"
#include "core/listen.h"
#include "core/loop.h"
#include "edge/admission.h"
#include "edge/edge.h"
#include "middleware/trace.h"

#define TICK_MS 50
#define IDLE_TURNS 3
#define TURNS_MAX 100000
#define SEND_BUFFER 16384 /* small, so that who does not read is noticed */

extern char *kore_progname;

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);
const char *__lsan_default_suppressions(void);
unsigned hn_pg_unsettled(void);
unsigned hn_redis_unsettled(void);
unsigned hn_passwords_turn(void);

static uint64_t passed_ms;
static struct kore_worker self = {.id = 1};
static HnClient *clients;
static uint64_t received; /* bytes, by all clients; and other progress */
static char *copy;		  /* of the answer last asked for */
static json_t *problem;	  /* in it */

/* Fontconfig keeps fonts by distances, not pointers, which look lost. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

int
__wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	static struct timespec starts[2];
	struct timespec *start = &starts[clock == CLOCK_REALTIME];

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, out);
	if (start->tv_sec == 0)
		(void) __real_clock_gettime(clock, start);
	out->tv_sec = start->tv_sec + (time_t) (passed_ms / 1000);
	out->tv_nsec = start->tv_nsec + (long) (passed_ms % 1000) * 1000000;
	if (out->tv_nsec >= 1000000000)
	{
		out->tv_sec++;
		out->tv_nsec -= 1000000000;
	}
	return 0;
}

/* Settings that a start needs; those of the environment go first. */
static void
set_settings(void)
{
	static const char *const settings[][2] = {
		{"PG_DSN", "dbname=none"},
		{"PLEDGE_TOKEN_KEY",
		 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		{"SIGNING_KEYS",
		 "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"},
		{"WEBHOOK_SECRETS", "whsec_harness"},
		{"PUBLIC_URL", "https://careforall.example"},
		{"CONNECTIONS_PER_ADDRESS", "4"},
		{"ACCESS_LOG", "off"},
		{"LOG_LEVEL", "error"},
	};
	unsigned pid = (unsigned) getpid();
	char name[64];
	char host[32];
	char value[48];
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
	{
		(void) snprintf(name, sizeof(name), "CAREFORALL_%s", settings[i][0]);
		(void) setenv(name, settings[i][1], 0);
	}
	/* An address of its own, so that several can run at a time. */
	(void) snprintf(host,
					sizeof(host),
					"127.%u.%u.%u",
					100 + (pid >> 16) % 100,
					(pid >> 8) & 0xff,
					pid & 0xff);
	(void) snprintf(value, sizeof(value), "%s:8081", host);
	(void) setenv("CAREFORALL_API_LISTEN", value, 1);
	(void) snprintf(value, sizeof(value), "%s:8091", host);
	(void) setenv("CAREFORALL_API_ADMIN_LISTEN", value, 1);
}

void
hn_start(void)
{
	static char name[] = "harness";
	static char *arguments[] = {name, NULL};

	set_settings();
	kore_mem_init();
	kore_progname = name;
	kore_pid = getpid();
	kore_foreground = 1;
	kore_platform_init();
	http_parent_init();
	kore_auth_init();
	kore_validator_init();
	kore_filemap_init();
	kore_domain_init();
	kore_module_init();
	(void) kore_module_load(NULL, NULL, KORE_MODULE_NATIVE);
	kore_parent_configure(1, arguments);
	/* Failures are what is tested; CAREFORALL_HARNESS_LOG shows them. */
	if (getenv("CAREFORALL_HARNESS_LOG") == NULL)
		cfa_log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));

	worker = &self;
	(void) signal(SIGPIPE, SIG_IGN);
	net_init();
	kore_connection_init();
	kore_platform_event_init();
	kore_task_init();
	http_init();
	kore_accesslog_worker_init();
	kore_timer_init();
	kore_fileref_init();
	cfa_admission_worker(worker->id);
	cfa_meters_worker(worker->id);
	cfa_trace_worker_start();
	cfa_loop_start();
	cfa_tick_add(cfa_ctx_tick);
	cfa_tick_add(cfa_edge_tick);
	cfa_app.worker_start();
	cfa_listen_open();
}

/* Reads what there is for a client into out. */
static void
take(HnClient *client)
{
	static char bytes[65536];
	ssize_t got;

	while (!client->is_deaf && !client->is_ended)
	{
		got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got == -1 && errno == EAGAIN)
			return;
		if (got <= 0)
		{
			client->is_ended = true;
			return;
		}
		client->out = realloc(client->out, client->out_len + (size_t) got + 1);
		memcpy(client->out + client->out_len, bytes, (size_t) got);
		client->out_len += (size_t) got;
		client->out[client->out_len] = '\0';
		received += (uint64_t) got;
	}
}

static void
turn(void)
{
	HnClient *client;

	kore_platform_event_wait(0);
	received += hn_passwords_turn();
	kore_timer_run(kore_time_ms());
	http_process();
	kore_connection_check_timeout(kore_time_ms());
	kore_connection_prune(KORE_CONNECTION_PRUNE_DISCONNECT);
	for (client = clients; client != NULL; client = client->next)
		take(client);
}

/* A figure that changes when something moves. */
static uint64_t
movement(void)
{
	return received * 31 + http_request_count * 7 + worker_active_connections +
		   ((uint64_t) hn_pg_unsettled() << 32) +
		   ((uint64_t) hn_redis_unsettled() << 40);
}

void
hn_settle(void)
{
	unsigned idle = 0;
	unsigned turns = 0;

	while (idle < IDLE_TURNS)
	{
		uint64_t before = movement();

		turn();
		idle = movement() == before ? idle + 1 : 0;
		if (++turns == TURNS_MAX)
			abort();
	}
}

void
hn_pass_ms(unsigned ms)
{
	while (ms > 0)
	{
		unsigned step = ms < TICK_MS ? ms : TICK_MS;

		passed_ms += step;
		ms -= step;
		turn();
	}
	hn_settle();
}

bool
hn_is_clean(void)
{
	return TAILQ_EMPTY(&connections) && worker_active_connections == 0 &&
		   http_request_count == 0 && cfa_ctx_waiting_count() == 0 &&
		   hn_pg_unsettled() == 0 && hn_redis_unsettled() == 0;
}

HnClient *
hn_open(void)
{
	return hn_open_from("127.0.0.1", false);
}

HnClient *
hn_open_from(const char *address, bool is_admin)
{
	CfaSurface surface = is_admin ? CFA_ADMIN : CFA_PUBLIC;
	struct kore_server *server = kore_server_lookup("main");
	HnClient *client = calloc(1, sizeof(*client));
	struct connection *c = NULL;
	struct listener *listener;
	int buffer = SEND_BUFFER;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 ||
		setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)) != 0)
		abort();
	LIST_FOREACH(listener, &server->listeners, list)
	{
		struct connection probe = {.owner = listener};

		if (cfa_app_surface(&probe) == surface)
			break;
	}
	client->fd = fds[0];
	client->out = calloc(1, 1);
	client->next = clients;
	clients = client;
	/* As kore_connection_accept() does. */
	c = kore_connection_new(listener);
	c->fd = fds[1];
	c->family = AF_INET;
	(void) inet_pton(AF_INET, address, &c->addr.ipv4.sin_addr);
	c->handle = kore_connection_handle;
	c->state = CONN_STATE_ESTABLISHED;
	c->write = net_write;
	c->read = net_read;
	TAILQ_INSERT_TAIL(&connections, c, list);
	kore_runtime_connect(listener->connect, c);
	kore_connection_start_idletimer(c);
	worker_active_connections++;
	kore_platform_event_all(c->fd, c);
	hn_settle();
	return client;
}

void
hn_send(HnClient *client, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	hn_send_bytes(client, text, (size_t) len);
	free(text);
}

void
hn_send_bytes(HnClient *client, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0)
	{
		ssize_t sent = send(client->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent == -1 && errno != EAGAIN)
			break;
		if (sent == -1)
		{
			/* The server does not read any more: the rest stays here. */
			uint64_t before = movement();

			turn();
			if (movement() == before)
				break;
			continue;
		}
		at += sent;
		len -= (size_t) sent;
	}
	hn_settle();
}

void
hn_end(HnClient *client)
{
	(void) shutdown(client->fd, SHUT_WR);
	hn_settle();
}

void
hn_close(HnClient *client)
{
	HnClient **at = &clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	(void) close(client->fd);
	free(client->out);
	free(client);
	hn_settle();
}

/*
 * Finds the end of the head that begins at from, and the length of its body.
 * False if the answer is not there in whole.
 */
static bool
measure(const HnClient *client, size_t from, size_t *head_len, size_t *body_len)
{
	const char *head = client->out + from;
	size_t rest = client->out_len - from;
	const char *end = memmem(head, rest, "\r\n\r\n", 4);
	const char *length;

	if (end == NULL)
		return false;
	*head_len = (size_t) (end - head) + 4;
	length = memmem(head, *head_len, "\r\ncontent-length: ", 18);
	*body_len =
		length != NULL && !client->is_head ? strtoul(length + 18, NULL, 10) : 0;
	/* What follows a change of protocol is no answer. */
	if (memcmp(head, "HTTP/1.1 101", 12) == 0)
		*body_len = rest - *head_len;
	return *head_len + *body_len <= rest;
}

HnAnswer
hn_answer(HnClient *client, unsigned n)
{
	HnAnswer answer = {.code = ""};
	const char *complaint = hn_complaint(client);
	size_t from = 0;
	size_t head_len;
	size_t body_len;

	if (complaint != NULL)
	{
		(void) fprintf(stderr, "%s:\n%s\n", complaint, client->out);
		abort();
	}
	while (measure(client, from, &head_len, &body_len) && n-- > 0)
		from += head_len + body_len;
	if (from == client->out_len)
		return answer;
	free(copy);
	copy = malloc(head_len + body_len + 1);
	memcpy(copy, client->out + from, head_len + body_len);
	copy[head_len - 1] = '\0';
	copy[head_len + body_len] = '\0';
	answer.status = (int) strtol(copy + 9, NULL, 10);
	answer.head = copy;
	answer.body = copy + head_len;
	answer.body_len = body_len;
	json_decref(problem);
	problem = json_loadb(answer.body, body_len, 0, NULL);
	if (answer.status >= 400 && json_is_object(problem) &&
		json_is_string(json_object_get(problem, "code")))
		answer.code = json_string_value(json_object_get(problem, "code"));
	return answer;
}

unsigned
hn_count(HnClient *client)
{
	size_t from = 0;
	size_t head_len;
	size_t body_len;
	unsigned count = 0;

	while (measure(client, from, &head_len, &body_len))
	{
		from += head_len + body_len;
		count++;
	}
	return count;
}

const char *
hn_header(const HnAnswer *answer, const char *name)
{
	static char value[4096];
	const char *at = answer->head;
	size_t len = strlen(name);

	while (at != NULL && (at = strstr(at, "\r\n")) != NULL)
	{
		at += 2;
		if (strncasecmp(at, name, len) == 0 && at[len] == ':')
		{
			(void) snprintf(value,
							sizeof(value),
							"%.*s",
							(int) strcspn(at + len + 2, "\r\n"),
							at + len + 2);
			return value;
		}
	}
	return NULL;
}

/* What is wrong with one answer. */
static const char *
find_fault(const char *head, size_t head_len, const char *body, size_t body_len)
{
	int status = (int) strtol(head + 9, NULL, 10);
	const char *fault = NULL;
	json_t *json;

	if (strncmp(head, "HTTP/1.1 ", 9) != 0 || status < 100 || status > 599)
		return "the status line is broken";
	if (status < 400)
		return NULL;
	/* Readiness is a document of its own. */
	if (memmem(head, head_len, "\r\ncontent-type: application/json\r\n", 34) !=
			NULL &&
		memmem(body, body_len, "\"read_model\"", 12) != NULL)
		return NULL;
	if (memmem(head,
			   head_len,
			   "\r\ncontent-type: application/problem+json\r\n",
			   42) == NULL)
		return "an error is no problem+json";
	if (body_len == 0)
		return NULL; /* of HEAD */
	json = json_loadb(body, body_len, JSON_REJECT_DUPLICATES, NULL);
	if (json == NULL ||
		json_integer_value(json_object_get(json, "status")) != status ||
		!json_is_string(json_object_get(json, "code")))
		fault = "a problem is broken";
	json_decref(json);
	return fault;
}

const char *
hn_complaint(HnClient *client)
{
	size_t head_len;
	size_t body_len;

	while (measure(client, client->checked, &head_len, &body_len))
	{
		const char *head = client->out + client->checked;
		const char *fault =
			find_fault(head, head_len, head + head_len, body_len);

		if (fault != NULL)
			return fault;
		client->checked += head_len + body_len;
	}
	if (client->checked != client->out_len && !client->is_deaf)
		return "there is more than whole answers";
	return NULL;
}
