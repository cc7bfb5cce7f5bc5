/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CALL_H
#define CFA_APP_CALL_H

#include "adapters/pg.h"
#include "core/body.h"
#include "core/ctx.h"
#include "middleware/failure.h"

/*
 * A request that one SQL function serves. Its row has the columns doc (JSON,
 * NULL for none), etag, location, status (an HTTP status in place of that of the
 * call, NULL for that) and is_replay (true marks the answer as that of an earlier
 * request with the same key), or the first of these; no row is 404.
 */
typedef struct CfaCall
{
	const char *sql;		   /* static */
	int status;				   /* of success */
	const char *cache_control; /* NULL: no-store */
	const char *not_found;	   /* detail of the 404, may be NULL */
} CfaCall;

/*
 * Calls, and answers: a GET whose If-None-Match has the tag with 304, a failure
 * with the problem of its SQLSTATE. call must be static.
 */
void cfa_call(CfaCtx *ctx, const CfaCall *call, const CfaPgParams *params);

/*
 * Reads the body of a request by a table. NULL after a problem was answered;
 * else a new reference, and in *text (may be NULL) the same as compact JSON in
 * the arena, for a parameter of type jsonb.
 */
json_t *cfa_call_body(CfaCtx *ctx, const CfaField *fields, const char **text);

/* The parameter as a UUID in canonical form, in the arena; NULL after a 404. */
const char *cfa_call_id(CfaCtx *ctx, const char *param);

/*
 * The If-Match of a change: the header's value, in the arena. NULL after a 428
 * because it is missing. Which tags fit is for the SQL function to say.
 */
const char *cfa_call_if_match(CfaCtx *ctx);

#endif
