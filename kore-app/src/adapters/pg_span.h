/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PG_SPAN_H
#define CFA_APP_PG_SPAN_H

#include <careforall/trace.h>
#include <libpq-fe.h>
#include <stdint.h>

#include "core/scope.h"

/* The span of a statement that is under way, for a request that is traced. */
typedef struct CfaPgSpan
{
	CfaTrace parent; /* the request */
	CfaTrace trace;
	unsigned batch_size; /* 0: no batch */
	unsigned link_count; /* further requests that the batch is for */
	CfaTrace links[];
} CfaPgSpan;

/* NULL if the scope is not traced. */
CfaPgSpan *cfa_pg_span_new(const CfaScope *scope, unsigned link_room);

/*
 * Sends, in front of the statement and in its transaction, that the session is
 * called careforall-api/<trace id>: pg_stat_activity and the server's log show it.
 * A session that has not prepared CFA_PG_SESSION_NAME may have it unprepared.
 */
void cfa_pg_span_name_session(const CfaPgSpan *span, PGconn *pg,
							  bool is_prepared, bool may_be_unprepared);

/*
 * Ends the span and frees it; NULL does nothing. name is that of a prepared
 * statement, or else sql its text; us is how long it took; sqlstate is NULL after
 * a success.
 */
void cfa_pg_span_end(CfaPgSpan *span, const PGconn *pg, const char *name,
					 const char *sql, uint64_t us, const char *sqlstate);

#endif
