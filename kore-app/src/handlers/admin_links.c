/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_links.c: where administrators find traces and dashboards.
 *
 * The answer is made once from the settings. Their addresses hold no character
 * that JSON would have to escape.
 */
#include "handlers/admin_links.h"

#include <stdio.h>
#include <string.h>

#define TRACE_PLACE "{trace_id}"
#define URL_MAX 500

static char links[2 * URL_MAX + 64];

static bool is_url(const char *text, bool has_place);

int
cfa_admin_links_configure(const char *trace_url, const char *dashboard_url,
						  char *error, size_t error_size)
{
	const char *trace_quote = *trace_url == '\0' ? "" : "\"";
	const char *dashboard_quote = *dashboard_url == '\0' ? "" : "\"";

	if (*trace_url != '\0' && !is_url(trace_url, true))
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_TRACE_URL must be a web address with "
						"{trace_id} in it once");
		return -1;
	}
	if (*dashboard_url != '\0' && !is_url(dashboard_url, false))
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_DASHBOARD_URL must be a web address");
		return -1;
	}
	(void) snprintf(links,
					sizeof(links),
					"{\"trace_url\":%s%s%s,\"dashboard_url\":%s%s%s}",
					trace_quote,
					*trace_url == '\0' ? "null" : trace_url,
					trace_quote,
					dashboard_quote,
					*dashboard_url == '\0' ? "null" : dashboard_url,
					dashboard_quote);
	return 0;
}

void
api_admin_links_read(CfaCtx *ctx)
{
	cfa_answer(ctx, 200, "application/json", links, strlen(links));
}

static bool
is_url(const char *text, bool has_place)
{
	const char *place = strstr(text, TRACE_PLACE);
	const char *c;

	if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		return false;
	if (strlen(text) > URL_MAX || strpbrk(text, "\"\\ <>") != NULL)
		return false;
	for (c = text; *c != '\0'; c++)
	{
		if (*c <= ' ' || *c == 0x7f)
			return false;
	}
	if (!has_place)
		return true;
	return place != NULL && strstr(place + 1, TRACE_PLACE) == NULL;
}
