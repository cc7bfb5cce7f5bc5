/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c: careforall-api, the public API: its settings, and what starts when.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/passwords.h"
#include "adapters/pg.h"
#include "adapters/redis.h"
#include "adapters/sheet.h"
#include "adapters/tokens.h"
#include "core/app.h"
#include "core/ctx.h"
#include "core/cursor.h"
#include "core/stream.h"
#include "handlers/admin_links.h"
#include "handlers/health.h"
#include "handlers/image.h"
#include "handlers/live.h"
#include "handlers/pages.h"
#include "handlers/pledge_link.h"
#include "handlers/pledges.h"
#include "handlers/provider_event.h"
#include "handlers/receipts.h"
#include "handlers/task_work.h"
#include "handlers/updates.h"
#include "handlers/webhooks.h"
#include "meters.h"
#include "middleware/auth.h"
#include "middleware/cors.h"
#include "middleware/limit.h"
#include "routes.h"

static struct
{
	char *listen;
	char *admin_listen;
	int64_t workers;
	char *cors_origins;
	char *dashboard_url;
	int64_t live_ping_ms;
	int64_t live_sockets;
	int64_t live_sockets_per_address;
	char *pg_dsn;
	char *pg_password;
	int64_t pg_connections;
	int64_t pg_side_connections;
	char *receipt_issuer;
	char *receipt_address;
	char *redis_url;
	char *redis_password;
	char *token_key;
	char *signing_keys;
	char *trace_url;
	CfaPasswordSettings passwords;
	char *peppers;
	char *public_url;
	char *webhook_schemes;
	char *webhook_secrets;
	char *webhook_standard_secrets;
	int64_t webhook_tolerance_ms;
	CfaLimitSettings limit;
} settings;

/* clang-format off */
static const CfaConfigItem items[] = {
	{"API_ADMIN_LISTEN", CFA_CONFIG_TEXT, &settings.admin_listen, "127.0.0.1:8091", 0, 0, "Address of metrics and health, IP address and port."},
	{"API_LISTEN", CFA_CONFIG_TEXT, &settings.listen, "127.0.0.1:8081", 0, 0, "Address of the public API, IP address and port."},
	{"API_WORKERS", CFA_CONFIG_INTEGER, &settings.workers, "2", 1, CFA_WORKERS_MAX, "Worker processes."},
	{"CORS_ORIGINS", CFA_CONFIG_TEXT, &settings.cors_origins, "", 0, 0, "Web origins that may read answers beside that of PUBLIC_URL, a comma list."},
	{"DASHBOARD_URL", CFA_CONFIG_TEXT, &settings.dashboard_url, "", 0, 0, "Address of the dashboards of metrics, for links of administrators."},
	{"LIVE_PING", CFA_CONFIG_DURATION, &settings.live_ping_ms, "30s", 1000, 600000, "How often a live connection is pinged; one that is silent for two and a half times as long is dropped."},
	{"LIVE_SOCKETS", CFA_CONFIG_INTEGER, &settings.live_sockets, "4000", 1, 65535, "Live connections of each worker."},
	{"LIVE_SOCKETS_PER_ADDRESS", CFA_CONFIG_INTEGER, &settings.live_sockets_per_address, "64", 1, 65535, "Live connections of one client address, over all workers."},
	{"PASSWORD_MEMORY_KIB", CFA_CONFIG_INTEGER, &settings.passwords.memory_kib, "19456", CFA_PASSWORD_MEMORY_MIN_KIB, CFA_PASSWORD_MEMORY_MAX_KIB, "Memory of one password hash, KiB; raised at the next log-in of each account."},
	{"PASSWORD_PASSES", CFA_CONFIG_INTEGER, &settings.passwords.passes, "2", CFA_PASSWORD_PASSES_MIN, CFA_PASSWORD_PASSES_MAX, "Passes of one password hash over its memory; raised at the next log-in of each account."},
	{"PASSWORD_PEPPERS", CFA_CONFIG_SECRET, &settings.peppers, "", 0, 0, "Secrets mixed into passwords, hexadecimal, 16 to 64 bytes, a comma list: the first for new hashes; one may go when no account has its id."},
	{"PASSWORD_QUEUE", CFA_CONFIG_INTEGER, &settings.passwords.queue, "50", 1, CFA_PASSWORD_QUEUE_MAX, "Log-ins that may wait for their password hash in each worker; more are refused with 503."},
	{"PASSWORD_THREADS", CFA_CONFIG_INTEGER, &settings.passwords.threads, "1", 1, CFA_PASSWORD_THREADS_MAX, "Password hashes at once in each worker; each takes PASSWORD_MEMORY_KIB."},
	{"PG_CONNECTIONS", CFA_CONFIG_INTEGER, &settings.pg_connections, "2", 1, CFA_PG_CONNECTIONS_MAX, "PostgreSQL connections of each worker."},
	{"PG_DSN", CFA_CONFIG_TEXT, &settings.pg_dsn, NULL, 0, 0, "PostgreSQL connection string without the password."},
	{"PG_PASSWORD", CFA_CONFIG_SECRET, &settings.pg_password, "", 0, 0, "Password of the PostgreSQL user."},
	{"PG_SIDE_CONNECTIONS", CFA_CONFIG_INTEGER, &settings.pg_side_connections, "2", 1, CFA_PG_SIDE_CONNECTIONS_MAX, "Further PostgreSQL connections of each worker, for administration and other calls that may be slow."},
	{"PLEDGE_TOKEN_KEY", CFA_CONFIG_SECRET, &settings.token_key, NULL, 0, 0, "Keys of private pledge links, hexadecimal, 32 bytes or more, a comma list: the first signs, all verify."},
	{"PUBLIC_URL", CFA_CONFIG_TEXT, &settings.public_url, "http://127.0.0.1:8080", 0, 0, "Address of the web site, for links in answers."},
	{"RATE_EXEMPT", CFA_CONFIG_TEXT, &settings.limit.exempt, "", 0, 0, "IP addresses and networks whose requests are not limited, a comma list."},
	{"RATE_EXPORT", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_EXPORT], "address 30/1min, account 10/1min, inflight 4", 0, 0, "Limits of downloads of files."},
	{"RATE_LIMITS", CFA_CONFIG_FLAG, &settings.limit.is_on, "on", 0, 0, "Whether requests are limited at all."},
	{"RATE_LIVE", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_LIVE], "address 240/1min burst 120, account 120/1min", 0, 0, "Limits of opening the live feed."},
	{"RATE_LOGIN", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_LOGIN], "address 300/10min burst 100, account 60/10min, inflight 16", 0, 0, "Limits of log-in and whatever else takes a password."},
	{"RATE_PLEDGE", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_PLEDGE], "address 120/1min, account 30/1min, campaign 120000/1min", 0, 0, "Limits of new pledges."},
	{"RATE_PREFLIGHT", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_PREFLIGHT], "address 1200/1min", 0, 0, "Limits of CORS preflights."},
	{"RATE_READ", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_READ], "address 3000/1min burst 1000, account 1200/1min burst 600", 0, 0, "Limits of reads, and of requests that lead nowhere: off, or by address, account, campaign or inflight."},
	{"RATE_WEBHOOK", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_WEBHOOK], "address 60000/1min", 0, 0, "Limits of the payment provider's webhooks."},
	{"RATE_WRITE", CFA_CONFIG_TEXT, &settings.limit.rules[CFA_RATE_WRITE], "address 600/1min, account 120/1min", 0, 0, "Limits of changes by people."},
	{"RECEIPT_ADDRESS", CFA_CONFIG_TEXT, &settings.receipt_address, "", 0, 0, "What receipts tell of their issuer besides the name, such as address and register number; a semicolon ends a line."},
	{"RECEIPT_ISSUER", CFA_CONFIG_TEXT, &settings.receipt_issuer, "CareForAll", 0, 0, "Name of the organization that issues receipts."},
	{"REDIS_PASSWORD", CFA_CONFIG_SECRET, &settings.redis_password, "", 0, 0, "Password of Redis."},
	{"REDIS_URL", CFA_CONFIG_TEXT, &settings.redis_url, "redis://127.0.0.1:56379/0", 0, 0, "Redis, redis://host:port/database."},
	{"SIGNING_KEYS", CFA_CONFIG_SECRET, &settings.signing_keys, NULL, 0, 0, "Private keys of access tokens, P-256, 64 hexadecimal digits each, a comma list: the first signs, all verify."},
	{"TRACE_URL", CFA_CONFIG_TEXT, &settings.trace_url, "", 0, 0, "Address of a trace with {trace_id} where its id goes, for links of administrators."},
	{"WEBHOOK_SCHEMES", CFA_CONFIG_TEXT, &settings.webhook_schemes, "stripe", 0, 0, "Forms of signed webhooks that are taken: stripe, standard (Standard Webhooks), or both, a comma list."},
	{"WEBHOOK_SECRETS", CFA_CONFIG_SECRET, &settings.webhook_secrets, "", 0, 0, "Secrets of webhooks in Stripe's form, a comma list; all are valid."},
	{"WEBHOOK_STANDARD_SECRETS", CFA_CONFIG_SECRET, &settings.webhook_standard_secrets, "", 0, 0, "Secrets of Standard Webhooks, whsec_ and base64 of 24 to 64 bytes, a comma list; all are valid."},
	{"WEBHOOK_TOLERANCE", CFA_CONFIG_DURATION, &settings.webhook_tolerance_ms, "5min", 1000, 3600000, "How far the time stamp of a webhook may be from now."},
};
/* clang-format on */

/* Limits first, then who it is. */
static CfaTokenKeys keys;
static CfaSecrets stripe_secrets;
static CfaWebhookSecrets standard_secrets;
static char origins[2048];
static char problem_base[512];

static int configure(char *error, size_t error_size);
static int configure_secrets(char *error, size_t error_size);
static int configure_webhooks(char *error, size_t error_size);
static int configure_urls(char *error, size_t error_size);
static int configure_accounts(char *error, size_t error_size);
static void worker_start(void);
static void worker_stop(void);

static const CfaStep steps[] = {
	cfa_limit_step,
	cfa_auth_step,
	cfa_limit_account_step,
	NULL,
};

const CfaApp cfa_app = {
	.name = "careforall-api",
	.summary = "Serves the public HTTP API of CareForAll.",
	.routes = cfa_api_routes,
	.meters = cfa_api_meters,
	.meter_count = CFA_M_API_END - CFA_M_APP,
	.settings = items,
	.setting_count = sizeof(items) / sizeof(items[0]),
	.body_max = CFA_IMAGE_MAX,
	.steps = steps,
	.configure = configure,
	.worker_start = worker_start,
	.worker_drain = cfa_live_close_all,
	.worker_stop = worker_stop,
};

static int
configure(char *error, size_t error_size)
{
	cfa_app_workers = (unsigned) settings.workers;
	if (cfa_app_listen(CFA_PUBLIC, settings.listen) != 0 ||
		cfa_app_listen(CFA_ADMIN, settings.admin_listen) != 0)
	{
		(void) snprintf(
			error,
			error_size,
			"CAREFORALL_API_LISTEN and CAREFORALL_API_ADMIN_LISTEN must be an "
			"IP address and a port");
		return -1;
	}
	if (configure_secrets(error, error_size) != 0 ||
		configure_webhooks(error, error_size) != 0 ||
		configure_urls(error, error_size) != 0 ||
		cfa_admin_links_configure(settings.trace_url,
								  settings.dashboard_url,
								  error,
								  error_size) != 0 ||
		configure_accounts(error, error_size) != 0)
		return -1;
	if (cfa_limit_configure(&settings.limit,
							keys.key[0].bytes,
							keys.key[0].len,
							error,
							error_size) != 0)
		return -1;
	if (cfa_pg_configure(settings.pg_dsn,
						 settings.pg_password,
						 (unsigned) settings.pg_connections,
						 (unsigned) settings.pg_side_connections,
						 error,
						 error_size) != 0)
		return -1;
	if (cfa_sheet_configure(error, error_size) != 0)
		return -1;
	cfa_receipts_configure(settings.receipt_issuer, settings.receipt_address);
	return cfa_redis_configure(settings.redis_url,
							   settings.redis_password,
							   error,
							   error_size);
}

static int
configure_secrets(char *error, size_t error_size)
{
	if (!cfa_token_keys_parse(settings.token_key, &keys))
	{
		(void) snprintf(
			error,
			error_size,
			"CAREFORALL_PLEDGE_TOKEN_KEY must be hexadecimal keys of 32 to 64 "
			"bytes");
		return -1;
	}
	cfa_cursor_configure(keys.key[0].bytes, keys.key[0].len);
	cfa_pledges_configure(&keys, settings.public_url);
	cfa_pledge_link_configure(&keys);
	cfa_live_configure(&(
		const CfaLiveOptions){.keys = &keys,
							  .sockets = (unsigned) settings.live_sockets,
							  .sockets_per_address =
								  (unsigned) settings.live_sockets_per_address,
							  .ping_ms = (unsigned) settings.live_ping_ms});
	cfa_updates_configure(&keys);
	return 0;
}

/* Only the secrets of the forms that are served are looked at. */
static int
configure_webhooks(char *error, size_t error_size)
{
	const char *schemes = settings.webhook_schemes;
	bool has_stripe = strcmp(schemes, "stripe") == 0;
	bool has_standard = strcmp(schemes, "standard") == 0;

	if (strcmp(schemes, "stripe,standard") == 0 ||
		strcmp(schemes, "standard,stripe") == 0)
		has_stripe = has_standard = true;
	if (!has_stripe && !has_standard)
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_WEBHOOK_SCHEMES must be stripe, standard "
						"or stripe,standard");
		return -1;
	}
	if (has_stripe &&
		cfa_secrets_parse(settings.webhook_secrets, &stripe_secrets) != 0)
	{
		(void) snprintf(
			error,
			error_size,
			"CAREFORALL_WEBHOOK_SECRETS must be a comma list of secrets");
		return -1;
	}
	if (has_standard &&
		cfa_webhook_secrets_parse(settings.webhook_standard_secrets,
								  &standard_secrets) != 0)
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_WEBHOOK_STANDARD_SECRETS must be a comma "
						"list of whsec_ and the base64 of 24 to 64 bytes");
		return -1;
	}
	stripe_secrets.tolerance_s = settings.webhook_tolerance_ms / 1000;
	standard_secrets.tolerance_s = settings.webhook_tolerance_ms / 1000;
	cfa_webhooks_configure(&stripe_secrets, &standard_secrets);
	return 0;
}

/* The origin of the web site is allowed to read, as are those listed. */
static int
configure_urls(char *error, size_t error_size)
{
	const char *url = settings.public_url;
	const char *host = strstr(url, "://");
	size_t len = strlen(url);

	if (host == NULL || strncmp(url, "http", 4) != 0 ||
		strpbrk(url, "\"\\ <>#?") != NULL || url[len - 1] == '/')
	{
		(void) snprintf(
			error,
			error_size,
			"CAREFORALL_PUBLIC_URL must be a web address without a slash at "
			"its end");
		return -1;
	}
	if (snprintf(problem_base, sizeof(problem_base), "%s/docs/problems", url) >=
			(int) sizeof(problem_base) ||
		snprintf(origins,
				 sizeof(origins),
				 "%.*s,%s",
				 (int) ((size_t) (host + 3 - url) + strcspn(host + 3, "/")),
				 url,
				 settings.cors_origins) >= (int) sizeof(origins))
	{
		(void) snprintf(
			error,
			error_size,
			"CAREFORALL_PUBLIC_URL or CAREFORALL_CORS_ORIGINS is too long");
		return -1;
	}
	cfa_problem_base_set(problem_base);
	cfa_pages_configure(url);
	cfa_cors_configure(origins);
	return 0;
}

static int
configure_accounts(char *error, size_t error_size)
{
	settings.passwords.peppers = settings.peppers;
	if (cfa_passwords_configure(&settings.passwords, error, error_size) != 0)
		return -1;
	return cfa_tokens_configure(settings.signing_keys,
								settings.public_url,
								error,
								error_size);
}

static void
worker_start(void)
{
	cfa_passwords_start();
	cfa_pg_start();
	cfa_limit_start();
	cfa_redis_start();
	cfa_streams_start();
	cfa_pledges_start();
	cfa_receipts_start();
	cfa_webhooks_start();
	cfa_live_start();
	cfa_health_start();
	cfa_task_work_start();
}

static void
worker_stop(void)
{
	cfa_pg_stop();
	cfa_redis_stop();
}
