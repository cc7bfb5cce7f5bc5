/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PG_H
#define CFA_APP_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_PG_CONNECTIONS_MAX 16
#define CFA_PG_SIDE_CONNECTIONS_MAX 8
#define CFA_PG_PARAMS_MAX 16
#define CFA_PG_STATEMENT_TIMEOUT_MS 3000
#define CFA_PG_SQLSTATE_LOST "08006"
#define CFA_PG_SQLSTATE_DOWN "08001"
/* Committed, but perhaps on this server alone: transaction_resolution_unknown. */
#define CFA_PG_SQLSTATE_UNKNOWN "08007"

struct CfaPgSpan;

/* The statements of hot paths, prepared on each main connection. */
typedef enum CfaPgStatement
{
	CFA_PG_READY,
	CFA_PG_CAMPAIGN_FIND,
	CFA_PG_CAMPAIGN_LIST,
	CFA_PG_CAMPAIGN_GIFTS,
	CFA_PG_PLEDGE_READ,
	CFA_PG_PLEDGE_CREATE_MANY,
	CFA_PG_PAYMENT_EVENT_APPLY_MANY,
	CFA_PG_SESSION_FIND,
	CFA_PG_SESSION_REFRESH,
	CFA_PG_LOGIN_BEGIN,
	CFA_PG_LOGIN_FINISH,
	CFA_PG_SESSION_NAME, /* for traced calls */
	CFA_PG_STATEMENT_COUNT
} CfaPgStatement;

/* Parameters of one statement; libpq copies them when the call is made. */
typedef struct CfaPgParams
{
	int count;
	const char *values[CFA_PG_PARAMS_MAX];
	int lengths[CFA_PG_PARAMS_MAX];
	int formats[CFA_PG_PARAMS_MAX]; /* 0 text, 1 binary */
} CfaPgParams;

/*
 * The outcome of a statement: its rows, or NULL and an SQLSTATE. The result is
 * borrowed for the call.
 */
typedef void (*CfaPgDone)(void *arg, const PGresult *result,
						  const char *sqlstate);

/*
 * In the parent: takes the connection string and the password (both borrowed
 * for ever). 0, or -1 with a sentence in error. Resolves a host name once, as
 * no worker may wait for DNS.
 */
int cfa_pg_configure(const char *dsn, const char *password,
					 unsigned connections, unsigned side_connections,
					 char *error, size_t error_size);

/* In a worker: begins to connect. */
void cfa_pg_start(void);
void cfa_pg_stop(void);

/*
 * Sends a statement on the least busy connection; without one it waits for one
 * for a short time. done is called once, never from inside this call.
 */
void cfa_pg_query(CfaPgStatement statement, const CfaPgParams *params,
				  bool is_binary, CfaPgDone done, void *arg);

/*
 * Sends SQL (static text) that is not prepared, on a connection that serves such
 * calls only, so that a slow one holds up no pledge. The result is text. done as
 * above.
 */
void cfa_pg_call(const char *sql, const CfaPgParams *params, CfaPgDone done,
				 void *arg);

/*
 * The same for a call that may take up to limit_ms. Its connection serves nobody
 * else meanwhile.
 */
void cfa_pg_call_slow(const char *sql, const CfaPgParams *params,
					  unsigned limit_ms, CfaPgDone done, void *arg);

/*
 * A field (PG_DIAG_*) of the server's error, while done runs for a statement
 * that failed; NULL if the server did not say it.
 */
const char *cfa_pg_failure(int field);

/*
 * Sends a batch on a connection that has no other batch under way. False if
 * there is none now: cfa_pg_on_idle says when to ask again. span (or NULL) is
 * taken over, whatever comes of it.
 */
bool cfa_pg_batch(CfaPgStatement statement, const CfaPgParams *params,
				  struct CfaPgSpan *span, CfaPgDone done, void *arg);
bool cfa_pg_can_batch(void);

/* Calls idle whenever a connection may take a batch. */
void cfa_pg_on_idle(void (*idle)(void));

/* Whether some connection is up. */
bool cfa_pg_is_up(void);

/* Whether the database answered of late, is not read-only and has our schema. */
bool cfa_pg_is_ready(void);

/* How long no connection has been up; 0 if one is. */
uint64_t cfa_pg_down_ms(void);

#endif
