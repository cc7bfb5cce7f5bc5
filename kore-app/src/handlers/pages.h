/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PAGES_H
#define CFA_APP_PAGES_H

#include <careforall/buf.h>

#include "handlers/page_text.h"

struct CfaCtx;

/* Sets the address of the web site; called once before the workers start. */
void cfa_pages_configure(const char *public_url);
const char *cfa_pages_site(void);

/* The language that a request wants its page in. */
const CfaPageLanguage *cfa_page_language_of(struct CfaCtx *ctx);

/*
 * Answers with a page of that type, or 304; its tag is a digest of page and shell.
 * Frees the page. Cache-Control is the context's.
 */
void cfa_page_answer(struct CfaCtx *ctx, const CfaPageLanguage *language,
					 const char *type, CfaBuf *page);

/* GET /pages/home */
void api_page_home(struct CfaCtx *ctx);

/* GET /pages/campaigns/{id or slug} */
void api_page_campaign(struct CfaCtx *ctx);

/* GET /pages/campaigns/{id or slug}/give */
void api_page_give(struct CfaCtx *ctx);

/* GET /pages/sitemap.xml */
void api_page_sitemap(struct CfaCtx *ctx);

/* GET /pages/robots.txt */
void api_page_robots(struct CfaCtx *ctx);

#endif
