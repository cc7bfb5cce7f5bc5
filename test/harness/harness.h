/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness.h: the API in one process: Kore, the core, the edge and the handlers as
 * they are, clients on socket pairs, and a clock, PostgreSQL and Redis that do
 * only what the test says.
 *
 * Time stands still but for hn_pass_ms(). A statement waits until the test takes
 * it with hn_pg_next() and settles it, or lets it go unanswered.
 */
#ifndef CFA_HARNESS_H
#define CFA_HARNESS_H

#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HN_COLUMNS_MAX 16

/* --- The program ---------------------------------------------------------- */

/* Once: what main() and a worker's start do. */
void hn_start(void);

/* Turns the event loop until nothing moves any more. */
void hn_settle(void);

/* Moves the clock, and lets all timers of that time run. */
void hn_pass_ms(unsigned ms);

/* Whether no connection, request or statement is left over. */
bool hn_is_clean(void);

/* --- Clients --------------------------------------------------------------- */

typedef struct HnClient
{
	int fd;
	char *out; /* what came back, NUL-terminated */
	size_t out_len;
	bool is_ended;	/* the server has ended its half, or the connection */
	bool is_deaf;	/* takes nothing that comes back */
	bool is_head;	/* all its requests are HEAD: answers have no body */
	size_t checked; /* bytes that are answers without a fault */
	struct HnClient *next;
} HnClient;

/* Opens a connection to the public API from 127.0.0.1, a trusted proxy. */
HnClient *hn_open(void);

/* The same from any address "1.2.3.4", perhaps to the administrators' port. */
HnClient *hn_open_from(const char *address, bool is_admin);

/* Sends, and settles. */
void hn_send(HnClient *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void hn_send_bytes(HnClient *client, const void *bytes, size_t len);

/* Ends the client's half. */
void hn_end(HnClient *client);

/* Closes and forgets the client; what it had open is settled. */
void hn_close(HnClient *client);

/* One answer, as texts that live until the next one is asked for. */
typedef struct HnAnswer
{
	int status; /* 0: there is none */
	const char *head;
	const char *body;
	size_t body_len;
	const char *code; /* of a problem, else "" */
} HnAnswer;

/* Answer number n, from 0. Aborts if hn_complaint() has something to say. */
HnAnswer hn_answer(HnClient *client, unsigned n);

/* How many whole answers came back. */
unsigned hn_count(HnClient *client);

/* A header's value in an answer; NULL for none. Lives as the answer does. */
const char *hn_header(const HnAnswer *answer, const char *name);

/*
 * What is wrong with what came back: not a row of answers, or an error that is no
 * problem+json. NULL if nothing is.
 */
const char *hn_complaint(HnClient *client);

/* --- PostgreSQL ------------------------------------------------------------- */

typedef struct HnStatement
{
	struct HnStatement *next;
	const char *name; /* of a prepared statement, or the SQL */
	bool is_batch;
	int param_count;
	char *values[16]; /* NULL for NULL; NUL behind */
	int lengths[16];
	void (*done)(void *arg, const PGresult *result, const char *sqlstate);
	void *arg;
} HnStatement;

typedef struct HnValue
{
	const void *data; /* NULL for NULL */
	int len;		  /* -1: a text */
} HnValue;

#define HN_TEXT(text) ((HnValue){(text), -1})
#define HN_NULL ((HnValue){NULL, 0})

/* The oldest statement that was not taken yet, or NULL. */
HnStatement *hn_pg_next(void);

/* Settle and free a statement that was taken. Rows stand one after the other. */
void hn_pg_rows(HnStatement *statement, int rows, int columns,
				const HnValue *values);
void hn_pg_fail(HnStatement *statement, const char *sqlstate,
				const char *message, const char *detail);

extern bool hn_pg_is_up;
extern bool hn_pg_is_ready;
extern unsigned hn_pg_batches_max; /* at a time */

/* --- Redis ------------------------------------------------------------------ */

typedef struct HnCommand
{
	struct HnCommand *next;
	int argc;
	char **argv;
	void (*done)(void *arg, const redisReply *reply);
	void *arg;
} HnCommand;

/* Whether there is a connection; false at first. */
extern bool hn_redis_is_up;

HnCommand *hn_redis_next(void);
void hn_redis_text(HnCommand *command, const char *text);
void hn_redis_null(HnCommand *command);

/* An array of texts; NULL among them is a nil. */
void hn_redis_array(HnCommand *command, int count, const char *const *texts);

/* No reply at all: the connection was lost. */
void hn_redis_lose(HnCommand *command);

/* The subscription stands, or a message of it. */
void hn_redis_subscribed(void);
void hn_redis_message(const char *text);

/* --- Password hashes ---------------------------------------------------------- */

typedef enum HnPasswords
{
	HN_PASSWORDS_FIT, /* every check fits */
	HN_PASSWORDS_MISFIT,
	HN_PASSWORDS_FAIL, /* no memory */
	HN_PASSWORDS_FULL  /* too many wait */
} HnPasswords;

extern HnPasswords hn_passwords;

#endif
