/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ROUTER_H
#define CFA_APP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_ROUTE_PARAMS_MAX 4
#define CFA_ROUTE_PARAM_LEN_MAX 200
#define CFA_ROUTES_MAX 160

struct CfaCtx;

/* The values are those of Kore's HTTP_METHOD_*. */
typedef enum CfaMethod
{
	CFA_GET = 0x01,
	CFA_POST = 0x02,
	CFA_PUT = 0x04,
	CFA_DELETE = 0x10,
	CFA_HEAD = 0x20,
	CFA_OPTIONS = 0x40,
	CFA_PATCH = 0x80
} CfaMethod;

/* Which listener serves a route. */
typedef enum CfaSurface
{
	CFA_PUBLIC = 1,
	CFA_ADMIN = 2,
	CFA_BOTH = 3
} CfaSurface;

/* Who may call a route; checked before the handler. */
typedef enum CfaAuthClass
{
	CFA_AUTH_NONE,
	CFA_AUTH_SIGNATURE, /* the handler checks a signature over the body */
	CFA_AUTH_COOKIE,	/* the handler checks the refresh cookie */
	CFA_AUTH_OPTIONAL, /* anybody; an access token is checked if there is one */
	CFA_AUTH_USER,	   /* any account */
	CFA_AUTH_ADMIN	   /* accounts of administrators */
} CfaAuthClass;

/* Which requests count together against a rate limit. */
typedef enum CfaRate
{
	CFA_RATE_NONE,	 /* not limited */
	CFA_RATE_READ,	 /* public and own reads */
	CFA_RATE_WRITE,	 /* changes by people */
	CFA_RATE_PLEDGE, /* new pledges */
	CFA_RATE_LOGIN,	 /* whatever takes a password */
	CFA_RATE_EXPORT, /* long answers */
	CFA_RATE_LIVE,	 /* opening the live feed */
	CFA_RATE_WEBHOOK,
	CFA_RATE_PREFLIGHT, /* OPTIONS, whatever the route */
	CFA_RATE_COUNT
} CfaRate;

/* What the request body of a route must be. */
typedef enum CfaBodyKind
{
	CFA_BODY_NONE,
	CFA_BODY_JSON,	/* application/json, else 415 */
	CFA_BODY_PATCH, /* application/merge-patch+json or application/json */
	CFA_BODY_FORM,	/* application/x-www-form-urlencoded, else 415 */
	CFA_BODY_RAW	/* anything; the handler looks */
} CfaBodyKind;

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as tables read */
typedef struct CfaRoute
{
	CfaMethod method;
	const char *path; /* "/api/v1/campaigns/:id"; ":id" is a parameter */
	CfaSurface surface;
	CfaAuthClass auth;
	CfaRate rate;
	const char *query; /* parameters, blanks between; "" none, NULL any */
	CfaBodyKind body;
	uint32_t body_max;
	const char *produces; /* media type for Accept; NULL is not checked */
	void (*handler)(struct CfaCtx *ctx);
} CfaRoute;

typedef enum CfaMatchResult
{
	CFA_MATCH_OK,
	CFA_MATCH_NOT_FOUND,
	CFA_MATCH_METHOD /* the path is known, the method is not: see allow */
} CfaMatchResult;

typedef struct CfaMatch
{
	const CfaRoute *route;
	unsigned index; /* of route in the table */
	unsigned allow; /* methods that the path has, as CfaMethod bits */
	unsigned param_count;
	char params[CFA_ROUTE_PARAMS_MAX][CFA_ROUTE_PARAM_LEN_MAX + 1];
	const char *names[CFA_ROUTE_PARAMS_MAX]; /* into the template */
} CfaMatch;

/*
 * Finds the route of a path (without query) on a surface. HEAD finds the route
 * of GET. Parameters come decoded; a parameter that is empty, too long or not
 * UTF-8 matches nothing.
 */
CfaMatchResult cfa_router_match(const CfaRoute *routes, size_t count,
								CfaSurface surface, CfaMethod method,
								const char *path, size_t len, CfaMatch *match);

/* The value of parameter name, or NULL. */
const char *cfa_match_param(const CfaMatch *match, const char *name);

/*
 * Whether it is a health check or a scrape (NULL is none): these come all the
 * time, and that they went well is no news.
 */
bool cfa_route_is_probe(const CfaRoute *route);

/* Writes the methods as "GET, HEAD, OPTIONS"; OPTIONS always, HEAD with GET. */
void cfa_allow_text(unsigned allow, char *out, size_t size);

/* The canonical name, or "" for a value that is not one method. */
const char *cfa_method_name(unsigned method);

#endif
