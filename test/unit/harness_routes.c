/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever the back ends do, every route gives exactly one answer, errors
 * are problems, and nothing is used after its client or its time has gone.
 * Method: a good request for each route of the table; its statements fail with
 * each class of SQLSTATE, find nothing, are never answered, or are answered when
 * nobody waits any more. The sanitizers watch.
 */
#include "unit.h"

#include "harness.h"
#include "request.h"

#include <stdio.h>

#include "core/app.h"
#include "status.h"

/* What becomes of the statements of a request. */
typedef enum Fate
{
	FATE_NOTHING_FOUND,
	FATE_FAILS,		   /* with sqlstate */
	FATE_SILENT,	   /* until the request has timed out */
	FATE_CLIENT_LEAVES /* while each of them runs */
} Fate;

static int
assert_clean(void **state)
{
	hn_pass_ms(10000);
	return hn_is_clean() ? 0 : -1;
}

static void
settle(HnStatement *statement, Fate fate, const char *sqlstate)
{
	hn_pg_disappoint(statement, fate == FATE_FAILS ? sqlstate : NULL);
	hn_settle();
}

/* Sends the request of a route, and gives its statements their fate. */
static unsigned
run(const CfaRoute *route, Fate fate, const char *sqlstate, HnClient *client)
{
	char *text = hn_request(route);
	unsigned statements = 0;
	HnStatement *statement;

	hn_send(client, "%s", text);
	free(text);
	while ((statement = hn_pg_next()) != NULL)
	{
		statements += strcmp(statement->name, "session_find") != 0;
		if (fate == FATE_SILENT)
		{
			hn_pass_ms(5200);
			assert_int_equal(hn_count(client), 1);
			assert_string_equal(hn_answer(client, 0).code, "timeout");
		}
		settle(statement, fate, sqlstate);
		/* Retries may go on for a while. */
		hn_pass_ms(50);
	}
	return statements;
}

/* The routes that a plain request can go through. */
static bool
is_swept(const CfaRoute *route)
{
	return (route->surface & CFA_PUBLIC) &&
		   strcmp(route->path, "/api/v1/live") != 0;
}

static void
sweep(Fate fate, const char *sqlstate, const char *code)
{
	const CfaRoute *route;

	for (route = cfa_app.routes; route->path != NULL; route++)
	{
		HnClient *client;
		unsigned statements;

		if (!is_swept(route))
			continue;
		client = hn_open();
		statements = run(route, fate, sqlstate, client);
		/* What waits for a connection in vain is given up by the tick. */
		hn_pass_ms(100);
		if (hn_count(client) != 1)
			fail_msg("%s %s gave %u answers",
					 cfa_method_name(route->method),
					 route->path,
					 hn_count(client));
		/* A webhook that is signed is never the provider's fault. */
		if (statements > 0 && code != NULL &&
			route->auth != CFA_AUTH_SIGNATURE &&
			strcmp(hn_answer(client, 0).code, code) != 0)
			fail_msg("%s %s answers %s to %s, not %s",
					 cfa_method_name(route->method),
					 route->path,
					 hn_answer(client, 0).code,
					 sqlstate,
					 code);
		hn_close(client);
	}
}

/* Most routes must get as far as the database, or the sweeps prove little. */
static void
test_requests_are_good(void **state)
{
	const CfaRoute *route;
	unsigned reached = 0;
	unsigned needing = 0;

	for (route = cfa_app.routes; route->path != NULL; route++)
	{
		HnClient *client;
		unsigned statements;

		if (!is_swept(route) || strncmp(route->path, "/api/", 5) != 0)
			continue;
		client = hn_open();
		statements = run(route, FATE_FAILS, "53300", client);
		needing++;
		reached += statements > 0;
		if (statements == 0)
			print_message("no statement: %s %s (%d)\n",
						  cfa_method_name(route->method),
						  route->path,
						  hn_answer(client, 0).status);
		hn_close(client);
	}
	assert_true(reached * 10 >= needing * 7);
}

static void
test_each_sqlstate(void **state)
{
	static const char *const sqlstates[] = {"08006", "08001", "22P02", "23503",
											"23505", "23514", "25006", "26000",
											"28000", "3D000", "40001", "40P01",
											"42501", "42883", "53300", "55000",
											"55P03", "57014", "57P01", "58030",
											"P0001", "XX000", "PL001", "PL003",
											"PL005", "PL009", "PL010", "PL012"};
	size_t i;

	for (i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++)
		sweep(FATE_FAILS,
			  sqlstates[i],
			  cfa_problem_info(cfa_problem_of_sqlstate(sqlstates[i]))->slug);
}

static void
test_nothing_found(void **state)
{
	sweep(FATE_NOTHING_FOUND, "PL005", NULL);
}

/* The request times out; what comes after that goes nowhere. */
static void
test_silence(void **state)
{
	sweep(FATE_SILENT, "57014", NULL);
}

static void
test_client_leaves(void **state)
{
	const CfaRoute *route;
	unsigned leave_at;

	for (route = cfa_app.routes; route->path != NULL; route++)
	{
		for (leave_at = 0; is_swept(route) && leave_at < 4; leave_at++)
		{
			HnClient *client = hn_open();
			char *text = hn_request(route);
			HnStatement *statement;
			unsigned i;

			hn_send(client, "%s", text);
			free(text);
			for (i = 0; (statement = hn_pg_next()) != NULL; i++)
			{
				if (i == leave_at)
				{
					hn_close(client);
					client = NULL;
				}
				settle(statement,
					   leave_at % 2 ? FATE_FAILS : FATE_NOTHING_FOUND,
					   "57014");
			}
			if (client != NULL)
				hn_close(client);
			hn_pass_ms(100);
		}
	}
}

/* Without Redis, with one that loses commands, and with one that knows nothing. */
static void
test_redis(void **state)
{
	static const char *const strange[] = {"1", "2", "x", "-1", "{", ""};
	const CfaRoute *route;
	int way;

	hn_redis_is_up = true;
	for (route = cfa_app.routes; route->path != NULL; route++)
	{
		for (way = 0; is_swept(route) && way < 5; way++)
		{
			HnClient *client = hn_open();
			char *text = hn_request(route);
			bool is_moving = true;

			hn_send(client, "%s", text);
			free(text);
			while (is_moving)
			{
				HnCommand *command = hn_redis_next();
				HnStatement *statement = hn_pg_next();

				is_moving = command != NULL || statement != NULL;
				if (command != NULL && way == 0)
					hn_redis_lose(command);
				else if (command != NULL && way == 1)
					hn_redis_null(command);
				else if (command != NULL && way == 2)
					hn_redis_text(command, "1");
				else if (command != NULL && way == 3)
					hn_redis_array(command, 0, NULL);
				else if (command != NULL)
					hn_redis_array(command, 6, strange);
				hn_settle();
				if (statement != NULL)
					settle(statement, FATE_FAILS, "57014");
				hn_pass_ms(50);
			}
			assert_int_equal(hn_count(client), 1);
			assert_true(hn_answer(client, 0).status >= 200);
			hn_close(client);
		}
	}
	hn_redis_is_up = false;
}

/* No connection to PostgreSQL at all: batches are given up in time. */
static void
test_database_is_down(void **state)
{
	hn_pg_is_up = false;
	sweep(FATE_FAILS, "08001", "unavailable");
	hn_pg_is_up = true;
}

static void
test_passwords(void **state)
{
	static const HnPasswords all[] = {HN_PASSWORDS_MISFIT,
									  HN_PASSWORDS_FAIL,
									  HN_PASSWORDS_FULL};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		hn_passwords = all[i];
		sweep(FATE_NOTHING_FOUND, "57014", NULL);
	}
	hn_passwords = HN_PASSWORDS_FIT;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_requests_are_good, assert_clean),
		cmocka_unit_test_teardown(test_each_sqlstate, assert_clean),
		cmocka_unit_test_teardown(test_nothing_found, assert_clean),
		cmocka_unit_test_teardown(test_silence, assert_clean),
		cmocka_unit_test_teardown(test_client_leaves, assert_clean),
		cmocka_unit_test_teardown(test_redis, assert_clean),
		cmocka_unit_test_teardown(test_database_is_down, assert_clean),
		cmocka_unit_test_teardown(test_passwords, assert_clean),
	};

	hn_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
