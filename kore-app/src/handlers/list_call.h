/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIST_CALL_H
#define CFA_APP_LIST_CALL_H

#include "adapters/pg.h"
#include "core/ctx.h"

/*
 * A list that one SQL function serves. Behind its own parameters come the place
 * to go on behind (with has_key a bigint, then a uuid; NULL at the start) and the
 * most rows to give, which is one more than a page has. Rows have the columns doc
 * (JSON), id and, with has_key, the key. With count_sql, which has the own
 * parameters alone, a client may ask for the length of the whole list.
 */
typedef struct CfaListCall
{
	const char *sql;	   /* static */
	const char *count_sql; /* static; NULL: no length is told */
	bool has_key;
} CfaListCall;

/*
 * Reads limit and cursor, calls, and answers with a page or a problem. name says
 * which list it is, among all there are, with the id of what it belongs to. params
 * holds the function's own parameters only; call must be static.
 */
void cfa_list_call(CfaCtx *ctx, const CfaListCall *call, const char *name,
				   const CfaPgParams *params);

#endif
