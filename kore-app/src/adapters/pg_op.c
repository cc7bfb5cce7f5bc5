/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_op.c: one statement, from the call that asks for it to its callback.
 */
#include <kore/kore.h>

#include "adapters/pg_op.h"

#include "adapters/pg_statements.h"
#include "core/loop.h"

CfaPgOp *
cfa_pg_op_new(CfaPgStatement statement, CfaPgDone done, void *arg)
{
	CfaPgOp *op = kore_calloc(1, sizeof(*op));

	op->statement = statement;
	op->done = done;
	op->arg = arg;
	return op;
}

void
cfa_pg_op_keep(CfaPgOp *op, const CfaPgParams *params)
{
	size_t size = 0;
	char *at;
	int i;

	op->params = *params;
	for (i = 0; i < params->count; i++)
	{
		if (params->values[i] != NULL)
			size += params->formats[i] ? (size_t) params->lengths[i]
									   : strlen(params->values[i]) + 1;
	}
	op->data = kore_malloc(size + 1);
	at = op->data;
	for (i = 0; i < params->count; i++)
	{
		size_t len;

		if (params->values[i] == NULL)
			continue;
		len = params->formats[i] ? (size_t) params->lengths[i]
								 : strlen(params->values[i]) + 1;
		memcpy(at, params->values[i], len);
		op->params.values[i] = at;
		at += len;
	}
}

void
cfa_pg_op_done(CfaPgOp *op, const PGconn *pg, const PGresult *result,
			   const char *sqlstate)
{
	CfaScope before;

	cfa_pg_span_end(op->span,
					pg,
					op->sql == NULL ? cfa_pg_statements[op->statement].name
									: NULL,
					op->sql,
					op->start_us > 0 ? cfa_mono_us() - op->start_us : 0,
					sqlstate);
	op->span = NULL;
	before = cfa_scope_enter(op->scope);
	op->done(op->arg, result, sqlstate);
	cfa_scope = before;
}

void
cfa_pg_op_free(CfaPgOp *op)
{
	PQclear(op->result);
	PQclear(op->failure);
	kore_free(op->data);
	kore_free(op->span);
	kore_free(op);
}
