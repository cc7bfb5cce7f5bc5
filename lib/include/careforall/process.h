/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h: what a process uses: processor time, memory, descriptors.
 */
#ifndef CFA_PROCESS_H
#define CFA_PROCESS_H

#include "careforall/metrics.h"

typedef struct CfaProcess
{
	CfaMetric cpu;
	CfaMetric memory;
	CfaMetric files;
	CfaMetric started;
	uint64_t cpu_seen_us; /* of this process, counted already */
} CfaProcess;

/* Registers the series. */
void cfa_process_register(CfaProcess *process, CfaMetrics *metrics);

/* Says when the service started; once, in a shard that stays. */
void cfa_process_started(const CfaProcess *process, CfaMetrics *metrics);

/* Brings the series of the calling process up to date. */
void cfa_process_update(CfaProcess *process, CfaMetrics *metrics);

#endif
