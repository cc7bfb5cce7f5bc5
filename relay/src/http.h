/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h: the small HTTP server of a daemon, inside its loop: GET /livez, /readyz
 * and /metrics.
 */
#ifndef CFA_HTTP_H
#define CFA_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "careforall/buf.h"
#include "careforall/metrics.h"
#include "loop.h"

typedef struct CfaHttp CfaHttp;

typedef struct CfaHttpOptions
{
	const char *listen; /* "127.0.0.1:9101" */
	const CfaMetrics *metrics;
	/* Whether the daemon does its work; adds a short reason if not. */
	bool (*is_ready)(void *arg, CfaBuf *reason);
	/* Brings gauges up to date before they are shown; NULL: nothing to do. */
	void (*refresh)(void *arg);
	void *arg;
} CfaHttpOptions;

/* False, with a sentence, if CAREFORALL_HTTP_LISTEN is no address. */
bool cfa_http_check(const char *listen, char *error, size_t size);

/* NULL, with a sentence in error, if the address is no good or taken. */
CfaHttp *cfa_http_new(CfaLoop *loop, const CfaHttpOptions *options, char *error,
					  size_t error_size);

/* Takes NULL. */
void cfa_http_free(CfaHttp *http);

#endif
