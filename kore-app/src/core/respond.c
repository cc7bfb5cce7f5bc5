/* SPDX-License-Identifier: Apache-2.0 */
/*
 * respond.c: writes a response to the connection.
 *
 * Replaces Kore's own writer, which knows no Date, adds a server header and a
 * length to 304, and copies each header twice. Setting req->status tells the
 * edge that the request is answered and the next one may be read.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "core/respond.h"

#include <time.h>

#include "core/app.h"
#include "core/loop.h"
#include "edge/edge.h"
#include "middleware/cors.h"
#include "middleware/headers.h"
#include <careforall/buf.h>

static CfaBuf head;

static void write_head(CfaCtx *ctx);
static void end_head(struct connection *c, bool is_last);
static void add_header(const char *name, const char *value);
static bool must_close(const CfaCtx *ctx);

void
cfa_respond(CfaCtx *ctx)
{
	struct connection *c = ctx->req->owner;
	bool has_body = ctx->status != 204 && ctx->status != 304;
	bool is_last = must_close(ctx);

	ctx->is_sent = true;
	ctx->req->status = (u_int16_t) ctx->status;
	if (c == NULL)
		return;
	write_head(ctx);
	if (has_body)
		cfa_buf_addf(&head, "content-length: %zu\r\n", ctx->body_len);
	end_head(c, is_last);
	if (has_body && ctx->body_len > 0 && ctx->method != CFA_HEAD)
		net_send_queue(c, ctx->body, ctx->body_len);
	if (is_last)
		cfa_edge_end(c);
	else
		cfa_edge_next(c);
}

void
cfa_respond_head(CfaCtx *ctx)
{
	struct connection *c = ctx->req->owner;

	ctx->is_last = must_close(ctx);
	write_head(ctx);
	if (!(ctx->req->flags & HTTP_VERSION_1_0))
		cfa_buf_adds(&head, "transfer-encoding: chunked\r\n");
	end_head(c, ctx->is_last);
	(void) net_send_flush(c);
}

const char *
cfa_http_date(void)
{
	static time_t last;
	static char text[32];
	time_t now = time(NULL);
	struct tm tm;

	if (now != last && gmtime_r(&now, &tm) != NULL)
	{
		(void) strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		last = now;
	}
	return text;
}

/* Writes all of a head but what says how long the body is. */
static void
write_head(CfaCtx *ctx)
{
	unsigned i;

	cfa_buf_reset(&head);
	cfa_buf_addf(&head,
				 "HTTP/1.1 %d %s\r\ndate: %s\r\n",
				 ctx->status,
				 cfa_status_text(ctx->status),
				 cfa_http_date());
	cfa_buf_adds(&head,
				 ctx->is_embeddable ? cfa_embeddable_headers
									: cfa_security_headers);
	add_header("x-request-id", ctx->request_id);
	add_header("cache-control", ctx->cache_control);
	if (ctx->content_type != NULL)
		add_header("content-type", ctx->content_type);
	cfa_cors_add(ctx, &head);
	for (i = 0; i < ctx->header_count; i++)
		add_header(ctx->headers[i].name, ctx->headers[i].value);
}

static void
end_head(struct connection *c, bool is_last)
{
	if (is_last)
		cfa_buf_adds(&head, "connection: close\r\n");
	cfa_buf_add(&head, "\r\n", 2);
	net_send_queue(c, head.data, head.len);
}

/* Adds a header line; a value that could split the block is left out. */
static void
add_header(const char *name, const char *value)
{
	if (strpbrk(value, "\r\n") != NULL)
		return;
	cfa_buf_adds(&head, name);
	cfa_buf_add(&head, ": ", 2);
	cfa_buf_adds(&head, value);
	cfa_buf_add(&head, "\r\n", 2);
}

static bool
must_close(const CfaCtx *ctx)
{
	const struct http_header *header;

	if (cfa_app_is_draining() || (ctx->req->flags & HTTP_VERSION_1_0))
		return true;
	TAILQ_FOREACH(header, &ctx->req->req_headers, list)
	{
		if (strcasecmp(header->header, "connection") == 0 &&
			cfa_header_has_token(header->value, "close"))
			return true;
	}
	return false;
}
