/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h: what libFuzzer calls, and how a target says that something is wrong. */
#ifndef CFA_FUZZ_H
#define CFA_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Ends the run; the input is kept as a finding. */
static inline void
fuzz_require(bool holds, const char *what)
{
	if (holds)
		return;
	(void) fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

#endif
