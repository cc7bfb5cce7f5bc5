/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.c: every endpoint of the API on one line.
 */
#include "routes.h"

#include "handlers/assets.h"
#include "handlers/health.h"

#define JSON "application/json"

/* clang-format off */
const CfaRoute cfa_api_routes[] = {
	/* method, template, surface, authentication, rate, body, its limit, produces, handler */
	{CFA_GET, "/healthz", CFA_BOTH, CFA_AUTH_NONE, CFA_RATE_NONE, CFA_BODY_NONE, 0, NULL, api_healthz},
	{CFA_GET, "/openapi.json", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, CFA_BODY_NONE, 0, JSON, api_openapi},
	{CFA_GET, "/docs", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, CFA_BODY_NONE, 0, "text/html", api_docs},
	{CFA_GET, "/docs/docs.css", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, CFA_BODY_NONE, 0, "text/css", api_docs_css},
	{CFA_GET, "/docs/problems", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, CFA_BODY_NONE, 0, "text/html", api_problems},
};
/* clang-format on */

const size_t cfa_api_route_count =
	sizeof(cfa_api_routes) / sizeof(cfa_api_routes[0]);
