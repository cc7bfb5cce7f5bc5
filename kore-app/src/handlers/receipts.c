/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipts.c: the receipt of a pledge as PDF.
 *
 * Whoever asks is issued one: PostgreSQL says which issue it is and notes it, then a
 * thread writes the document. A place in its queue is taken first, so nothing is noted
 * that cannot be written; there are as many as can wait in vain for no longer than a
 * request lives. The same Idempotency-Key gets the same issue again, the same bytes: a
 * document that was lost on the way does not make the next one a copy.
 */
#include <kore/kore.h>

#include "handlers/receipts.h"

#include <string.h>

#include "core/loop.h"
#include "core/threads.h"
#include "handlers/call.h"
#include "handlers/idempotency.h"
#include "handlers/page_text.h"
#include "handlers/pledge_link.h"
#include "handlers/receipt_page.h"
#include "handlers/receipt_text.h"
#include "meters.h"

#define OPEN_MAX 32 /* per worker, in the queue or before it */
#define TIME_ZONE_MAX 64

typedef struct Job
{
	CfaWork work; /* must be first */
	CfaCtx *ctx;
	json_t *receipt; /* the thread's own until it is done */
	CfaBuf pdf;
	bool is_written;
} Job;

/* clang-format off */
static const CfaField receipt_fields[] = {
	{.name = "language", .kind = CFA_FIELD_CHOICE, .words = cfa_receipt_languages},
	{.name = "time_zone", .kind = CFA_FIELD_TEXT, .min = 1, .max = TIME_ZONE_MAX},
	{.name = NULL},
};
/* clang-format on */

static CfaIssuer issuer;
static CfaThreads *threads;
static unsigned open_count;

static void issue(CfaCtx *ctx, const CfaPledgeLink *link, const uint8_t *key,
				  const json_t *body);
static const char *member(CfaCtx *ctx, const json_t *body, const char *name);
static void on_issued(void *arg, const PGresult *result, const char *sqlstate);
static bool answer_head(CfaCtx *ctx, const json_t *receipt, bool is_replay);
static void run(CfaWork *work);
static void done(CfaWork *work);

void
cfa_receipts_configure(const char *name, const char *address)
{
	issuer = (CfaIssuer){.name = name, .address = address};
}

void
cfa_receipts_start(void)
{
	threads = cfa_threads_start(1);
}

void
api_receipt_list(CfaCtx *ctx)
{
	static const CfaCall call = {
		.sql = "SELECT l.doc FROM careforall.receipt_list($1::uuid,"
			   " $2::boolean, $3::uuid) l",
		.status = 200,
	};
	CfaPledgeLink link;

	if (cfa_pledge_link_read(ctx, &link))
		cfa_call(ctx,
				 &call,
				 &(CfaPgParams){.count = 3,
								.values = {link.pledge_id,
										   link.by_link,
										   link.account_id}});
}

void
api_receipt_issue(CfaCtx *ctx)
{
	uint8_t key[CFA_IDEMPOTENCY_HASH_BYTES];
	CfaPledgeLink link;
	json_t *body;

	if (!cfa_pledge_link_read(ctx, &link) || !cfa_idempotency_read(ctx, key))
		return;
	body = cfa_call_body(ctx, receipt_fields, NULL);
	if (body == NULL)
		return;
	if (open_count < OPEN_MAX)
	{
		issue(ctx, &link, key, body);
	}
	else
	{
		cfa_meter_add(CFA_M_RECEIPTS_REFUSED, 1);
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
	}
	json_decref(body);
}

static void
issue(CfaCtx *ctx, const CfaPledgeLink *link, const uint8_t *key,
	  const json_t *body)
{
	const CfaPageLanguage *spoken =
		cfa_page_language(NULL, cfa_ctx_header(ctx, "accept-language"));

	open_count++;
	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT i.doc, i.is_replay FROM careforall.receipt_issue("
				"$1::uuid, $2::boolean, $3::uuid, $4::text, $5::text,"
				" $6::text, $7::bytea) i",
				&(CfaPgParams){.count = 7,
							   .values = {link->pledge_id,
										  link->by_link,
										  link->account_id,
										  member(ctx, body, "language"),
										  spoken->tag,
										  member(ctx, body, "time_zone"),
										  (const char *) key},
							   .lengths = {[6] = CFA_IDEMPOTENCY_HASH_BYTES},
							   .formats = {[6] = 1}},
				on_issued,
				ctx);
}

static const char *
member(CfaCtx *ctx, const json_t *body, const char *name)
{
	const char *text = json_string_value(json_object_get(body, name));

	return text == NULL ? NULL
						: cfa_arena_strndup(&ctx->arena, text, strlen(text));
}

static void
on_issued(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaCtx *ctx = arg;
	json_t *receipt = NULL;
	Job *job;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 1 && PQnfields(result) == 2)
		receipt = json_loadb(PQgetvalue(result, 0, 0),
							 (size_t) PQgetlength(result, 0, 0),
							 0,
							 NULL);
	if (receipt != NULL &&
		answer_head(ctx, receipt, *PQgetvalue(result, 0, 1) == 't'))
	{
		job = kore_calloc(1, sizeof(*job));
		job->work.run = run;
		job->work.done = done;
		job->ctx = ctx;
		job->receipt = receipt;
		cfa_threads_add(threads, &job->work);
		return;
	}
	if (result != NULL)
		cfa_answer_problem(ctx, CFA_PROBLEM_INTERNAL, NULL);
	json_decref(receipt);
	open_count--;
	cfa_ctx_release(ctx);
}

/* Sets what the head of the answer says; false if that is not a receipt. */
static bool
answer_head(CfaCtx *ctx, const json_t *receipt, bool is_replay)
{
	const char *id = json_string_value(json_object_get(receipt, "pledge_id"));
	const char *language =
		json_string_value(json_object_get(receipt, "language"));
	CfaArena *arena = &ctx->arena;

	if (id == NULL || language == NULL)
		return false;
	cfa_answer_header(ctx,
					  "content-language",
					  cfa_receipt_language(language)->tag);
	cfa_answer_header(
		ctx,
		"content-disposition",
		cfa_arena_printf(arena,
						 "attachment; filename=\"receipt-%s-%lld.pdf\"",
						 id,
						 (long long) json_integer_value(
							 json_object_get(receipt, "number"))));
	if (is_replay)
		cfa_answer_header(ctx, "idempotency-replayed", "true");
	return true;
}

/* In the thread. */
static void
run(CfaWork *work)
{
	Job *job = (Job *) work;

	job->is_written = cfa_receipt_write(job->receipt, &issuer, &job->pdf) == 0;
}

static void
done(CfaWork *work)
{
	Job *job = (Job *) work;

	open_count--;
	cfa_meter_observe(CFA_M_RECEIPT_SECONDS, cfa_mono_us() - work->queued_us);
	if (job->is_written)
		cfa_answer_copy(job->ctx,
						201,
						"application/pdf",
						job->pdf.data,
						job->pdf.len);
	else
		cfa_answer_problem(job->ctx, CFA_PROBLEM_INTERNAL, NULL);
	cfa_ctx_release(job->ctx);
	json_decref(job->receipt);
	cfa_buf_clear(&job->pdf);
	kore_free(job);
}
