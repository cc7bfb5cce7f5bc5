/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PAGE_WRITE_H
#define CFA_APP_PAGE_WRITE_H

#include <careforall/buf.h>
#include <jansson.h>
#include <stdbool.h>

#include "handlers/page_text.h"

/*
 * Write a page as the gateway completes it: it puts the files of the built site
 * where the includes stand. site is the address of the web site, without a
 * slash at its end.
 */

/* The first page, with a list of these campaigns. */
void cfa_page_home_write(CfaBuf *out, const CfaPageLanguage *language,
						 const char *site, const json_t *campaigns);

/*
 * The page of a campaign from its public document, or the one to give on. key is
 * the id or slug that the page is asked for by.
 */
void cfa_page_campaign_write(CfaBuf *out, const CfaPageLanguage *language,
							 const char *site, const json_t *campaign,
							 const char *key, bool is_give);

/*
 * Adds money of a document, as money_text.h has it; in HTML it keeps its order
 * whatever the direction of the text around it.
 */
void cfa_page_add_money(CfaBuf *out, const CfaPageLanguage *language,
						const json_t *money, bool is_html);

#endif
