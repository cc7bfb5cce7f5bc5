/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assets.c: documents that are built into the program.
 *
 * The tag is a hash of the content, so a client that has it gets 304.
 */
#include "handlers/assets.h"

#include <sodium.h>
#include <string.h>

#include "core/ctx.h"
#include "middleware/headers.h"

static void serve(CfaCtx *ctx, const char *name, const char *type);

void
api_docs(CfaCtx *ctx)
{
	serve(ctx, "docs.html", "text/html; charset=utf-8");
}

void
api_docs_css(CfaCtx *ctx)
{
	serve(ctx, "docs.css", "text/css; charset=utf-8");
}

void
api_widget_css(CfaCtx *ctx)
{
	serve(ctx, "widget.css", "text/css; charset=utf-8");
}

void
api_openapi(CfaCtx *ctx)
{
	serve(ctx, "openapi.json", "application/json");
}

void
api_problems(CfaCtx *ctx)
{
	serve(ctx, "problems.html", "text/html; charset=utf-8");
}

static void
serve(CfaCtx *ctx, const char *name, const char *type)
{
	const CfaAsset *asset = cfa_assets;
	uint8_t hash[16];
	char hex[33];
	char *etag;

	while (asset->name != NULL && strcmp(asset->name, name) != 0)
		asset++;
	if (asset->name == NULL)
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	(void) crypto_generichash(hash,
							  sizeof(hash),
							  asset->data,
							  asset->len,
							  NULL,
							  0);
	(void) sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	etag = cfa_arena_printf(&ctx->arena, "\"%s\"", hex);
	ctx->cache_control = "public, max-age=300";
	cfa_answer_header(ctx, "etag", etag);
	if (cfa_etag_listed(cfa_ctx_header(ctx, "if-none-match"), etag))
		cfa_answer_empty(ctx, 304);
	else
		cfa_answer(ctx, 200, type, (const char *) asset->data, asset->len);
}
