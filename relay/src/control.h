/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h: whether a daemon may work, as careforall.consumer_controls says.
 *
 * Once a second the daemon reports how it is, and the same statement tells whether
 * it is paused. A daemon that has just started does not work before it knows; if
 * the database says nothing for some seconds it begins, and while the database is
 * away later, what was said last holds.
 */
#ifndef CFA_CONTROL_H
#define CFA_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "careforall/metrics.h"
#include "pg.h"

#define CFA_CONTROL_STATE_MAX 256
#define CFA_CONTROL_UNKNOWN INT64_C(-1)

/* What a daemon says of itself; numbers may be CFA_CONTROL_UNKNOWN. */
typedef struct CfaControlReport
{
	char state[CFA_CONTROL_STATE_MAX];
	int64_t stream_seq;
	int64_t pending;
	int64_t failures;
} CfaControlReport;

typedef struct CfaControlOptions
{
	const char *consumer; /* "relay", "projector" or "payments" */
	CfaPg *pg;
	CfaMetrics *metrics;
	CfaMetric paused; /* gauge: 1 while it is paused */
	void (*describe)(void *arg, CfaControlReport *report);
	/* Work has to stop, or may go on. */
	void (*on_change)(void *arg, bool is_held);
	void *arg;
} CfaControlOptions;

typedef struct CfaControl
{
	CfaControlOptions options;
	char instance[128];
	bool is_asking;
	bool is_known;
	bool is_paused;
	bool is_held;
	int64_t started_us;
	int64_t asked_us;
} CfaControl;

void cfa_control_init(CfaControl *control, const CfaControlOptions *options);

/* To be called at least once a second. */
void cfa_control_tick(CfaControl *control);

/* Whether the daemon must not work now. */
bool cfa_control_is_held(const CfaControl *control);

/* Whether that is because somebody paused it. */
bool cfa_control_is_paused(const CfaControl *control);

#endif
