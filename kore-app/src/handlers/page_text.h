/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PAGE_TEXT_H
#define CFA_APP_PAGE_TEXT_H

typedef enum CfaPageText
{
	CFA_TEXT_HOME_TITLE,
	CFA_TEXT_HOME_DESCRIPTION,
	CFA_TEXT_CAMPAIGNS,
	CFA_TEXT_NO_SCRIPT,
	CFA_TEXT_RAISED,
	CFA_TEXT_GOAL,
	CFA_TEXT_GIFTS,
	CFA_TEXT_ENDS,
	CFA_TEXT_BY,
	CFA_TEXT_REWARDS,
	CFA_TEXT_FROM,
	CFA_TEXT_GIVE,
	CFA_TEXT_SEE_CAMPAIGN,
	CFA_TEXT_ENDED,
	CFA_TEXT_CLOSED,
	CFA_TEXT_PAUSED,
	CFA_TEXT_NOT_STARTED,
	CFA_TEXT_FULL,
	CFA_PAGE_TEXTS
} CfaPageText;

typedef struct CfaPageLanguage
{
	const char *tag;	/* of BCP 47 */
	const char *locale; /* of Open Graph */
	const char *direction;
	const char *texts[CFA_PAGE_TEXTS];
} CfaPageLanguage;

/*
 * The language of a page: the one asked for by name, else the one that
 * Accept-Language likes most, else English. Both may be NULL.
 */
const CfaPageLanguage *cfa_page_language(const char *name, const char *accept);

#endif
