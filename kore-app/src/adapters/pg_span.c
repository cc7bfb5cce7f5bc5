/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_span.c: SQL calls in traces, by OpenTelemetry's conventions for PostgreSQL.
 *
 * The name of the function is all that a span tells of a call: no values, and no
 * text, which the name leads to.
 */
#include <kore/kore.h>

#include "adapters/pg_span.h"

#include <careforall/tracing.h>

#include "adapters/pg_statements.h"

#define SCHEMA "careforall."

static void function_name(const char *sql, char *out, size_t size);

CfaPgSpan *
cfa_pg_span_new(const CfaScope *scope, unsigned link_room)
{
	CfaPgSpan *span;

	if (!scope->is_traced)
		return NULL;
	span = kore_calloc(1, sizeof(*span) + link_room * sizeof(span->links[0]));
	span->parent = scope->trace;
	span->trace = scope->trace;
	cfa_trace_child(&span->trace);
	return span;
}

void
cfa_pg_span_name_session(const CfaPgSpan *span, PGconn *pg, bool is_prepared,
						 bool may_be_unprepared)
{
	const CfaPgStatementDef *def = &cfa_pg_statements[CFA_PG_SESSION_NAME];
	char id[33];
	char name[64];
	const char *values[] = {name};

	cfa_trace_id(&span->trace, id);
	(void) snprintf(name, sizeof(name), "careforall-api/%s", id);
	/* If this cannot be sent, the call behind it cannot either. */
	if (may_be_unprepared)
		(void) PQsendQueryParams(pg, def->sql, 1, NULL, values, NULL, NULL, 0);
	else if (is_prepared)
		(void) PQsendQueryPrepared(pg, def->name, 1, values, NULL, NULL, 0);
}

void
cfa_pg_span_end(CfaPgSpan *span, const PGconn *pg, const char *name,
				const char *sql, uint64_t us, const char *sqlstate)
{
	char procedure[128];
	char summary[140];
	uint64_t now_ns;

	if (span == NULL)
		return;
	if (name != NULL)
		(void) snprintf(procedure, sizeof(procedure), SCHEMA "%s", name);
	else
		function_name(sql, procedure, sizeof(procedure));
	(void) snprintf(summary, sizeof(summary), "SELECT %s", procedure);
	now_ns = cfa_now_ns();
	{
		const CfaLogField attributes[] =
			{CFA_STR("db.system.name", "postgresql"),
			 CFA_STR("db.namespace", "careforall|careforall"),
			 CFA_STR("db.operation.name", "SELECT"),
			 CFA_STR("db.query.summary", summary),
			 CFA_STR("db.stored_procedure.name", procedure),
			 CFA_STR("server.address", pg != NULL ? PQhost(pg) : NULL),
			 CFA_STR("db.response.status_code", sqlstate),
			 CFA_STR("error.type", sqlstate),
			 span->batch_size > 1
				 ? CFA_INT("db.operation.batch.size", span->batch_size)
				 : (CfaLogField){0},
			 {0}};
		CfaSpan whole = {.trace = span->trace,
						 .has_failed = sqlstate != NULL,
						 .kind = CFA_SPAN_CLIENT,
						 .name = summary,
						 .start_ns = now_ns - us * 1000,
						 .end_ns = now_ns,
						 .attributes = attributes,
						 .links = span->links,
						 .link_count = span->link_count};

		memcpy(whole.parent_id, span->parent.span_id, sizeof(whole.parent_id));
		cfa_span_add(&whole);
	}
	kore_free(span);
}

/* The function that a statement calls: the first one of our schema. */
static void
function_name(const char *sql, char *out, size_t size)
{
	const char *at = strstr(sql, SCHEMA);
	size_t len = 0;

	if (at != NULL)
		len = strspn(at + sizeof(SCHEMA) - 1, "abcdefghijklmnopqrstuvwxyz_");
	if (len == 0)
		(void) snprintf(out, size, "%s", "unknown");
	else
		(void)
			snprintf(out, size, "%.*s", (int) (len + sizeof(SCHEMA) - 1), at);
}
