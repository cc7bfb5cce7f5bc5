/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGN_SEARCH_H
#define CFA_APP_CAMPAIGN_SEARCH_H

#include "core/ctx.h"

/* What a list of campaigns is asked for. */
typedef struct CfaSearch
{
	CfaCtx *ctx;
	bool is_plain;		   /* the whole list, newest first */
	const char *values[5]; /* q, status, category, currency, sort; NULL: any */
} CfaSearch;

/* Reads the filters and the order. False after a problem has been answered. */
bool cfa_campaign_search_read(CfaCtx *ctx, CfaSearch *out);

/* Reads limit and cursor, searches, and answers with a page or a problem. */
void cfa_campaign_search_run(const CfaSearch *search);

#endif
