/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access_log.c: one JSON line for each request, on standard error.
 *
 * The same form as the lines of lib/log, gathered and written in pieces that a
 * pipe takes whole: a reader that stands still costs lines (counted), never a
 * blocked worker. No address, query, name or token is ever written.
 */
#include "core/access_log.h"

#include <careforall/buf.h>
#include <careforall/text.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/app.h"
#include "core/metrics.h"

#define GATHER_MAX (256 * 1024)
#define FLUSH_AT (32 * 1024)

static CfaAccessLog wanted = CFA_ACCESS_LOG_ALL;
static CfaBuf lines;

void
cfa_access_log_configure(CfaAccessLog which)
{
	wanted = which;
}

void
cfa_access_log(const CfaCtx *ctx, int status, uint64_t us)
{
	char time_text[CFA_TIME_TEXT_LEN + 1];

	if (wanted == CFA_ACCESS_LOG_OFF ||
		(status < 500 &&
		 (wanted == CFA_ACCESS_LOG_ERRORS || cfa_route_is_probe(ctx->route))))
		return;
	if (lines.len > GATHER_MAX)
	{
		cfa_meter_add(CFA_M_LOG_DROPPED, 1);
		return;
	}
	cfa_time_format_ms(cfa_now_ms(), time_text);
	cfa_buf_addf(
		&lines,
		"{\"ts\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"pid\":%d,"
		"\"event\":\"http_request\",\"method\":\"%s\",\"route\":\"%s\","
		"\"status\":%d,\"ms\":%.3f,\"bytes\":%zu,\"request_id\":\"%s\"",
		time_text,
		status >= 500 ? "error" : "info",
		cfa_app.name,
		(int) getpid(),
		cfa_method_name(ctx->method),
		ctx->route ? ctx->route->path : "none",
		status,
		(double) us / 1000,
		ctx->body_len,
		ctx->request_id);
	if (ctx->traceparent[0] != '\0')
		cfa_buf_addf(&lines,
					 ",\"trace_id\":\"%.32s\",\"span_id\":\"%.16s\"",
					 ctx->traceparent + 3,
					 ctx->traceparent + 36);
	if (ctx->problem != NULL)
		cfa_buf_addf(&lines, ",\"problem\":\"%s\"", ctx->problem);
	cfa_buf_adds(&lines, "}\n");
	if (lines.len > FLUSH_AT)
		cfa_access_log_flush();
}

void
cfa_access_log_flush(void)
{
	size_t done = 0;

	while (done < lines.len)
	{
		struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
		size_t piece = lines.len - done;
		ssize_t written;

		if (piece > PIPE_BUF)
		{
			const char *end = memrchr(lines.data + done, '\n', PIPE_BUF);

			piece = end ? (size_t) (end - lines.data) + 1 - done : PIPE_BUF;
		}
		if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT))
			break;
		written = write(STDERR_FILENO, lines.data + done, piece);
		if (written <= 0)
			break;
		done += (size_t) written;
	}
	if (done == 0)
		return;
	memmove(lines.data, lines.data + done, lines.len - done);
	lines.len -= done;
}
