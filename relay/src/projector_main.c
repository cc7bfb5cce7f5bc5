/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_main.c: careforall-projector: the stream becomes the read model in
 * Redis.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/log.h"
#include "projector.h"

#define STOP_US 500000

static CfaProjector projector;

static const CfaConfigItem items[] = {
	CFA_DAEMON_ITEMS(projector.config.daemon, "127.0.0.1:9102"),
	{"REDIS_PASSWORD",
	 CFA_CONFIG_SECRET,
	 &projector.config.redis_password,
	 "",
	 0,
	 0,
	 "Password of Redis; empty for none."},
	{"REDIS_URL",
	 CFA_CONFIG_TEXT,
	 &projector.config.redis_url,
	 "redis://127.0.0.1:56379/0",
	 0,
	 0,
	 "redis://address:port/database or unix:/path of the socket."},
};

static const CfaDaemonFlag flags[] = {
	{"--rebuild",
	 &projector.config.is_rebuild,
	 "rebuild the read model from PostgreSQL, then exit"},
};

static bool check_settings(char *error, size_t error_size);
static bool is_ready(void *arg, CfaBuf *reason);
static void refresh(void *arg);
static void on_stop(void *arg);
static void finish_stop(void *arg);
static void serve_nobody(void);
static void start_connections(void);
static void redis_up(void *arg);
static void policy_read(void *arg, const redisReply *reply);
static void redis_down(void *arg, const char *error);
static void nats_up(void *arg);
static void nats_down(void *arg, const char *error);
static void nats_read(void *arg);
static void pg_up(void *arg);
static void pg_down(void *arg, const char *error);
static void resync_due(void *arg);
static void pace_due(void *arg);

static const CfaDaemonSpec spec = {
	.name = "careforall-projector",
	.summary =
		"Keeps the read model in Redis up to date with the stream of events.",
	.config = &projector.config.daemon,
	.items = items,
	.item_count = sizeof(items) / sizeof(items[0]),
	.flags = flags,
	.flag_count = sizeof(flags) / sizeof(flags[0]),
	.check = check_settings,
	.on_stop = on_stop,
	.is_ready = is_ready,
	.refresh = refresh,
};

int
main(int argc, char **argv)
{
	unsigned char token[16];
	int code;

	if (sodium_init() < 0)
		return CFA_EXIT_FAILED;
	if (cfa_daemon_init(&projector.daemon, &spec, argc, argv, &code))
		return code;
	randombytes_buf(token, sizeof(token));
	sodium_bin2hex(projector.token,
				   sizeof(projector.token),
				   token,
				   sizeof(token));
	projector.is_forced = projector.config.is_rebuild;
	if (projector.config.is_rebuild)
		serve_nobody();
	cfa_backoff_init(&projector.backoff, 50, 5000, (uint64_t) cfa_clock_us());
	cfa_projector_metrics_init(&projector);
	projector.tick = (CfaTimer){.fn = cfa_projector_tick, .arg = &projector};
	projector.resync = (CfaTimer){.fn = resync_due, .arg = &projector};
	projector.pace = (CfaTimer){.fn = pace_due, .arg = &projector};
	cfa_timer_set(projector.daemon.loop, &projector.tick, 0);
	start_connections();
	code = cfa_daemon_run(&projector.daemon);
	cfa_projector_disconnected(&projector);
	cfa_timer_cancel(projector.daemon.loop, &projector.tick);
	cfa_position_clear(&projector.position);
	cfa_buf_clear(&projector.batch.live);
	cfa_buf_clear(&projector.batch.feed);
	cfa_js_free(projector.js);
	cfa_nats_free(projector.nats);
	cfa_redis_free(projector.redis);
	cfa_pg_free(projector.pg);
	cfa_daemon_clear(&projector.daemon);
	return code;
}

static bool
check_settings(char *error, size_t error_size)
{
	const char *wrong = cfa_redis_check_url(projector.config.redis_url);

	if (wrong == NULL)
		return true;
	snprintf(error, error_size, "CAREFORALL_REDIS_URL is invalid: %s", wrong);
	return false;
}

static bool
is_ready(void *arg, CfaBuf *reason)
{
	cfa_buf_adds(reason, cfa_projector_state_name(projector.state));
	return projector.state == CFA_PROJECTOR_STANDBY ||
		   projector.state == CFA_PROJECTOR_PAUSED ||
		   (projector.state == CFA_PROJECTOR_FOLLOWING &&
			projector.is_model_ready);
}

static void
refresh(void *arg)
{
	cfa_projector_metrics_refresh(&projector);
}

/* A transaction under way may end; what is not begun is read again at the start. */
static void
on_stop(void *arg)
{
	static CfaTimer stop = {.fn = finish_stop};
	static const char release[] =
		"if redis.call('GET', KEYS[1]) == ARGV[1] then"
		" return redis.call('DEL', KEYS[1]) end return 0";

	projector.is_stopping = true;
	cfa_batch_reset(&projector);
	CFA_REDIS_SEND(projector.redis,
				   NULL,
				   NULL,
				   "EVAL",
				   release,
				   "1",
				   "cfa:projector",
				   projector.token);
	cfa_timer_set(projector.daemon.loop, &stop, STOP_US);
}

static void
finish_stop(void *arg)
{
	cfa_loop_stop(projector.daemon.loop, 0);
}

/* The projector that serves holds the port of the settings. */
static void
serve_nobody(void)
{
	projector.config.daemon.http_listen[0] = '\0';
}

static void
start_connections(void)
{
	const CfaProjectorConfig *config = &projector.config;
	CfaLoop *loop = projector.daemon.loop;
	const CfaPgOptions pg =
		{.name = "projector",
		 .dsn = config->daemon.pg_dsn,
		 .password = config->daemon.pg_password,
		 .setup = "PREPARE projector_snapshot (text, text, bigint) AS"
				  " SELECT kind, campaign_id, doc, figures, gifts"
				  " FROM careforall.projector_snapshot($1, $2, $3)",
		 .needs_primary = true,
		 .on_up = pg_up,
		 .on_down = pg_down};
	const CfaNatsOptions nats = {.name = "careforall-projector",
								 .url = config->daemon.nats_url,
								 .tls = CFA_DAEMON_NATS_TLS(config->daemon),
								 .user = config->daemon.nats_user,
								 .password = config->daemon.nats_password,
								 .in_loop = true,
								 .on_up = nats_up,
								 .on_down = nats_down,
								 .on_read = nats_read};
	const CfaRedisOptions redis = {.url = config->redis_url,
								   .password = config->redis_password,
								   .client_name = "careforall-projector",
								   .on_up = redis_up,
								   .on_down = redis_down};

	projector.redis = cfa_redis_new(loop, &redis);
	projector.nats = cfa_nats_new(loop, &nats);
	projector.pg = cfa_pg_new(loop, &pg);
	cfa_control_init(&projector.pause,
					 &(CfaControlOptions){.consumer = "projector",
										  .pg = projector.pg,
										  .metrics = projector.daemon.metrics,
										  .paused = projector.metrics.paused,
										  .describe = cfa_projector_describe,
										  .on_change = cfa_projector_hold,
										  .arg = &projector});
}

static void
redis_up(void *arg)
{
	CFA_REDIS_SEND(projector.redis, policy_read, NULL, "INFO", "memory");
	cfa_projector_connected(&projector);
}

/* A Redis that drops keys as it likes would drop parts of the model. */
static void
policy_read(void *arg, const redisReply *reply)
{
	if (reply != NULL && reply->type == REDIS_REPLY_STRING &&
		strstr(reply->str, "maxmemory_policy:allkeys") != NULL)
		cfa_log(CFA_LOG_ERROR,
				"redis_evicts",
				CFA_STR("hint", "set maxmemory-policy to volatile-ttl"));
}

static void
redis_down(void *arg, const char *error)
{
	projector.transactions_open = 0;
	cfa_projector_disconnected(&projector);
}

static void
nats_up(void *arg)
{
	const char *error = NULL;

	projector.js = cfa_js_new(cfa_nats_connection(projector.nats), &error);
	if (projector.js == NULL)
		cfa_nats_drop(projector.nats, error);
	else
		cfa_projector_connected(&projector);
}

static void
nats_down(void *arg, const char *error)
{
	cfa_projector_disconnected(&projector);
	cfa_js_free(projector.js);
	projector.js = NULL;
}

static void
nats_read(void *arg)
{
	if (projector.js == NULL)
		return;
	cfa_js_poll(projector.js, cfa_clock_us() / 1000);
	cfa_batch_pump(&projector);
}

static void
pg_up(void *arg)
{
	cfa_control_tick(&projector.pause);
	cfa_projector_ask_identity(&projector);
}

static void
pg_down(void *arg, const char *error)
{
	cfa_log(CFA_LOG_WARN, "postgresql_lost", CFA_STR("error", error));
}

static void
resync_due(void *arg)
{
	cfa_projector_connected(&projector);
}

static void
pace_due(void *arg)
{
	cfa_batch_pump(&projector);
}
