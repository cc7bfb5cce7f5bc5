/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c: a list as one long file, CSV or JSON, sent while it is read: a waiting
 * list. What is longer, or has to be kept, is a task.
 *
 * One page after the other is read from PostgreSQL, each behind the last row of the
 * one before, and the next only when the client has taken the last: memory is that
 * of a page however long the file is, and no transaction stays open. What comes
 * after the beginning is not in the file; each row is as its page found it. Rights
 * are checked again with each page.
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
#include "handlers/csv.h"
#include "handlers/query.h"
#include "handlers/waiting.h"
#include "meters.h"
#include "middleware/headers.h"
#include "middleware/limit_fields.h"

#define PAGE_ROWS 500
#define PAGE_ROWS_TEXT "500"
#define OPEN_MAX 8		   /* per worker */
#define OPEN_PER_ACCOUNT 2 /* per worker */

/* Columns of a page; those of the file begin with the key. */
enum
{
	COL_DOC,
	COL_KEY
};

/*
 * What can be exported. Both statements take the account and, if there is one, the
 * campaign, then the format. Behind them comes, for begin_sql, the filters as JSON:
 * it gives the name of the file and the key before which the first page begins (NULL:
 * from the newest). For page_sql come the filters, then that key or the last one of
 * the page before.
 */
typedef struct ExportKind
{
	const char *file; /* how its name begins */
	const char *begin_sql;
	const char *page_sql;
	const CfaParam *filters;
	bool has_campaign;
} ExportKind;

/* clang-format off */
static const ExportKind waiting_kind = {
	.file = "waiting",
	.begin_sql = "SELECT b.slug, NULL FROM careforall.waiting_export_begin("
				 "$1::uuid, $2::uuid, $3::text, $4::jsonb) b",
	.page_sql = "SELECT p.doc, p.entry, p.joined_at, p.state_now AS state,"
				" p.invited_at, p.has_given, p.reward, p.person_name AS name,"
				" p.email FROM careforall.waiting_export_page($1::uuid,"
				" $2::uuid, $3::text, $4::text, $5::text, $6::uuid, " PAGE_ROWS_TEXT ") p",
	.filters = cfa_waiting_filters,
	.has_campaign = true,
};
/* clang-format on */

typedef struct Export
{
	TAILQ_ENTRY(Export) entry;
	const ExportKind *kind;
	CfaCtx *ctx;
	const char *format;
	bool is_json;
	CfaPgParams page;				  /* of page_sql, without the key */
	int filters_at;					  /* the first of them in page */
	char last[CFA_UUID_TEXT_LEN + 1]; /* key of the last row; "" for none */
	CfaStream *stream;				  /* NULL before the head */
	bool is_open;					  /* counted among those under way */
	bool is_gone;					  /* the client has left */
	bool is_last;					  /* no page follows */
} Export;

static TAILQ_HEAD(, Export) open_exports = TAILQ_HEAD_INITIALIZER(open_exports);
static unsigned open_count;

static void start(CfaCtx *ctx, const ExportKind *kind);
static bool check_format(CfaCtx *ctx, Export *export);
static bool read_params(CfaCtx *ctx, Export *export);
static bool check_room(CfaCtx *ctx);
static void begin(Export *export);
static const char *filters_json(Export *export);
static void on_begun(void *arg, const PGresult *result, const char *sqlstate);
static void keep_key(Export *export, const char *key);
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
api_waiting_export(CfaCtx *ctx)
{
	start(ctx, &waiting_kind);
}

static void
start(CfaCtx *ctx, const ExportKind *kind)
{
	Export *export = cfa_arena_zalloc(&ctx->arena, sizeof(*export));

	export->ctx = ctx;
	export->kind = kind;
	if (check_format(ctx, export) && read_params(ctx, export) &&
		check_room(ctx))
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

/* The parameters of page_sql. */
static bool
read_params(CfaCtx *ctx, Export *export)
{
	CfaPgParams *page = &export->page;
	const CfaParam *filter;

	page->values[page->count++] = ctx->principal.account_id;
	if (export->kind->has_campaign)
	{
		page->values[page->count] = cfa_call_id(ctx, "id");
		if (page->values[page->count++] == NULL)
			return false;
	}
	page->values[page->count++] = export->format;
	export->filters_at = page->count;
	if (!cfa_params_read(ctx,
						 export->kind->filters,
						 &page->values[page->count]))
		return false;
	for (filter = export->kind->filters; filter->name != NULL; filter++)
		page->count++;
	return true;
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
	CfaPgParams params = export->page;

	params.count = export->filters_at;
	params.values[params.count++] = filters_json(export);
	TAILQ_INSERT_TAIL(&open_exports, export, entry);
	open_count++;
	export->is_open = true;
	cfa_meter_add(CFA_M_EXPORTS_OPEN, 1);
	cfa_ctx_hold(export->ctx);
	cfa_pg_call(export->kind->begin_sql, &params, on_begun, export);
}

/* The filters for the audit log, as JSON in the arena. */
static const char *
filters_json(Export *export)
{
	const CfaParam *filters = export->kind->filters;
	const char **values = &export->page.values[export->filters_at];
	json_t *json = json_object();
	char *text;
	const char *copy;
	int i;

	for (i = 0; filters[i].name != NULL; i++)
		if (values[i] != NULL)
			(void) json_object_set_new(json,
									   filters[i].name,
									   json_string(values[i]));
	text = json_dumps(json, JSON_COMPACT);
	copy = cfa_arena_strndup(&export->ctx->arena, text, strlen(text));
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
		cfa_answer_header(ctx,
						  "content-disposition",
						  cfa_arena_printf(&ctx->arena,
										   "attachment; filename=\"%s-%s.%s\"",
										   export->kind->file,
										   PQgetvalue(result, 0, 0),
										   export->format));
		keep_key(export, PQgetvalue(result, 0, 1));
		read_page(export);
	}
	cfa_ctx_release(ctx);
}

static void
keep_key(Export *export, const char *key)
{
	(void) snprintf(export->last, sizeof(export->last), "%s", key);
}

static void
read_page(Export *export)
{
	CfaPgParams params = export->page;

	params.values[params.count++] = export->last[0] ? export->last : NULL;
	cfa_ctx_hold(export->ctx);
	cfa_pg_call(export->kind->page_sql, &params, on_page, export);
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
		keep_key(export, PQgetvalue(result, rows - 1, COL_KEY));
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

	for (i = COL_KEY; i < fields && has_header; i++)
		cfa_csv_cell(out,
					 PQfname(result, i),
					 strlen(PQfname(result, i)),
					 i == COL_KEY);
	if (has_header)
		cfa_csv_end(out);
	for (row = 0; row < PQntuples(result); row++)
	{
		for (i = COL_KEY; i < fields; i++)
			cfa_csv_cell(out,
						 PQgetvalue(result, row, i),
						 (size_t) PQgetlength(result, row, i),
						 i == COL_KEY);
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
