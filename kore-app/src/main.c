/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c: careforall-api, the public API.
 */
#include <stdio.h>

#include "core/app.h"
#include "routes.h"

static char *listen_text;
static int64_t workers;

static const CfaConfigItem items[] = {
	{"API_LISTEN",
	 CFA_CONFIG_TEXT,
	 &listen_text,
	 "127.0.0.1:8081",
	 0,
	 0,
	 "Address of the public API."},
	{"API_WORKERS",
	 CFA_CONFIG_INTEGER,
	 &workers,
	 "2",
	 1,
	 CFA_WORKERS_MAX,
	 "Worker processes."},
};

static int
configure(char *error, size_t error_size)
{
	cfa_app_workers = (unsigned) workers;
	if (cfa_app_listen(CFA_PUBLIC, listen_text) != 0)
	{
		(void)
			snprintf(error,
					 error_size,
					 "CAREFORALL_API_LISTEN must be an IP address and a port");
		return -1;
	}
	return 0;
}

const CfaApp cfa_app = {
	.name = "careforall-api",
	.summary = "Serves the public HTTP API of CareForAll.",
	.routes = cfa_api_routes,
	.route_count = 5,
	.settings = items,
	.setting_count = sizeof(items) / sizeof(items[0]),
	.body_max = 65536,
	.configure = configure,
};
