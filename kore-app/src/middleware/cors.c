/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cors.c: which web origins may read answers.
 *
 * Exact matches of a configured list only; no credentials are ever allowed, as
 * nothing here goes by cookies. Every answer varies by Origin, refusals too.
 */
#include "middleware/cors.h"

#include <string.h>

#define MAX_AGE_S "600"

static const char *allowed = "";

void
cfa_cors_configure(const char *origins)
{
	allowed = origins;
}

bool
cfa_cors_allows(const char *origin)
{
	size_t origin_len = strlen(origin);
	const char *item = allowed;

	while (*item != '\0')
	{
		size_t len = strcspn(item, ",");
		size_t skip = strspn(item, " ");

		if (len - skip == origin_len &&
			memcmp(item + skip, origin, origin_len) == 0)
			return true;
		item += len;
		if (*item == ',')
			item++;
	}
	return false;
}

void
cfa_cors_start(CfaCtx *ctx)
{
	const char *origin = cfa_ctx_header(ctx, "origin");

	if (origin != NULL && cfa_cors_allows(origin))
		ctx->origin = cfa_arena_strndup(&ctx->arena, origin, strlen(origin));
}

void
cfa_cors_add(const CfaCtx *ctx, CfaBuf *head)
{
	cfa_buf_adds(head, "vary: origin, accept\r\n");
	if (ctx->origin == NULL)
		return;
	cfa_buf_adds(head, "access-control-allow-origin: ");
	cfa_buf_adds(head, ctx->origin);
	cfa_buf_adds(
		head,
		"\r\naccess-control-expose-headers: content-digest, etag, link, "
		"location, ratelimit, "
		"ratelimit-policy, retry-after, idempotency-replayed, "
		"preference-applied, x-total-count, x-request-id\r\n");
}

void
cfa_cors_options(CfaCtx *ctx, unsigned allow)
{
	char text[80];
	const char *methods;

	cfa_allow_text(allow, text, sizeof(text));
	methods = cfa_arena_strndup(&ctx->arena, text, strlen(text));
	cfa_answer_header(ctx, "allow", methods);
	if (ctx->origin != NULL &&
		cfa_ctx_header(ctx, "access-control-request-method") != NULL)
	{
		cfa_answer_header(ctx, "access-control-allow-methods", methods);
		cfa_answer_header(
			ctx,
			"access-control-allow-headers",
			"authorization, content-type, idempotency-key, if-match, "
			"if-none-match, pledge-token, prefer, traceparent, tracestate, "
			"last-event-id, waiting-token, x-request-id");
		cfa_answer_header(ctx, "access-control-max-age", MAX_AGE_S);
	}
	cfa_answer_empty(ctx, 204);
}
