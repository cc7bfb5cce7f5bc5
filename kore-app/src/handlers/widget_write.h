/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_WIDGET_WRITE_H
#define CFA_APP_WIDGET_WRITE_H

#include <careforall/buf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "handlers/page_text.h"

typedef enum CfaWidgetTheme
{
	CFA_THEME_AUTO, /* what the reader's device prefers */
	CFA_THEME_LIGHT,
	CFA_THEME_DARK
} CfaWidgetTheme;

typedef struct CfaWidget
{
	const CfaPageLanguage *language;
	bool is_language_asked; /* then the site is opened in it too */
	CfaWidgetTheme theme;
	const char *site; /* its address, without a slash at its end */
	const char *now;  /* as times in documents: 2026-01-31T09:00:00.000Z */
} CfaWidget;

/*
 * What a campaign takes now, in a word: NULL if gifts, else the text that says
 * why none. campaign is its public document.
 */
const char *cfa_widget_standing(const CfaWidget *widget,
								const json_t *campaign);

/* Raised as a share of the goal in whole percent, rounded down. */
int64_t cfa_widget_percent(const json_t *campaign);

/* A page for frames of other sites: what is raised, and a link to give. */
void cfa_widget_frame_write(CfaBuf *out, const CfaWidget *widget,
							const json_t *campaign);

/* The same in one line, as a picture (SVG) to be put into a link. */
void cfa_widget_button_write(CfaBuf *out, const CfaWidget *widget,
							 const json_t *campaign);

#endif
