/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_target.h: which server the next connection goes to.
 *
 * Of several hosts each attempt tries one. All connections of a worker move on
 * together, so that only the first of them waits for a host that is gone.
 */
#ifndef CFA_APP_PG_TARGET_H
#define CFA_APP_PG_TARGET_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In the parent: takes the connection string and the password (both borrowed for
 * ever). Resolves host names once, as no worker may wait for DNS. False with a
 * sentence in error.
 */
bool cfa_pg_target_read(const char *dsn, const char *password, char *error,
						size_t error_size);

/* Begins an attempt; *host is the number of the host that it tries. */
PGconn *cfa_pg_target_connect(unsigned *host);

/* How long an attempt may take. */
uint64_t cfa_pg_target_timeout_ms(void);

/* A host was no good: if attempts begin with it, they begin with the next one. */
void cfa_pg_target_leave(unsigned host);

/* How many hosts there are; 0 where libpq chooses by itself. */
unsigned cfa_pg_target_hosts(void);

#endif
