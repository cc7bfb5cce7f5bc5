/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIST_H
#define CFA_APP_LIST_H

#include <careforall/buf.h>

#include "core/ctx.h"
#include "core/cursor.h"

#define CFA_LIST_DEFAULT 20
#define CFA_LIST_MAX 100

/* What a list request asks for. */
typedef struct CfaListQuery
{
	unsigned limit;
	bool has_cursor;
	CfaCursor cursor;
} CfaListQuery;

/*
 * Reads limit and cursor. False after a problem has been answered: a bad value,
 * a foreign cursor, or a parameter that does not exist.
 */
bool cfa_list_read(CfaCtx *ctx, const char *scope, CfaListQuery *out);

/*
 * Answers {"items":[...],"next_cursor":...} with a Link header. items is the
 * text between the brackets; next may be NULL.
 */
void cfa_list_answer(CfaCtx *ctx, const char *scope, const CfaListQuery *query,
					 const CfaBuf *items, const CfaCursor *next);

/* Answers a read that failed with an SQLSTATE. */
void cfa_answer_sqlstate(CfaCtx *ctx, const char *sqlstate);

#endif
