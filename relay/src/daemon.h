/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.h: what every daemon does the same way: options, settings, signals, the
 * loop, metrics and the HTTP server.
 *
 *   static const CfaConfigItem items[] = { CFA_DAEMON_ITEMS(...), ... };
 *   int main(int argc, char **argv)
 *   {
 *       if (cfa_daemon_init(&daemon, &spec, argc, argv, &code)) return code;
 *       ... register metrics, make connections ...
 *       return cfa_daemon_run(&daemon);
 *   }
 *
 * Exit codes: 0 after TERM or INT, 1 after a second one or an error that a restart
 * may mend, 2 for wrong options or settings, which it cannot.
 */
#ifndef CFA_DAEMON_H
#define CFA_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

#include "careforall/config.h"
#include "careforall/metrics.h"
#include "careforall/process.h"
#include "http.h"
#include "loop.h"
#include "nats_tls.h"

#define CFA_EXIT_OK 0
#define CFA_EXIT_FAILED 1
#define CFA_EXIT_USAGE 2

/* The settings of every daemon. */
typedef struct CfaDaemonConfig
{
	char *http_listen;
	char *log_file;
	char *log_level;
	char *nats_ca_file;
	char *nats_cert_file;
	char *nats_key_file;
	char *nats_password;
	char *nats_url;
	char *nats_user;
	char *pg_dsn;
	char *pg_password;
} CfaDaemonConfig;

/* The rows for them, in alphabetical order: c is a CfaDaemonConfig. */
#define CFA_DAEMON_ITEMS(c, listen)                                       \
	{"HTTP_LISTEN",                                                       \
	 CFA_CONFIG_TEXT,                                                     \
	 &(c).http_listen,                                                    \
	 listen,                                                              \
	 0,                                                                   \
	 0,                                                                   \
	 "IP address and port of /livez, /readyz and /metrics."},             \
		{"LOG_FILE",                                                      \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).log_file,                                                   \
		 "",                                                              \
		 0,                                                               \
		 0,                                                               \
		 "File that the log goes to, opened again at HUP; empty for "     \
		 "standard error."},                                              \
		{"LOG_LEVEL",                                                     \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).log_level,                                                  \
		 "info",                                                          \
		 0,                                                               \
		 0,                                                               \
		 "Lowest level that is logged: debug, info, warn or error; read " \
		 "again at HUP."},                                                \
		{"NATS_CA_FILE",                                                  \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).nats_ca_file,                                               \
		 "/etc/ssl/certs/ca-certificates.crt",                            \
		 0,                                                               \
		 0,                                                               \
		 "Certificates, in PEM, one of which must have signed that of a " \
		 "server at tls://."},                                            \
		{"NATS_CERT_FILE",                                                \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).nats_cert_file,                                             \
		 "",                                                              \
		 0,                                                               \
		 0,                                                               \
		 "Certificate of this client with its chain, in PEM, where the "  \
		 "server asks for one."},                                         \
		{"NATS_KEY_FILE",                                                 \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).nats_key_file,                                              \
		 "",                                                              \
		 0,                                                               \
		 0,                                                               \
		 "Private key of NATS_CERT_FILE, in PEM."},                       \
		{"NATS_PASSWORD",                                                 \
		 CFA_CONFIG_SECRET,                                               \
		 &(c).nats_password,                                              \
		 "",                                                              \
		 0,                                                               \
		 0,                                                               \
		 "Password of NATS_USER."},                                       \
		{"NATS_URL",                                                      \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).nats_url,                                                   \
		 "nats://127.0.0.1:54222",                                        \
		 0,                                                               \
		 0,                                                               \
		 "Servers of one NATS cluster, separated by commas; tls://host:"  \
		 "port for TLS."},                                                \
		{"NATS_USER",                                                     \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).nats_user,                                                  \
		 "",                                                              \
		 0,                                                               \
		 0,                                                               \
		 "User name at NATS; empty for none."},                           \
		{"PG_DSN",                                                        \
		 CFA_CONFIG_TEXT,                                                 \
		 &(c).pg_dsn,                                                     \
		 NULL,                                                            \
		 0,                                                               \
		 0,                                                               \
		 "PostgreSQL connection string, without a password."},            \
	{                                                                     \
		"PG_PASSWORD", CFA_CONFIG_SECRET, &(c).pg_password, "", 0, 0,     \
			"Password of the PostgreSQL user; empty for none."            \
	}

/* The files for TLS to NATS of a CfaDaemonConfig. */
#define CFA_DAEMON_NATS_TLS(c)                                        \
	(CfaNatsTls)                                                      \
	{                                                                 \
		.ca_file = (c).nats_ca_file, .cert_file = (c).nats_cert_file, \
		.key_file = (c).nats_key_file                                 \
	}

/* An option of one daemon beside the common ones: sets its flag. */
typedef struct CfaDaemonFlag
{
	const char *name; /* "--provision" */
	bool *target;
	const char *help;
} CfaDaemonFlag;

typedef struct CfaDaemonSpec
{
	const char *name;	 /* "careforall-relay" */
	const char *summary; /* one sentence for --help */
	CfaDaemonConfig *config;
	const CfaConfigItem *items;
	size_t item_count;
	const CfaDaemonFlag *flags;
	size_t flag_count;
	/* Checks what the table cannot; false with a sentence. NULL: nothing. */
	bool (*check)(char *error, size_t error_size);
	/* The first TERM or INT: finish, then cfa_loop_stop(loop, 0). */
	void (*on_stop)(void *arg);
	bool (*is_ready)(void *arg, CfaBuf *reason); /* for /readyz */
	void (*refresh)(void *arg);					 /* before /metrics, or NULL */
	void *arg;
} CfaDaemonSpec;

typedef struct CfaDaemon
{
	const CfaDaemonSpec *spec;
	CfaLoop *loop;
	CfaMetrics *metrics;
	CfaMetric build_info;
	CfaProcess process;
	CfaHttp *http;
	bool is_stopping;
} CfaDaemon;

/*
 * Reads options and settings and makes loop, log, signals and an empty set of
 * metrics. Returns true when the process has to end with *code: after --help and
 * the like, or an error, which was printed.
 */
bool cfa_daemon_init(CfaDaemon *daemon, const CfaDaemonSpec *spec, int argc,
					 char **argv, int *code);

/*
 * Gives the metrics their memory, opens the HTTP server, tells the service manager
 * and runs the loop. Returns the exit code; the caller frees its own things, then
 * calls cfa_daemon_clear().
 */
int cfa_daemon_run(CfaDaemon *daemon);
void cfa_daemon_clear(CfaDaemon *daemon);

#endif
