/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.c: the frame of a daemon.
 *
 * Signals come through the loop: the first TERM or INT asks the daemon to finish, a
 * second one ends the process at once with 1, which every daemon must survive
 * (as it must survive kill -9). HUP opens the log again and reads its level.
 */
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "careforall/log.h"
#include "careforall/tracing.h"
#include "nats_link.h"
#include "notify.h"
#include "pg.h"

#ifndef CFA_VERSION
#error "the build defines CFA_VERSION"
#endif

static bool read_options(const CfaDaemonSpec *spec, int argc, char **argv,
						 bool *only_check, int *code);
static void register_metrics(CfaDaemon *daemon);
static void on_signal(void *arg, int signal);

static void
print_help(const CfaDaemonSpec *spec)
{
	printf("Usage: %s [options]\n\n%s\n\nOptions:\n",
		   spec->name,
		   spec->summary);
	printf("  %-16s %s\n", "--help", "show this and exit");
	printf("  %-16s %s\n", "--version", "show the version and exit");
	printf("  %-16s %s\n",
		   "--check-config",
		   "read and check the settings, show them, and exit");
	for (size_t i = 0; i < spec->flag_count; i++)
		printf("  %-16s %s\n", spec->flags[i].name, spec->flags[i].help);
	printf(
		"\nSettings come from the environment; NAME_FILE may name a file that "
		"holds the value of NAME.\n\n");
	cfa_config_help(stdout, spec->items, spec->item_count);
	cfa_config_help(stdout, cfa_tracing_settings, cfa_tracing_setting_count);
}

static bool
set_flag(const CfaDaemonSpec *spec, const char *option)
{
	for (size_t i = 0; i < spec->flag_count; i++)
	{
		if (strcmp(option, spec->flags[i].name) == 0)
		{
			*spec->flags[i].target = true;
			return true;
		}
	}
	return false;
}

static bool
read_options(const CfaDaemonSpec *spec, int argc, char **argv, bool *only_check,
			 int *code)
{
	for (int i = 1; i < argc; i++)
	{
		*code = CFA_EXIT_OK;
		if (strcmp(argv[i], "--help") == 0)
		{
			print_help(spec);
			return true;
		}
		if (strcmp(argv[i], "--version") == 0)
		{
			printf("%s %s\n", spec->name, CFA_VERSION);
			return true;
		}
		if (strcmp(argv[i], "--check-config") == 0)
			*only_check = true;
		else if (!set_flag(spec, argv[i]))
		{
			*code = CFA_EXIT_USAGE;
			fprintf(stderr,
					"%s: unrecognized option \"%s\"; see --help\n",
					spec->name,
					argv[i]);
			return true;
		}
	}
	return false;
}

/* What all daemons have; false with a sentence. */
static bool
check_common(const CfaDaemonConfig *config, char *error, size_t error_size)
{
	/* No address: a run that serves nobody, such as a rebuild by hand. */
	if (config->http_listen[0] != '\0' &&
		!cfa_http_check(config->http_listen, error, error_size))
		return false;
	if (!cfa_pg_check(config->pg_dsn, error, error_size) ||
		!cfa_nats_check(config->nats_url, error, error_size))
		return false;
	return !cfa_nats_tls_wanted(config->nats_url) ||
		   cfa_nats_tls_check(&CFA_DAEMON_NATS_TLS(*config), error, error_size);
}

static bool
read_settings(const CfaDaemonSpec *spec)
{
	char error[512] = "";
	CfaLogLevel level = CFA_LOG_INFO;
	bool is_ok =
		cfa_config_load(spec->items, spec->item_count, error, sizeof(error)) ==
			0 &&
		cfa_config_load(cfa_tracing_settings,
						cfa_tracing_setting_count,
						error,
						sizeof(error)) == 0 &&
		cfa_tracing_configure(spec->name, CFA_VERSION, error, sizeof(error)) ==
			0;

	if (is_ok && !cfa_log_level_parse(spec->config->log_level, &level))
	{
		snprintf(error,
				 sizeof(error),
				 "CAREFORALL_LOG_LEVEL \"%s\" is invalid: debug, info, warn "
				 "or error",
				 spec->config->log_level);
		is_ok = false;
	}
	if (is_ok && !cfa_log_open(spec->config->log_file))
	{
		snprintf(error,
				 sizeof(error),
				 "CAREFORALL_LOG_FILE \"%s\" cannot be opened: %s",
				 spec->config->log_file,
				 strerror(errno));
		is_ok = false;
	}
	if (is_ok)
		is_ok = check_common(spec->config, error, sizeof(error));
	if (is_ok && spec->check != NULL)
		is_ok = spec->check(error, sizeof(error));
	if (!is_ok)
		fprintf(stderr, "%s: %s\n", spec->name, error);
	cfa_log_init(spec->name, level);
	return is_ok;
}

static void
clear_settings(const CfaDaemonSpec *spec)
{
	cfa_config_clear(spec->items, spec->item_count);
	cfa_config_clear(cfa_tracing_settings, cfa_tracing_setting_count);
}

bool
cfa_daemon_init(CfaDaemon *daemon, const CfaDaemonSpec *spec, int argc,
				char **argv, int *code)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, 0};
	bool only_check = false;

	*daemon = (CfaDaemon){.spec = spec};
	if (read_options(spec, argc, argv, &only_check, code))
		return true;
	*code = CFA_EXIT_USAGE;
	if (!read_settings(spec))
	{
		clear_settings(spec);
		return true;
	}
	if (only_check)
	{
		cfa_config_show(stdout, spec->items, spec->item_count);
		cfa_config_show(stdout,
						cfa_tracing_settings,
						cfa_tracing_setting_count);
		clear_settings(spec);
		*code = CFA_EXIT_OK;
		return true;
	}
	*code = CFA_EXIT_FAILED;
	signal(SIGPIPE, SIG_IGN);
	daemon->loop = cfa_loop_new();
	if (daemon->loop == NULL ||
		cfa_loop_signals(daemon->loop, signals, on_signal, daemon) != 0)
	{
		cfa_log(CFA_LOG_ERROR, "loop_failed");
		return true;
	}
	register_metrics(daemon);
	return false;
}

static void
register_metrics(CfaDaemon *daemon)
{
	char labels[128];

	daemon->metrics = cfa_metrics_new();
	cfa_tracing_register(daemon->metrics);
	cfa_metrics_labels(labels,
					   sizeof(labels),
					   "service",
					   daemon->spec->name,
					   "version",
					   CFA_VERSION,
					   NULL);
	daemon->build_info = cfa_metrics_gauge(daemon->metrics,
										   "careforall_build_info",
										   "Version of the program.",
										   labels,
										   1);
	cfa_process_register(&daemon->process, daemon->metrics);
}

/* What is only known when it is asked for. */
static void
refresh(void *arg)
{
	CfaDaemon *daemon = arg;

	cfa_process_update(&daemon->process, daemon->metrics);
	if (daemon->spec->refresh != NULL)
		daemon->spec->refresh(daemon->spec->arg);
}

static bool
is_ready(void *arg, CfaBuf *reason)
{
	const CfaDaemon *daemon = arg;

	return daemon->spec->is_ready(daemon->spec->arg, reason);
}

int
cfa_daemon_run(CfaDaemon *daemon)
{
	const CfaDaemonSpec *spec = daemon->spec;
	char error[256] = "";
	int code;
	CfaHttpOptions http = {.listen = spec->config->http_listen,
						   .metrics = daemon->metrics,
						   .is_ready = is_ready,
						   .refresh = refresh,
						   .arg = daemon};

	cfa_metrics_attach_own(daemon->metrics);
	cfa_metrics_set(daemon->metrics, daemon->build_info, 1);
	cfa_process_started(&daemon->process, daemon->metrics);
	cfa_tracing_start();
	/* Empty: a run that serves nobody, such as a rebuild by hand. */
	if (spec->config->http_listen[0] != '\0')
	{
		daemon->http = cfa_http_new(daemon->loop, &http, error, sizeof(error));
		if (daemon->http == NULL)
		{
			cfa_log(CFA_LOG_ERROR, "http_failed", CFA_STR("error", error));
			return CFA_EXIT_FAILED;
		}
	}
	cfa_log(CFA_LOG_INFO,
			"started",
			CFA_STR("version", CFA_VERSION),
			CFA_STR("http", spec->config->http_listen));
	cfa_notify("READY=1");
	code = cfa_loop_run(daemon->loop);
	cfa_tracing_stop(CFA_TRACING_STOP_MS);
	cfa_log(CFA_LOG_INFO, "stopped", CFA_INT("code", code));
	return code;
}

void
cfa_daemon_clear(CfaDaemon *daemon)
{
	cfa_http_free(daemon->http);
	cfa_metrics_free(daemon->metrics);
	cfa_loop_free(daemon->loop);
	clear_settings(daemon->spec);
}

static void
on_signal(void *arg, int signal)
{
	CfaDaemon *daemon = arg;

	if (signal == SIGHUP)
	{
		cfa_log_reload();
		return;
	}
	if (daemon->is_stopping)
	{
		cfa_log(CFA_LOG_WARN, "stopped_at_once");
		_exit(CFA_EXIT_FAILED);
	}
	daemon->is_stopping = true;
	cfa_log(CFA_LOG_INFO, "stopping");
	cfa_notify("STOPPING=1");
	daemon->spec->on_stop(daemon->spec->arg);
}
