/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poller.c: what one would write in an afternoon, as a yardstick for the relay.
 *
 *   poller skip COUNT   SELECT ... FOR UPDATE SKIP LOCKED, publish, mark, commit
 *   poller pgq COUNT    PgQ: next_batch, get_batch_events, publish, finish_batch
 *
 * Publishes COUNT events from the tables of yardstick.sql to the stream YARD with the
 * library's asynchronous publisher, then prints {"seconds":..,"cpu_seconds":..}.
 * Settings: PGHOST and so on, NATS_URL, NATS_USER, NATS_PASSWORD.
 */
#include <libpq-fe.h>
#include <nats/nats.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH "1000"
#define SUBJECT "yard.pledge.created.0"

/* As many headers as the relay's messages have, of the same size. */
static const char *const headers[][2] = {
	{"Nats-Expected-Stream", "YARD"},
	{"ce-specversion", "1.0"},
	{"ce-id", "01930000-0000-7000-8000-000000000000"},
	{"ce-source", "/careforall"},
	{"ce-type", "careforall.pledge.created.v1"},
	{"ce-subject", "01930000-0000-7000-8000-000000000000"},
	{"ce-time", "2026-01-31T12:00:00.000Z"},
	{"ce-datacontenttype", "application/json"},
	{"ce-sequence", "00000000000000000001"},
	{"ce-partitionkey", "01930000-0000-7000-8000-000000000000"},
	{"ce-aggregateversion", "1"},
	{"ce-campaignid", "01930000-0000-7000-8000-000000000000"},
	{"ce-transactionid", "1234567"},
};

static PGconn *pg;
static jsCtx *js;

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "poller: %s: %s\n", what, why);
	exit(1);
}

static void
must(natsStatus s, const char *what)
{
	if (s != NATS_OK)
		fail(what, natsStatus_GetText(s));
}

static PGresult *
ask(const char *sql, const char *value)
{
	PGresult *result =
		PQexecParams(pg, sql, value == NULL ? 0 : 1, NULL, &value, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK &&
		PQresultStatus(result) != PGRES_COMMAND_OK)
		fail(sql, PQerrorMessage(pg));
	return result;
}

static void
run(const char *sql, const char *value)
{
	PQclear(ask(sql, value));
}

/* Publishes the rows (id, data) and waits for all acknowledgements. */
static void
publish(const PGresult *rows)
{
	for (int i = 0; i < PQntuples(rows); i++)
	{
		natsMsg *message = NULL;

		must(natsMsg_Create(&message,
							SUBJECT,
							NULL,
							PQgetvalue(rows, i, 1),
							PQgetlength(rows, i, 1)),
			 "message");
		must(natsMsgHeader_Set(message, "Nats-Msg-Id", PQgetvalue(rows, i, 0)),
			 "header");
		for (size_t h = 0; h < sizeof(headers) / sizeof(headers[0]); h++)
			must(natsMsgHeader_Set(message, headers[h][0], headers[h][1]),
				 "header");
		must(js_PublishMsgAsync(js, &message, NULL), "publish");
	}
	must(js_PublishAsyncComplete(js, NULL), "acknowledgements");
}

static long
skip_locked(void)
{
	long count;
	PGresult *rows;

	run("BEGIN", NULL);
	rows = ask("UPDATE yard.outbox o SET sent_at = now() FROM (SELECT id FROM "
			   "yard.outbox WHERE sent_at IS NULL ORDER BY id LIMIT " BATCH
			   " FOR UPDATE SKIP LOCKED) n WHERE o.id = n.id "
			   "RETURNING o.event_id, o.data",
			   NULL);
	publish(rows);
	run("COMMIT", NULL);
	count = PQntuples(rows);
	PQclear(rows);
	return count;
}

static long
pgq_batch(void)
{
	PGresult *next = ask("SELECT pgq.next_batch('yard', 'poller')", NULL);
	PGresult *rows;
	long count;

	if (PQgetisnull(next, 0, 0))
	{
		PQclear(next);
		return 0;
	}
	rows = ask("SELECT ev_extra1, ev_data FROM pgq.get_batch_events($1)",
			   PQgetvalue(next, 0, 0));
	publish(rows);
	run("SELECT pgq.finish_batch($1)", PQgetvalue(next, 0, 0));
	count = PQntuples(rows);
	PQclear(rows);
	PQclear(next);
	return count;
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static double
cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		   (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int
main(int argc, char **argv)
{
	natsOptions *opts = NULL;
	natsConnection *nats = NULL;
	jsOptions js_opts;
	double begun;
	long done = 0;
	long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	bool is_pgq = argc == 3 && strcmp(argv[1], "pgq") == 0;

	if (count <= 0)
		fail("usage", "poller skip|pgq COUNT");
	pg = PQconnectdb("");
	if (PQstatus(pg) != CONNECTION_OK)
		fail("postgresql", PQerrorMessage(pg));
	must(natsOptions_Create(&opts), "options");
	must(natsOptions_SetURL(opts, getenv("NATS_URL")), "url");
	must(natsOptions_SetUserInfo(opts, getenv("NATS_USER"), getenv("NATS_PASSWORD")),
		 "user");
	must(natsConnection_Connect(&nats, opts), "nats");
	jsOptions_Init(&js_opts);
	js_opts.PublishAsync.MaxPending = 1000;
	js_opts.PublishAsync.StallWait = 10000;
	must(natsConnection_JetStream(&js, nats, &js_opts), "jetstream");
	begun = now_s();
	while (done < count)
		done += is_pgq ? pgq_batch() : skip_locked();
	printf("{\"seconds\":%.3f,\"cpu_seconds\":%.3f}\n", now_s() - begun, cpu_s());
	jsCtx_Destroy(js);
	natsConnection_Destroy(nats);
	natsOptions_Destroy(opts);
	PQfinish(pg);
	return 0;
}
