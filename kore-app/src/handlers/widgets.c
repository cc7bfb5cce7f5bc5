/* SPDX-License-Identifier: Apache-2.0 */
/*
 * widgets.c: what other sites show of a campaign, in a frame or as a picture.
 *
 * The only answers that may be framed, and shown by pages of other sites: they
 * have no session, no script and nothing that is not public.
 */
#include "handlers/widgets.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "core/ctx.h"
#include "handlers/campaigns.h"
#include "handlers/pages.h"
#include "handlers/widget_write.h"

#define NOW_LEN 24 /* 2026-01-31T09:00:00.000Z */

static void on_frame(CfaCtx *ctx, const char *etag, size_t etag_len,
					 const char *doc, size_t len);
static void on_button(CfaCtx *ctx, const char *etag, size_t etag_len,
					  const char *doc, size_t len);
static void answer(CfaCtx *ctx, const char *doc, size_t len,
				   void (*write)(CfaBuf *, const CfaWidget *, const json_t *),
				   const char *type);
static CfaWidgetTheme theme_of(CfaCtx *ctx);

void
api_widget_frame(CfaCtx *ctx)
{
	cfa_campaign_fetch(ctx, cfa_ctx_param(ctx, "id"), on_frame);
}

void
api_widget_button(CfaCtx *ctx)
{
	cfa_campaign_fetch(ctx, cfa_ctx_param(ctx, "id"), on_button);
}

static void
on_frame(CfaCtx *ctx, const char *etag, size_t etag_len, const char *doc,
		 size_t len)
{
	answer(ctx, doc, len, cfa_widget_frame_write, "text/html; charset=utf-8");
}

static void
on_button(CfaCtx *ctx, const char *etag, size_t etag_len, const char *doc,
		  size_t len)
{
	answer(ctx, doc, len, cfa_widget_button_write, "image/svg+xml");
}

static void
answer(CfaCtx *ctx, const char *doc, size_t len,
	   void (*write)(CfaBuf *, const CfaWidget *, const json_t *),
	   const char *type)
{
	char now[NOW_LEN + 1] = "";
	bool is_bad = false;
	const char *asked = cfa_ctx_query(ctx, "lang", &is_bad);
	CfaWidget widget = {
		.language = cfa_page_language_of(ctx),
		.theme = theme_of(ctx),
		.site = cfa_pages_site(),
		.now = now,
	};
	json_t *campaign = json_loadb(doc, len, 0, NULL);
	CfaBuf out = {0};
	struct timeval at;
	struct tm tm;
	size_t end;

	widget.is_language_asked =
		asked != NULL && !is_bad &&
		cfa_page_language(asked, NULL) == widget.language;
	(void) gettimeofday(&at, NULL);
	if (gmtime_r(&at.tv_sec, &tm) != NULL)
	{
		end = strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%S", &tm);
		(void) snprintf(now + end,
						sizeof(now) - end,
						".%03dZ",
						(int) (at.tv_usec / 1000));
	}
	write(&out, &widget, campaign);
	json_decref(campaign);
	ctx->is_embeddable = true;
	ctx->cache_control = "public, max-age=60";
	cfa_page_answer(ctx, widget.language, type, &out);
}

static CfaWidgetTheme
theme_of(CfaCtx *ctx)
{
	bool is_bad = false;
	const char *name = cfa_ctx_query(ctx, "theme", &is_bad);

	if (name != NULL && !is_bad && strcmp(name, "light") == 0)
		return CFA_THEME_LIGHT;
	if (name != NULL && !is_bad && strcmp(name, "dark") == 0)
		return CFA_THEME_DARK;
	return CFA_THEME_AUTO;
}
