/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guc.c
 *	  Settings careforall.*, sorted by name.
 *
 * Settings that size or place shared memory belong to the start of the server
 * and exist only when the library is preloaded.
 */
#include "postgres.h"

#include "guc.h"
#include "miscadmin.h"
#include "utils/guc.h"

char *cfa_guc_actor = NULL;
bool cfa_guc_allow_clock_set = false;
char *cfa_guc_database = NULL;
int cfa_guc_expiry_grace_s = 3600;
int cfa_guc_fold_interval_ms = 1000;
int cfa_guc_hold_timeout_s = 900;
int cfa_guc_max_limits = 16384;
int cfa_guc_notify_delay_ms = 0;
char *cfa_guc_reason = NULL;
char *cfa_guc_traceparent = NULL;

#define RETENTION_MAX_MIN (10 * 366 * 24 * 60)

/* Read by sql/functions with current_setting(). */
static int idempotency_retention_min = 48 * 60;
static int inbox_retention_min = 90 * 24 * 60;
static int outbox_retention_min = 7 * 24 * 60;
static int refresh_grace_s = 10;
static int session_idle_s = 14 * 86400;
static int session_lifetime_s = 90 * 86400;

static void define_start_settings(void);
static void define_file_settings(void);
static void define_session_settings(void);
static void define_session_text(const char *name, const char *description,
								char **value);

void
cfa_guc_define(void)
{
	if (process_shared_preload_libraries_in_progress)
		define_start_settings();
	define_file_settings();
	define_session_settings();
	MarkGUCPrefixReserved("careforall");
}

const char *
cfa_guc_or_null(const char *value)
{
	return value == NULL || value[0] == '\0' ? NULL : value;
}

static void
define_start_settings(void)
{
	DefineCustomStringVariable("careforall.database",
							   "Database that the notifier worker serves.",
							   NULL,
							   &cfa_guc_database,
							   "careforall",
							   PGC_POSTMASTER,
							   0,
							   NULL,
							   NULL,
							   NULL);
	DefineCustomIntVariable(
		"careforall.max_limits",
		"Number of limits (caps, rewards, pools) kept in shared memory.",
		"When all are in use by open transactions, another one is refused.",
		&cfa_guc_max_limits,
		16384,
		16,
		10000000,
		PGC_POSTMASTER,
		0,
		NULL,
		NULL,
		NULL);
}

/* The value that stands in the variable is the default. */
static const struct
{
	const char *name;
	const char *description;
	int *value;
	int least;
	int most;
	int unit;
} times[] = {
	{"careforall.expiry_grace",
	 "Time that the provider gets to answer a cancellation before "
	 "a pledge expires.",
	 &cfa_guc_expiry_grace_s,
	 0,
	 7 * 86400,
	 GUC_UNIT_S},
	{"careforall.fold_interval",
	 "Time between two foldings of campaign totals by the worker.",
	 &cfa_guc_fold_interval_ms,
	 10,
	 3600 * 1000,
	 GUC_UNIT_MS},
	{"careforall.hold_timeout",
	 "Time that a pledge may stay pending before it expires.",
	 &cfa_guc_hold_timeout_s,
	 1,
	 30 * 86400,
	 GUC_UNIT_S},
	{"careforall.idempotency_retention",
	 "Time that idempotency keys are kept.",
	 &idempotency_retention_min,
	 60,
	 RETENTION_MAX_MIN,
	 GUC_UNIT_MIN},
	{"careforall.inbox_retention",
	 "Time that received provider events are kept.",
	 &inbox_retention_min,
	 60,
	 RETENTION_MAX_MIN,
	 GUC_UNIT_MIN},
	{"careforall.notify_delay",
	 "Time that the worker waits before it wakes a sleeping relay.",
	 &cfa_guc_notify_delay_ms,
	 0,
	 1000,
	 GUC_UNIT_MS},
	{"careforall.outbox_retention",
	 "Time that published events are kept.",
	 &outbox_retention_min,
	 60,
	 RETENTION_MAX_MIN,
	 GUC_UNIT_MIN},
	{"careforall.refresh_grace",
	 "Time that a second use of a refresh token is forgiven.",
	 &refresh_grace_s,
	 0,
	 3600,
	 GUC_UNIT_S},
	{"careforall.session_idle",
	 "Time that a session lives without being refreshed.",
	 &session_idle_s,
	 15 * 60,
	 366 * 86400,
	 GUC_UNIT_S},
	{"careforall.session_lifetime",
	 "Time that a session lives however often it is refreshed.",
	 &session_lifetime_s,
	 3600,
	 366 * 86400,
	 GUC_UNIT_S},
};

static void
define_file_settings(void)
{
	DefineCustomBoolVariable("careforall.allow_clock_set",
							 "Allows careforall.clock_set(), for tests.",
							 NULL,
							 &cfa_guc_allow_clock_set,
							 false,
							 PGC_SIGHUP,
							 0,
							 NULL,
							 NULL,
							 NULL);
	for (size_t i = 0; i < lengthof(times); i++)
		DefineCustomIntVariable(times[i].name,
								times[i].description,
								NULL,
								times[i].value,
								*times[i].value,
								times[i].least,
								times[i].most,
								PGC_SIGHUP,
								times[i].unit,
								NULL,
								NULL,
								NULL);
}

static void
define_session_settings(void)
{
	define_session_text("careforall.actor",
						"Who changes pledges, for their history; empty is the "
						"session user.",
						&cfa_guc_actor);
	define_session_text("careforall.reason",
						"Why pledges are changed, for their history.",
						&cfa_guc_reason);
	define_session_text("careforall.traceparent",
						"W3C trace context of what the connection changes.",
						&cfa_guc_traceparent);
}

static void
define_session_text(const char *name, const char *description, char **value)
{
	DefineCustomStringVariable(
		name, description, NULL, value, "", PGC_USERSET, 0, NULL, NULL, NULL);
}
