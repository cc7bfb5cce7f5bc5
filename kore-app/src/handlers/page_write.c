/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_write.c: what a page says before any script runs, and to those who run
 * none: title, description, what is shown where it is shared, data for search
 * engines, the text itself in <noscript>. What a page begins with stands in
 * #root, where the scripts put the page in its place: the header and the site's
 * own words come from the built site, which draws them as it does later.
 *
 * Pure. Texts of people only pass through html.h.
 */
#include "handlers/page_write.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "handlers/html.h"
#include "handlers/money_text.h"

#define SITE_NAME "CareForAll"
#define SITE_IMAGE "/social.png"
#define IMAGE_MAX 2048

/* What the head of a page says. */
typedef struct Head
{
	const CfaPageLanguage *language;
	const char *site;
	const char *title;
	const char *description;
	const char *path; /* the canonical one */
	const char *image;
	const char *image_alt;
} Head;

static void begin(CfaBuf *out, const CfaPageLanguage *language);
static void add_head(CfaBuf *out, const Head *head);
static void add_meta(CfaBuf *out, const char *kind, const char *name,
					 const char *value);
static void add_preloads(CfaBuf *out, const json_t *campaign, const char *key,
						 bool is_give);
static void begin_body(CfaBuf *out);
static void begin_plain(CfaBuf *out);
static void end(CfaBuf *out);
static void add_campaign_data(CfaBuf *out, const Head *head,
							  const json_t *campaign);
static void add_beginning(CfaBuf *out, const json_t *campaign);
static void add_campaign_text(CfaBuf *out, const Head *head,
							  const json_t *campaign, bool is_give);
static void add_figures(CfaBuf *out, const CfaPageLanguage *language,
						const json_t *campaign);
static void add_rewards(CfaBuf *out, const CfaPageLanguage *language,
						const json_t *rewards);
static void add_fact(CfaBuf *out, const CfaPageLanguage *language,
					 CfaPageText name, const json_t *money);
static void add_member(CfaBuf *out, const char *name, const char *value);
static bool image_of(const char *site, const json_t *campaign, char *out,
					 size_t size);

void
cfa_page_home_write(CfaBuf *out, const CfaPageLanguage *language,
					const char *site, const json_t *campaigns)
{
	char image[IMAGE_MAX];
	const Head head = {
		.language = language,
		.site = site,
		.title = language->texts[CFA_TEXT_HOME_TITLE],
		.description = language->texts[CFA_TEXT_HOME_DESCRIPTION],
		.path = "/",
		.image = image,
		.image_alt = SITE_NAME,
	};
	const json_t *campaign;
	size_t i;

	(void) image_of(site, NULL, image, sizeof(image));
	begin(out, language);
	add_head(out, &head);
	cfa_buf_adds(out,
				 "<script type=\"application/ld+json\">"
				 "{\"@context\":\"https://schema.org\",\"@type\":\"WebSite\"");
	add_member(out, "name", SITE_NAME);
	add_member(out, "url", site);
	add_member(out, "description", head.description);
	add_member(out, "inLanguage", language->tag);
	cfa_buf_adds(out,
				 "}</script>\n"
				 "<!--#include virtual=\"/shell/home.html\" -->\n");
	begin_body(out);
	cfa_buf_addf(out,
				 "<!--#include virtual=\"/shell/hero-%s.html\" -->\n",
				 language->tag);
	begin_plain(out);
	cfa_buf_adds(out, "<p>");
	cfa_html_add(out, head.description);
	cfa_buf_adds(out, "</p>\n<h2>");
	cfa_html_add(out, language->texts[CFA_TEXT_CAMPAIGNS]);
	cfa_buf_adds(out, "</h2>\n<ul>\n");
	json_array_foreach(campaigns, i, campaign)
	{
		cfa_buf_adds(out, "<li><a href=\"/campaigns/");
		cfa_html_add(out, cfa_json_text(campaign, "slug"));
		cfa_buf_adds(out, "\">");
		cfa_html_add(out, cfa_json_text(campaign, "title"));
		cfa_buf_adds(out, "</a><br>");
		cfa_html_add(out, cfa_json_text(campaign, "summary"));
		cfa_buf_adds(out, "</li>\n");
	}
	cfa_buf_adds(out, "</ul>\n");
	end(out);
}

void
cfa_page_campaign_write(CfaBuf *out, const CfaPageLanguage *language,
						const char *site, const json_t *campaign,
						const char *key, bool is_give)
{
	char image[IMAGE_MAX];
	CfaBuf title = {0};
	CfaBuf path = {0};
	Head head = {
		.language = language,
		.site = site,
		.description = cfa_json_text(campaign, "summary"),
		.image = image,
		.image_alt = SITE_NAME,
	};

	if (image_of(site, campaign, image, sizeof(image)))
		head.image_alt =
			cfa_json_text(json_object_get(campaign, "image"), "alt");
	if (is_give)
		cfa_buf_addf(&title, "%s: ", language->texts[CFA_TEXT_GIVE]);
	cfa_buf_addf(&title, "%s · " SITE_NAME, cfa_json_text(campaign, "title"));
	cfa_buf_addf(&path, "/campaigns/%s", cfa_json_text(campaign, "slug"));
	head.title = cfa_buf_text(&title);
	head.path = cfa_buf_text(&path);
	begin(out, language);
	add_head(out, &head);
	add_preloads(out, campaign, key, is_give);
	add_campaign_data(out, &head, campaign);
	begin_body(out);
	if (!is_give)
		add_beginning(out, campaign);
	begin_plain(out);
	add_campaign_text(out, &head, campaign, is_give);
	end(out);
	cfa_buf_clear(&title);
	cfa_buf_clear(&path);
}

void
cfa_page_add_money(CfaBuf *out, const CfaPageLanguage *language,
				   const json_t *money, bool is_html)
{
	const char *currency = cfa_json_text(money, "currency");
	char text[CFA_MONEY_TEXT_MAX];

	cfa_money_text(language->tag,
				   json_integer_value(json_object_get(money, "amount")),
				   cfa_currency_exponent(currency),
				   currency,
				   text);
	cfa_buf_adds(out, is_html ? "<bdi>" : "");
	cfa_html_add(out, text);
	cfa_buf_adds(out, is_html ? "</bdi>" : "");
}

static void
begin(CfaBuf *out, const CfaPageLanguage *language)
{
	cfa_buf_addf(out,
				 "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n"
				 "<!--#include virtual=\"/shell/head.html\" -->\n",
				 language->tag,
				 language->direction);
}

static void
add_head(CfaBuf *out, const Head *head)
{
	CfaBuf url = {0};

	cfa_buf_addf(&url, "%s%s", head->site, head->path);
	cfa_buf_adds(out, "<title>");
	cfa_html_add(out, head->title);
	cfa_buf_adds(out, "</title>\n");
	add_meta(out, "name", "description", head->description);
	cfa_buf_adds(out, "<link rel=\"canonical\" href=\"");
	cfa_html_add(out, cfa_buf_text(&url));
	cfa_buf_adds(out, "\">\n");
	add_meta(out, "property", "og:type", "website");
	add_meta(out, "property", "og:site_name", SITE_NAME);
	add_meta(out, "property", "og:locale", head->language->locale);
	add_meta(out, "property", "og:title", head->title);
	add_meta(out, "property", "og:description", head->description);
	add_meta(out, "property", "og:url", cfa_buf_text(&url));
	add_meta(out, "property", "og:image", head->image);
	add_meta(out, "property", "og:image:alt", head->image_alt);
	add_meta(out, "name", "twitter:card", "summary_large_image");
	cfa_buf_clear(&url);
}

static void
add_meta(CfaBuf *out, const char *kind, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	cfa_buf_addf(out, "<meta %s=\"%s\" content=\"", kind, name);
	cfa_html_add(out, value);
	cfa_buf_adds(out, "\">\n");
}

/*
 * What the scripts of the page are going to ask for, so that it is under way
 * before they have arrived: the campaign, its cover, the scripts of giving.
 */
static void
add_preloads(CfaBuf *out, const json_t *campaign, const char *key, bool is_give)
{
	const char *cover =
		cfa_json_text(json_object_get(campaign, "image"), "url");

	if (is_give)
		cfa_buf_adds(out, "<!--#include virtual=\"/shell/give.html\" -->\n");
	cfa_buf_adds(out,
				 "<link rel=\"preload\" as=\"fetch\" crossorigin "
				 "href=\"/api/v1/campaigns/");
	cfa_html_add(out, key);
	cfa_buf_adds(out, "\">\n");
	if (is_give || *cover == '\0')
		return;
	cfa_buf_adds(out,
				 "<link rel=\"preload\" as=\"image\" "
				 "fetchpriority=\"high\" href=\"");
	cfa_html_add(out, cover);
	cfa_buf_adds(out, "\">\n");
}

/* Begins what is shown until the scripts take its place. */
static void
begin_body(CfaBuf *out)
{
	cfa_buf_adds(out,
				 "</head>\n<body>\n<div id=\"root\">\n"
				 "<!--#include virtual=\"/shell/header.html\" -->\n"
				 "<main>\n");
}

/* Begins the text for those who run no scripts. */
static void
begin_plain(CfaBuf *out)
{
	cfa_buf_adds(out, "<noscript>\n<div class=\"plain\" id=\"campaigns\">\n");
}

static void
end(CfaBuf *out)
{
	cfa_buf_adds(out,
				 "</div>\n</noscript>\n</main>\n</div>\n</body>\n</html>\n");
}

/* The campaign as a search engine reads it: a page whose action is to give. */
static void
add_campaign_data(CfaBuf *out, const Head *head, const json_t *campaign)
{
	CfaBuf url = {0};

	cfa_buf_addf(&url, "%s%s", head->site, head->path);
	cfa_buf_adds(out,
				 "<script type=\"application/ld+json\">"
				 "{\"@context\":\"https://schema.org\",\"@type\":\"WebPage\"");
	add_member(out, "name", cfa_json_text(campaign, "title"));
	add_member(out, "description", head->description);
	add_member(out, "url", cfa_buf_text(&url));
	add_member(out, "image", head->image);
	add_member(out, "datePublished", cfa_json_text(campaign, "created_at"));
	add_member(out, "dateModified", cfa_json_text(campaign, "updated_at"));
	cfa_buf_adds(out, ",\"isPartOf\":{\"@type\":\"WebSite\"");
	add_member(out, "name", SITE_NAME);
	add_member(out, "url", head->site);
	cfa_buf_adds(out, "},\"potentialAction\":{\"@type\":\"DonateAction\"");
	cfa_buf_adds(&url, "/give");
	add_member(out, "target", cfa_buf_text(&url));
	cfa_buf_adds(out, ",\"recipient\":{\"@type\":\"Organization\"");
	add_member(out,
			   "name",
			   cfa_json_text(json_object_get(campaign, "owner"), "name"));
	cfa_buf_adds(out, "}}}</script>\n");
	cfa_buf_clear(&url);
}

/*
 * The words of the owner and the cover, where the page will have them; words of
 * the site would be in a language that the reader may have changed.
 */
static void
add_beginning(CfaBuf *out, const json_t *campaign)
{
	const json_t *image = json_object_get(campaign, "image");
	const char *cover = cfa_json_text(image, "url");

	cfa_buf_adds(out, "<div class=\"beginning\">\n<h1 dir=\"auto\">");
	cfa_html_add(out, cfa_json_text(campaign, "title"));
	cfa_buf_adds(out, "</h1>\n<p dir=\"auto\">");
	cfa_html_add(out, cfa_json_text(campaign, "summary"));
	cfa_buf_adds(out, "</p>\n");
	if (cover[0] == '/' && cover[1] != '/')
	{
		cfa_buf_adds(out, "<img width=\"800\" height=\"500\" src=\"");
		cfa_html_add(out, cover);
		cfa_buf_adds(out, "\" alt=\"");
		cfa_html_add(out, cfa_json_text(image, "alt"));
		cfa_buf_adds(out, "\">\n");
	}
	cfa_buf_adds(out, "</div>\n");
}

/* What is not in #root already. */
static void
add_campaign_text(CfaBuf *out, const Head *head, const json_t *campaign,
				  bool is_give)
{
	const CfaPageLanguage *language = head->language;

	if (is_give)
	{
		cfa_buf_adds(out, "<h1>");
		cfa_html_add(out, cfa_json_text(campaign, "title"));
		cfa_buf_adds(out, "</h1>\n<p>");
		cfa_html_add(out, head->description);
		cfa_buf_adds(out, "</p>\n");
	}
	cfa_buf_adds(out, "<p>");
	cfa_html_add(out, language->texts[CFA_TEXT_BY]);
	cfa_buf_addc(out, ' ');
	cfa_html_add(out,
				 cfa_json_text(json_object_get(campaign, "owner"), "name"));
	cfa_buf_adds(out, "</p>\n");
	add_figures(out, language, campaign);
	cfa_html_add_story(out, cfa_json_text(campaign, "story"));
	add_rewards(out, language, json_object_get(campaign, "rewards"));
	cfa_buf_adds(out, "<p>");
	cfa_html_add(out, language->texts[CFA_TEXT_NO_SCRIPT]);
	cfa_buf_adds(out, "</p>\n");
}

static void
add_figures(CfaBuf *out, const CfaPageLanguage *language,
			const json_t *campaign)
{
	const json_t *totals = json_object_get(campaign, "totals");
	const char *ends_at = cfa_json_text(campaign, "ends_at");
	char day[sizeof("2026-01-31")];

	cfa_buf_adds(out, "<dl>\n");
	add_fact(out, language, CFA_TEXT_RAISED, json_object_get(totals, "raised"));
	add_fact(out, language, CFA_TEXT_GOAL, json_object_get(campaign, "goal"));
	cfa_buf_adds(out, "<dt>");
	cfa_html_add(out, language->texts[CFA_TEXT_GIFTS]);
	cfa_buf_addf(out,
				 "</dt><dd>%" JSON_INTEGER_FORMAT "</dd>\n",
				 json_integer_value(
					 json_object_get(totals, "confirmed_count")));
	if (*ends_at != '\0')
	{
		cfa_buf_adds(out, "<dt>");
		cfa_html_add(out, language->texts[CFA_TEXT_ENDS]);
		cfa_buf_adds(out, "</dt><dd><time datetime=\"");
		cfa_html_add(out, ends_at);
		cfa_buf_adds(out, "\">");
		(void) snprintf(day, sizeof(day), "%s", ends_at);
		cfa_html_add(out, day);
		cfa_buf_adds(out, "</time></dd>\n");
	}
	cfa_buf_adds(out, "</dl>\n");
}

static void
add_rewards(CfaBuf *out, const CfaPageLanguage *language, const json_t *rewards)
{
	const json_t *reward;
	size_t i;

	if (json_array_size(rewards) == 0)
		return;
	cfa_buf_adds(out, "<h2>");
	cfa_html_add(out, language->texts[CFA_TEXT_REWARDS]);
	cfa_buf_adds(out, "</h2>\n<ul>\n");
	json_array_foreach(rewards, i, reward)
	{
		cfa_buf_adds(out, "<li><b>");
		cfa_html_add(out, cfa_json_text(reward, "title"));
		cfa_buf_adds(out, "</b> (");
		cfa_html_add(out, language->texts[CFA_TEXT_FROM]);
		cfa_buf_addc(out, ' ');
		cfa_page_add_money(out,
						   language,
						   json_object_get(reward, "min_amount"),
						   true);
		cfa_buf_adds(out, ")<br>");
		cfa_html_add(out, cfa_json_text(reward, "description"));
		cfa_buf_adds(out, "</li>\n");
	}
	cfa_buf_adds(out, "</ul>\n");
}

static void
add_fact(CfaBuf *out, const CfaPageLanguage *language, CfaPageText name,
		 const json_t *money)
{
	cfa_buf_adds(out, "<dt>");
	cfa_html_add(out, language->texts[name]);
	cfa_buf_adds(out, "</dt><dd>");
	cfa_page_add_money(out, language, money, true);
	cfa_buf_adds(out, "</dd>\n");
}

/* Adds a further member of a JSON object. */
static void
add_member(CfaBuf *out, const char *name, const char *value)
{
	cfa_buf_addf(out, ",\"%s\":", name);
	cfa_html_add_json(out, value);
}

/*
 * The address of the picture that is shown where a page is shared: the
 * campaign's cover, or the site's own (false) where it has none or only one that
 * such places do not show (SVG).
 */
static bool
image_of(const char *site, const json_t *campaign, char *out, size_t size)
{
	const char *url = cfa_json_text(json_object_get(campaign, "image"), "url");
	size_t len = strlen(url);
	bool is_ours = url[0] == '/' && url[1] != '/';
	bool is_shown =
		(is_ours || strncmp(url, "https://", 8) == 0) &&
		(len < 4 || strcmp(url + len - 4, ".svg") != 0) &&
		snprintf(out, size, "%s%s", is_ours ? site : "", url) < (int) size;

	if (!is_shown)
		(void) snprintf(out, size, "%s" SITE_IMAGE, site);
	return is_shown;
}
