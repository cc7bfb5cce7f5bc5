/* SPDX-License-Identifier: Apache-2.0 */
/*
 * router.c: finds the route of a request in a constant table.
 *
 * Pure: no allocation, no state. The first template that fits wins, so a fixed
 * path stands before one with a parameter in the same place. The whole table is
 * looked through for each request: a template that does not fit must cost next to
 * nothing, so parameters are read only once the shape of the path fits.
 */
#include "core/router.h"

#include <stdbool.h>
#include <string.h>

#include <careforall/text.h>

static bool fits(const char *template, const char *path, const char *end);
static bool take_params(CfaMatch *match, const char *template, const char *path,
						const char *end);
static bool take_param(CfaMatch *match, const char *name, const char *value,
					   size_t len);

static const struct
{
	CfaMethod method;
	const char *name;
} method_names[] = {
	{CFA_GET, "GET"},
	{CFA_HEAD, "HEAD"},
	{CFA_POST, "POST"},
	{CFA_PUT, "PUT"},
	{CFA_PATCH, "PATCH"},
	{CFA_DELETE, "DELETE"},
	{CFA_OPTIONS, "OPTIONS"},
};

CfaMatchResult
cfa_router_match(const CfaRoute *routes, size_t count, CfaSurface surface,
				 CfaMethod method, const char *path, size_t len,
				 CfaMatch *match)
{
	CfaMethod wanted = method == CFA_HEAD ? CFA_GET : method;
	size_t i;

	match->route = NULL;
	match->allow = 0;
	match->index = 0;
	match->param_count = 0;
	for (i = 0; i < count; i++)
	{
		if (!(routes[i].surface & surface))
			continue;
		if (!fits(routes[i].path, path, path + len) ||
			!take_params(match, routes[i].path, path, path + len))
			continue;
		match->allow |= routes[i].method;
		if (routes[i].method == wanted)
		{
			match->route = &routes[i];
			match->index = (unsigned) i;
			return CFA_MATCH_OK;
		}
	}
	return match->allow ? CFA_MATCH_METHOD : CFA_MATCH_NOT_FOUND;
}

const char *
cfa_match_param(const CfaMatch *match, const char *name)
{
	size_t len = strlen(name);
	unsigned i;

	for (i = 0; i < match->param_count; i++)
	{
		if (strncmp(match->names[i], name, len) == 0 &&
			(match->names[i][len] == '/' || match->names[i][len] == '\0'))
			return match->params[i];
	}
	return NULL;
}

bool
cfa_route_is_probe(const CfaRoute *route)
{
	static const char *const probes[] = {"/healthz",
										 "/readyz",
										 "/metrics",
										 "/metrics/database"};
	size_t i;

	for (i = 0; route != NULL && i < sizeof(probes) / sizeof(probes[0]); i++)
	{
		if (strcmp(route->path, probes[i]) == 0)
			return true;
	}
	return false;
}

void
cfa_allow_text(unsigned allow, char *out, size_t size)
{
	size_t at = 0;
	size_t i;

	if (allow & CFA_GET)
		allow |= CFA_HEAD;
	allow |= CFA_OPTIONS;
	out[0] = '\0';
	for (i = 0; i < sizeof(method_names) / sizeof(method_names[0]); i++)
	{
		size_t len = strlen(method_names[i].name);

		if (!(allow & method_names[i].method) || at + len + 3 > size)
			continue;
		if (at > 0)
		{
			memcpy(out + at, ", ", 2);
			at += 2;
		}
		memcpy(out + at, method_names[i].name, len + 1);
		at += len;
	}
}

const char *
cfa_method_name(unsigned method)
{
	size_t i;

	for (i = 0; i < sizeof(method_names) / sizeof(method_names[0]); i++)
	{
		if (method_names[i].method == method)
			return method_names[i].name;
	}
	return "";
}

/* Whether a path has the segments of a template, one that is not empty for each
 * parameter. */
static bool
fits(const char *template, const char *path, const char *end)
{
	while (*template != '\0')
	{
		if (path == end)
			return false;
		if (*template == ':')
		{
			if (*path == '/')
				return false;
			while (*template != '\0' && *template != '/')
				template ++;
			while (path != end && *path != '/')
				path++;
		}
		else if (*template ++ != *path++)
		{
			return false;
		}
	}
	return path == end;
}

/* Reads the parameters of a path that fits. */
static bool
take_params(CfaMatch *match, const char *template, const char *path,
			const char *end)
{
	match->param_count = 0;
	while (*template != '\0')
	{
		const char *value = path;

		if (*template ++ != ':')
		{
			path++;
			continue;
		}
		while (path != end && *path != '/')
			path++;
		if (!take_param(match, template, value, (size_t) (path - value)))
			return false;
		template += strcspn(template, "/");
	}
	return true;
}

static bool
take_param(CfaMatch *match, const char *name, const char *value, size_t len)
{
	char decoded[CFA_ROUTE_PARAM_LEN_MAX * 3 + 1];
	size_t decoded_len;

	if (len == 0 || len >= sizeof(decoded) ||
		match->param_count == CFA_ROUTE_PARAMS_MAX ||
		!cfa_percent_decode(value, len, false, decoded, &decoded_len) ||
		decoded_len > CFA_ROUTE_PARAM_LEN_MAX)
		return false;
	memcpy(match->params[match->param_count], decoded, decoded_len + 1);
	match->names[match->param_count++] = name;
	return true;
}
