/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PARAMS_H
#define CFA_APP_PARAMS_H

#include "core/ctx.h"

typedef enum CfaParamKind
{
	CFA_PARAM_TEXT,		/* min to max characters without control characters */
	CFA_PARAM_INTEGER,	/* min to max */
	CFA_PARAM_CURRENCY, /* three capital letters */
	CFA_PARAM_TIME,		/* RFC 3339 with a zone */
	CFA_PARAM_UUID,		/* as it is usually written */
	CFA_PARAM_CHOICE,	/* one of the words */
	CFA_PARAM_BOOLEAN	/* true or false */
} CfaParamKind;

/* One parameter of a query. A table of them ends with a name that is NULL. */
typedef struct CfaParam
{
	const char *name;
	CfaParamKind kind;
	int64_t min;
	int64_t max;
	const char *words;	  /* of a choice, blanks between */
	const char *fallback; /* the value when it is not sent; NULL: none */
} CfaParam;

/*
 * Reads the parameters of a table into values, in its order: text for SQL, NULL
 * for one that was not sent. False after a problem was answered.
 */
bool cfa_params_read(CfaCtx *ctx, const CfaParam *params, const char **values);

#endif
