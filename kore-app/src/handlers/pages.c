/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.c: the pages that people share and search engines read, before any script
 * runs: the first page, those of campaigns, the list of all of them.
 *
 * The gateway asks for them in place of its own copy of the site's page and puts
 * the built site into the includes. What it calls X-Page-Shell changes with each
 * build, so that no browser keeps a page whose scripts are gone.
 */
#include "handlers/pages.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "adapters/pg.h"
#include "core/ctx.h"
#include "handlers/campaigns.h"
#include "handlers/html.h"
#include "handlers/page_write.h"
#include "middleware/failure.h"
#include "middleware/headers.h"

#define HOME_CAMPAIGNS 24
#define SITEMAP_MAX_TEXT "5000" /* of 50,000 that such a file may have */

static const char *site;

static void on_home(CfaCtx *ctx, const CfaBuf *items);
static void on_campaign(CfaCtx *ctx, const char *etag, size_t etag_len,
						const char *doc, size_t len);
static void on_give(CfaCtx *ctx, const char *etag, size_t etag_len,
					const char *doc, size_t len);
static void campaign_page(CfaCtx *ctx, const char *doc, size_t len,
						  bool is_give);
static void on_sitemap(void *arg, const PGresult *result, const char *sqlstate);
static void answer_shell(CfaCtx *ctx, const CfaPageLanguage *language,
						 CfaBuf *page);

void
cfa_pages_configure(const char *public_url)
{
	site = public_url;
}

const char *
cfa_pages_site(void)
{
	return site;
}

void
api_page_home(CfaCtx *ctx)
{
	cfa_campaign_newest(ctx, HOME_CAMPAIGNS, on_home);
}

void
api_page_campaign(CfaCtx *ctx)
{
	cfa_campaign_fetch(ctx, cfa_ctx_param(ctx, "id"), on_campaign);
}

void
api_page_give(CfaCtx *ctx)
{
	cfa_campaign_fetch(ctx, cfa_ctx_param(ctx, "id"), on_give);
}

void
api_page_sitemap(CfaCtx *ctx)
{
	const CfaPgParams params = {.count = 1, .values = {SITEMAP_MAX_TEXT}};

	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT a.slug, a.changed_on FROM "
				"careforall.campaign_addresses($1::int) a",
				&params,
				on_sitemap,
				ctx);
}

/* Private pages say for themselves that they are not to be listed. */
void
api_page_robots(CfaCtx *ctx)
{
	const char *text = cfa_arena_printf(&ctx->arena,
										"User-agent: *\nAllow: /\n\n"
										"Sitemap: %s/sitemap.xml\n",
										site);

	ctx->cache_control = "public, max-age=3600";
	cfa_answer(ctx, 200, "text/plain; charset=utf-8", text, strlen(text));
}

static void
on_home(CfaCtx *ctx, const CfaBuf *items)
{
	const CfaPageLanguage *language = cfa_page_language_of(ctx);
	CfaBuf array = {0};
	CfaBuf page = {0};
	json_t *campaigns;

	cfa_buf_addc(&array, '[');
	cfa_buf_add(&array, items->data, items->len);
	cfa_buf_addc(&array, ']');
	campaigns = json_loadb(array.data, array.len, 0, NULL);
	cfa_buf_clear(&array);
	cfa_page_home_write(&page, language, site, campaigns);
	json_decref(campaigns);
	answer_shell(ctx, language, &page);
}

static void
on_campaign(CfaCtx *ctx, const char *etag, size_t etag_len, const char *doc,
			size_t len)
{
	campaign_page(ctx, doc, len, false);
}

static void
on_give(CfaCtx *ctx, const char *etag, size_t etag_len, const char *doc,
		size_t len)
{
	campaign_page(ctx, doc, len, true);
}

static void
campaign_page(CfaCtx *ctx, const char *doc, size_t len, bool is_give)
{
	const CfaPageLanguage *language = cfa_page_language_of(ctx);
	json_t *campaign = json_loadb(doc, len, 0, NULL);
	CfaBuf page = {0};

	cfa_page_campaign_write(&page,
							language,
							site,
							campaign,
							cfa_ctx_param(ctx, "id"),
							is_give);
	json_decref(campaign);
	answer_shell(ctx, language, &page);
}

static void
on_sitemap(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaCtx *ctx = arg;
	CfaBuf out = {0};
	int i;

	if (result == NULL)
	{
		cfa_answer_sqlstate(ctx, sqlstate);
		cfa_ctx_release(ctx);
		return;
	}
	cfa_buf_adds(&out,
				 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset "
				 "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
				 "<url><loc>");
	cfa_html_add(&out, site);
	cfa_buf_adds(&out, "/</loc></url>\n");
	for (i = 0; i < PQntuples(result); i++)
	{
		cfa_buf_adds(&out, "<url><loc>");
		cfa_html_add(&out, site);
		cfa_buf_adds(&out, "/campaigns/");
		cfa_html_add(&out, PQgetvalue(result, i, 0));
		cfa_buf_addf(&out,
					 "</loc><lastmod>%s</lastmod></url>\n",
					 PQgetvalue(result, i, 1));
	}
	cfa_buf_adds(&out, "</urlset>\n");
	ctx->cache_control = "public, max-age=300";
	cfa_answer_copy(ctx, 200, "application/xml", out.data, out.len);
	cfa_buf_clear(&out);
	cfa_ctx_release(ctx);
}

const CfaPageLanguage *
cfa_page_language_of(CfaCtx *ctx)
{
	bool is_bad = false;
	const char *name = cfa_ctx_query(ctx, "lang", &is_bad);

	return cfa_page_language(is_bad ? NULL : name,
							 cfa_ctx_header(ctx, "accept-language"));
}

/* Answers with a page that the gateway puts the built site into. */
static void
answer_shell(CfaCtx *ctx, const CfaPageLanguage *language, CfaBuf *page)
{
	ctx->cache_control = "public, max-age=0, must-revalidate";
	cfa_page_answer(ctx, language, "text/html; charset=utf-8", page);
}

void
cfa_page_answer(CfaCtx *ctx, const CfaPageLanguage *language, const char *type,
				CfaBuf *page)
{
	const char *shell = cfa_ctx_header(ctx, "x-page-shell");
	crypto_generichash_state state;
	uint8_t hash[16];
	char hex[33];
	char *etag;

	if (shell == NULL)
		shell = "";
	(void) crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	(void) crypto_generichash_update(&state,
									 (const uint8_t *) page->data,
									 page->len);
	(void) crypto_generichash_update(&state,
									 (const uint8_t *) shell,
									 strlen(shell));
	(void) crypto_generichash_final(&state, hash, sizeof(hash));
	(void) sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	etag = cfa_arena_printf(&ctx->arena, "\"%s\"", hex);
	cfa_answer_header(ctx, "etag", etag);
	cfa_answer_header(ctx, "content-language", language->tag);
	cfa_answer_header(ctx, "vary", "accept-language");
	if (cfa_etag_listed(cfa_ctx_header(ctx, "if-none-match"), etag))
		cfa_answer_empty(ctx, 304);
	else
		cfa_answer_copy(ctx, 200, type, page->data, page->len);
	cfa_buf_clear(page);
}
