/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LOOP_H
#define CFA_APP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#define CFA_TICK_MS 50
#define CFA_STALL_MS 200
#define CFA_TICKS_MAX 16
#define CFA_DEFERRED_MAX 16

/* Starts the tick and the wake-up descriptor of this worker. */
void cfa_loop_start(void);

/*
 * Makes Kore's loop turn once more at once. Needed after waking a request from
 * inside a handler, which Kore would otherwise see only at its next event.
 */
void cfa_kick(void);

/*
 * Calls work once, soon, from the loop and not from inside the caller: what is
 * asked for several times until then is done once.
 */
void cfa_defer(void (*work)(void));

/* Calls tick each CFA_TICK_MS for as long as the worker lives. */
void cfa_tick_add(void (*tick)(uint64_t now_ms));

/*
 * Whether the loop stood still for long before this tick (the machine was
 * busy): answers may have come in that nobody has read, so no peer is late.
 */
bool cfa_loop_was_stalled(void);

uint64_t cfa_mono_ms(void); /* monotonic */
uint64_t cfa_mono_us(void); /* monotonic */

#endif
