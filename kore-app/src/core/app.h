/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_APP_H
#define CFA_APP_APP_H

#include <careforall/config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/metrics.h"
#include "core/router.h"

#define CFA_BODY_MAX_UNROUTED 65536
#define CFA_LISTEN_MAX 4
#define CFA_WORKERS_MAX 64

struct CfaCtx;
struct connection;

/* What a step of a request came to. */
typedef enum CfaStepResult
{
	CFA_STEP_NEXT, /* go on */
	CFA_STEP_STOP, /* it has answered */
	CFA_STEP_WAIT  /* it holds the context, and goes on or answers later */
} CfaStepResult;

typedef CfaStepResult (*CfaStep)(struct CfaCtx *ctx);

/*
 * One program on the core. Each binary defines cfa_app with its routes and
 * hooks; main() is Kore's. Hooks may be NULL.
 */
typedef struct CfaApp
{
	const char *name;
	const char *summary;	   /* one sentence for --help */
	const CfaRoute *routes;	   /* behind the last one is one without a path */
	const CfaMeterDef *meters; /* meter i is used as CFA_M_APP + i */
	size_t meter_count;
	const CfaConfigItem *settings; /* loaded before configure */
	size_t setting_count;
	size_t body_max; /* the largest body of any route */
	/*
	 * What a request goes through before its body is looked at: limits, then
	 * who it is. Ends with NULL; may be NULL itself. A step that waits calls
	 * cfa_dispatch_continue() to go on. One that leads to no route (preflights
	 * too) goes through the first step only.
	 */
	const CfaStep *steps;

	/*
	 * In the parent, before any worker: checks the settings, calls
	 * cfa_app_listen() and sets cfa_app_workers. 0, or -1 with a sentence for
	 * the operator in error. --check-config calls it too.
	 */
	int (*configure)(char *error, size_t error_size);
	/*
	 * Instead of problem+json: the JSON body, in the request's arena, of a
	 * refusal by the core. detail may be empty.
	 */
	const char *(*problem)(struct CfaCtx *ctx, const CfaProblemInfo *info,
						   const char *detail);
	void (*worker_start)(void);
	void (*worker_drain)(void); /* TERM came: end what would go on for ever */
	void (*worker_stop)(void);
} CfaApp;

extern const CfaApp cfa_app;

/* How many workers to run; set by configure. */
extern unsigned cfa_app_workers;

/* Number of the routes of cfa_app. */
size_t cfa_app_route_count(void);

/* Adds a listener "host:port", IP addresses only. -1 if it is malformed. */
int cfa_app_listen(CfaSurface surface, const char *address);

/* Which surface a connection came in by. */
CfaSurface cfa_app_surface(const struct connection *c);

/* Whether this worker is on its way out. */
bool cfa_app_is_draining(void);

#endif
