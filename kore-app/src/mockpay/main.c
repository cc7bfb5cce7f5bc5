/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c
 *	  careforall-mockpay: the mock payment provider as a program on the core.
 *
 * The state belongs to the one worker, which replays the journal when it
 * starts; so a worker that crashed comes back with all that it had answered.
 * The parent replays it once before, only to refuse a bad one with a clear
 * line.
 */
#include <kore/kore.h>

#include <careforall/config.h>
#include <careforall/log.h>
#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "mockpay/service.h"
#include "mockpay/webhooks.h"

#define OWN_SETTINGS 7
#define NAME_MAX_LEN 64
#define BODY_MAX 65536

CfaMockService cfa_mock_service;

/* clang-format off */
static CfaConfigItem settings[OWN_SETTINGS + CFA_MOCK_SETTINGS_COUNT] = {
	{"MOCKPAY_KEY", CFA_CONFIG_SECRET, &cfa_mock_service.key, NULL, 0, 0,
	 "API key that clients must send."},
	{"MOCKPAY_LISTEN", CFA_CONFIG_TEXT, &cfa_mock_service.listen,
	 "127.0.0.1:8082", 0, 0, "Address to listen on."},
	{"MOCKPAY_STATE", CFA_CONFIG_TEXT, &cfa_mock_service.state_path,
	 "mockpay.journal", 0, 0, "File that keeps all payments."},
	{"MOCKPAY_STATE_SYNC", CFA_CONFIG_TEXT, &cfa_mock_service.state_sync,
	 "os", 0, 0,
	 "os: what was answered survives a crash of the process; always: of the "
	 "machine too, at the cost of a disk flush for each change."},
	{"MOCKPAY_WEBHOOK_SCHEME", CFA_CONFIG_TEXT,
	 &cfa_mock_service.webhook_scheme, "stripe", 0, 0,
	 "How webhooks are signed: stripe, or standard (Standard Webhooks)."},
	{"MOCKPAY_WEBHOOK_SECRET", CFA_CONFIG_SECRET,
	 &cfa_mock_service.webhook_secret, NULL, 0, 0,
	 "Secret that signs webhooks; of Standard Webhooks whsec_ and base64."},
	{"MOCKPAY_WEBHOOK_URL", CFA_CONFIG_TEXT, &cfa_mock_service.webhook_url,
	 "http://127.0.0.1:8081/api/v1/webhooks/stripe", 0, 0,
	 "Where webhooks go."},
};
/* clang-format on */

/* The settings of the simulation, by name and as text. */
static char simulation_names[CFA_MOCK_SETTINGS_COUNT][NAME_MAX_LEN];
static char *simulation_values[CFA_MOCK_SETTINGS_COUNT];

static struct kore_timer *timer; /* NULL if none is armed */
static int64_t timer_due_ms;

static void list_simulation(void) __attribute__((constructor));
static int configure(char *error, size_t error_size);
static bool read_simulation(char *error, size_t error_size);
static bool read_scheme(char *error, size_t error_size);
static bool open_state(char *error, size_t error_size);
static void worker_start(void);
static void worker_stop(void);
static void on_timer(void *context, u_int64_t now_ms);

const CfaApp cfa_app = {
	.name = "careforall-mockpay",
	.summary = "A payment provider in the shape of Stripe's API, for tests and "
			   "demonstrations.",
	.routes = cfa_mock_routes,
	.meters = cfa_mock_meters,
	.meter_count = CFA_MOCK_METERS,
	.settings = settings,
	.setting_count = OWN_SETTINGS + CFA_MOCK_SETTINGS_COUNT,
	.body_max = BODY_MAX,
	.configure = configure,
	.problem = cfa_mock_problem,
	.worker_start = worker_start,
	.worker_drain = cfa_mock_http_drain,
	.worker_stop = worker_stop,
};

int64_t
cfa_mock_now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
cfa_mock_schedule(void)
{
	int64_t now_ms = cfa_mock_now_ms();
	int64_t due_ms;
	int64_t wait_ms;

	cfa_mock_provider_turn(&cfa_mock_service.provider, now_ms);
	cfa_mock_deliver_due(now_ms);
	due_ms = cfa_mock_provider_due(&cfa_mock_service.provider);
	if (due_ms < 0 || cfa_app_is_draining())
		return;
	if (timer != NULL && timer_due_ms <= due_ms)
		return;
	if (timer != NULL)
		kore_timer_remove(timer);
	wait_ms = due_ms > now_ms ? due_ms - now_ms : 1;
	timer_due_ms = due_ms;
	timer =
		kore_timer_add(on_timer, (u_int64_t) wait_ms, NULL, KORE_TIMER_ONESHOT);
}

static void
on_timer(void *context, u_int64_t now_ms)
{
	(void) context;
	(void) now_ms;
	timer = NULL;
	cfa_mock_schedule();
}

/* Before main(): the core knows the settings by one constant table. */
static void
list_simulation(void)
{
	for (size_t i = 0; i < CFA_MOCK_SETTINGS_COUNT; i++)
	{
		char *name = simulation_names[i];

		(void) snprintf(name,
						NAME_MAX_LEN,
						"MOCKPAY_%s",
						cfa_mock_settings_name(i));
		for (char *c = name; *c != '\0'; c++)
			*c = (char) toupper((unsigned char) *c);
		settings[OWN_SETTINGS + i] =
			(CfaConfigItem){name,
							CFA_CONFIG_TEXT,
							&simulation_values[i],
							cfa_mock_settings_initial(i),
							0,
							0,
							cfa_mock_settings_help(i)};
	}
}

static int
configure(char *error, size_t error_size)
{
	const CfaMockService *service = &cfa_mock_service;

	cfa_app_workers = 1;
	if (!read_simulation(error, error_size))
		return -1;
	if (cfa_app_listen(CFA_BOTH, service->listen) != 0)
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_MOCKPAY_LISTEN must be an IP address and "
						"a port");
		return -1;
	}
	if (strncmp(service->webhook_url, "http://", 7) != 0 &&
		strncmp(service->webhook_url, "https://", 8) != 0)
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_MOCKPAY_WEBHOOK_URL must begin with "
						"http:// or https://");
		return -1;
	}
	if (!read_scheme(error, error_size) || !open_state(error, error_size))
		return -1;
	cfa_mock_provider_clear(&cfa_mock_service.provider);
	return 0;
}

static bool
read_scheme(char *error, size_t error_size)
{
	CfaMockService *service = &cfa_mock_service;

	if (strcmp(service->webhook_scheme, "stripe") == 0)
		return true;
	if (strcmp(service->webhook_scheme, "standard") != 0)
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_MOCKPAY_WEBHOOK_SCHEME must be stripe or "
						"standard");
		return false;
	}
	if (cfa_webhook_secrets_parse(service->webhook_secret,
								  &service->webhook_secrets) == 0)
		return true;
	(void) snprintf(error,
					error_size,
					"CAREFORALL_MOCKPAY_WEBHOOK_SECRET must be whsec_ and the "
					"base64 of 24 to 64 bytes");
	return false;
}

static bool
read_simulation(char *error, size_t error_size)
{
	char message[256];

	cfa_mock_settings_defaults(&cfa_mock_service.simulation);
	for (size_t i = 0; i < CFA_MOCK_SETTINGS_COUNT; i++)
		if (!cfa_mock_settings_set(&cfa_mock_service.simulation,
								   cfa_mock_settings_name(i),
								   simulation_values[i],
								   message,
								   sizeof(message)))
		{
			(void) snprintf(error,
							error_size,
							"CAREFORALL_%s is invalid: %s",
							simulation_names[i],
							message);
			return false;
		}
	return true;
}

static bool
open_state(char *error, size_t error_size)
{
	CfaMockService *service = &cfa_mock_service;
	CfaMockSync sync = CFA_MOCK_SYNC_OS;

	if (strcmp(service->state_sync, "always") == 0)
		sync = CFA_MOCK_SYNC_ALWAYS;
	else if (strcmp(service->state_sync, "os") != 0)
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_MOCKPAY_STATE_SYNC must be os or always");
		return false;
	}
	cfa_mock_provider_init(&service->provider, &service->simulation);
	if (cfa_mock_provider_load(&service->provider,
							   &service->journal,
							   service->state_path,
							   sync,
							   cfa_mock_now_ms()))
		return true;
	(void) snprintf(error, error_size, "%s", service->journal.error);
	return false;
}

static void
worker_start(void)
{
	const CfaMockService *service = &cfa_mock_service;
	char error[512];

	if (!open_state(error, sizeof(error)))
		fatalx("%s", error);
	cfa_log(CFA_LOG_INFO,
			"state_loaded",
			CFA_INT("payment_intents", service->provider.store.intent_count),
			CFA_INT("refunds", service->provider.store.refund_count),
			CFA_INT("events_undelivered", service->provider.store.event_count),
			CFA_INT("torn_bytes", service->journal.torn_bytes));
	cfa_mock_deliver_start();
	cfa_mock_schedule();
}

static void
worker_stop(void)
{
	cfa_mock_deliver_stop();
	if (timer != NULL)
		kore_timer_remove(timer);
	timer = NULL;
	cfa_mock_provider_clear(&cfa_mock_service.provider);
}
