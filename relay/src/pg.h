/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.h: one PostgreSQL connection on the loop: connects, queues statements, runs
 * them one after the other without ever blocking, and connects again after a loss.
 *
 * When the connection is lost, every statement that has no answer yet gets its
 * callback with result NULL, in order, then on_down is called. Whether the server
 * did such a statement is unknown.
 */
#ifndef CFA_PG_H
#define CFA_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

#define CFA_PG_PARAMS_MAX 16
#define CFA_PG_QUEUE_MAX 4096
#define CFA_PG_TIMEOUT_MS 30000

typedef struct CfaPg CfaPg;

/*
 * The answer: result is NULL when the connection was lost; its status may be an
 * error. It is freed after the call.
 */
typedef void (*CfaPgFn)(void *arg, PGresult *result);

/* One row of a stream; cfa_pg_pause() in it holds the rows back. */
typedef void (*CfaPgRowFn)(void *arg, PGresult *row);

typedef struct CfaPgOptions
{
	const char *name; /* for the log; borrowed for ever, as all texts here */
	const char *dsn;  /* conninfo or URI, without a password */
	const char *password; /* NULL or "": none */
	const char *setup;	  /* SQL for each new session, NULL: none */
	bool streams_binary;  /* rows of cfa_pg_stream() in binary format */
	bool needs_primary;	  /* refuse servers that cannot write */
	void (*on_up)(void *arg);
	void (*on_down)(void *arg, const char *error);
	void (*on_notify)(void *arg, const char *channel); /* NULL: ignored */
	void *arg;
} CfaPgOptions;

/* False, with a sentence, if CAREFORALL_PG_DSN can never lead to a connection. */
bool cfa_pg_check(const char *dsn, char *error, size_t size);

/* Starts to connect in the next turn. Dies when memory is out. */
CfaPg *cfa_pg_new(CfaLoop *loop, const CfaPgOptions *options);

/* Closes without calling anything back. Takes NULL. */
void cfa_pg_free(CfaPg *pg);

bool cfa_pg_is_up(const CfaPg *pg);

/* Times that a session was lost after it had been up. */
uint64_t cfa_pg_losses(const CfaPg *pg);

/* Drops the session now, as if it had been lost, and connects again. */
void cfa_pg_drop(CfaPg *pg, const char *why);

/*
 * Queues a statement with text parameters (NULL is SQL NULL), which are copied.
 * fn may be NULL. If the connection is down, or the queue is full, fn is called
 * with NULL in a later turn. A statement that takes longer than timeout_ms (0:
 * CFA_PG_TIMEOUT_MS) loses the connection.
 */
void cfa_pg_query(CfaPg *pg, const char *sql, int params,
				  const char *const *values, int64_t timeout_ms, CfaPgFn fn,
				  void *arg);

/*
 * The same for a statement prepared under this name by setup, with row by row
 * delivery: row_fn for each row, then fn with the final result (no rows, or the
 * error), or NULL. The time limit holds between two rows, not while paused.
 */
void cfa_pg_stream(CfaPg *pg, const char *prepared, int params,
				   const char *const *values, int64_t timeout_ms,
				   CfaPgRowFn row_fn, CfaPgFn fn, void *arg);

/* Holds the rows of the running stream back, or lets them come. */
void cfa_pg_pause(CfaPg *pg);
void cfa_pg_resume(CfaPg *pg);

/* SQLSTATE of a result, or "08006" for NULL; never NULL. */
const char *cfa_pg_sqlstate(const PGresult *result);

/* Whether the result is there and a success. */
bool cfa_pg_is_ok(const PGresult *result);

/* Text of a field, NULL for SQL NULL. */
const char *cfa_pg_text(const PGresult *result, int row, int column);

/* Integer of a field, fallback for SQL NULL or anything else. */
int64_t cfa_pg_int(const PGresult *result, int row, int column,
				   int64_t fallback);

#endif
