/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the daemons do for an operator what they say: options, checked settings,
 * notes to the service manager, HUP and TERM. Method: the three programs are started
 * with a database and a broker that do not answer and with a notification socket of
 * the test; exit codes and what they write are read.
 */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 16384
#define WAIT_MS 10000

static const char *const programs[] = {"careforall-relay",
									   "careforall-projector",
									   "careforall-payments"};
#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/* A setting that the next program gets in place of the usual one. */
static const char *override_name;
static const char *override_value;

typedef struct Child
{
	pid_t pid;
	int output;
	int notes;
	char socket[108];
	char text[OUTPUT_MAX];
	size_t len;
} Child;

static void
make_socket(Child *child)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(child->socket,
			 sizeof(child->socket),
			 "/tmp/careforall-notify-%d",
			 (int) getpid());
	unlink(child->socket);
	memcpy(address.sun_path, child->socket, sizeof(child->socket));
	child->notes = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(child->notes >= 0);
	assert_int_equal(bind(child->notes,
						  (struct sockaddr *) &address,
						  sizeof(address)),
					 0);
}

static void
exec_program(const Child *child, const char *program, const char *option,
			 bool has_settings, int out)
{
	char path[256];

	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	setenv("NOTIFY_SOCKET", child->socket, 1);
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (has_settings)
	{
		setenv("CAREFORALL_PG_DSN", "host=127.0.0.1 port=1 dbname=x", 1);
		setenv("CAREFORALL_PG_PASSWORD", "hidden words", 1);
		setenv("CAREFORALL_NATS_URL", "nats://127.0.0.1:1", 1);
		setenv("CAREFORALL_REDIS_URL", "redis://127.0.0.1:1/0", 1);
		setenv("CAREFORALL_PROVIDER_KEY", "hidden words", 1);
		setenv("CAREFORALL_HTTP_LISTEN", "", 1);
		if (override_name != NULL)
			setenv(override_name, override_value, 1);
	}
	snprintf(path, sizeof(path), "%s/%s", CFA_BUILD, program);
	execl(path, program, option, (char *) NULL);
	_exit(127);
}

static void
start(Child *child, const char *program, const char *option, bool has_settings)
{
	int ends[2];

	*child = (Child){0};
	make_socket(child);
	assert_int_equal(pipe(ends), 0);
	child->pid = fork();
	if (child->pid == 0)
		exec_program(child, program, option, has_settings, ends[1]);
	close(ends[1]);
	child->output = ends[0];
}

static bool
read_some(Child *child)
{
	struct pollfd ready = {.fd = child->output, .events = POLLIN};
	ssize_t got;

	assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
	got = read(child->output,
			   child->text + child->len,
			   OUTPUT_MAX - child->len - 1);
	if (got > 0)
		child->len += (size_t) got;
	child->text[child->len] = '\0';
	return got > 0;
}

static void
wait_for(Child *child, const char *words)
{
	while (strstr(child->text, words) == NULL)
		assert_true(read_some(child));
}

/* The exit code; everything written is in text. */
static int
end_of(Child *child)
{
	int status = 0;

	while (read_some(child))
		;
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	close(child->output);
	close(child->notes);
	unlink(child->socket);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
run(Child *child, const char *program, const char *option, bool has_settings)
{
	start(child, program, option, has_settings);
	return end_of(child);
}

static void
expect_note(const Child *child, const char *wanted)
{
	struct pollfd ready = {.fd = child->notes, .events = POLLIN};
	char note[256];

	for (;;)
	{
		ssize_t got;

		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		got = recv(child->notes, note, sizeof(note) - 1, 0);
		assert_true(got > 0);
		note[got] = '\0';
		if (strcmp(note, wanted) == 0)
			return;
	}
}

static void
test_options(void **state)
{
	Child child;

	for (size_t i = 0; i < PROGRAMS; i++)
	{
		assert_int_equal(run(&child, programs[i], "--help", false), 0);
		assert_non_null(strstr(child.text, "CAREFORALL_PG_DSN"));
		assert_non_null(strstr(child.text, "--check-config"));
		assert_int_equal(run(&child, programs[i], "--version", false), 0);
		assert_non_null(strstr(child.text, CFA_VERSION));
		assert_int_equal(run(&child, programs[i], "--nonsense", true), 2);
		assert_non_null(strstr(child.text, "unrecognized option"));
	}
}

static void
test_settings_are_checked(void **state)
{
	Child child;

	for (size_t i = 0; i < PROGRAMS; i++)
	{
		assert_int_equal(run(&child, programs[i], "--check-config", false), 2);
		assert_non_null(strstr(child.text, "is not set"));
		assert_int_equal(run(&child, programs[i], "--check-config", true), 0);
		assert_non_null(strstr(child.text, "CAREFORALL_PG_PASSWORD=(set)"));
		assert_null(strstr(child.text, "hidden words"));
	}
}

/* What can never work is told at the start, not by attempts without an end. */
static void
test_addresses_are_checked(void **state)
{
	static const struct
	{
		const char *name;
		const char *value;
		const char *reason;
	} wrong[] = {
		{"CAREFORALL_PG_DSN", "host=x colour=red", "option \"colour\""},
		{"CAREFORALL_PG_DSN", "host=a,b port=1,2,3", "do not fit together"},
		{"CAREFORALL_NATS_URL", "http://127.0.0.1:1", "nats://host:port"},
		{"CAREFORALL_NATS_URL", "nats://a:1,b:1", "nats://host:port"},
		{"CAREFORALL_NATS_URL", " , ", "nats://host:port"},
		{"CAREFORALL_NATS_URL",
		 "nats://a,nats://b,nats://c,nats://d,nats://e,nats://f,nats://g,"
		 "nats://h,nats://i",
		 "1 to 8 servers"},
		{"CAREFORALL_HTTP_LISTEN", "localhost:9101", "an IP address"},
		{"CAREFORALL_HTTP_LISTEN", "127.0.0.1", "an IP address"},
	};
	Child child;

	for (size_t i = 0; i < PROGRAMS; i++)
	{
		for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++)
		{
			override_name = wrong[k].name;
			override_value = wrong[k].value;
			assert_int_equal(run(&child, programs[i], "--check-config", true),
							 2);
			assert_non_null(strstr(child.text, wrong[k].name));
			assert_non_null(strstr(child.text, wrong[k].reason));
			assert_int_equal(run(&child, programs[i], NULL, true), 2);
		}
	}
	override_name = NULL;
}

static void
test_signals_and_notes(void **state)
{
	Child child;

	for (size_t i = 0; i < PROGRAMS; i++)
	{
		start(&child, programs[i], NULL, true);
		expect_note(&child, "READY=1");
		wait_for(&child, "\"event\":\"started\"");
		kill(child.pid, SIGHUP);
		wait_for(&child, "\"event\":\"reloaded\"");
		kill(child.pid, SIGTERM);
		expect_note(&child, "STOPPING=1");
		assert_int_equal(end_of(&child), 0);
		assert_non_null(strstr(child.text, "\"event\":\"stopped\""));
		assert_null(strstr(child.text, "hidden words"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_settings_are_checked),
		cmocka_unit_test(test_addresses_are_checked),
		cmocka_unit_test(test_signals_and_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
