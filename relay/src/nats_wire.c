/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nats_wire.c: the NATS client protocol as far as a publisher needs it.
 *
 * A wire is opened on the thread that connects and then belongs to the loop's. What
 * is published is appended to one buffer and written when the socket takes it, so a
 * burst of events is one system call. Input is parsed in place. Any error of the
 * connection, of the server or of the protocol ends in fail(), and the owner begins
 * anew: nothing is ever sent a second time here.
 */
#include "nats_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "careforall/buf.h"
#include "careforall/text.h"

#define READ_SIZE ((size_t) 65536)
/* INFO names all servers of a cluster; other lines are short. */
#define LINE_MAX_BYTES ((size_t) 32768)
#define MESSAGE_MAX_BYTES (UINT64_C(8) * 1024 * 1024)
/* More than this waiting for the socket and the reader of events has to pause. */
#define BEHIND_BYTES ((size_t) 4 * 1024 * 1024)
#define HOST_MAX 256
#define PORT_MAX 8
#define FIELDS_MAX 6
#define FIRST_LINE "NATS/1.0\r\n"

struct CfaWire
{
	int fd;
	SSL *ssl; /* NULL: none */
	CfaLoop *loop;
	CfaWatch *watch;
	CfaWireHandlers handlers;
	CfaBuf out;
	size_t sent; /* of out */
	CfaBuf in;
	bool was_behind;
	int64_t payload_max;
	int unheard; /* calls of cfa_wire_ping() since the last answer */
	char error[128];
};

typedef struct Field
{
	const char *text;
	size_t len;
} Field;

static void on_socket(void *arg, uint32_t events);

CfaWire *
cfa_wire_new(const CfaWireHandlers *handlers)
{
	CfaWire *wire = calloc(1, sizeof(*wire));

	if (wire == NULL)
		abort();
	wire->fd = -1;
	if (handlers != NULL)
		wire->handlers = *handlers;
	return wire;
}

void
cfa_wire_free(CfaWire *wire)
{
	if (wire == NULL)
		return;
	cfa_loop_unwatch(wire->watch);
	SSL_free(wire->ssl);
	if (wire->fd >= 0)
		close(wire->fd);
	cfa_buf_clear(&wire->out);
	cfa_buf_clear(&wire->in);
	free(wire);
}

int64_t
cfa_wire_payload_max(const CfaWire *wire)
{
	return wire->payload_max;
}

/* ---- opening: blocks, with a time limit on the socket */

/* nats://host:port, where the host may be an IPv6 address in brackets. */
static bool
split_url(const char *url, char host[HOST_MAX], char port[PORT_MAX])
{
	const char *at = strstr(url, "://");
	const char *end;
	const char *colon;
	size_t len;

	at = at == NULL ? url : at + 3;
	if (strrchr(at, '@') != NULL)
		at = strrchr(at, '@') + 1;
	end = at[0] == '[' ? strchr(at, ']') : NULL;
	colon = strrchr(end == NULL ? at : end, ':');
	if (colon == NULL)
		colon = at + strlen(at);
	len = (size_t) (end == NULL ? colon - at : end - at - 1);
	if (len == 0 || len >= HOST_MAX || strlen(colon) > PORT_MAX)
		return false;
	memcpy(host, end == NULL ? at : at + 1, len);
	host[len] = '\0';
	snprintf(port, PORT_MAX, "%s", colon[0] == ':' ? colon + 1 : "4222");
	port[strcspn(port, "/")] = '\0';
	return true;
}

static int
connect_one(const struct addrinfo *address, int timeout_ms)
{
	const struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	int on = 1;
	int fd = socket(address->ai_family,
					address->ai_socktype | SOCK_CLOEXEC,
					address->ai_protocol);

	if (fd < 0)
		return -1;
	/* On Linux the limit of sending is that of connecting too. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
		connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The socket, and the host that it is of; -1 if there is none. */
static int
connect_url(const char *url, int timeout_ms, char host[HOST_MAX])
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
								   .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	char port[PORT_MAX];
	int fd = -1;

	if (!split_url(url, host, port) ||
		getaddrinfo(host, port, &hints, &found) != 0)
		return -1;
	for (const struct addrinfo *one = found; one != NULL && fd < 0;
		 one = one->ai_next)
		fd = connect_one(one, timeout_ms);
	freeaddrinfo(found);
	return fd;
}

/*
 * What recv() and send() return and set when nothing was moved: 0 is the end. Errors
 * that others on this thread have left behind must be cleared before the call, or
 * they are taken for this one's.
 */
static ssize_t
ssl_failed(const SSL *ssl)
{
	int error = SSL_get_error(ssl, 0);

	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
				? EAGAIN
				: ECONNRESET;
	return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

/*
 * What recv() and send() do, through TLS if there is one. A record of TLS is smaller
 * than READ_SIZE and is not read before it is asked for: nothing that has come waits
 * in the library, where the loop would not see it.
 */
static ssize_t
take(CfaWire *wire, char *data, size_t len)
{
	size_t got = 0;

	if (wire->ssl == NULL)
		return recv(wire->fd, data, len, 0);
	ERR_clear_error();
	if (SSL_read_ex(wire->ssl, data, len, &got) == 1)
		return (ssize_t) got;
	return ssl_failed(wire->ssl);
}

static ssize_t
give(CfaWire *wire, const char *data, size_t len)
{
	size_t given = 0;

	if (wire->ssl == NULL)
		return send(wire->fd, data, len, MSG_NOSIGNAL);
	ERR_clear_error();
	if (SSL_write_ex(wire->ssl, data, len, &given) == 1)
		return (ssize_t) given;
	return ssl_failed(wire->ssl);
}

/* The next line without its CR LF; NULL if none comes. Taken off by the caller. */
static char *
read_line(CfaWire *wire, size_t *taken)
{
	for (;;)
	{
		char *end = wire->in.len == 0
						? NULL
						: memmem(wire->in.data, wire->in.len, "\r\n", 2);
		ssize_t got;

		if (end != NULL)
		{
			*end = '\0';
			*taken = (size_t) (end - wire->in.data) + 2;
			return wire->in.data;
		}
		if (wire->in.len > LINE_MAX_BYTES)
			return NULL;
		cfa_buf_reserve(&wire->in, READ_SIZE);
		got = take(wire, wire->in.data + wire->in.len, READ_SIZE);
		if (got <= 0)
			return NULL;
		wire->in.len += (size_t) got;
	}
}

static void
take_off(CfaBuf *buf, size_t len)
{
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
}

static bool
read_info(CfaWire *wire, char *error, size_t size)
{
	size_t taken = 0;
	const char *line = read_line(wire, &taken);
	json_t *info = NULL;
	bool is_ok = false;

	if (line != NULL && strncmp(line, "INFO ", 5) == 0)
		info = json_loads(line + 5, 0, NULL);
	if (info == NULL)
		snprintf(error, size, "no greeting of a NATS server");
	else if (!json_is_true(json_object_get(info, "headers")))
		snprintf(error, size, "the server takes no headers");
	else
		is_ok = true;
	wire->payload_max =
		json_integer_value(json_object_get(info, "max_payload"));
	json_decref(info);
	if (line != NULL)
		take_off(&wire->in, taken);
	return is_ok;
}

static bool
send_all(CfaWire *wire, const CfaBuf *buf)
{
	size_t sent = 0;

	while (sent < buf->len)
	{
		ssize_t some = give(wire, buf->data + sent, buf->len - sent);

		if (some <= 0)
			return false;
		sent += (size_t) some;
	}
	return true;
}

static void
add_member(CfaBuf *buf, const char *name, const char *value)
{
	cfa_buf_addf(buf, ",\"%s\":", name);
	cfa_buf_add_json(buf, value, strlen(value));
}

static bool
log_in(CfaWire *wire, const CfaWireOptions *options, char *error, size_t size)
{
	CfaBuf hello = {0};
	size_t taken = 0;
	const char *line;
	bool is_sent;
	bool is_ok = false;

	cfa_buf_adds(&hello,
				 "CONNECT {\"verbose\":false,\"pedantic\":false,"
				 "\"headers\":true,\"no_responders\":true,\"protocol\":0,"
				 "\"lang\":\"c\",\"version\":\"" CFA_VERSION "\"");
	add_member(&hello, "name", options->name);
	if (options->user != NULL && options->user[0] != '\0')
	{
		add_member(&hello, "user", options->user);
		add_member(&hello,
				   "pass",
				   options->password == NULL ? "" : options->password);
	}
	cfa_buf_adds(&hello, "}\r\nPING\r\n");
	is_sent = send_all(wire, &hello);
	explicit_bzero(hello.data, hello.len);
	cfa_buf_clear(&hello);
	line = is_sent ? read_line(wire, &taken) : NULL;
	if (line == NULL)
		snprintf(error, size, "the server does not answer");
	else if (strcmp(line, "PONG") != 0)
		snprintf(error, size, "%.100s", line);
	else
		is_ok = true;
	if (is_ok)
		take_off(&wire->in, taken);
	return is_ok;
}

static bool
secure(CfaWire *wire, const CfaWireOptions *options, const char *host,
	   char *error, size_t size)
{
	if (options->tls == NULL)
		return true;
	if (wire->in.len > 0)
	{
		/* Whoever put it there, it would be taken for the server's own word. */
		snprintf(error, size, "something came in clear after the greeting");
		return false;
	}
	wire->ssl = cfa_nats_tls_open(wire->fd, host, options->tls, error, size);
	return wire->ssl != NULL;
}

CfaWire *
cfa_wire_open(const CfaWireOptions *options, char *error, size_t size)
{
	CfaWire *wire = cfa_wire_new(NULL);
	char host[HOST_MAX];

	wire->fd = connect_url(options->url, options->timeout_ms, host);
	if (wire->fd < 0)
		snprintf(error, size, "the server cannot be reached");
	else if (read_info(wire, error, size) &&
			 secure(wire, options, host, error, size) &&
			 log_in(wire, options, error, size))
	{
		if (fcntl(wire->fd, F_SETFL, O_NONBLOCK) == 0)
			return wire;
		snprintf(error, size, "the socket cannot be made non-blocking");
	}
	cfa_wire_free(wire);
	return NULL;
}

bool
cfa_wire_attach(CfaWire *wire, CfaLoop *loop, const CfaWireHandlers *handlers)
{
	wire->loop = loop;
	wire->handlers = *handlers;
	wire->watch = cfa_loop_watch(loop, wire->fd, EPOLLIN, on_socket, wire);
	return wire->watch != NULL;
}

/* ---- out */

static void
want_write(CfaWire *wire)
{
	if (wire->watch != NULL)
		cfa_loop_rewatch(wire->watch, EPOLLIN | EPOLLOUT);
}

void
cfa_wire_subscribe(CfaWire *wire, const char *subject)
{
	cfa_buf_addf(&wire->out, "SUB %s 1\r\n", subject);
	want_write(wire);
}

/* Appends without looking: the caller has made room. */
static char *
append(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

static char *
append_number(char *at, size_t number)
{
	char digits[20];
	size_t count = 0;

	do
	{
		digits[count++] = (char) ('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

void
cfa_wire_publish(CfaWire *wire, const char *subject, const char *reply,
				 const char *head, size_t head_len, const char *data,
				 size_t data_len)
{
	size_t subject_len = strlen(subject);
	size_t reply_len = strlen(reply);
	size_t block_len = sizeof(FIRST_LINE) - 1 + head_len + 2;
	char *at;

	/* Verb, blanks, line ends and two numbers. */
	cfa_buf_reserve(&wire->out,
					64 + subject_len + reply_len + block_len + data_len);
	at = wire->out.data + wire->out.len;
	at = append(at, "HPUB ", 5);
	at = append(at, subject, subject_len);
	*at++ = ' ';
	at = append(at, reply, reply_len);
	*at++ = ' ';
	at = append_number(at, block_len);
	*at++ = ' ';
	at = append_number(at, block_len + data_len);
	at = append(at, "\r\n" FIRST_LINE, sizeof(FIRST_LINE) + 1);
	at = append(at, head, head_len);
	at = append(at, "\r\n", 2);
	at = append(at, data, data_len);
	at = append(at, "\r\n", 2);
	wire->out.len = (size_t) (at - wire->out.data);
	want_write(wire);
}

bool
cfa_wire_is_behind(const CfaWire *wire)
{
	return wire->out.len - wire->sent > BEHIND_BYTES;
}

int
cfa_wire_ping(CfaWire *wire)
{
	if (wire->unheard++ == 0)
	{
		cfa_buf_adds(&wire->out, "PING\r\n");
		want_write(wire);
	}
	return wire->unheard;
}

int
cfa_wire_unheard(const CfaWire *wire)
{
	return wire->unheard;
}

const char *
cfa_wire_pending(const CfaWire *wire, size_t *len)
{
	*len = wire->out.len - wire->sent;
	return wire->out.data + wire->sent;
}

/* Writes what the socket takes; false if the connection is gone. */
static bool
write_some(CfaWire *wire)
{
	bool was_behind = cfa_wire_is_behind(wire);

	while (wire->sent < wire->out.len)
	{
		ssize_t some =
			give(wire, wire->out.data + wire->sent, wire->out.len - wire->sent);

		if (some < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (some <= 0)
			return false;
		wire->sent += (size_t) some;
	}
	wire->was_behind = wire->was_behind || was_behind;
	if (wire->sent == wire->out.len)
	{
		cfa_buf_reset(&wire->out);
		wire->sent = 0;
		cfa_loop_rewatch(wire->watch, EPOLLIN);
	}
	else if (wire->sent > BEHIND_BYTES)
	{
		take_off(&wire->out, wire->sent);
		wire->sent = 0;
	}
	return true;
}

/* ---- in */

/* Splits a line at its blanks; 0 if there are too many words. */
static int
split(const char *line, size_t len, Field fields[FIELDS_MAX])
{
	const char *end = line + len;
	int count = 0;

	while (line < end)
	{
		const char *word = line;

		while (line < end && *line != ' ')
			line++;
		if (line > word)
		{
			if (count == FIELDS_MAX)
				return 0;
			fields[count++] = (Field){word, (size_t) (line - word)};
		}
		line++;
	}
	return count;
}

static bool
number_of(const Field *field, uint64_t *out)
{
	return cfa_parse_uint(field->text, field->len, MESSAGE_MAX_BYTES, out);
}

/*
 * MSG subject sid [reply] bytes, HMSG subject sid [reply] head-bytes bytes: how long
 * line and message are together, 0 if more has to come, -1 if it is nonsense.
 */
static long
take_message(CfaWire *wire, const char *line, size_t line_len, size_t rest,
			 bool has_head)
{
	Field fields[FIELDS_MAX];
	int count = split(line, line_len, fields);
	uint64_t total = 0;
	uint64_t head = 0;
	CfaWireMessage message;
	const char *body = line + line_len + 2;

	if (count < (has_head ? 5 : 4) || count > (has_head ? 6 : 5) ||
		!number_of(&fields[count - 1], &total) ||
		(has_head && !number_of(&fields[count - 2], &head)) || head > total)
		return -1;
	if (rest < total + 2)
		return 0;
	if (memcmp(body + total, "\r\n", 2) != 0)
		return -1;
	message = (CfaWireMessage){.subject = fields[1].text,
							   .subject_len = fields[1].len,
							   .head = body,
							   .head_len = (size_t) head,
							   .data = body + head,
							   .data_len = (size_t) (total - head)};
	wire->handlers.on_message(wire->handlers.arg, &message);
	return (long) (line_len + 2 + total + 2);
}

static bool
starts(const char *line, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	return len >= word_len && memcmp(line, word, word_len) == 0;
}

/* One operation of the server; as take_message() returns. */
static long
take_operation(CfaWire *wire, const char *line, size_t line_len, size_t rest)
{
	if (starts(line, line_len, "MSG "))
		return take_message(wire, line, line_len, rest, false);
	if (starts(line, line_len, "HMSG "))
		return take_message(wire, line, line_len, rest, true);
	if (starts(line, line_len, "PING"))
	{
		cfa_buf_adds(&wire->out, "PONG\r\n");
		want_write(wire);
	}
	else if (starts(line, line_len, "PONG"))
		wire->unheard = 0;
	else if (starts(line, line_len, "-ERR"))
	{
		snprintf(wire->error,
				 sizeof(wire->error),
				 "%.*s",
				 (int) (line_len < 120 ? line_len : 120),
				 line);
		return -1;
	}
	else if (!starts(line, line_len, "INFO ") && !starts(line, line_len, "+OK"))
		return -1;
	return (long) line_len + 2;
}

long
cfa_wire_parse(CfaWire *wire, const char *bytes, size_t len, const char **error)
{
	size_t done = 0;

	wire->error[0] = '\0';
	*error = wire->error;
	while (done < len)
	{
		const char *line = bytes + done;
		const char *end = memmem(line, len - done, "\r\n", 2);
		size_t line_len;
		long taken;

		if (end == NULL && len - done <= LINE_MAX_BYTES)
			break;
		line_len = end == NULL ? 0 : (size_t) (end - line);
		taken = end == NULL ? -1
							: take_operation(wire,
											 line,
											 line_len,
											 len - done - line_len - 2);
		if (taken < 0 && wire->error[0] == '\0')
			snprintf(wire->error,
					 sizeof(wire->error),
					 "the server does not speak the protocol");
		if (taken < 0)
			return -1;
		if (taken == 0)
			break;
		done += (size_t) taken;
	}
	return (long) done;
}

/* False, with the reason, if the connection is of no use any more. */
static bool
read_some(CfaWire *wire, const char **error)
{
	ssize_t got;
	long done;

	cfa_buf_reserve(&wire->in, READ_SIZE);
	got = take(wire, wire->in.data + wire->in.len, READ_SIZE);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	*error = "connection closed";
	if (got <= 0)
		return false;
	wire->in.len += (size_t) got;
	done = cfa_wire_parse(wire, wire->in.data, wire->in.len, error);
	if (done < 0)
		return false;
	if (done > 0)
		take_off(&wire->in, (size_t) done);
	return true;
}

static void
on_socket(void *arg, uint32_t events)
{
	CfaWire *wire = arg;
	const CfaWireHandlers *handlers = &wire->handlers;
	const char *error = "connection closed";
	bool is_up = true;

	if ((events & EPOLLOUT) != 0)
		is_up = write_some(wire);
	if (is_up && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		is_up = read_some(wire, &error);
	if (!is_up)
	{
		handlers->on_down(handlers->arg, error);
		return;
	}
	if ((events & EPOLLIN) != 0)
		handlers->on_read(handlers->arg);
	if (wire->was_behind && !cfa_wire_is_behind(wire))
	{
		wire->was_behind = false;
		handlers->on_room(handlers->arg);
	}
}
