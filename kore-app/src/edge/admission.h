/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMISSION_H
#define CFA_APP_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In the parent, before workers: maps the counts that all of them share. Workers
 * have the numbers 1 to workers; per_address is the bound over all of them.
 */
void cfa_admission_init(unsigned workers, unsigned per_address);

/* In a worker: takes its part, and forgets what a predecessor counted there. */
void cfa_admission_worker(unsigned worker_id);

/*
 * Counts one more connection of an address. False, and nothing counted, if that
 * is one too many.
 */
bool cfa_admission_enter(const uint8_t *address, size_t len);
void cfa_admission_leave(const uint8_t *address, size_t len);

#endif
