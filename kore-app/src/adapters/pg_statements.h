/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PG_STATEMENTS_H
#define CFA_APP_PG_STATEMENTS_H

#include "adapters/pg.h"

typedef struct CfaPgStatementDef
{
	const char *name;
	const char *sql;
} CfaPgStatementDef;

extern const CfaPgStatementDef cfa_pg_statements[CFA_PG_STATEMENT_COUNT];

#endif
