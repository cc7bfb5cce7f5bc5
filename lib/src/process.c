/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c: what a process uses, read from the system when it is asked for.
 *
 * Processes that share the series (Kore's workers) add up: processor time as a
 * counter that a new worker goes on with, the rest as gauges of those that live.
 */
#include "careforall/process.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_us(clockid_t clock);
static int64_t resident_bytes(void);
static int64_t open_files(void);

void
cfa_process_register(CfaProcess *process, CfaMetrics *metrics)
{
	process->cpu = cfa_metrics_counter(metrics,
									   "careforall_process_cpu_seconds_total",
									   "Processor time used.",
									   NULL,
									   1e-6);
	process->memory =
		cfa_metrics_gauge(metrics,
						  "careforall_process_resident_memory_bytes",
						  "Memory in use.",
						  NULL,
						  1);
	process->files = cfa_metrics_gauge(metrics,
									   "careforall_process_open_fds",
									   "Open file descriptors.",
									   NULL,
									   1);
	process->started =
		cfa_metrics_gauge(metrics,
						  "careforall_process_start_timestamp_seconds",
						  "When the service was started.",
						  NULL,
						  1e-6);
}

void
cfa_process_started(const CfaProcess *process, CfaMetrics *metrics)
{
	cfa_metrics_set(metrics,
					process->started,
					(int64_t) clock_us(CLOCK_REALTIME));
}

void
cfa_process_update(CfaProcess *process, CfaMetrics *metrics)
{
	uint64_t cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID);

	cfa_metrics_add(metrics, process->cpu, cpu_us - process->cpu_seen_us);
	process->cpu_seen_us = cpu_us;
	cfa_metrics_set(metrics, process->memory, resident_bytes());
	cfa_metrics_set(metrics, process->files, open_files());
}

static uint64_t
clock_us(clockid_t clock)
{
	struct timespec now = {0};

	(void) clock_gettime(clock, &now);
	return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

/* The second number of statm counts pages. */
static int64_t
resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char text[128] = "";
	char *end = text;

	if (file == NULL)
		return 0;
	if (fgets(text, sizeof(text), file) == NULL)
		text[0] = '\0';
	(void) fclose(file);
	(void) strtol(text, &end, 10);
	return strtol(end, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static int64_t
open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t count = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		count++;
	(void) closedir(dir);
	return count - 3; /* . and .. and the folder itself */
}
