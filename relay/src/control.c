/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.c: asks once a second whether this daemon is paused.
 */
#include "control.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "careforall/log.h"
#include "careforall/text.h"

#define ASK_EVERY_US INT64_C(900000)
#define ASK_TIMEOUT_MS 15000
/* After this time without an answer a daemon that has just started begins. */
#define PATIENCE_US INT64_C(5000000)
#define NUMBER_MAX 24

static void ask(CfaControl *control);
static void answered(void *arg, PGresult *result);
static void decide(CfaControl *control);

void
cfa_control_init(CfaControl *control, const CfaControlOptions *options)
{
	char host[64] = "";

	(void) gethostname(host, sizeof(host) - 1);
	*control = (CfaControl){.options = *options,
							.is_held = true,
							.started_us = cfa_clock_us()};
	snprintf(control->instance,
			 sizeof(control->instance),
			 "%s:%d",
			 host,
			 (int) getpid());
}

bool
cfa_control_is_held(const CfaControl *control)
{
	return control->is_held;
}

bool
cfa_control_is_paused(const CfaControl *control)
{
	return control->is_known && control->is_paused;
}

void
cfa_control_tick(CfaControl *control)
{
	int64_t now_us = cfa_clock_us();

	decide(control);
	if (control->is_asking || !cfa_pg_is_up(control->options.pg) ||
		now_us - control->asked_us < ASK_EVERY_US)
		return;
	control->asked_us = now_us;
	control->is_asking = true;
	ask(control);
}

static void
ask(CfaControl *control)
{
	CfaControlReport report = {.stream_seq = CFA_CONTROL_UNKNOWN,
							   .pending = CFA_CONTROL_UNKNOWN};
	char seq[NUMBER_MAX];
	char pending[NUMBER_MAX];
	char failures[NUMBER_MAX];
	const char *values[] = {control->options.consumer,
							control->instance,
							cfa_control_is_paused(control) ? "t" : "f",
							report.state,
							NULL,
							NULL,
							failures};

	control->options.describe(control->options.arg, &report);
	if (report.stream_seq != CFA_CONTROL_UNKNOWN)
		values[4] = seq;
	if (report.pending != CFA_CONTROL_UNKNOWN)
		values[5] = pending;
	snprintf(seq, sizeof(seq), "%" PRId64, report.stream_seq);
	snprintf(pending, sizeof(pending), "%" PRId64, report.pending);
	snprintf(failures, sizeof(failures), "%" PRId64, report.failures);
	cfa_pg_query(
		control->options.pg,
		"SELECT careforall.consumer_report($1, $2, $3, $4, $5, $6, $7)",
		7,
		values,
		ASK_TIMEOUT_MS,
		answered,
		control);
}

static void
answered(void *arg, PGresult *result)
{
	CfaControl *control = arg;
	const char *text = NULL;

	control->is_asking = false;
	if (cfa_pg_is_ok(result) && PQntuples(result) == 1)
		text = cfa_pg_text(result, 0, 0);
	if (text == NULL)
	{
		if (result != NULL)
			cfa_log(CFA_LOG_WARN,
					"control_not_known",
					CFA_STR("sqlstate", cfa_pg_sqlstate(result)));
		return;
	}
	control->is_known = true;
	control->is_paused = text[0] == 't';
	decide(control);
}

static void
decide(CfaControl *control)
{
	bool is_held = control->is_known
					   ? control->is_paused
					   : cfa_clock_us() - control->started_us < PATIENCE_US;

	cfa_metrics_set(control->options.metrics,
					control->options.paused,
					cfa_control_is_paused(control));
	if (is_held == control->is_held)
		return;
	control->is_held = is_held;
	cfa_log(CFA_LOG_INFO, is_held ? "paused" : "working");
	control->options.on_change(control->options.arg, is_held);
	/* Those who wait for the pause need not wait for the next report. */
	control->asked_us = 0;
}
