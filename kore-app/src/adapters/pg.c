/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.c: PostgreSQL connections of one worker on Kore's event loop.
 *
 * Nothing here waits: connections are made by PQconnectPoll, statements are
 * prepared once and sent in pipeline mode, each followed by a sync, so that
 * each is its own transaction and its error is its own. Results come in the
 * order of the connection's queue.
 *
 * Deadlines: the server ends a statement by statement_timeout; a server that
 * does not answer shortly after that hangs or is gone, and its connection is
 * dropped with all that waits on it. What was sent may have been done: callers
 * repeat only what is idempotent.
 *
 * A commit whose wait for a synchronous standby was cancelled is reported as a
 * success with a warning. Here it is a failure of unknown outcome: it would be lost
 * with the primary.
 */
#include <kore/kore.h>

#include "adapters/pg.h"

#include <careforall/backoff.h>
#include <careforall/log.h>
#include <careforall/text.h>
#include <sys/epoll.h>

#include "adapters/pg_op.h"
#include "adapters/pg_statements.h"
#include "adapters/pg_target.h"
#include "core/loop.h"
#include "meters.h"
#include "status.h"

#define OP_TIMEOUT_MS (CFA_PG_STATEMENT_TIMEOUT_MS + 1000)
#define WAIT_TIMEOUT_MS 2000   /* for a connection to come up */
#define DOWN_TOLERANCE_MS 2000 /* after that nobody waits for a connection */
#define WAIT_MAX 2000		   /* statements */
#define INCOMPLETE_RETRY_MS 3000
#define READY_EVERY_MS 500
#define READY_FRESH_MS 2500
#define BATCH_WEIGHT 8
/* The server's function that waits for synchronous standbys. */
#define SYNC_WAIT "SyncRepWaitForLSN"
#define ALL_PREPARED ((UINT64_C(1) << CFA_PG_STATEMENT_COUNT) - 1)

_Static_assert(CFA_PG_STATEMENT_COUNT < 64, "a bit for each statement");

typedef enum ConnState
{
	CONN_DOWN,
	CONN_CONNECTING,
	CONN_PREPARING,
	CONN_READY
} ConnState;

typedef struct Conn
{
	struct kore_event event; /* must be first: Kore's contract */
	PGconn *pg;
	int fd;
	int mask; /* what epoll watches; 0 is not registered */
	ConnState state;
	bool is_side;		  /* takes calls, not prepared statements */
	uint64_t prepared;	  /* bit per statement */
	uint64_t deadline_ms; /* of connecting and preparing */
	uint64_t retry_ms;	  /* when to connect again, or to prepare again */
	unsigned host;		  /* that this attempt tries */
	unsigned tried;		  /* hosts since the last pause */
	CfaBackoff backoff;
	CfaPgOpList ops;
	unsigned op_count;
	bool has_batch;
	bool has_slow; /* a call that may take long */
	bool is_stale; /* to be replaced once idle: a kept plan went bad */
} Conn;

static unsigned main_count; /* connections that take prepared statements */
static unsigned conn_count; /* these and the side connections behind them */
static Conn conns[CFA_PG_CONNECTIONS_MAX + CFA_PG_SIDE_CONNECTIONS_MAX];
static const PGresult *failure; /* of the op whose done() runs */
static CfaPgOpList waiting;
static unsigned waiting_count;
static uint64_t down_since_ms;
static void (*idle_hooks[4])(void);
static unsigned idle_hook_count;
static bool is_probing;
static uint64_t probed_ms;
static uint64_t ready_ms; /* when the database last said it is ready */

static void on_event(void *arg, int error);
static void on_tick(uint64_t now_ms);
static void tick_conn(Conn *conn, uint64_t now_ms);
static void begin_connect(Conn *conn);
static uint64_t pause_ms(Conn *conn);
static void poll_connect(Conn *conn);
static void begin_prepare(Conn *conn);
static void on_prepared(void *arg, const PGresult *result,
						const char *sqlstate);
static void check_prepared(Conn *conn);
static void read_results(Conn *conn);
static void finish_op(Conn *conn, CfaPgOp *op);
static void flush(Conn *conn);
static void drop_unconnected(Conn *conn);
static void drop(Conn *conn, const char *why, const char *sqlstate);
static void watch(Conn *conn, int mask);
static void send_or_wait(CfaPgOp *op, const CfaPgParams *params);
static Conn *pick(CfaPgStatement statement, bool for_call, bool for_batch);
static void send_op(Conn *conn, CfaPgOp *op, const CfaPgParams *params);
static void allow_time(Conn *conn, CfaPgOp *op);
static void send_waiting(void);
static void fail_waiting(uint64_t now_ms);
static void probe(uint64_t now_ms);
static void on_probe(void *arg, const PGresult *result, const char *sqlstate);
static void count_error(const char *sqlstate);
static void call_idle(void);

int
cfa_pg_configure(const char *dsn, const char *password, unsigned connections,
				 unsigned side_connections, char *error, size_t error_size)
{
	main_count = connections;
	conn_count = connections + side_connections;
	return cfa_pg_target_read(dsn, password, error, error_size) ? 0 : -1;
}

void
cfa_pg_start(void)
{
	unsigned i;

	TAILQ_INIT(&waiting);
	down_since_ms = cfa_mono_ms();
	for (i = 0; i < conn_count; i++)
	{
		conns[i] = (Conn){.fd = -1,
						  .event.handle = on_event,
						  .is_side = i >= main_count};
		TAILQ_INIT(&conns[i].ops);
		cfa_backoff_init(&conns[i].backoff, 100, 2000, (uint64_t) getpid() + i);
		begin_connect(&conns[i]);
	}
	cfa_tick_add(on_tick);
}

void
cfa_pg_stop(void)
{
	unsigned i;

	for (i = 0; i < conn_count; i++)
	{
		if (conns[i].pg != NULL)
			PQfinish(conns[i].pg);
		conns[i].pg = NULL;
	}
}

void
cfa_pg_query(CfaPgStatement statement, const CfaPgParams *params,
			 bool is_binary, CfaPgDone done, void *arg)
{
	CfaPgOp *op = cfa_pg_op_new(statement, done, arg);

	op->is_binary = is_binary;
	send_or_wait(op, params);
}

void
cfa_pg_call(const char *sql, const CfaPgParams *params, CfaPgDone done,
			void *arg)
{
	CfaPgOp *op = cfa_pg_op_new(CFA_PG_STATEMENT_COUNT, done, arg);

	op->sql = sql;
	send_or_wait(op, params);
}

void
cfa_pg_call_slow(const char *sql, const CfaPgParams *params, unsigned limit_ms,
				 CfaPgDone done, void *arg)
{
	CfaPgOp *op = cfa_pg_op_new(CFA_PG_STATEMENT_COUNT, done, arg);

	op->sql = sql;
	op->limit_ms = limit_ms;
	send_or_wait(op, params);
}

const char *
cfa_pg_failure(int field)
{
	return failure == NULL ? NULL : PQresultErrorField(failure, field);
}

static void
send_or_wait(CfaPgOp *op, const CfaPgParams *params)
{
	Conn *conn = pick(op->statement, op->sql != NULL, false);

	op->span = cfa_pg_span_new(&cfa_scope, 0);
	op->scope = cfa_scope;
	if (conn != NULL)
	{
		send_op(conn, op, params);
		return;
	}
	cfa_pg_op_keep(op, params);
	op->deadline_ms = cfa_mono_ms();
	if (cfa_pg_down_ms() < DOWN_TOLERANCE_MS && waiting_count < WAIT_MAX)
		op->deadline_ms += WAIT_TIMEOUT_MS;
	TAILQ_INSERT_TAIL(&waiting, op, entry);
	waiting_count++;
	cfa_defer(send_waiting);
}

bool
cfa_pg_can_batch(void)
{
	return pick(CFA_PG_STATEMENT_COUNT, false, true) != NULL;
}

bool
cfa_pg_batch(CfaPgStatement statement, const CfaPgParams *params,
			 CfaPgSpan *span, CfaPgDone done, void *arg)
{
	Conn *conn = pick(statement, false, true);
	CfaPgOp *op;

	if (conn == NULL)
	{
		kore_free(span);
		return false;
	}
	op = cfa_pg_op_new(statement, done, arg);
	op->span = span;
	op->is_batch = true;
	op->is_binary = true;
	conn->has_batch = true;
	send_op(conn, op, params);
	return true;
}

void
cfa_pg_on_idle(void (*idle)(void))
{
	idle_hooks[idle_hook_count++] = idle;
}

bool
cfa_pg_is_up(void)
{
	unsigned i;

	for (i = 0; i < main_count; i++)
	{
		if (conns[i].state == CONN_READY)
			return true;
	}
	return false;
}

bool
cfa_pg_is_ready(void)
{
	return ready_ms > 0 && cfa_mono_ms() - ready_ms < READY_FRESH_MS;
}

uint64_t
cfa_pg_down_ms(void)
{
	return cfa_pg_is_up() ? 0 : cfa_mono_ms() - down_since_ms;
}

static void
on_event(void *arg, int error)
{
	Conn *conn = arg;

	conn->event.flags = 0;
	if (conn->pg == NULL)
		return;
	if (conn->state == CONN_CONNECTING)
	{
		poll_connect(conn);
		return;
	}
	if (!PQconsumeInput(conn->pg))
	{
		read_results(conn);
		drop(conn, "connection lost", CFA_PG_SQLSTATE_LOST);
		return;
	}
	read_results(conn);
	flush(conn);
}

static void
on_tick(uint64_t now_ms)
{
	unsigned up = 0;
	unsigned i;

	for (i = 0; i < conn_count; i++)
	{
		tick_conn(&conns[i], now_ms);
		up += conns[i].state == CONN_READY;
	}
	fail_waiting(now_ms);
	probe(now_ms);
	cfa_meter_set(CFA_M_PG_UP, up);
	call_idle();
}

static void
tick_conn(Conn *conn, uint64_t now_ms)
{
	CfaPgOp *op = TAILQ_FIRST(&conn->ops);

	switch (conn->state)
	{
		case CONN_DOWN:
			if (now_ms >= conn->retry_ms)
				begin_connect(conn);
			break;
		case CONN_CONNECTING:
		case CONN_PREPARING:
			if (now_ms >= conn->deadline_ms)
				drop(conn, "no connection in time", CFA_PG_SQLSTATE_DOWN);
			break;
		case CONN_READY:
			if (cfa_loop_was_stalled())
				break;
			if (op != NULL && now_ms >= op->deadline_ms)
			{
				cfa_meter_add(CFA_M_PG_DROPPED_HUNG, 1);
				drop(conn, "no answer in time", CFA_PG_SQLSTATE_LOST);
			}
			else if (op == NULL &&
					 (conn->is_stale ||
					  (conn->retry_ms > 0 && now_ms >= conn->retry_ms)))
			{
				drop(conn,
					 "statements to be prepared again",
					 CFA_PG_SQLSTATE_LOST);
				conn->retry_ms = 0;
			}
			break;
	}
}

/*
 * What the server says unasked, as that it ends the session; libpq would print it.
 * A notice belongs to the statement whose results are being read.
 */
static void
on_notice(void *arg, const PGresult *notice)
{
	Conn *conn = arg;
	CfaPgOp *op = TAILQ_FIRST(&conn->ops);
	const char *source = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
	const char *message = PQresultErrorMessage(notice);
	char line[256];

	(void) snprintf(line,
					sizeof(line),
					"%.*s",
					(int) strcspn(message, "\n"),
					message);
	cfa_log(CFA_LOG_WARN, "pg_notice", CFA_STR("message", line));
	/* By its source, as the message is in the server's language. */
	if (op != NULL && source != NULL && strcmp(source, SYNC_WAIT) == 0)
		(void) snprintf(op->sqlstate,
						sizeof(op->sqlstate),
						CFA_PG_SQLSTATE_UNKNOWN);
}

static void
begin_connect(Conn *conn)
{
	cfa_meter_add(CFA_M_PG_RECONNECTS, 1);
	conn->prepared = 0;
	conn->is_stale = false;
	conn->has_batch = false;
	conn->has_slow = false;
	conn->retry_ms = 0;
	conn->deadline_ms = cfa_mono_ms() + cfa_pg_target_timeout_ms();
	conn->state = CONN_CONNECTING;
	conn->pg = cfa_pg_target_connect(&conn->host);
	if (conn->pg == NULL || PQstatus(conn->pg) == CONNECTION_BAD)
	{
		drop_unconnected(conn);
		return;
	}
	(void) PQsetNoticeReceiver(conn->pg, on_notice, conn);
	watch(conn, EPOLLOUT);
}

/* Other hosts are tried at once; before they are tried again there is a pause. */
static uint64_t
pause_ms(Conn *conn)
{
	cfa_pg_target_leave(conn->host);
	if (++conn->tried < cfa_pg_target_hosts())
		return 0;
	conn->tried = 0;
	return (uint64_t) cfa_backoff_next(&conn->backoff);
}

static void
poll_connect(Conn *conn)
{
	switch (PQconnectPoll(conn->pg))
	{
		case PGRES_POLLING_READING:
			conn->mask = 0; /* the descriptor may be another one by now */
			watch(conn, EPOLLIN);
			break;
		case PGRES_POLLING_WRITING:
			conn->mask = 0;
			watch(conn, EPOLLOUT);
			break;
		case PGRES_POLLING_OK:
			conn->mask = 0;
			begin_prepare(conn);
			break;
		case PGRES_POLLING_FAILED:
		case PGRES_POLLING_ACTIVE:
			drop_unconnected(conn);
			break;
	}
}

/* Prepares all statements, each with a sync of its own. */
static void
begin_prepare(Conn *conn)
{
	int i;

	conn->state = CONN_PREPARING;
	if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg))
	{
		drop(conn, "no pipeline mode", CFA_PG_SQLSTATE_DOWN);
		return;
	}
	if (conn->is_side)
	{
		conn->prepared = ALL_PREPARED;
		check_prepared(conn);
	}
	for (i = 0; i < CFA_PG_STATEMENT_COUNT && !conn->is_side; i++)
	{
		const CfaPgStatementDef *def = &cfa_pg_statements[i];
		CfaPgOp *op = cfa_pg_op_new(i, on_prepared, conn);

		TAILQ_INSERT_TAIL(&conn->ops, op, entry);
		conn->op_count++;
		if (!PQsendPrepare(conn->pg, def->name, def->sql, 0, NULL) ||
			!PQpipelineSync(conn->pg))
		{
			drop(conn, "could not prepare", CFA_PG_SQLSTATE_DOWN);
			return;
		}
	}
	watch(conn, EPOLLIN | EPOLLRDHUP);
	flush(conn);
}

/* Called in the order of the statements; the last one makes the connection. */
static void
on_prepared(void *arg, const PGresult *result, const char *sqlstate)
{
	Conn *conn = arg;
	const CfaPgOp *op = TAILQ_FIRST(&conn->ops);
	/* The statement is off the list: the first there is the next one. */
	unsigned statement =
		(op ? (unsigned) op->statement : CFA_PG_STATEMENT_COUNT) - 1;

	if (result != NULL)
		conn->prepared |= UINT64_C(1) << statement;
	else if (conn->pg != NULL && conn->state == CONN_PREPARING)
		cfa_log(CFA_LOG_WARN,
				"pg_statement_unavailable",
				CFA_STR("statement", cfa_pg_statements[statement].name),
				CFA_STR("sqlstate", sqlstate));
	if (op == NULL && conn->state == CONN_PREPARING)
		check_prepared(conn);
}

static void
check_prepared(Conn *conn)
{
	conn->state = CONN_READY;
	conn->retry_ms = 0;
	conn->tried = 0;
	cfa_backoff_reset(&conn->backoff);
	if (conn->prepared != ALL_PREPARED)
		conn->retry_ms = cfa_mono_ms() + INCOMPLETE_RETRY_MS;
	else
		cfa_log(CFA_LOG_INFO,
				"pg_connected",
				CFA_INT("backend", PQbackendPID(conn->pg)));
	cfa_defer(send_waiting);
	call_idle();
}

static void
read_results(Conn *conn)
{
	CfaPgOp *op;

	while ((op = TAILQ_FIRST(&conn->ops)) != NULL && !PQisBusy(conn->pg))
	{
		PGresult *result = PQgetResult(conn->pg);

		if (result == NULL)
		{
			if (PQstatus(conn->pg) == CONNECTION_BAD)
				return;
			continue;
		}
		switch (PQresultStatus(result))
		{
			case PGRES_PIPELINE_SYNC:
				PQclear(result);
				finish_op(conn, op);
				if (conn->pg == NULL)
					return;
				break;
			case PGRES_TUPLES_OK:
			case PGRES_COMMAND_OK:
				PQclear(op->result);
				op->result = result;
				break;
			case PGRES_FATAL_ERROR:
			{
				const char *state =
					PQresultErrorField(result, PG_DIAG_SQLSTATE);

				(void) snprintf(op->sqlstate,
								sizeof(op->sqlstate),
								"%s",
								state ? state : CFA_PG_SQLSTATE_LOST);
				PQclear(op->failure);
				op->failure = result;
				if (PQstatus(conn->pg) == CONNECTION_BAD)
					return;
				break;
			}
			case PGRES_EMPTY_QUERY:
			case PGRES_COPY_OUT:
			case PGRES_COPY_IN:
			case PGRES_BAD_RESPONSE:
			case PGRES_NONFATAL_ERROR:
			case PGRES_COPY_BOTH:
			case PGRES_SINGLE_TUPLE:
			case PGRES_PIPELINE_ABORTED:
				PQclear(result);
				break;
		}
	}
}

static void
finish_op(Conn *conn, CfaPgOp *op)
{
	bool has_failed = op->sqlstate[0] != '\0' || op->result == NULL;
	const char *sqlstate = op->sqlstate[0] ? op->sqlstate : "XX000";

	TAILQ_REMOVE(&conn->ops, op, entry);
	conn->op_count--;
	if (op->is_batch)
		conn->has_batch = false;
	if (op->limit_ms > 0)
	{
		conn->has_slow = false;
		cfa_defer(send_waiting);
	}
	if (op->done != on_prepared)
		cfa_meter_observe(CFA_M_PG_STATEMENT_SECONDS,
						  cfa_mono_us() - op->start_us);
	if (has_failed)
	{
		count_error(sqlstate);
		if (strcmp(sqlstate, "0A000") == 0 || strcmp(sqlstate, "26000") == 0)
			conn->is_stale = true;
	}
	failure = op->failure;
	cfa_pg_op_done(op,
				   conn->pg,
				   has_failed ? NULL : op->result,
				   has_failed ? sqlstate : NULL);
	failure = NULL;
	if (op->is_batch)
		call_idle();
	cfa_pg_op_free(op);
}

static void
flush(Conn *conn)
{
	int left;

	if (conn->pg == NULL)
		return;
	left = PQflush(conn->pg);
	if (left < 0)
		drop(conn, "connection lost", CFA_PG_SQLSTATE_LOST);
	else
		watch(conn, EPOLLIN | EPOLLRDHUP | (left > 0 ? EPOLLOUT : 0));
}

/* With the reason that libpq knows: there may be much to set right, as with TLS. */
static void
drop_unconnected(Conn *conn)
{
	char why[256];

	cfa_text_first_line(why, sizeof(why), PQerrorMessage(conn->pg));
	drop(conn, why, CFA_PG_SQLSTATE_DOWN);
}

/* Gives up a connection; all that waits on it fails with the SQLSTATE. */
static void
drop(Conn *conn, const char *why, const char *sqlstate)
{
	bool was_up = conn->state == CONN_READY;
	CfaPgOpList lost = TAILQ_HEAD_INITIALIZER(lost);
	CfaPgOp *op;

	cfa_log(CFA_LOG_WARN,
			"pg_connection_dropped",
			CFA_STR("why", why),
			CFA_INT("statements", conn->op_count));
	/* A socket that libpq has closed has left epoll by itself. */
	if (conn->mask != 0 && PQsocket(conn->pg) == conn->fd)
		kore_platform_disable_read(conn->fd);
	conn->mask = 0;
	conn->fd = -1;
	if (conn->pg != NULL)
		PQfinish(conn->pg);
	conn->pg = NULL;
	conn->retry_ms = cfa_mono_ms() + pause_ms(conn);
	conn->state = CONN_DOWN;
	conn->has_batch = false;
	conn->op_count = 0;
	TAILQ_CONCAT(&lost, &conn->ops, entry);
	if (was_up && !cfa_pg_is_up())
		down_since_ms = cfa_mono_ms();
	while ((op = TAILQ_FIRST(&lost)) != NULL)
	{
		TAILQ_REMOVE(&lost, op, entry);
		count_error(op->sqlstate[0] ? op->sqlstate : sqlstate);
		if (op->done != on_prepared)
			cfa_pg_op_done(op,
						   NULL,
						   NULL,
						   op->sqlstate[0] ? op->sqlstate : sqlstate);
		cfa_pg_op_free(op);
	}
}

static void
watch(Conn *conn, int mask)
{
	int fd = PQsocket(conn->pg);

	if (mask == conn->mask && fd == conn->fd)
		return;
	conn->fd = fd;
	conn->mask = mask;
	kore_platform_event_schedule(fd, mask, 0, conn);
}

/* The least busy connection of its kind that has the statement, or NULL. */
static Conn *
pick(CfaPgStatement statement, bool for_call, bool for_batch)
{
	Conn *best = NULL;
	unsigned best_load = 0;
	unsigned i;

	for (i = 0; i < conn_count; i++)
	{
		Conn *conn = &conns[i];
		unsigned load = conn->op_count + (conn->has_batch ? BATCH_WEIGHT : 0);

		if (conn->is_side != for_call || conn->state != CONN_READY ||
			conn->is_stale || conn->has_slow ||
			(for_batch && conn->has_batch) ||
			(statement != CFA_PG_STATEMENT_COUNT &&
			 !(conn->prepared & UINT64_C(1) << statement)))
			continue;
		if (best == NULL || load < best_load)
		{
			best = conn;
			best_load = load;
		}
	}
	return best;
}

static void
send_op(Conn *conn, CfaPgOp *op, const CfaPgParams *params)
{
	int is_sent;

	op->start_us = cfa_mono_us();
	op->deadline_ms = op->start_us / 1000 + OP_TIMEOUT_MS;
	TAILQ_INSERT_TAIL(&conn->ops, op, entry);
	conn->op_count++;
	if (op->limit_ms > 0)
		allow_time(conn, op);
	if (op->span != NULL)
		cfa_pg_span_name_session(op->span,
								 conn->pg,
								 conn->prepared & UINT64_C(1)
													  << CFA_PG_SESSION_NAME,
								 conn->is_side);
	if (op->sql != NULL)
		is_sent = PQsendQueryParams(conn->pg,
									op->sql,
									params->count,
									NULL,
									params->values,
									params->lengths,
									params->formats,
									op->is_binary);
	else
		is_sent = PQsendQueryPrepared(conn->pg,
									  cfa_pg_statements[op->statement].name,
									  params->count,
									  params->values,
									  params->lengths,
									  params->formats,
									  op->is_binary);
	if (!is_sent || !PQpipelineSync(conn->pg))
	{
		/* Fails in the next tick, never from inside the caller's call. */
		op->deadline_ms = 0;
		return;
	}
	if (PQflush(conn->pg) > 0)
		watch(conn, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
}

/*
 * Gives the transaction of the call that follows more time: without a sync between
 * them they are one, and the setting ends with it.
 */
static void
allow_time(Conn *conn, CfaPgOp *op)
{
	char limit[16];
	const char *values[] = {limit};

	(void) snprintf(limit, sizeof(limit), "%u", op->limit_ms);
	conn->has_slow = true;
	op->deadline_ms += op->limit_ms;
	/* If this cannot be sent, the call behind it cannot either. */
	(void) PQsendQueryParams(
		conn->pg,
		"SELECT pg_catalog.set_config('statement_timeout', $1, true)",
		1,
		NULL,
		values,
		NULL,
		NULL,
		0);
}

static void
send_waiting(void)
{
	CfaPgOp *op;
	CfaPgOp *next;

	for (op = TAILQ_FIRST(&waiting); op != NULL; op = next)
	{
		Conn *conn = pick(op->statement, op->sql != NULL, false);

		next = TAILQ_NEXT(op, entry);
		if (conn == NULL)
			continue;
		TAILQ_REMOVE(&waiting, op, entry);
		waiting_count--;
		send_op(conn, op, &op->params);
	}
	fail_waiting(cfa_mono_ms());
}

/* Fails what has waited too long for a connection. */
static void
fail_waiting(uint64_t now_ms)
{
	CfaPgOp *op;
	CfaPgOp *next;

	for (op = TAILQ_FIRST(&waiting); op != NULL; op = next)
	{
		next = TAILQ_NEXT(op, entry);
		if (op->deadline_ms > now_ms)
			continue;
		TAILQ_REMOVE(&waiting, op, entry);
		waiting_count--;
		count_error(CFA_PG_SQLSTATE_DOWN);
		cfa_pg_op_done(op, NULL, NULL, CFA_PG_SQLSTATE_DOWN);
		cfa_pg_op_free(op);
	}
	cfa_meter_set(CFA_M_PG_QUEUE, waiting_count);
}

/* Asks the database now and then whether it can serve. */
static void
probe(uint64_t now_ms)
{
	CfaPgParams none = {0};

	if (is_probing || now_ms - probed_ms < READY_EVERY_MS ||
		pick(CFA_PG_READY, false, false) == NULL)
		return;
	is_probing = true;
	probed_ms = now_ms;
	cfa_pg_query(CFA_PG_READY, &none, false, on_probe, NULL);
}

static void
on_probe(void *arg, const PGresult *result, const char *sqlstate)
{
	unsigned i;

	is_probing = false;
	if (result == NULL || PQntuples(result) != 1 ||
		strcmp(PQgetvalue(result, 0, 0), "f") != 0)
	{
		ready_ms = 0;
		return;
	}
	for (i = 0; i < main_count; i++)
	{
		if (conns[i].state == CONN_READY && conns[i].prepared == ALL_PREPARED)
			ready_ms = cfa_mono_ms();
	}
}

static void
count_error(const char *sqlstate)
{
	if (strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P", 3) == 0)
		cfa_meter_add(CFA_M_PG_ERRORS_CONNECTION, 1);
	else if (strcmp(sqlstate, "57014") == 0)
		cfa_meter_add(CFA_M_PG_ERRORS_DEADLINE, 1);
	else if (cfa_sqlstate_is_retryable(sqlstate))
		cfa_meter_add(CFA_M_PG_ERRORS_RETRYABLE, 1);
	else
		cfa_meter_add(CFA_M_PG_ERRORS_OTHER, 1);
}

static void
call_idle(void)
{
	unsigned i;

	for (i = 0; i < idle_hook_count; i++)
		idle_hooks[i]();
}
