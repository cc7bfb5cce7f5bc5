/* SPDX-License-Identifier: Apache-2.0 */
/*
 * widget_write.c: a campaign as other sites show it.
 *
 * Pure. No script, no style of its own, nothing of another host: both work where
 * the policy of the site around them is as strict as ours. Texts of people only
 * pass through html.h.
 */
#include "handlers/widget_write.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "handlers/html.h"
#include "handlers/page_write.h"

#define BUTTON_WIDTH 320
#define BUTTON_HEIGHT 72
#define PILL_WIDTH 96
#define PAD 14
#define WIDE INT64_C(100000000) /* from here an amount is pressed together */
#define BAR_WIDTH (BUTTON_WIDTH - PILL_WIDTH - 3 * PAD)

/* The colours of web/src/styles/index.css. */
typedef struct Inks
{
	const char *paper;
	const char *line;
	const char *ink;
	const char *muted;
	const char *track;
	const char *poppy;
	const char *on_poppy;
} Inks;

static const Inks light = {"#ffffff",
						   "#757ca8",
						   "#151c4f",
						   "#4b527d",
						   "#eceefa",
						   "#cb3520",
						   "#ffffff"};
static const Inks dark = {"#161d48",
						  "#7f89c9",
						  "#f2f4ff",
						  "#b5bce2",
						  "#20285c",
						  "#ff8570",
						  "#24060a"};

static void add_bar(CfaBuf *out, const Inks *inks, int x, int64_t percent,
					bool is_rtl);
static void add_address(CfaBuf *out, const CfaWidget *widget,
						const json_t *campaign, const char *rest);
static void add_fact(CfaBuf *out, const CfaPageLanguage *language,
					 CfaPageText name, const json_t *money);
static bool is_past(const char *time, const char *now);
static bool is_full(const json_t *campaign);
static int64_t amount_of(const json_t *object, const char *member);

const char *
cfa_widget_standing(const CfaWidget *widget, const json_t *campaign)
{
	const char *const *texts = widget->language->texts;
	const char *state = cfa_json_text(campaign, "state");
	const char *ends_at = cfa_json_text(campaign, "ends_at");

	if (*cfa_json_text(campaign, "archived_at") != '\0' ||
		is_past(ends_at, widget->now))
		return texts[CFA_TEXT_ENDED];
	if (strcmp(state, "closed") == 0)
		return texts[CFA_TEXT_CLOSED];
	if (strcmp(state, "paused") == 0)
		return texts[CFA_TEXT_PAUSED];
	if (!is_past(cfa_json_text(campaign, "starts_at"), widget->now))
		return texts[CFA_TEXT_NOT_STARTED];
	return is_full(campaign) ? texts[CFA_TEXT_FULL] : NULL;
}

int64_t
cfa_widget_percent(const json_t *campaign)
{
	int64_t raised = amount_of(json_object_get(campaign, "totals"), "raised");
	int64_t goal = amount_of(campaign, "goal");
	__int128 percent;

	if (raised <= 0 || goal <= 0)
		return 0;
	percent = (__int128) raised * 100 / goal;
	return percent > INT32_MAX ? INT32_MAX : (int64_t) percent;
}

void
cfa_widget_frame_write(CfaBuf *out, const CfaWidget *widget,
					   const json_t *campaign)
{
	static const char *const themes[] = {"auto", "light", "dark"};
	const CfaPageLanguage *language = widget->language;
	const json_t *totals = json_object_get(campaign, "totals");
	const char *title = cfa_json_text(campaign, "title");
	const char *standing = cfa_widget_standing(widget, campaign);
	int64_t percent = cfa_widget_percent(campaign);

	cfa_buf_addf(out,
				 "<!doctype html>\n"
				 "<html lang=\"%s\" dir=\"%s\" data-theme=\"%s\">\n<head>\n"
				 "<meta charset=\"utf-8\">\n"
				 "<meta name=\"viewport\" content=\"width=device-width\">\n"
				 "<link rel=\"stylesheet\" href=\"/embed/widget.css\">\n"
				 "<title>",
				 language->tag,
				 language->direction,
				 themes[widget->theme]);
	cfa_html_add(out, title);
	cfa_buf_adds(
		out,
		"</title>\n</head>\n<body>\n<main id=\"main\">\n<h1 dir=\"auto\">");
	cfa_html_add(out, title);
	cfa_buf_adds(out, "</h1>\n<p class=\"by\" dir=\"auto\">");
	cfa_html_add(out,
				 cfa_json_text(json_object_get(campaign, "owner"), "name"));
	cfa_buf_addf(out,
				 "</p>\n<div class=\"bar\"><progress max=\"100\" "
				 "value=\"%d\" aria-label=\"%s\"></progress> "
				 "<bdi>%lld %%</bdi></div>\n<dl>\n",
				 (int) (percent > 100 ? 100 : percent),
				 language->texts[CFA_TEXT_RAISED],
				 (long long) percent);
	add_fact(out, language, CFA_TEXT_RAISED, json_object_get(totals, "raised"));
	add_fact(out, language, CFA_TEXT_GOAL, json_object_get(campaign, "goal"));
	cfa_buf_addf(out,
				 "<div><dt>%s</dt><dd>%lld</dd></div>\n</dl>\n",
				 language->texts[CFA_TEXT_GIFTS],
				 (long long) json_integer_value(
					 json_object_get(totals, "confirmed_count")));
	if (standing != NULL)
		cfa_buf_addf(out, "<p class=\"standing\">%s</p>\n", standing);
	cfa_buf_adds(out,
				 "<a class=\"give\" target=\"_blank\" rel=\"noopener\" "
				 "href=\"");
	add_address(out, widget, campaign, standing == NULL ? "/give" : "");
	cfa_buf_addf(out,
				 "\">%s</a>\n</main>\n</body>\n</html>\n",
				 language->texts[standing == NULL ? CFA_TEXT_GIVE
												  : CFA_TEXT_SEE_CAMPAIGN]);
}

void
cfa_widget_button_write(CfaBuf *out, const CfaWidget *widget,
						const json_t *campaign)
{
	const CfaPageLanguage *language = widget->language;
	const Inks *inks = widget->theme == CFA_THEME_DARK ? &dark : &light;
	const json_t *raised =
		json_object_get(json_object_get(campaign, "totals"), "raised");
	const char *standing = cfa_widget_standing(widget, campaign);
	int64_t percent = cfa_widget_percent(campaign);
	bool is_rtl = strcmp(language->direction, "rtl") == 0;
	int bar_x = is_rtl ? PILL_WIDTH + 2 * PAD : PAD;
	int pill_x = is_rtl ? PAD : BUTTON_WIDTH - PILL_WIDTH - PAD;
	int text_x = is_rtl ? BUTTON_WIDTH - PAD : PAD;

	cfa_buf_addf(out,
				 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
				 "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
				 "xml:lang=\"%s\" direction=\"%s\" "
				 "font-family=\"system-ui, sans-serif\">\n<title>",
				 BUTTON_WIDTH,
				 BUTTON_HEIGHT,
				 BUTTON_WIDTH,
				 BUTTON_HEIGHT,
				 language->tag,
				 language->direction);
	cfa_html_add(out, cfa_json_text(campaign, "title"));
	cfa_buf_addf(out,
				 "</title>\n"
				 "<rect x=\"1\" y=\"1\" width=\"%d\" height=\"%d\" rx=\"12\" "
				 "fill=\"%s\" stroke=\"%s\" stroke-width=\"2\"/>\n"
				 "<text x=\"%d\" y=\"30\" font-size=\"15\" font-weight=\"700\" "
				 "fill=\"%s\"%s>",
				 BUTTON_WIDTH - 2,
				 BUTTON_HEIGHT - 2,
				 inks->paper,
				 inks->line,
				 text_x,
				 inks->ink,
				 json_integer_value(json_object_get(raised, "amount")) > WIDE
					 ? " textLength=\"128\" lengthAdjust=\"spacingAndGlyphs\""
					 : "");
	cfa_page_add_money(out, language, raised, false);
	cfa_buf_addf(out,
				 "</text>\n<text x=\"%d\" y=\"30\" font-size=\"13\" "
				 "direction=\"ltr\" text-anchor=\"%s\" "
				 "fill=\"%s\">%lld %%</text>\n",
				 is_rtl ? bar_x : bar_x + BAR_WIDTH,
				 is_rtl ? "start" : "end",
				 inks->muted,
				 (long long) percent);
	add_bar(out, inks, bar_x, percent, is_rtl);
	cfa_buf_addf(out,
				 "<rect x=\"%d\" y=\"16\" width=\"%d\" height=\"40\" "
				 "rx=\"20\" fill=\"%s\"/>\n"
				 "<text x=\"%d\" y=\"41\" font-size=\"%d\" "
				 "font-weight=\"700\" text-anchor=\"middle\" "
				 "fill=\"%s\">%s</text>\n</svg>\n",
				 pill_x,
				 PILL_WIDTH,
				 standing == NULL ? inks->poppy : inks->track,
				 pill_x + PILL_WIDTH / 2,
				 standing == NULL ? 15 : 11,
				 standing == NULL ? inks->on_poppy : inks->ink,
				 standing == NULL ? language->texts[CFA_TEXT_GIVE] : standing);
}

/* The bar of a picture; it fills from the side where the language begins. */
static void
add_bar(CfaBuf *out, const Inks *inks, int x, int64_t percent, bool is_rtl)
{
	int width = BAR_WIDTH * (int) (percent > 100 ? 100 : percent) / 100;

	cfa_buf_addf(out,
				 "<rect x=\"%d\" y=\"42\" width=\"%d\" height=\"10\" rx=\"5\" "
				 "fill=\"%s\" stroke=\"%s\"/>\n"
				 "<rect x=\"%d\" y=\"42\" width=\"%d\" height=\"10\" rx=\"5\" "
				 "fill=\"%s\"/>\n",
				 x,
				 BAR_WIDTH,
				 inks->track,
				 inks->line,
				 is_rtl ? x + BAR_WIDTH - width : x,
				 width,
				 inks->ink);
}

/* The address of the campaign's page, or of a page below it. */
static void
add_address(CfaBuf *out, const CfaWidget *widget, const json_t *campaign,
			const char *rest)
{
	cfa_html_add(out, widget->site);
	cfa_buf_adds(out, "/campaigns/");
	cfa_html_add(out, cfa_json_text(campaign, "slug"));
	cfa_buf_adds(out, rest);
	if (widget->is_language_asked)
		cfa_buf_addf(out, "?lang=%s", widget->language->tag);
}

static void
add_fact(CfaBuf *out, const CfaPageLanguage *language, CfaPageText name,
		 const json_t *money)
{
	cfa_buf_addf(out, "<div><dt>%s</dt><dd>", language->texts[name]);
	cfa_page_add_money(out, language, money, true);
	cfa_buf_adds(out, "</dd></div>\n");
}

/* Times of documents have one form, whose order is that of time. */
static bool
is_past(const char *time, const char *now)
{
	return *time != '\0' && strcmp(time, now) <= 0;
}

/* Whether the cap has no room for the least that is taken. */
static bool
is_full(const json_t *campaign)
{
	const json_t *totals = json_object_get(campaign, "totals");

	return json_is_object(json_object_get(campaign, "cap")) &&
		   amount_of(campaign, "cap") - amount_of(totals, "raised") -
				   amount_of(totals, "pending") <
			   amount_of(campaign, "min_pledge");
}

static int64_t
amount_of(const json_t *object, const char *member)
{
	return json_integer_value(
		json_object_get(json_object_get(object, member), "amount"));
}
