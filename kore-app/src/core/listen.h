/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LISTEN_H
#define CFA_APP_LISTEN_H

#include <stddef.h>

#include "core/app.h"

/*
 * In the parent: checks that nobody has the ports. 0, or -1 with a sentence in
 * error.
 */
int cfa_listen_probe(char *error, size_t error_size);

/* In a worker: opens its own listener on each address. */
void cfa_listen_open(void);

/* In a worker: takes no more connections. */
void cfa_listen_close(void);

#endif
