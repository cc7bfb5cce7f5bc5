/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.c: PostgreSQL for the harness, in place of adapters/pg.c: statements wait
 * in a line until the test settles them. Results are libpq's own.
 */
#include <kore/kore.h>

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/pg.h"
#include "adapters/pg_span.h"
#include "adapters/pg_statements.h"

#define IDLE_MAX 8

bool hn_pg_is_up = true;
bool hn_pg_is_ready = true;
unsigned hn_pg_batches_max = 2;

static HnStatement *first;
static HnStatement **last = &first;
static unsigned batches;
static unsigned taken;
static void (*idles[IDLE_MAX])(void);
static unsigned idle_count;
static const char *failure_message;
static const char *failure_detail;

/* Used by harness.c only. */
unsigned hn_pg_unsettled(void);

static void
add(const char *name, bool is_batch, const CfaPgParams *params, CfaPgDone done,
	void *arg)
{
	HnStatement *statement = calloc(1, sizeof(*statement));
	int i;

	statement->name = name;
	statement->is_batch = is_batch;
	statement->param_count = params != NULL ? params->count : 0;
	for (i = 0; i < statement->param_count; i++)
	{
		int len = params->formats[i] == 1 || params->values[i] == NULL
					  ? params->lengths[i]
					  : (int) strlen(params->values[i]);

		if (params->values[i] == NULL)
			continue;
		statement->lengths[i] = len;
		statement->values[i] = calloc(1, (size_t) len + 1);
		memcpy(statement->values[i], params->values[i], (size_t) len);
	}
	statement->done = done;
	statement->arg = arg;
	*last = statement;
	last = &statement->next;
}

static void
drop(HnStatement *statement)
{
	int i;

	for (i = 0; i < statement->param_count; i++)
		free(statement->values[i]);
	free(statement);
}

static void
settle(HnStatement *statement, const PGresult *result, const char *sqlstate)
{
	bool is_batch = statement->is_batch;
	unsigned i;

	taken--;
	batches -= is_batch;
	statement->done(statement->arg, result, sqlstate);
	failure_message = NULL;
	failure_detail = NULL;
	drop(statement);
	for (i = 0; is_batch && i < idle_count; i++)
		idles[i]();
}

HnStatement *
hn_pg_next(void)
{
	HnStatement *statement = first;

	if (statement == NULL)
		return NULL;
	first = statement->next;
	if (first == NULL)
		last = &first;
	taken++;
	return statement;
}

void
hn_pg_rows(HnStatement *statement, int rows, int columns, const HnValue *values)
{
	static char name[] = "c";
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attributes[HN_COLUMNS_MAX] = {{0}};
	int i;

	for (i = 0; i < columns; i++)
		attributes[i].name = name;
	(void) PQsetResultAttrs(result, columns, attributes);
	for (i = 0; i < rows * columns; i++)
	{
		const HnValue *value = &values[i];
		int len = value->data == NULL ? -1
				  : value->len < 0	  ? (int) strlen(value->data)
									  : value->len;
		/* libpq's prototype lacks the const. */
		char *data = value->data == NULL ? NULL : malloc((size_t) len + 1);

		if (data != NULL)
			memcpy(data, value->data, (size_t) len);
		(void) PQsetvalue(result, i / columns, i % columns, data, len);
		free(data);
	}
	settle(statement, result, NULL);
	PQclear(result);
}

void
hn_pg_fail(HnStatement *statement, const char *sqlstate, const char *message,
		   const char *detail)
{
	failure_message = message;
	failure_detail = detail;
	settle(statement, NULL, sqlstate);
}

unsigned
hn_pg_unsettled(void)
{
	return taken + (first != NULL);
}

int
cfa_pg_configure(const char *dsn, const char *password, unsigned connections,
				 unsigned side_connections, char *error, size_t error_size)
{
	return 0;
}

void
cfa_pg_start(void)
{
}

void
cfa_pg_stop(void)
{
}

void
cfa_pg_query(CfaPgStatement statement, const CfaPgParams *params,
			 bool is_binary, CfaPgDone done, void *arg)
{
	add(cfa_pg_statements[statement].name, false, params, done, arg);
}

void
cfa_pg_call(const char *sql, const CfaPgParams *params, CfaPgDone done,
			void *arg)
{
	add(sql, false, params, done, arg);
}

void
cfa_pg_call_slow(const char *sql, const CfaPgParams *params, unsigned limit_ms,
				 CfaPgDone done, void *arg)
{
	(void) limit_ms;
	/* The work on tasks goes on beside all requests; here it waits for ever. */
	if (strstr(sql, "task_step") == NULL)
		add(sql, false, params, done, arg);
}

const char *
cfa_pg_failure(int field)
{
	return field == PG_DIAG_MESSAGE_PRIMARY	 ? failure_message
		   : field == PG_DIAG_MESSAGE_DETAIL ? failure_detail
											 : NULL;
}

bool
cfa_pg_batch(CfaPgStatement statement, const CfaPgParams *params,
			 CfaPgSpan *span, CfaPgDone done, void *arg)
{
	kore_free(span);
	if (!cfa_pg_can_batch())
		return false;
	batches++;
	add(cfa_pg_statements[statement].name, true, params, done, arg);
	return true;
}

bool
cfa_pg_can_batch(void)
{
	return hn_pg_is_up && batches < hn_pg_batches_max;
}

void
cfa_pg_on_idle(void (*idle)(void))
{
	if (idle_count == IDLE_MAX)
		abort();
	idles[idle_count++] = idle;
}

bool
cfa_pg_is_up(void)
{
	return hn_pg_is_up;
}

bool
cfa_pg_is_ready(void)
{
	return hn_pg_is_ready;
}

uint64_t
cfa_pg_down_ms(void)
{
	return hn_pg_is_up ? 0 : 60000;
}
