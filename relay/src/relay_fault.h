/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_fault.h: places where a test build dies as if by kill -9.
 *
 * CAREFORALL_FAULT="after_publish:100" ends the process at the hundredth pass of
 * that place. Builds without CFA_FAULTS hold no trace of it.
 */
#ifndef CFA_RELAY_FAULT_H
#define CFA_RELAY_FAULT_H

#ifdef CFA_FAULTS

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void
cfa_fault(const char *place, long *passes)
{
	const char *wanted = getenv("CAREFORALL_FAULT");
	size_t len = strlen(place);

	if (wanted == NULL || strncmp(wanted, place, len) != 0 ||
		wanted[len] != ':')
		return;
	if (++*passes == strtol(wanted + len + 1, NULL, 10))
		kill(getpid(), SIGKILL);
}

#define CFA_FAULT(place)               \
	do                                 \
	{                                  \
		static long cfa_passes;        \
		cfa_fault(place, &cfa_passes); \
	} while (0)

#else
#define CFA_FAULT(place) ((void) 0)
#endif

#endif
