/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_main.c: careforall-relay: settings and the start.
 */
#include <stdio.h>
#include <string.h>

#include "relay.h"
#include "relay_command.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static CfaRelayConfig config;

/* clang-format off */
static const CfaConfigItem items[] = {
	CFA_DAEMON_ITEMS(config.daemon, "127.0.0.1:9101"),
	{"RELAY_CHECKPOINT", CFA_CONFIG_DURATION, &config.checkpoint_ms, "1s", 10, 5000,
	 "How often a checkpoint is written while events flow."},
	{"RELAY_LAG_LIMIT", CFA_CONFIG_DURATION, &config.lag_limit_ms, "30s", 1000, DAY_MS,
	 "How far behind the relay may be before it calls itself not ready."},
	{"RELAY_POLL", CFA_CONFIG_DURATION, &config.poll_ms, "2ms", 1, 1000,
	 "Pause between two looks at the outbox while events flow."},
	{"RELAY_SLEEP_AFTER", CFA_CONFIG_DURATION, &config.sleep_after_ms, "50ms", 1, 60000,
	 "Time without events after which the relay waits for a notification."},
	{"RELAY_WINDOW", CFA_CONFIG_INTEGER, &config.window, "1000", 1, 16000,
	 "Most messages that may be unacknowledged."},
	{"STREAM", CFA_CONFIG_TEXT, &config.stream, "CAREFORALL", 0, 0,
	 "Name of the JetStream stream."},
	{"STREAM_DUPLICATE_WINDOW", CFA_CONFIG_DURATION, &config.stream_window_ms, "2min", 100,
	 3600 * 1000,
	 "Shortest time in which the stream has to know an event's id again."},
	{"STREAM_MAX_AGE", CFA_CONFIG_DURATION, &config.stream_max_age_ms, "14d",
	 3600 * 1000, 3650 * DAY_MS,
	 "How long a stream that is made here keeps events; longer than the outbox does."},
	{"STREAM_MAX_MESSAGES", CFA_CONFIG_INTEGER, &config.stream_messages, "100000000", 0,
	 INT64_C(1000000000000),
	 "Most events that a stream made here holds, then it takes no more; least that another "
	 "stream has to hold; 0 for no limit."},
	{"STREAM_OPEN", CFA_CONFIG_FLAG, &config.stream_open, "off", 0, 0,
	 "Whether a NATS server is accepted that lets anybody publish events."},
	{"STREAM_PROVISION", CFA_CONFIG_FLAG, &config.stream_provision, "off", 0, 0,
	 "Whether to make the stream if there is none, as --provision does."},
	{"STREAM_REPLICAS", CFA_CONFIG_INTEGER, &config.stream_replicas, "1", 1, 5,
	 "Replicas of a stream made here, and least that another stream has to have."},
};

static bool provision;
static const CfaDaemonFlag flags[] = {
	{"--provision", &provision, "make the stream if there is none"},
};
/* clang-format on */

static bool
check(char *error, size_t error_size)
{
	size_t len = strlen(config.stream);

	if (provision)
		config.stream_provision = true;
	if (len >= 1 && len <= 64 &&
		strspn(config.stream,
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			   "0123456789_-") == len)
		return true;
	snprintf(error,
			 error_size,
			 "CAREFORALL_STREAM \"%s\" is invalid: 1 to 64 letters, digits, _ "
			 "and -",
			 config.stream);
	return false;
}

int
main(int argc, char **argv)
{
	static CfaRelay relay;
	CfaDaemon daemon;
	const CfaDaemonSpec spec =
		{.name = "careforall-relay",
		 .summary = "Publishes committed events from the outbox to JetStream, "
					"each once and in order. The command replay publishes "
					"again; see careforall-relay replay --help.",
		 .config = &config.daemon,
		 .items = items,
		 .item_count = ARRAY_SIZE(items),
		 .flags = flags,
		 .flag_count = ARRAY_SIZE(flags),
		 .check = check,
		 .on_stop = cfa_relay_stop,
		 .is_ready = cfa_relay_is_ready,
		 .refresh = cfa_relay_refresh,
		 .arg = &relay};
	int code = CFA_EXIT_OK;

	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return cfa_replay_command(argc - 1, argv + 1);
	if (cfa_daemon_init(&daemon, &spec, argc, argv, &code))
		return code;
	cfa_relay_init(&relay, &config, &daemon);
	cfa_relay_start(&relay);
	code = cfa_daemon_run(&daemon);
	cfa_relay_clear(&relay);
	cfa_daemon_clear(&daemon);
	return code;
}
