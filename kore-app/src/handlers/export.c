/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c: the pledges of a campaign as one long file, CSV or JSON.
 *
 * One page after the other is read from PostgreSQL, each behind the last pledge
 * of the one before, and the next only when the client has taken the last: memory
 * is that of a page however long the file is, and no transaction stays open. What
 * is pledged after the beginning is not in the file; each pledge is as its page
 * found it. Rights are checked again with each page.
 *
 * Order of work: begin (right and audit), first page, head; so whatever goes wrong
 * before the first byte is a problem, and afterwards cuts the connection.
 */
#include "handlers/export.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/stream.h"
#include "handlers/call.h"
#include "handlers/campaign_pledges.h"
#include "handlers/csv.h"
#include "handlers/query.h"
#include "meters.h"
#include "middleware/headers.h"
#include "middleware/limit_fields.h"

#define PAGE_ROWS 500
#define PAGE_ROWS_TEXT "500"
#define OPEN_MAX 8		   /* per worker */
#define OPEN_PER_ACCOUNT 2 /* per worker */

/* Columns of pledge_export_page; those of the file begin with the reference. */
enum
{
	COL_DOC,
	COL_REFERENCE
};

typedef struct Export
{
	TAILQ_ENTRY(Export) entry;
	CfaCtx *ctx;
	const char *campaign_id;
	const char *format;
	bool is_json;
	CfaPledgeFilters filters;
	char last[CFA_UUID_TEXT_LEN + 1]; /* reference of the last row; "" before */
	CfaStream *stream;				  /* NULL before the head */
	bool is_open;					  /* counted among those under way */
	bool is_gone;					  /* the client has left */
	bool is_last;					  /* no page follows */
} Export;

static TAILQ_HEAD(, Export) open_exports = TAILQ_HEAD_INITIALIZER(open_exports);
static unsigned open_count;

static bool check_format(CfaCtx *ctx, Export *export);
static bool check_room(CfaCtx *ctx);
static void begin(Export *export);
static const char *filters_json(Export *export);
static void on_begun(void *arg, const PGresult *result, const char *sqlstate);
static void read_page(Export *export);
static void on_page(void *arg, const PGresult *result, const char *sqlstate);
static bool open_stream(Export *export);
static void on_stream(void *arg, CfaStreamEvent event);
static void send_page(Export *export, const PGresult *result, bool is_first);
static void add_csv(CfaBuf *out, const PGresult *result, bool has_header);
static void add_json(CfaBuf *out, const PGresult *result, bool is_first,
					 bool is_last);
static void finish(Export *export);

void
api_pledge_export(CfaCtx *ctx)
{
	Export *export = cfa_arena_zalloc(&ctx->arena, sizeof(*export));

	export->ctx = ctx;
	export->campaign_id = cfa_call_id(ctx, "id");
	if (export->campaign_id == NULL || !check_format(ctx, export) ||
		!cfa_pledge_filters_read(ctx, &export->filters) || !check_room(ctx))
		return;
	begin(export);
}

/* The format is a parameter; an Accept that cannot take it is refused. */
static bool
check_format(CfaCtx *ctx, Export *export)
{
	const char *type;

	if (!cfa_query_choice(ctx, "format", "csv json", &export->format))
		return false;
	if (export->format == NULL)
		export->format = "csv";
	export->is_json = strcmp(export->format, "json") == 0;
	type = export->is_json ? "application/json" : "text/csv";
	if (cfa_accepts(cfa_ctx_header(ctx, "accept"), type))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_NOT_ACCEPTABLE,
					   "The answer can only be %s.",
					   type);
	return false;
}

/* Whether one more export is allowed, here and for this account. */
static bool
check_room(CfaCtx *ctx)
{
	const Export *export;
	unsigned same = 0;

	TAILQ_FOREACH(export, &open_exports, entry)
		same += strcmp(export->ctx->principal.account_id,
					   ctx->principal.account_id) == 0;
	if (same < OPEN_PER_ACCOUNT && open_count < OPEN_MAX)
		return true;
	if (open_count < OPEN_MAX)
		cfa_limit_answer_bound(
			ctx,
			"export-inflight-account",
			"1",
			"Exports of this account are under way already.");
	else
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
	return false;
}

static void
begin(Export *export)
{
	CfaCtx *ctx = export->ctx;
	CfaPgParams params = {.count = 4,
						  .values = {ctx->principal.account_id,
									 export->campaign_id,
									 export->format,
									 filters_json(export)}};

	TAILQ_INSERT_TAIL(&open_exports, export, entry);
	open_count++;
	export->is_open = true;
	cfa_meter_add(CFA_M_EXPORTS_OPEN, 1);
	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT b.slug FROM careforall.pledge_export_begin($1::uuid,"
				" $2::uuid, $3::text, $4::jsonb) b",
				&params,
				on_begun,
				export);
}

/* The filters for the audit log, as JSON in the arena. */
static const char *
filters_json(Export *export)
{
	const CfaPledgeFilters *f = &export->filters;
	json_t *json = json_pack("{s:s*,s:s*,s:s*,s:s*,s:s*,s:s*}",
							 "state",
							 f->state,
							 "from",
							 f->from,
							 "to",
							 f->to,
							 "min_amount",
							 f->min_amount,
							 "max_amount",
							 f->max_amount,
							 "q",
							 f->q);
	char *text = json_dumps(json, JSON_COMPACT);
	const char *copy =
		cfa_arena_strndup(&export->ctx->arena, text, strlen(text));

	free(text);
	json_decref(json);
	return copy;
}

static void
on_begun(void *arg, const PGresult *result, const char *sqlstate)
{
	Export *export = arg;
	CfaCtx *ctx = export->ctx;

	if (result == NULL)
	{
		cfa_answer_sqlstate(ctx, sqlstate);
		finish(export);
	}
	else if (PQntuples(result) == 0)
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		finish(export);
	}
	else
	{
		cfa_answer_header(
			ctx,
			"content-disposition",
			cfa_arena_printf(&ctx->arena,
							 "attachment; filename=\"pledges-%s.%s\"",
							 PQgetvalue(result, 0, 0),
							 export->format));
		read_page(export);
	}
	cfa_ctx_release(ctx);
}

static void
read_page(Export *export)
{
	CfaCtx *ctx = export->ctx;
	const CfaPledgeFilters *f = &export->filters;
	CfaPgParams params = {.count = 10,
						  .values = {ctx->principal.account_id,
									 export->campaign_id,
									 export->format,
									 f->state,
									 f->from,
									 f->to,
									 f->min_amount,
									 f->max_amount,
									 f->q,
									 export->last[0] ? export->last : NULL}};

	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT p.doc, p.reference, p.created_at, p.state_now AS state,"
				" p.state_reason, p.amount, p.gift, p.fee, p.refunded,"
				" p.currency, p.reward, p.quantity, p.donor_name,"
				" p.donor_email, p.display, p.message, p.updated_at"
				" FROM careforall.pledge_export_page($1::uuid, $2::uuid,"
				" $3::text, $4::text, $5::timestamptz, $6::timestamptz,"
				" $7::bigint, $8::bigint, $9::text, $10::uuid, " PAGE_ROWS_TEXT
				") p",
				&params,
				on_page,
				export);
}

static void
on_page(void *arg, const PGresult *result, const char *sqlstate)
{
	Export *export = arg;
	CfaCtx *ctx = export->ctx;
	bool is_first = export->stream == NULL;
	bool goes_on = !export->is_gone && result != NULL;

	if (!export->is_gone && result == NULL && is_first)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (!export->is_gone && result == NULL)
		cfa_stream_cut(export->stream);
	if (goes_on && (!is_first || open_stream(export)))
		send_page(export, result, is_first);
	else
		finish(export);
	cfa_ctx_release(ctx);
}

static bool
open_stream(Export *export)
{
	export->stream =
		cfa_stream_begin(export->ctx,
						 export->is_json ? "application/json"
										 : "text/csv; charset=utf-8; "
										   "header=present",
						 on_stream,
						 export);
	return export->stream != NULL;
}

/* The stream holds the context, and so the export, until it has said this. */
static void
on_stream(void *arg, CfaStreamEvent event)
{
	Export *export = arg;

	switch (event)
	{
		case CFA_STREAM_DRAINED:
			if (!export->is_last)
			{
				read_page(export);
				break;
			}
			finish(export);
			cfa_stream_end(export->stream);
			break;
		case CFA_STREAM_GONE:
			export->is_gone = true;
			finish(export);
			break;
	}
}

static void
send_page(Export *export, const PGresult *result, bool is_first)
{
	int rows = PQntuples(result);
	CfaBuf piece = {0};

	export->is_last = rows < PAGE_ROWS;
	if (rows > 0)
		(void) snprintf(export->last,
						sizeof(export->last),
						"%s",
						PQgetvalue(result, rows - 1, COL_REFERENCE));
	if (export->is_json)
		add_json(&piece, result, is_first, export->is_last);
	else
		add_csv(&piece, result, is_first);
	cfa_meter_add(CFA_M_EXPORT_ROWS, rows);
	if (piece.len > 0)
	{
		cfa_stream_send(export->stream, &piece);
	}
	else
	{
		cfa_stream_end(export->stream);
		finish(export);
	}
	cfa_buf_clear(&piece);
}

static void
add_csv(CfaBuf *out, const PGresult *result, bool has_header)
{
	int fields = PQnfields(result);
	int row;
	int i;

	for (i = COL_REFERENCE; i < fields && has_header; i++)
		cfa_csv_cell(out,
					 PQfname(result, i),
					 strlen(PQfname(result, i)),
					 i == COL_REFERENCE);
	if (has_header)
		cfa_csv_end(out);
	for (row = 0; row < PQntuples(result); row++)
	{
		for (i = COL_REFERENCE; i < fields; i++)
			cfa_csv_cell(out,
						 PQgetvalue(result, row, i),
						 (size_t) PQgetlength(result, row, i),
						 i == COL_REFERENCE);
		cfa_csv_end(out);
	}
}

static void
add_json(CfaBuf *out, const PGresult *result, bool is_first, bool is_last)
{
	int row;

	if (is_first)
		cfa_buf_adds(out, "{\"items\":[");
	for (row = 0; row < PQntuples(result); row++)
	{
		if (!is_first || row > 0)
			cfa_buf_addc(out, ',');
		cfa_buf_addc(out, '\n');
		cfa_buf_add(out,
					PQgetvalue(result, row, COL_DOC),
					(size_t) PQgetlength(result, row, COL_DOC));
	}
	if (is_last)
		cfa_buf_adds(out, "\n]}\n");
}

/* The export is no longer counted; its memory is that of the context. */
static void
finish(Export *export)
{
	if (!export->is_open)
		return;
	export->is_open = false;
	TAILQ_REMOVE(&open_exports, export, entry);
	open_count--;
	cfa_meter_add(CFA_M_EXPORTS_OPEN, -1);
}
