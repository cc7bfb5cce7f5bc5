/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.c: a libpq connection on the loop.
 *
 * States: closed (a timer will connect), connecting (PQconnectPoll), setup (the
 * backend is asked for its number, then the set-up SQL runs), up. Any error of the
 * connection ends in lose(), the only place that tears down. A statement's error is
 * the statement's own business.
 *
 * Of several hosts each attempt tries one. A commit whose wait for a synchronous
 * standby was cancelled comes as a success with a warning; as it would be lost with
 * the primary, the connection is given up instead, so that its outcome is unknown.
 */
#include "pg.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "careforall/backoff.h"
#include "careforall/buf.h"
#include "careforall/hosts.h"
#include "careforall/log.h"
#include "careforall/text.h"

/* Where the connection string says none. */
#define CONNECT_TIMEOUT_US (5 * INT64_C(1000000))
#define RECONNECT_BASE_MS 50
#define RECONNECT_MAX_MS 5000
/* Rows handled before other descriptors get their turn. */
#define ROWS_PER_TURN 256
#define ASK_BACKEND "SELECT pg_catalog.pg_backend_pid();"
/* The server's function that waits for synchronous standbys. */
#define SYNC_WAIT "SyncRepWaitForLSN"
#define PARAMS_MAX 20

typedef enum PgState
{
	PG_CLOSED,
	PG_CONNECTING,
	PG_SETUP,
	PG_UP
} PgState;

typedef struct Statement
{
	char *text; /* SQL, or the name of a prepared statement */
	bool is_prepared;
	int params;
	char *values[CFA_PG_PARAMS_MAX];
	int64_t timeout_us;
	CfaPgRowFn row_fn; /* NULL: whole result */
	CfaPgFn fn;
	void *arg;
	bool is_refused;  /* to be answered with NULL */
	PGresult *result; /* the last one received */
	struct Statement *next;
} Statement;

struct CfaPg
{
	CfaLoop *loop;
	CfaPgOptions options;
	CfaHosts hosts;
	unsigned host;	/* that the next attempt tries */
	unsigned tried; /* hosts since the last pause */
	int64_t connect_timeout_us;
	bool is_unsure; /* whether a standby has what was committed */
	PgState state;
	PGconn *conn;
	CfaWatch *watch;
	CfaTimer timer;	 /* when to connect, or by when to be connected */
	CfaTimer answer; /* by when the running statement has to say something */
	CfaTimer later;	 /* goes on with rows, or answers refused statements */
	CfaBackoff backoff;
	Statement *first;
	Statement *last;
	int queued;
	bool is_running; /* first was sent */
	bool is_direct;	 /* the backend has said that it is ours */
	bool is_paused;
	uint64_t losses;
};

static const char *option(const PQconninfoOption *options, const char *keyword);
static bool read_hosts(CfaHosts *hosts, const PQconninfoOption *options);
static void read_dsn(CfaPg *pg);
static void start_connect(void *arg);
static int64_t pause_ms(CfaPg *pg);
static void on_socket(void *arg, uint32_t events);
static void on_answer_late(void *arg);
static void on_later(void *arg);
static void lose(CfaPg *pg, const char *error);
static void send_next(CfaPg *pg);
static void take_results(CfaPg *pg);

bool
cfa_pg_check(const char *dsn, char *error, size_t size)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(dsn, &message);
	CfaHosts hosts;
	bool is_good = options != NULL && read_hosts(&hosts, options);

	if (options == NULL)
		cfa_dsn_refuse(error, size, dsn, message);
	else if (!is_good)
		snprintf(error,
				 size,
				 "hosts and ports of CAREFORALL_PG_DSN do not fit together");
	PQconninfoFree(options);
	PQfreemem(message);
	return is_good;
}

CfaPg *
cfa_pg_new(CfaLoop *loop, const CfaPgOptions *options)
{
	CfaPg *pg = calloc(1, sizeof(*pg));

	if (pg == NULL)
		abort();
	pg->loop = loop;
	pg->options = *options;
	read_dsn(pg);
	pg->timer = (CfaTimer){.fn = start_connect, .arg = pg};
	pg->answer = (CfaTimer){.fn = on_answer_late, .arg = pg};
	pg->later = (CfaTimer){.fn = on_later, .arg = pg};
	cfa_backoff_init(&pg->backoff,
					 RECONNECT_BASE_MS,
					 RECONNECT_MAX_MS,
					 (uint64_t) cfa_clock_us());
	cfa_timer_set(loop, &pg->timer, 0);
	return pg;
}

static void
free_statement(Statement *statement)
{
	for (int i = 0; i < statement->params; i++)
		free(statement->values[i]);
	PQclear(statement->result);
	free(statement->text);
	free(statement);
}

static Statement *
pop_statement(CfaPg *pg)
{
	Statement *statement = pg->first;

	pg->first = statement->next;
	if (pg->first == NULL)
		pg->last = NULL;
	pg->queued--;
	return statement;
}

static void
close_connection(CfaPg *pg)
{
	cfa_timer_cancel(pg->loop, &pg->timer);
	cfa_timer_cancel(pg->loop, &pg->answer);
	cfa_timer_cancel(pg->loop, &pg->later);
	cfa_loop_unwatch(pg->watch);
	pg->watch = NULL;
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->state = PG_CLOSED;
	pg->is_running = false;
	pg->is_paused = false;
	pg->is_direct = false;
	pg->is_unsure = false;
}

void
cfa_pg_free(CfaPg *pg)
{
	if (pg == NULL)
		return;
	close_connection(pg);
	while (pg->first != NULL)
		free_statement(pop_statement(pg));
	free(pg);
}

bool
cfa_pg_is_up(const CfaPg *pg)
{
	return pg->state == PG_UP;
}

uint64_t
cfa_pg_losses(const CfaPg *pg)
{
	return pg->losses;
}

void
cfa_pg_drop(CfaPg *pg, const char *why)
{
	if (pg->state != PG_CLOSED)
		lose(pg, why);
}

/* ---- statements */

static Statement *
new_statement(const char *text, int params, const char *const *values,
			  int64_t timeout_ms)
{
	Statement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL || params > CFA_PG_PARAMS_MAX)
		abort();
	statement->text = strdup(text);
	statement->params = params;
	for (int i = 0; i < params; i++)
		statement->values[i] = values[i] == NULL ? NULL : strdup(values[i]);
	statement->timeout_us =
		(timeout_ms > 0 ? timeout_ms : CFA_PG_TIMEOUT_MS) * 1000;
	return statement;
}

static void
enqueue(CfaPg *pg, Statement *statement)
{
	statement->is_refused =
		pg->state != PG_UP || pg->queued >= CFA_PG_QUEUE_MAX;
	if (pg->last != NULL)
		pg->last->next = statement;
	else
		pg->first = statement;
	pg->last = statement;
	pg->queued++;
	if (statement->is_refused)
		cfa_timer_set(pg->loop, &pg->later, 0);
	else
		send_next(pg);
}

void
cfa_pg_query(CfaPg *pg, const char *sql, int params, const char *const *values,
			 int64_t timeout_ms, CfaPgFn fn, void *arg)
{
	Statement *statement = new_statement(sql, params, values, timeout_ms);

	statement->fn = fn;
	statement->arg = arg;
	enqueue(pg, statement);
}

void
cfa_pg_stream(CfaPg *pg, const char *prepared, int params,
			  const char *const *values, int64_t timeout_ms, CfaPgRowFn row_fn,
			  CfaPgFn fn, void *arg)
{
	Statement *statement = new_statement(prepared, params, values, timeout_ms);

	statement->is_prepared = true;
	statement->row_fn = row_fn;
	statement->fn = fn;
	statement->arg = arg;
	enqueue(pg, statement);
}

void
cfa_pg_pause(CfaPg *pg)
{
	if (!pg->is_running || pg->is_paused)
		return;
	pg->is_paused = true;
	cfa_timer_cancel(pg->loop, &pg->answer);
	if (pg->watch != NULL)
		cfa_loop_rewatch(pg->watch, 0);
}

void
cfa_pg_resume(CfaPg *pg)
{
	if (!pg->is_paused)
		return;
	pg->is_paused = false;
	cfa_timer_set(pg->loop, &pg->answer, pg->first->timeout_us);
	cfa_loop_rewatch(pg->watch, EPOLLIN);
	/* libpq may hold rows already, of which the socket says nothing. */
	cfa_timer_set(pg->loop, &pg->later, 0);
}

/* Sends what libpq holds; watches for room while there is none. */
static bool
flush(CfaPg *pg)
{
	int left = PQflush(pg->conn);

	if (left < 0)
		return false;
	cfa_loop_rewatch(pg->watch, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return true;
}

static void
send_next(CfaPg *pg)
{
	Statement *next = pg->first;
	int sent;

	if (pg->state != PG_UP || pg->is_running || next == NULL ||
		next->is_refused)
		return;
	if (next->is_prepared)
		sent = PQsendQueryPrepared(pg->conn,
								   next->text,
								   next->params,
								   (const char *const *) next->values,
								   NULL,
								   NULL,
								   next->row_fn != NULL &&
									   pg->options.streams_binary);
	else
		sent = PQsendQueryParams(pg->conn,
								 next->text,
								 next->params,
								 NULL,
								 (const char *const *) next->values,
								 NULL,
								 NULL,
								 0);
	if (sent == 1 && next->row_fn != NULL)
		sent = PQsetSingleRowMode(pg->conn);
	pg->is_running = true;
	cfa_timer_set(pg->loop, &pg->answer, next->timeout_us);
	if (sent != 1 || !flush(pg))
		lose(pg, PQerrorMessage(pg->conn));
}

/* The running statement has got all its results. */
static void
finish_statement(CfaPg *pg)
{
	Statement *done = pop_statement(pg);

	pg->is_running = false;
	cfa_timer_cancel(pg->loop, &pg->answer);
	if (done->fn != NULL)
		done->fn(done->arg, done->result);
	free_statement(done);
	send_next(pg);
}

static void
take_notifies(CfaPg *pg)
{
	PGnotify *notify;

	while (pg->conn != NULL && (notify = PQnotifies(pg->conn)) != NULL)
	{
		if (pg->options.on_notify != NULL)
			pg->options.on_notify(pg->options.arg, notify->relname);
		PQfreemem(notify);
	}
}

/* Hands one result on; returns false when the connection was lost meanwhile. */
static bool
take_result(CfaPg *pg, PGresult *result)
{
	Statement *running = pg->first;

	if (running->row_fn != NULL && PQresultStatus(result) == PGRES_SINGLE_TUPLE)
	{
		running->row_fn(running->arg, result);
		PQclear(result);
		return pg->conn != NULL;
	}
	PQclear(running->result);
	running->result = result;
	return true;
}

static void
take_results(CfaPg *pg)
{
	int rows = 0;

	while (pg->is_running && !pg->is_paused && !PQisBusy(pg->conn))
	{
		PGresult *result = PQgetResult(pg->conn);

		if (pg->is_unsure)
		{
			PQclear(result);
			lose(pg, "a commit was not waited for until a standby had it");
			return;
		}
		if (result == NULL)
		{
			finish_statement(pg);
			if (pg->conn == NULL)
				return;
			continue;
		}
		if (!take_result(pg, result))
			return;
		if (++rows >= ROWS_PER_TURN)
		{
			cfa_timer_set(pg->loop, &pg->later, 0);
			break;
		}
	}
	if (pg->is_running && !pg->is_paused && rows > 0)
		cfa_timer_set(pg->loop, &pg->answer, pg->first->timeout_us);
	take_notifies(pg);
}

/* ---- connection */

/* What the server says unasked, as that it ends the session; libpq would print it. */
static void
on_notice(void *arg, const PGresult *notice)
{
	CfaPg *pg = arg;
	const char *source = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
	char line[256];

	cfa_text_first_line(line, sizeof(line), PQresultErrorMessage(notice));
	cfa_log(CFA_LOG_WARN,
			"pg_notice",
			CFA_STR("connection", pg->options.name),
			CFA_STR("message", line));
	/* By its source, as the message is in the server's language. */
	if (source != NULL && strcmp(source, SYNC_WAIT) == 0)
		pg->is_unsure = true;
}

static const char *
option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
	{
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	}
	return NULL;
}

static bool
read_hosts(CfaHosts *hosts, const PQconninfoOption *options)
{
	return cfa_hosts_parse(hosts,
						   option(options, "host"),
						   option(options, "hostaddr"),
						   option(options, "port"));
}

/* What libpq leaves to its caller; cfa_pg_check() has seen the string. */
static void
read_dsn(CfaPg *pg)
{
	PQconninfoOption *options = PQconninfoParse(pg->options.dsn, NULL);
	const char *timeout_s;
	uint64_t seconds = 0;

	pg->connect_timeout_us = CONNECT_TIMEOUT_US;
	if (options == NULL)
		return;
	timeout_s = option(options, "connect_timeout");
	if (timeout_s != NULL &&
		cfa_parse_uint(timeout_s, strlen(timeout_s), 3600, &seconds) &&
		seconds > 0)
		pg->connect_timeout_us = (int64_t) seconds * 1000000;
	if (!read_hosts(&pg->hosts, options))
		pg->hosts.count = 0;
	PQconninfoFree(options);
}

static void
start_connect(void *arg)
{
	CfaPg *pg = arg;
	const char *password = pg->options.password;
	const CfaHost *host = &pg->hosts.list[pg->host];
	const char *keys[PARAMS_MAX];
	const char *values[PARAMS_MAX];
	int count = 0;

#define ADD(key, value) (keys[count] = (key), values[count++] = (value))
	/* Those in front of the connection string are defaults, those behind it not. */
	ADD("keepalives_idle", "5");
	ADD("keepalives_interval", "2");
	ADD("keepalives_count", "3");
	ADD("tcp_user_timeout", "10000");
	ADD("dbname", pg->options.dsn);
	ADD("fallback_application_name", pg->options.name);
	ADD("client_encoding", "UTF8");
	if (pg->options.needs_primary)
		ADD("target_session_attrs", "read-write");
	if (password != NULL && password[0] != '\0')
		ADD("password", password);
	if (pg->hosts.count > 0)
	{
		ADD("host", host->name);
		ADD("hostaddr", host->address);
		ADD("port", host->port);
	}
	ADD(NULL, NULL);
#undef ADD
	if (pg->state == PG_CONNECTING)
	{
		lose(pg, "connecting took too long");
		return;
	}
	pg->conn = PQconnectStartParams(keys, values, 1);
	if (pg->conn == NULL)
		abort();
	(void) PQsetNoticeReceiver(pg->conn, on_notice, pg);
	pg->state = PG_CONNECTING;
	cfa_timer_set(pg->loop, &pg->timer, pg->connect_timeout_us);
	if (PQstatus(pg->conn) == CONNECTION_BAD)
	{
		lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	pg->watch =
		cfa_loop_watch(pg->loop, PQsocket(pg->conn), EPOLLOUT, on_socket, pg);
	if (pg->watch == NULL)
		lose(pg, "the socket cannot be watched");
}

static void
came_up(CfaPg *pg)
{
	pg->state = PG_UP;
	pg->tried = 0;
	cfa_backoff_reset(&pg->backoff);
	pg->options.on_up(pg->options.arg);
}

/* Connected: run the set-up SQL, whose results nobody wants unless they fail. */
static void
connected(CfaPg *pg)
{
	CfaBuf setup = {0};

	cfa_timer_set(pg->loop, &pg->timer, CONNECT_TIMEOUT_US);
	if (PQsetnonblocking(pg->conn, 1) != 0)
	{
		lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	pg->state = PG_SETUP;
	cfa_buf_adds(&setup, ASK_BACKEND);
	if (pg->options.setup != NULL)
		cfa_buf_adds(&setup, pg->options.setup);
	if (PQsendQuery(pg->conn, cfa_buf_text(&setup)) != 1 || !flush(pg))
		lose(pg, PQerrorMessage(pg->conn));
	cfa_buf_clear(&setup);
}

/*
 * A pooler gives numbers of its own to its clients. Locks, LISTEN, settings and
 * prepared statements of a session are lost behind one, or somebody else's.
 */
static bool
is_own_backend(const CfaPg *pg, const PGresult *result)
{
	return cfa_pg_int(result, 0, 0, 0) == PQbackendPID(pg->conn);
}

static void
take_setup(CfaPg *pg)
{
	while (!PQisBusy(pg->conn))
	{
		PGresult *result = PQgetResult(pg->conn);
		const char *wrong = NULL;

		if (result == NULL)
		{
			cfa_timer_cancel(pg->loop, &pg->timer);
			came_up(pg);
			return;
		}
		if (!cfa_pg_is_ok(result))
			wrong = PQerrorMessage(pg->conn);
		else if (!pg->is_direct && !is_own_backend(pg, result))
			wrong = "there is a connection pooler on the way, and a session of "
					"its own is needed: connect to PostgreSQL itself";
		pg->is_direct = true;
		PQclear(result);
		if (wrong != NULL)
		{
			lose(pg, wrong);
			return;
		}
	}
}

static void
poll_connect(CfaPg *pg)
{
	PostgresPollingStatusType status = PQconnectPoll(pg->conn);

	/* Each host that is tried has a socket of its own, perhaps of one number. */
	cfa_loop_unwatch(pg->watch);
	pg->watch = NULL;
	if (status == PGRES_POLLING_FAILED)
	{
		lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	pg->watch =
		cfa_loop_watch(pg->loop,
					   PQsocket(pg->conn),
					   status == PGRES_POLLING_WRITING ? EPOLLOUT : EPOLLIN,
					   on_socket,
					   pg);
	if (pg->watch == NULL)
		lose(pg, "the socket cannot be watched");
	else if (status == PGRES_POLLING_OK)
		connected(pg);
}

static void
on_socket(void *arg, uint32_t events)
{
	CfaPg *pg = arg;

	if (pg->state == PG_CONNECTING)
	{
		poll_connect(pg);
		return;
	}
	if ((events & EPOLLOUT) != 0 && !flush(pg))
	{
		lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	if (pg->is_paused && (events & (EPOLLHUP | EPOLLERR)) == 0)
		return;
	if (PQconsumeInput(pg->conn) != 1)
		lose(pg, PQerrorMessage(pg->conn));
	else if (pg->state == PG_SETUP)
		take_setup(pg);
	else
		take_results(pg);
}

static void
on_answer_late(void *arg)
{
	CfaPg *pg = arg;

	lose(pg, "a statement took too long");
}

static void
answer_refused(CfaPg *pg)
{
	while (pg->first != NULL && pg->first->is_refused)
	{
		Statement *refused = pop_statement(pg);

		if (refused->fn != NULL)
			refused->fn(refused->arg, NULL);
		free_statement(refused);
	}
}

static void
on_later(void *arg)
{
	CfaPg *pg = arg;

	answer_refused(pg);
	send_next(pg);
	if (pg->state == PG_UP)
		take_results(pg);
}

/* Other hosts are tried at once; before they are tried again there is a pause. */
static int64_t
pause_ms(CfaPg *pg)
{
	if (pg->hosts.count > 0)
		pg->host = (pg->host + 1) % pg->hosts.count;
	if (++pg->tried < pg->hosts.count)
		return 0;
	pg->tried = 0;
	return cfa_backoff_next(&pg->backoff);
}

static void
lose(CfaPg *pg, const char *error)
{
	bool was_up = pg->state == PG_UP;
	char line[256];
	int64_t delay_ms = pause_ms(pg);
	int lost = pg->queued;

	cfa_text_first_line(line, sizeof(line), error);
	close_connection(pg);
	cfa_log(CFA_LOG_WARN,
			was_up ? "pg_lost" : "pg_connect_failed",
			CFA_STR("connection", pg->options.name),
			CFA_STR("error", line),
			CFA_INT("retry_ms", delay_ms));
	cfa_timer_set(pg->loop, &pg->timer, delay_ms * 1000);
	/* Statements that a callback adds now are refused, and answered later. */
	for (; lost > 0; lost--)
	{
		Statement *statement = pop_statement(pg);

		if (statement->fn != NULL)
			statement->fn(statement->arg, NULL);
		free_statement(statement);
	}
	if (was_up)
	{
		pg->losses++;
		pg->options.on_down(pg->options.arg, line);
	}
}

/* ---- results */

const char *
cfa_pg_sqlstate(const PGresult *result)
{
	const char *state = NULL;

	if (result != NULL)
		state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	else
		state = "08006";
	return state == NULL ? "00000" : state;
}

bool
cfa_pg_is_ok(const PGresult *result)
{
	ExecStatusType status;

	if (result == NULL)
		return false;
	status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
		   status == PGRES_EMPTY_QUERY;
}

const char *
cfa_pg_text(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL
											: PQgetvalue(result, row, column);
}

int64_t
cfa_pg_int(const PGresult *result, int row, int column, int64_t fallback)
{
	const char *text = cfa_pg_text(result, row, column);
	char *end = NULL;
	long long value;

	if (text == NULL || text[0] == '\0')
		return fallback;
	value = strtoll(text, &end, 10);
	return *end == '\0' ? (int64_t) value : fallback;
}
