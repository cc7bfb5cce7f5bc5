/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_HARNESS_REQUEST_H
#define CFA_HARNESS_REQUEST_H

#include <stddef.h>

#include "core/router.h"
#include "harness.h"

#define HN_ID "01900000-0000-7000-8000-000000000001"

/*
 * Writes a request that a route's handler takes: with credentials of the kind it
 * wants, from an address and an account of its own, and with a good body where
 * samples knows one (else "{}"). To be freed.
 */
char *hn_request(const CfaRoute *route);

/*
 * Settles a statement in the usual way of a bad day: a session is found, as an
 * administrator; all others fail with the SQLSTATE or, if that is NULL, find
 * nothing, except for functions that give a row whatever happens: these fail.
 */
void hn_pg_disappoint(HnStatement *statement, const char *sqlstate);

#endif
