/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PG_OP_H
#define CFA_APP_PG_OP_H

#include <sys/queue.h>

#include "adapters/pg.h"
#include "adapters/pg_span.h"

/* A statement under way, or waiting for a connection with its own parameters. */
typedef struct CfaPgOp
{
	TAILQ_ENTRY(CfaPgOp) entry;
	CfaPgStatement statement;
	const char *sql; /* instead of a prepared statement; static */
	CfaPgDone done;
	void *arg;
	PGresult *result;
	PGresult *failure; /* what the server said of an error */
	char sqlstate[6];
	bool is_batch;
	bool is_binary;
	unsigned limit_ms; /* 0: the session's own statement_timeout */
	CfaScope scope;	   /* of the call, for its callback */
	CfaPgSpan *span;   /* NULL: not traced */
	uint64_t start_us;
	uint64_t deadline_ms;
	CfaPgParams params; /* of a waiting op: values are in data */
	char *data;
} CfaPgOp;

typedef TAILQ_HEAD(CfaPgOpList, CfaPgOp) CfaPgOpList;

CfaPgOp *cfa_pg_op_new(CfaPgStatement statement, CfaPgDone done, void *arg);

/* Copies the parameters into the op, which has to wait. */
void cfa_pg_op_keep(CfaPgOp *op, const CfaPgParams *params);

/*
 * Ends its span and calls back in the scope of the call. pg may be NULL; result is
 * NULL after a failure, sqlstate after a success.
 */
void cfa_pg_op_done(CfaPgOp *op, const PGconn *pg, const PGresult *result,
					const char *sqlstate);

/* Frees the op with its results. */
void cfa_pg_op_free(CfaPgOp *op);

#endif
