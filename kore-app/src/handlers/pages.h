/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PAGES_H
#define CFA_APP_PAGES_H

struct CfaCtx;

/* Sets the address of the web site; called once before the workers start. */
void cfa_pages_configure(const char *public_url);

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
