/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_client.h: HTTP requests to one service, on the loop.
 *
 * Each request has a deadline and ends in exactly one callback. Redirects are not
 * followed, proxies of the environment are not used, and the key never appears in
 * a log.
 */
#ifndef CFA_HTTP_CLIENT_H
#define CFA_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "provider.h"

typedef struct CfaClient CfaClient;

/* The reply is borrowed for the call. */
typedef void (*CfaClientFn)(void *arg, const CfaProviderReply *reply);

typedef struct CfaClientOptions
{
	const char *base_url; /* http(s)://host:port, without a path; borrowed */
	const char *key;	  /* bearer token; NULL or "": none; borrowed */
	int64_t timeout_ms;
} CfaClientOptions;

/* Dies when memory is out. */
CfaClient *cfa_client_new(CfaLoop *loop, const CfaClientOptions *options);

/* Ends all requests without calling anything back. Takes NULL. */
void cfa_client_free(CfaClient *client);

/* Sends a request, which may be cleared afterwards. traceparent may be NULL. */
void cfa_client_send(CfaClient *client, const CfaProviderRequest *request,
					 const char *traceparent, CfaClientFn fn, void *arg);

#endif
