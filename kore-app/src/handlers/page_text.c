/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_text.c: the few words that a page has before any script runs, in the
 * languages of the site.
 */
#include "handlers/page_text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
static const CfaPageLanguage languages[] = {
	{"en", "en_GB", "ltr", {
		[CFA_TEXT_HOME_TITLE] = "CareForAll: many small gifts, one big piece of work",
		[CFA_TEXT_HOME_DESCRIPTION] = "Give to work you can follow. Every gift is counted once, to the cent, while you watch.",
		[CFA_TEXT_CAMPAIGNS] = "Campaigns",
		[CFA_TEXT_NO_SCRIPT] = "To give, and to see the figures move, please turn JavaScript on.",
		[CFA_TEXT_RAISED] = "Raised",
		[CFA_TEXT_GOAL] = "Goal",
		[CFA_TEXT_GIFTS] = "Gifts",
		[CFA_TEXT_ENDS] = "Ends",
		[CFA_TEXT_BY] = "By",
		[CFA_TEXT_REWARDS] = "Rewards",
		[CFA_TEXT_FROM] = "From",
		[CFA_TEXT_GIVE] = "Give",
		[CFA_TEXT_SEE_CAMPAIGN] = "See the campaign",
		[CFA_TEXT_ENDED] = "Ended",
		[CFA_TEXT_CLOSED] = "Closed",
		[CFA_TEXT_PAUSED] = "Paused",
		[CFA_TEXT_NOT_STARTED] = "Not started yet",
		[CFA_TEXT_FULL] = "Fully pledged"}},
	{"de", "de_DE", "ltr", {
		[CFA_TEXT_HOME_TITLE] = "CareForAll: viele kleine Gaben, ein großes Werk",
		[CFA_TEXT_HOME_DESCRIPTION] = "Fördere Arbeit, die du verfolgen kannst. Jede Spende zählt genau einmal, auf den Cent, und du siehst zu.",
		[CFA_TEXT_CAMPAIGNS] = "Kampagnen",
		[CFA_TEXT_NO_SCRIPT] = "Zum Spenden und für laufend neue Zahlen schalte bitte JavaScript ein.",
		[CFA_TEXT_RAISED] = "Gesammelt",
		[CFA_TEXT_GOAL] = "Ziel",
		[CFA_TEXT_GIFTS] = "Spenden",
		[CFA_TEXT_ENDS] = "Endet am",
		[CFA_TEXT_BY] = "Von",
		[CFA_TEXT_REWARDS] = "Dankeschöns",
		[CFA_TEXT_FROM] = "Ab",
		[CFA_TEXT_GIVE] = "Spenden",
		[CFA_TEXT_SEE_CAMPAIGN] = "Kampagne ansehen",
		[CFA_TEXT_ENDED] = "Beendet",
		[CFA_TEXT_CLOSED] = "Geschlossen",
		[CFA_TEXT_PAUSED] = "Pausiert",
		[CFA_TEXT_NOT_STARTED] = "Noch nicht begonnen",
		[CFA_TEXT_FULL] = "Voll zugesagt"}},
	{"ar", "ar_AR", "rtl", {
		[CFA_TEXT_HOME_TITLE] = "CareForAll: تبرعات صغيرة كثيرة، عمل كبير واحد",
		[CFA_TEXT_HOME_DESCRIPTION] = "تبرَّع لعمل يمكنك متابعته. كل تبرع يُحسب مرة واحدة بدقة وأنت تشاهد.",
		[CFA_TEXT_CAMPAIGNS] = "الحملات",
		[CFA_TEXT_NO_SCRIPT] = "للتبرع ولمشاهدة الأرقام وهي تتغير، يُرجى تفعيل JavaScript.",
		[CFA_TEXT_RAISED] = "جُمع",
		[CFA_TEXT_GOAL] = "الهدف",
		[CFA_TEXT_GIFTS] = "التبرعات",
		[CFA_TEXT_ENDS] = "تنتهي في",
		[CFA_TEXT_BY] = "من",
		[CFA_TEXT_REWARDS] = "المكافآت",
		[CFA_TEXT_FROM] = "من",
		[CFA_TEXT_GIVE] = "تبرَّع",
		[CFA_TEXT_SEE_CAMPAIGN] = "عرض الحملة",
		[CFA_TEXT_ENDED] = "انتهت",
		[CFA_TEXT_CLOSED] = "مغلقة",
		[CFA_TEXT_PAUSED] = "متوقفة مؤقتًا",
		[CFA_TEXT_NOT_STARTED] = "لم تبدأ بعد",
		[CFA_TEXT_FULL] = "اكتمل المبلغ"}},
};
/* clang-format on */

#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))

static const CfaPageLanguage *named(const char *tag, size_t len);
static double quality(const char *params, size_t len);

const CfaPageLanguage *
cfa_page_language(const char *name, const char *accept)
{
	const CfaPageLanguage *best =
		name == NULL ? NULL : named(name, strlen(name));
	double best_quality = 0;

	if (best != NULL)
		return best;
	while (accept != NULL && *accept != '\0')
	{
		size_t len = strcspn(accept, ",");
		size_t blanks = strspn(accept, " \t");
		size_t tag = blanks < len ? strcspn(accept + blanks, ",; \t") : 0;
		const CfaPageLanguage *found =
			tag == 0 ? NULL : named(accept + blanks, tag);
		double liked =
			tag == 0 ? 0 : quality(accept + blanks + tag, len - blanks - tag);

		if (found != NULL && liked > best_quality)
		{
			best = found;
			best_quality = liked;
		}
		accept += len;
		if (*accept == ',')
			accept++;
	}
	return best != NULL ? best : &languages[0];
}

/* The language of a tag, whatever its region; NULL if the site has it not. */
static const CfaPageLanguage *
named(const char *tag, size_t len)
{
	size_t primary = strcspn(tag, "-");
	size_t i;

	if (primary > len)
		primary = len;
	for (i = 0; i < LANGUAGES; i++)
	{
		if (strlen(languages[i].tag) == primary &&
			strncasecmp(languages[i].tag, tag, primary) == 0)
			return &languages[i];
	}
	return NULL;
}

/* The weight in ";q=0.8"; 1 without one. */
static double
quality(const char *params, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i++)
	{
		if ((params[i] | 0x20) == 'q' && params[i + 1] == '=')
			return strtod(params + i + 2, NULL);
	}
	return 1;
}
