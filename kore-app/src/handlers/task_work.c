/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task_work.c: the work on tasks, in each worker beside the requests.
 *
 * A step is one call of an SQL function and one transaction, which holds what was
 * done and the note that it was. So a process can be killed at any time, and any
 * other goes on; the database sees to it that two never work on the same task.
 * Between two steps is a pause, for those who wait for the database.
 */
#include "handlers/task_work.h"

#include <careforall/log.h>
#include <string.h>

#include "adapters/pg.h"
#include "core/app.h"
#include "core/loop.h"

#define PAUSE_MS 50	  /* between two steps */
#define IDLE_MS 2000  /* when there was nothing to do */
#define LIVELY_MS 100 /* the same while a task is being made */
#define LIVELY_FOR_MS 2000
#define FAILED_MS 1000 /* when a step failed */
#define STEP_LIMIT_MS 30000

static bool is_busy;
static uint64_t next_ms;
static uint64_t lively_until_ms;

static void on_tick(uint64_t now_ms);
static void on_step(void *arg, const PGresult *result, const char *sqlstate);
static void log_end(const PGresult *result);

void
cfa_task_work_start(void)
{
	cfa_tick_add(on_tick);
}

void
cfa_task_work_soon(void)
{
	lively_until_ms = cfa_mono_ms() + LIVELY_FOR_MS;
	next_ms = 0;
}

static void
on_tick(uint64_t now_ms)
{
	CfaPgParams params = {0};

	if (is_busy || now_ms < next_ms || !cfa_pg_is_ready() ||
		cfa_app_is_draining())
		return;
	is_busy = true;
	next_ms = now_ms + (now_ms < lively_until_ms ? LIVELY_MS : IDLE_MS);
	cfa_pg_call_slow("SELECT s.task_id, s.kind, s.state, s.done"
					 " FROM careforall.task_step() s",
					 &params,
					 STEP_LIMIT_MS,
					 on_step,
					 NULL);
}

static void
on_step(void *arg, const PGresult *result, const char *sqlstate)
{
	(void) arg;
	is_busy = false;
	if (result == NULL)
	{
		next_ms = cfa_mono_ms() + FAILED_MS;
		cfa_log(CFA_LOG_WARN,
				"task_step_failed",
				CFA_STR("sqlstate", sqlstate));
	}
	else if (PQntuples(result) > 0)
	{
		next_ms = cfa_mono_ms() + PAUSE_MS;
		log_end(result);
	}
}

static void
log_end(const PGresult *result)
{
	const char *state = PQgetvalue(result, 0, 2);

	if (strcmp(state, "running") == 0)
		return;
	cfa_log(CFA_LOG_INFO,
			"task_over",
			CFA_STR("task", PQgetvalue(result, 0, 0)),
			CFA_STR("kind", PQgetvalue(result, 0, 1)),
			CFA_STR("state", state),
			CFA_STR("rows", PQgetvalue(result, 0, 3)));
}
