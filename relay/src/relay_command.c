/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_command.c: careforall-relay replay: asks for a replay and shows how far the
 * relay that leads is with it. Ending this command does not end the replay, and
 * --follow takes it up again.
 */
#include "relay_command.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define POLL_NS 500000000L

static char *pg_dsn;
static char *pg_password;

/* clang-format off */
static const CfaConfigItem items[] = {
	{"PG_DSN", CFA_CONFIG_TEXT, &pg_dsn, NULL, 0, 0,
	 "PostgreSQL connection string, without a password."},
	{"PG_PASSWORD", CFA_CONFIG_SECRET, &pg_password, "", 0, 0,
	 "Password of the PostgreSQL user; empty for none."},
};
/* clang-format on */

typedef struct Command
{
	const char *from;
	const char *to;
	const char *reason;
	const char *follow;
	bool is_dry_run;
	bool is_detached;
} Command;

static void
print_help(void)
{
	printf(
		"Usage: careforall-relay replay [--from POINT] [--to POINT] [options]\n"
		"\n"
		"Publishes retained events of the outbox again, with the same ids and "
		"in order.\nA POINT is an outbox id, or a time such as "
		"2026-01-31T12:00:00Z; ids are\ninclusive, --to as a time is not. The "
		"relay that leads does the work; this\ncommand shows how far it is.\n"
		"\n"
		"Options:\n"
		"  --from POINT     first event; the oldest retained if left out\n"
		"  --to POINT       last event; the newest of now if left out\n"
		"  --reason TEXT    kept in the audit log\n"
		"  --dry-run        only tell how many events it would be\n"
		"  --detach         do not wait for the end\n"
		"  --follow ID      show a replay that was asked for before\n"
		"  --help           show this and exit\n"
		"\n"
		"Settings come from the environment, as for the relay itself:\n\n");
	cfa_config_help(stdout, items, ARRAY_SIZE(items));
}

static const char **
text_option(Command *command, const char *option)
{
	if (strcmp(option, "--from") == 0)
		return &command->from;
	if (strcmp(option, "--to") == 0)
		return &command->to;
	if (strcmp(option, "--reason") == 0)
		return &command->reason;
	if (strcmp(option, "--follow") == 0)
		return &command->follow;
	return NULL;
}

/* Returns true when the process has to end with *code. */
static bool
read_options(Command *command, int argc, char **argv, int *code)
{
	for (int i = 1; i < argc; i++)
	{
		const char **text = text_option(command, argv[i]);

		if (strcmp(argv[i], "--help") == 0)
		{
			print_help();
			*code = CFA_EXIT_OK;
			return true;
		}
		if (strcmp(argv[i], "--dry-run") == 0)
			command->is_dry_run = true;
		else if (strcmp(argv[i], "--detach") == 0)
			command->is_detached = true;
		else if (text != NULL && i + 1 < argc)
			*text = argv[++i];
		else
		{
			fprintf(stderr,
					text == NULL
						? "careforall-relay replay: unrecognized option "
						  "\"%s\"; see --help\n"
						: "careforall-relay replay: option \"%s\" needs a "
						  "value; see --help\n",
					argv[i]);
			*code = CFA_EXIT_USAGE;
			return true;
		}
	}
	return false;
}

static PGconn *
connect_now(void)
{
	const char *const names[] = {"dbname",
								 "password",
								 "application_name",
								 NULL};
	const char *const values[] = {pg_dsn,
								  pg_password[0] == '\0' ? NULL : pg_password,
								  "careforall-relay replay",
								  NULL};
	PGconn *connection = PQconnectdbParams(names, values, 1);

	if (PQstatus(connection) == CONNECTION_OK)
		return connection;
	fprintf(stderr, "careforall-relay replay: %s", PQerrorMessage(connection));
	PQfinish(connection);
	return NULL;
}

/* The result of a statement that must give one row; NULL after telling why not. */
static PGresult *
ask(PGconn *connection, const char *sql, int count, const char *const *values)
{
	PGresult *result =
		PQexecParams(connection, sql, count, NULL, values, NULL, NULL, 0);
	const char *error = "there is no such replay";

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
		return result;
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		error = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	fprintf(stderr,
			"careforall-relay replay: %s\n",
			error == NULL ? PQerrorMessage(connection) : error);
	PQclear(result);
	return NULL;
}

static int
follow(PGconn *connection, const char *id)
{
	static const struct timespec pause = {0, POLL_NS};
	char last[160] = "";

	for (;;)
	{
		const char *const values[] = {id};
		char line[sizeof(last)];
		bool is_running;
		bool is_done;
		PGresult *result =
			ask(connection,
				"SELECT s.state, s.published, s.events, s.position, s.last_id "
				"FROM careforall.outbox_replay_state($1) s",
				1,
				values);

		if (result == NULL)
			return CFA_EXIT_FAILED;
		is_running = strcmp(PQgetvalue(result, 0, 0), "running") == 0;
		is_done = strcmp(PQgetvalue(result, 0, 0), "done") == 0;
		snprintf(line,
				 sizeof(line),
				 "replay %s: %s, %s of %s events, at outbox id %s of %s",
				 id,
				 PQgetvalue(result, 0, 0),
				 PQgetvalue(result, 0, 1),
				 PQgetvalue(result, 0, 2),
				 PQgetvalue(result, 0, 3),
				 PQgetvalue(result, 0, 4));
		PQclear(result);
		if (strcmp(line, last) != 0)
			puts(line);
		(void) fflush(stdout);
		memcpy(last, line, sizeof(last));
		if (!is_running)
			return is_done ? CFA_EXIT_OK : CFA_EXIT_FAILED;
		(void) nanosleep(&pause, NULL);
	}
}

static int
request(PGconn *connection, const Command *command)
{
	const char *const values[] = {command->from,
								  command->to,
								  command->reason == NULL
									  ? "careforall-relay replay"
									  : command->reason,
								  command->is_dry_run ? "t" : "f"};
	PGresult *result =
		ask(connection,
			"SELECT r.replay_id, r.events, r.first_id, r.last_id "
			"FROM careforall.outbox_replay($1, $2, $3, $4) r",
			4,
			values);
	bool is_empty;
	char id[24];
	int code = CFA_EXIT_OK;

	if (result == NULL)
		return CFA_EXIT_FAILED;
	is_empty = PQgetisnull(result, 0, 2);
	snprintf(id, sizeof(id), "%s", PQgetvalue(result, 0, 0));
	if (is_empty)
		puts("the outbox retains no event of this range");
	else
		printf("%s%s events, outbox ids %s to %s\n",
			   command->is_dry_run ? "would replay " : "",
			   PQgetvalue(result, 0, 1),
			   PQgetvalue(result, 0, 2),
			   PQgetvalue(result, 0, 3));
	PQclear(result);
	if (id[0] != '\0' && command->is_detached)
		printf("replay %s: asked for\n", id);
	else if (id[0] != '\0')
		code = follow(connection, id);
	return code;
}

int
cfa_replay_command(int argc, char **argv)
{
	Command command = {0};
	char error[512] = "";
	int code = CFA_EXIT_FAILED;
	PGconn *connection;

	if (read_options(&command, argc, argv, &code))
		return code;
	if (cfa_config_load(items, ARRAY_SIZE(items), error, sizeof(error)) != 0)
	{
		fprintf(stderr, "careforall-relay replay: %s\n", error);
		return CFA_EXIT_USAGE;
	}
	connection = connect_now();
	if (connection != NULL)
	{
		code = command.follow != NULL ? follow(connection, command.follow)
									  : request(connection, &command);
		PQfinish(connection);
	}
	cfa_config_clear(items, ARRAY_SIZE(items));
	return code;
}
