/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.c: start, configuration, drain and end of a program on the core.
 *
 * Kore owns main(); it finds the hooks here by name. The parent reads all
 * settings before it starts workers, so a bad setting or a port in use ends the
 * program with one clear line and a status that is not 0.
 */
#include <kore/kore.h>
#include <kore/hooks.h>
#include <kore/http.h>

#include "core/app.h"

#include <careforall/log.h>
#include <careforall/tracing.h>
#include <sodium.h>
#include <sys/prctl.h>

#include "core/access_log.h"
#include "core/ctx.h"
#include "core/dispatch.h"
#include "core/listen.h"
#include "core/loop.h"
#include "edge/admission.h"
#include "edge/edge.h"
#include "middleware/client.h"
#include "middleware/trace.h"

#define SPARE_CONNECTIONS 256 /* to be refused, not left waiting */
#define SPARE_FILES 512
#define DRAIN_MS 10000
#define DRAIN_IDLE_MS 1000 /* for a client to send what it is about to */
#define EXIT_CONFIG 78	   /* EX_CONFIG */

/* Kore wants a configuration file built in; ours is empty. */
extern u_int8_t asset_builtin_kore_conf[];
extern u_int32_t asset_len_builtin_kore_conf;
u_int8_t asset_builtin_kore_conf[] = "\n";
u_int32_t asset_len_builtin_kore_conf = 1;

unsigned cfa_app_workers = 1;

/* Of the workers; in a container it is process 1. */
static pid_t parent;

static struct
{
	char *log_file;
	char *log_level;
	char *access_log;
	char *trusted_proxies;
	int64_t connections_per_address;
	int64_t drain_delay_ms;
	bool restarts_traces;
} settings;

static const CfaConfigItem core_settings[] = {
	{"ACCESS_LOG",
	 CFA_CONFIG_TEXT,
	 &settings.access_log,
	 "all",
	 0,
	 0,
	 "Which requests are logged: all, errors (status 500 and above) or "
	 "off."},
	{"CONNECTIONS_PER_ADDRESS",
	 CFA_CONFIG_INTEGER,
	 &settings.connections_per_address,
	 "256",
	 1,
	 65535,
	 "Connections that one address may have open; trusted proxies may have "
	 "any number."},
	{"DRAIN_DELAY",
	 CFA_CONFIG_DURATION,
	 &settings.drain_delay_ms,
	 "0ms",
	 0,
	 60000,
	 "How long to go on accepting connections, not ready, after TERM."},
	{"LOG_FILE",
	 CFA_CONFIG_TEXT,
	 &settings.log_file,
	 "",
	 0,
	 0,
	 "File that the log goes to, opened again at HUP; empty for standard "
	 "error."},
	{"LOG_LEVEL",
	 CFA_CONFIG_TEXT,
	 &settings.log_level,
	 "info",
	 0,
	 0,
	 "Lowest level that is logged: debug, info, warn or error; read again at "
	 "HUP."},
	{"TRACE_RESTART",
	 CFA_CONFIG_FLAG,
	 &settings.restarts_traces,
	 "off",
	 0,
	 0,
	 "Whether requests begin traces of their own, with a link to the caller's, "
	 "instead of going on with it."},
	{"TRUSTED_PROXIES",
	 CFA_CONFIG_TEXT,
	 &settings.trusted_proxies,
	 "127.0.0.1,::1",
	 0,
	 0,
	 "IP addresses and networks (10.0.0.0/8) whose X-Forwarded-For is "
	 "believed, a comma list."},
};

#define CORE_SETTINGS (sizeof(core_settings) / sizeof(core_settings[0]))

static bool is_draining;

static void die(const char *what);
static void usage(FILE *out);
static void list_routes(void);
static void load_settings(void);
static void apply_settings(void);
static void set_up_kore(void);
static void on_tick(uint64_t now_ms);
static void turn(void);

void
kore_parent_configure(int argc, char **argv)
{
	char error[512] = "";
	bool is_check = argc == 2 && strcmp(argv[1], "--check-config") == 0;

	(void) setvbuf(stdout, NULL, _IOLBF, 0);
	parent = getpid();
	kore_foreground = 1;
	kore_quiet = 1;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
	{
		usage(stdout);
		exit(0);
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
	{
		printf("%s %s\n", cfa_app.name, CFA_VERSION);
		exit(0);
	}
	if (argc == 2 && strcmp(argv[1], "--routes") == 0)
	{
		list_routes();
		exit(0);
	}
	if (argc > 1 && !is_check)
	{
		usage(stderr);
		exit(EXIT_CONFIG);
	}
	if (sodium_init() < 0)
		die("could not start libsodium");
	load_settings();
	apply_settings();
	if (cfa_app.configure(error, sizeof(error)) != 0)
		die(error);
	if (is_check)
	{
		cfa_config_show(stdout, core_settings, CORE_SETTINGS);
		cfa_config_show(stdout, cfa_app.settings, cfa_app.setting_count);
		cfa_config_show(stdout,
						cfa_tracing_settings,
						cfa_tracing_setting_count);
		exit(0);
	}
	if (cfa_listen_probe(error, sizeof(error)) != 0)
		die(error);
	cfa_meters_init();
	cfa_admission_init(cfa_app_workers,
					   (unsigned) settings.connections_per_address);
	set_up_kore();
	cfa_log(CFA_LOG_INFO,
			"started",
			CFA_STR("version", CFA_VERSION),
			CFA_INT("workers", cfa_app_workers));
}

void
kore_parent_teardown(void)
{
	/* Kore removes its pid file now: there is none. */
	kore_pidfile = kore_strdup("/nonexistent/none");
	cfa_log(CFA_LOG_INFO, "stopped");
}

void
kore_worker_configure(void)
{
	(void) prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		exit(0);
	cfa_meters_worker(worker->id);
	cfa_admission_worker(worker->id);
	cfa_trace_worker_start();
	cfa_tracing_start();
	cfa_loop_start();
	cfa_tick_add(cfa_ctx_tick);
	cfa_tick_add(cfa_edge_tick);
	cfa_tick_add(on_tick);
	if (cfa_app.worker_start != NULL)
		cfa_app.worker_start();
	cfa_listen_open();
	cfa_log(CFA_LOG_INFO, "worker_started", CFA_INT("worker", worker->id));
}

void
kore_worker_teardown(void)
{
	uint64_t now = cfa_mono_ms();
	uint64_t delay_end = now + (uint64_t) settings.drain_delay_ms;
	uint64_t end = delay_end + DRAIN_MS;

	is_draining = true;
	sig_recv = 0;
	/* At least once, to take who waits on the listener. */
	do
		turn();
	while (cfa_mono_ms() < delay_end && sig_recv == 0);
	cfa_listen_close();
	if (cfa_app.worker_drain != NULL)
		cfa_app.worker_drain();
	while ((http_request_count > 0 || worker_active_connections > 0) &&
		   cfa_mono_ms() < end && sig_recv == 0)
	{
		cfa_edge_close_idle(DRAIN_IDLE_MS);
		turn();
	}
	if (cfa_app.worker_stop != NULL)
		cfa_app.worker_stop();
	cfa_tracing_stop(CFA_TRACING_STOP_MS);
	cfa_access_log_flush();
	cfa_log(CFA_LOG_INFO,
			"worker_stopped",
			CFA_INT("worker", worker->id),
			CFA_INT("requests_dropped", http_request_count));
}

size_t
cfa_app_route_count(void)
{
	static size_t count;

	while (cfa_app.routes[count].path != NULL)
		count++;
	return count;
}

bool
cfa_app_is_draining(void)
{
	return is_draining;
}

static void
die(const char *what)
{
	(void) fprintf(stderr, "%s: %s\n", cfa_app.name, what);
	exit(EXIT_CONFIG);
}

static void
usage(FILE *out)
{
	(void) fprintf(out,
				   "Usage: %s [--help | --version | --check-config | --routes]"
				   "\n\n%s\n\n"
				   "Settings, from the environment:\n",
				   cfa_app.name,
				   cfa_app.summary);
	cfa_config_help(out, core_settings, CORE_SETTINGS);
	cfa_config_help(out, cfa_app.settings, cfa_app.setting_count);
	cfa_config_help(out, cfa_tracing_settings, cfa_tracing_setting_count);
}

/* One line for each route, its parameters as OpenAPI writes them: where, for whom. */
static void
list_routes(void)
{
	static const char *const surfaces[] =
		{[CFA_PUBLIC] = "public", [CFA_ADMIN] = "admin", [CFA_BOTH] = "both"};
	static const char *const whom[] = {[CFA_AUTH_NONE] = "anybody",
									   [CFA_AUTH_SIGNATURE] = "signature",
									   [CFA_AUTH_COOKIE] = "cookie",
									   [CFA_AUTH_OPTIONAL] = "optional",
									   [CFA_AUTH_USER] = "account",
									   [CFA_AUTH_ADMIN] = "administrator"};

	for (size_t i = 0; i < cfa_app_route_count(); i++)
	{
		const CfaRoute *route = &cfa_app.routes[i];
		bool is_open = false;

		printf("%s ", cfa_method_name(route->method));
		for (const char *c = route->path; *c != '\0'; c++)
		{
			if (is_open && *c == '/')
				(void) putchar('}');
			is_open = is_open ? *c != '/' : *c == ':';
			(void) putchar(*c == ':' ? '{' : *c);
		}
		printf("%s %s %s\n",
			   is_open ? "}" : "",
			   surfaces[route->surface],
			   whom[route->auth]);
	}
}

static void
load_settings(void)
{
	char error[512] = "";

	if (cfa_config_load(core_settings, CORE_SETTINGS, error, sizeof(error)) !=
			0 ||
		cfa_config_load(cfa_app.settings,
						cfa_app.setting_count,
						error,
						sizeof(error)) != 0 ||
		cfa_config_load(cfa_tracing_settings,
						cfa_tracing_setting_count,
						error,
						sizeof(error)) != 0 ||
		cfa_tracing_configure(cfa_app.name,
							  CFA_VERSION,
							  error,
							  sizeof(error)) != 0)
		die(error);
}

static void
apply_settings(void)
{
	CfaLogLevel level;

	if (!cfa_log_level_parse(settings.log_level, &level))
		die("CAREFORALL_LOG_LEVEL must be debug, info, warn or error");
	cfa_log_init(cfa_app.name, level);
	if (!cfa_log_open(settings.log_file))
		die("CAREFORALL_LOG_FILE cannot be opened");
	if (strcmp(settings.access_log, "off") == 0)
		cfa_access_log_configure(CFA_ACCESS_LOG_OFF);
	else if (strcmp(settings.access_log, "errors") == 0)
		cfa_access_log_configure(CFA_ACCESS_LOG_ERRORS);
	else if (strcmp(settings.access_log, "all") == 0)
		cfa_access_log_configure(CFA_ACCESS_LOG_ALL);
	else
		die("CAREFORALL_ACCESS_LOG must be all, errors or off");
	cfa_trace_configure(settings.restarts_traces);
	if (!cfa_client_configure(settings.trusted_proxies))
		die("CAREFORALL_TRUSTED_PROXIES must be a comma list of IP addresses "
			"and networks such as 10.0.0.0/8");
}

static void
set_up_kore(void)
{
	struct kore_server *server;
	struct kore_domain *domain;

	skip_chroot = 1;
	skip_runas = 1;
	kore_root_path = kore_strdup("/");
	kore_pidfile = kore_strdup("/dev/null");
	worker_count = (u_int8_t) cfa_app_workers;
	worker_set_affinity = 0;
	worker_max_connections = CFA_EDGE_CONNECTIONS_MAX + SPARE_CONNECTIONS;
	worker_rlimit_nofiles = worker_max_connections + SPARE_FILES;
	worker_accept_threshold = 64;
	http_body_max = cfa_app.body_max;
	http_header_max = CFA_EDGE_HEAD_MAX;
	http_keepalive_time = CFA_EDGE_IDLE_S;
	http_request_limit = 4000;
	http_hsts_enable = 0;
	http_server_version("careforall");
	server = kore_server_create("main");
	server->tls = 0;
	domain = kore_domain_new("*");
	if (!kore_domain_attach(domain, server) ||
		!kore_module_handler_new(domain,
								 "^/",
								 "api_dispatch",
								 NULL,
								 HANDLER_TYPE_DYNAMIC))
		die("could not set up the catch-all route");
}

static void
on_tick(uint64_t now_ms)
{
	cfa_meter_set(CFA_M_REQUESTS_WAITING, cfa_ctx_waiting_count());
	cfa_meters_tick(now_ms);
	cfa_access_log_flush();
}

/* One turn of the loop while draining; Kore's own has ended. */
static void
turn(void)
{
	kore_platform_event_wait(20);
	kore_timer_run(kore_time_ms());
	http_process();
	kore_connection_prune(KORE_CONNECTION_PRUNE_DISCONNECT);
}
