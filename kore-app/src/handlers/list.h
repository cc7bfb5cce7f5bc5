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
	const char *scope; /* the list and its filters, what a cursor is bound to */
} CfaListQuery;

/*
 * Reads limit and cursor. name says which list it is, among all there are; all
 * further parameters of the route are its filters. False after a problem has
 * been answered: a bad value, or the cursor of another list or other filters.
 */
bool cfa_list_read(CfaCtx *ctx, const char *name, CfaListQuery *out);

/*
 * Says how many items the whole list has, as the client preferred (count=exact);
 * before the answer. total is decimal text and is copied.
 */
void cfa_list_counted(CfaCtx *ctx, const char *total);

/*
 * Answers {"items":[...],"next_cursor":...} with a Link header. items is the
 * text between the brackets; next may be NULL.
 */
void cfa_list_answer(CfaCtx *ctx, const CfaListQuery *query,
					 const CfaBuf *items, const CfaCursor *next);

#endif
