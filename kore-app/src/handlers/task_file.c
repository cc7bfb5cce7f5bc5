/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task_file.c: the file that an export has made.
 *
 * It lies in the database in parts. One after the other is read and sent, the next
 * only when the client has taken the last: memory is that of a part however long
 * the file is, and no transaction stays open. Rights are checked again with each
 * part.
 *
 * Order of work: what file it is, first part, head; so whatever goes wrong before
 * the first byte is a problem, and afterwards cuts the connection.
 */
#include "handlers/task_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/stream.h"
#include "handlers/call.h"
#include "meters.h"
#include "middleware/headers.h"
#include "middleware/limit_fields.h"

#define OPEN_MAX 8		   /* per worker */
#define OPEN_PER_ACCOUNT 2 /* per worker */

enum
{
	COL_NAME,
	COL_FORMAT,
	COL_PARTS,
	COL_SHA256,
	COL_DIGEST,
	COL_COUNT
};

typedef struct Download
{
	TAILQ_ENTRY(Download) entry;
	CfaCtx *ctx;
	const char *task_id;
	const char *content_type;
	long parts;
	long place;		   /* of the part that is read or sent */
	CfaStream *stream; /* NULL before the head */
	bool is_open;	   /* counted among those under way */
	bool is_gone;	   /* the client has left */
} Download;

static TAILQ_HEAD(, Download)
	open_downloads = TAILQ_HEAD_INITIALIZER(open_downloads);
static unsigned open_count;

static bool check_room(CfaCtx *ctx);
static void begin(Download *download);
static void on_file(void *arg, const PGresult *result, const char *sqlstate);
static bool is_wanted(Download *download, const PGresult *result);
static void read_part(Download *download);
static void on_part(void *arg, const PGresult *result, const char *sqlstate);
static void on_stream(void *arg, CfaStreamEvent event);
static bool send_part(Download *download, const PGresult *result);
static void finish(Download *download);

void
api_task_file(CfaCtx *ctx)
{
	Download *download = cfa_arena_zalloc(&ctx->arena, sizeof(*download));

	download->ctx = ctx;
	download->task_id = cfa_call_id(ctx, "id");
	if (download->task_id != NULL && check_room(ctx))
		begin(download);
}

/* Whether one more download is allowed, here and for this account. */
static bool
check_room(CfaCtx *ctx)
{
	const Download *download;
	unsigned same = 0;

	TAILQ_FOREACH(download, &open_downloads, entry)
		same += strcmp(download->ctx->principal.account_id,
					   ctx->principal.account_id) == 0;
	if (same < OPEN_PER_ACCOUNT && open_count < OPEN_MAX)
		return true;
	if (open_count < OPEN_MAX)
		cfa_limit_answer_bound(ctx,
							   "export-inflight-account",
							   "1",
							   "Files are being sent to this account already.");
	else
		cfa_answer_problem(ctx, CFA_PROBLEM_OVERLOADED, NULL);
	return false;
}

static void
begin(Download *download)
{
	CfaPgParams params = {.count = 2,
						  .values = {download->ctx->principal.account_id,
									 download->task_id}};

	TAILQ_INSERT_TAIL(&open_downloads, download, entry);
	open_count++;
	download->is_open = true;
	cfa_meter_add(CFA_M_DOWNLOADS_OPEN, 1);
	cfa_ctx_hold(download->ctx);
	cfa_pg_call("SELECT f.name, f.format, f.parts, f.sha256,"
				" encode(decode(f.sha256, 'hex'), 'base64')"
				" FROM careforall.task_file($1::uuid, $2::uuid) f",
				&params,
				on_file,
				download);
}

static void
on_file(void *arg, const PGresult *result, const char *sqlstate)
{
	Download *download = arg;
	CfaCtx *ctx = download->ctx;
	bool has_file = result != NULL && PQntuples(result) == 1 &&
					PQnfields(result) == COL_COUNT;

	if (!has_file)
		cfa_answer_sqlstate(ctx, result == NULL ? sqlstate : "XX000");
	if (has_file && is_wanted(download, result))
		read_part(download);
	else
		finish(download);
	cfa_ctx_release(ctx);
}

/* Sets the headers; false if the answer is given without the file. */
static bool
is_wanted(Download *download, const PGresult *result)
{
	CfaCtx *ctx = download->ctx;
	CfaArena *arena = &ctx->arena;
	bool is_json = strcmp(PQgetvalue(result, 0, COL_FORMAT), "json") == 0;
	const char *etag =
		cfa_arena_printf(arena, "\"%s\"", PQgetvalue(result, 0, COL_SHA256));

	download->parts = strtol(PQgetvalue(result, 0, COL_PARTS), NULL, 10);
	download->content_type = is_json
								 ? "application/json"
								 : "text/csv; charset=utf-8; header=present";
	if (!cfa_accepts(cfa_ctx_header(ctx, "accept"),
					 is_json ? "application/json" : "text/csv"))
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_NOT_ACCEPTABLE,
						   "The answer can only be %s.",
						   is_json ? "application/json" : "text/csv");
		return false;
	}
	cfa_answer_header(ctx, "etag", etag);
	if (cfa_etag_listed(cfa_ctx_header(ctx, "if-none-match"), etag))
	{
		cfa_answer_empty(ctx, 304);
		return false;
	}
	cfa_answer_header(ctx,
					  "content-digest",
					  cfa_arena_printf(arena,
									   "sha-256=:%s:",
									   PQgetvalue(result, 0, COL_DIGEST)));
	cfa_answer_header(ctx,
					  "content-disposition",
					  cfa_arena_printf(arena,
									   "attachment; filename=\"%s\"",
									   PQgetvalue(result, 0, COL_NAME)));
	if (ctx->method != CFA_HEAD)
		return true;
	(void) cfa_stream_begin(ctx, download->content_type, on_stream, download);
	return false;
}

static void
read_part(Download *download)
{
	CfaPgParams params = {.count = 3,
						  .values = {download->ctx->principal.account_id,
									 download->task_id,
									 cfa_arena_printf(&download->ctx->arena,
													  "%ld",
													  download->place)}};

	cfa_ctx_hold(download->ctx);
	cfa_pg_call("SELECT p.data FROM careforall.task_file_part("
				"$1::uuid, $2::uuid, $3::int) p",
				&params,
				on_part,
				download);
}

static void
on_part(void *arg, const PGresult *result, const char *sqlstate)
{
	Download *download = arg;
	CfaCtx *ctx = download->ctx;
	bool has_part = result != NULL && PQntuples(result) == 1;

	if (!download->is_gone && has_part && download->stream == NULL)
	{
		download->stream =
			cfa_stream_begin(ctx, download->content_type, on_stream, download);
		if (download->stream == NULL)
			download->is_gone = true;
	}
	if (!download->is_gone && !(has_part && send_part(download, result)))
	{
		if (download->stream != NULL)
			cfa_stream_cut(download->stream);
		else
			cfa_answer_sqlstate(ctx, result == NULL ? sqlstate : "PL032");
		download->is_gone = true;
	}
	if (download->is_gone)
		finish(download);
	cfa_ctx_release(ctx);
}

/* The stream holds the context, and so the download, until it has said this. */
static void
on_stream(void *arg, CfaStreamEvent event)
{
	Download *download = arg;

	switch (event)
	{
		case CFA_STREAM_DRAINED:
			if (++download->place < download->parts)
			{
				read_part(download);
				break;
			}
			finish(download);
			cfa_stream_end(download->stream);
			break;
		case CFA_STREAM_GONE:
			download->is_gone = true;
			finish(download);
			break;
	}
}

/* The bytes come as the text \x and two digits each. False if they do not. */
static bool
send_part(Download *download, const PGresult *result)
{
	const char *hex = PQgetvalue(result, 0, 0);
	size_t hex_len = (size_t) PQgetlength(result, 0, 0);
	CfaBuf piece = {0};
	unsigned char *bytes;
	size_t len = 0;
	bool is_right;

	if (hex_len < 4)
		return false;
	bytes = malloc(hex_len / 2);
	is_right = bytes != NULL && sodium_hex2bin(bytes,
											   hex_len / 2,
											   hex + 2,
											   hex_len - 2,
											   NULL,
											   &len,
											   NULL) == 0;
	if (is_right)
	{
		piece = (CfaBuf){.data = (char *) bytes, .len = len};
		cfa_meter_add(CFA_M_DOWNLOAD_BYTES, (int64_t) len);
		cfa_stream_send(download->stream, &piece);
	}
	free(bytes);
	return is_right;
}

/* The download is no longer counted; its memory is that of the context. */
static void
finish(Download *download)
{
	if (!download->is_open)
		return;
	download->is_open = false;
	TAILQ_REMOVE(&open_downloads, download, entry);
	open_count--;
	cfa_meter_add(CFA_M_DOWNLOADS_OPEN, -1);
}
