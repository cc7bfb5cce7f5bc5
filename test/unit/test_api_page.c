/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a page says what its campaign says and nothing that somebody wrote becomes
 * markup, data that ends early, or an include of the gateway. Method: tables of
 * texts with the bytes they become; a page of hostile texts has the very tags of a
 * page of harmless ones.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "handlers/html.h"
#include "handlers/page_text.h"
#include "handlers/page_write.h"
#include "handlers/widget_write.h"

#define SITE "https://give.example.org"

static void
assert_written(void (*add)(CfaBuf *, const char *), const char *text,
			   const char *expected)
{
	CfaBuf out = {0};

	add(&out, text);
	assert_string_equal(cfa_buf_text(&out), expected);
	cfa_buf_clear(&out);
}

static void
test_texts(void **state)
{
	assert_written(cfa_html_add, "plain Zoë", "plain Zoë");
	assert_written(cfa_html_add,
				   "a<b>c&d\"e'f",
				   "a&lt;b&gt;c&amp;d&quot;e&#39;f");
	assert_written(cfa_html_add, "<!--#include", "&lt;!--#include");
	assert_written(cfa_html_add_json, "a\"b\\c", "\"a\\\"b\\\\c\"");
	assert_written(cfa_html_add_json,
				   "</script><!--&",
				   "\"\\u003c/script\\u003e\\u003c!--\\u0026\"");
}

static void
test_story(void **state)
{
	assert_written(cfa_html_add_story, "", "");
	assert_written(cfa_html_add_story, "\n\n\n", "");
	assert_written(cfa_html_add_story, "one", "<p>one</p>\n");
	assert_written(cfa_html_add_story,
				   "a\nb\n\n\nc",
				   "<p>a\nb</p>\n<p>c</p>\n");
	assert_written(cfa_html_add_story,
				   "## Why <b>",
				   "<h3>Why &lt;b&gt;</h3>\n");
	assert_written(cfa_html_add_story,
				   "- a\n- <i>\n\n-b",
				   "<ul>\n<li>a</li>\n<li>&lt;i&gt;</li>\n</ul>\n<p>-b</p>\n");
	assert_written(cfa_html_add_story, "- a\nb", "<p>- a\nb</p>\n");
	assert_written(cfa_html_add_story, "- ", "<ul>\n<li></li>\n</ul>\n");
	assert_written(cfa_html_add_story, "-", "<p>-</p>\n");
	assert_written(cfa_html_add_story, "- a\n", "<ul>\n<li>a</li>\n</ul>\n");
}

static void
test_languages(void **state)
{
	static const struct
	{
		const char *name;
		const char *accept;
		const char *tag;
	} rows[] = {
		{NULL, NULL, "en"},
		{"de", "ar", "de"},
		{"DE-AT", NULL, "de"},
		{"fr", "de", "de"},
		{"", "ar", "ar"},
		{"<script>", NULL, "en"},
		{"d", NULL, "en"},
		{"dee", NULL, "en"},
		{NULL, "", "en"},
		{NULL, ",,;q=1, ;", "en"},
		{NULL, "de-CH, ar;q=0.9", "de"},
		{NULL, "de;q=0.2, ar;q=0.9, en;q=0.5", "ar"},
		{NULL, "fr, it;q=0.8, ar ;q=0.1", "ar"},
		{NULL, "de;q=0", "en"},
		{NULL, "*", "en"},
		{NULL, "de;q=nan, ar;q=0.1", "ar"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		const CfaPageLanguage *found =
			cfa_page_language(rows[i].name, rows[i].accept);
		int text;

		assert_string_equal(found->tag, rows[i].tag);
		for (text = 0; text < CFA_PAGE_TEXTS; text++)
			assert_non_null(found->texts[text]);
	}
}

/* A campaign whose every text is this one. */
static json_t *
campaign_of(const char *text)
{
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:{s:s,s:s},s:{s:s},s:{s:i,s:s},"
		"s:{s:{s:i,s:s},s:i},s:s,s:s,s:s,s:[{s:s,s:s,s:{s:i,s:s}}]}",
		"slug",
		text,
		"title",
		text,
		"summary",
		text,
		"story",
		text,
		"image",
		"url",
		"/api/v1/images/a.png",
		"alt",
		text,
		"owner",
		"name",
		text,
		"goal",
		"amount",
		100,
		"currency",
		"EUR",
		"totals",
		"raised",
		"amount",
		50,
		"currency",
		"EUR",
		"confirmed_count",
		1,
		"ends_at",
		text,
		"created_at",
		text,
		"updated_at",
		text,
		"rewards",
		"title",
		text,
		"description",
		text,
		"min_amount",
		"amount",
		1,
		"currency",
		text);
}

/* The names of all tags and comments, in order. */
static char *
tags_of(const CfaBuf *page)
{
	CfaBuf tags = {0};
	const char *at = page->data;
	char *copy;

	while ((at = strchr(at, '<')) != NULL)
	{
		size_t len = strcspn(at, " >\n");

		cfa_buf_add(&tags, at, len);
		at += len;
	}
	copy = strdup(cfa_buf_text(&tags));
	cfa_buf_clear(&tags);
	return copy;
}

/* A widget in a language and a theme. */
static CfaWidget
widget_of(const char *language, CfaWidgetTheme theme)
{
	CfaWidget widget = {
		.language = cfa_page_language(language, NULL),
		.theme = theme,
		.site = SITE,
		.now = "2026-06-01T12:00:00.000Z",
	};

	return widget;
}

static char *
page_tags(const char *text, CfaBuf *page)
{
	json_t *campaign = campaign_of(text);
	json_t *all = json_pack("[O]", campaign);
	CfaWidget shown = widget_of("en", CFA_THEME_AUTO);

	assert_non_null(campaign);
	cfa_buf_reset(page);
	cfa_page_campaign_write(page,
							cfa_page_language("ar", NULL),
							SITE,
							campaign,
							"key",
							true);
	cfa_page_home_write(page, cfa_page_language("en", NULL), SITE, all);
	cfa_widget_frame_write(page, &shown, campaign);
	cfa_widget_button_write(page, &shown, campaign);
	(void) cfa_buf_text(page);
	json_decref(all);
	json_decref(campaign);
	return tags_of(page);
}

static void
test_hostile(void **state)
{
	static const char *const texts[] = {
		"<script>alert(1)</script>",
		"</title><script>alert(1)</script>",
		"\"><img src=x onerror=alert(1)>",
		"'><svg/onload=alert(1)>",
		"</script><script>alert(1)</script>",
		"<!--",
		"--><script>alert(1)</script>",
		"]]>",
		"<!--#include virtual=\"/readyz\" -->",
		"<!--#set var=\"a\" value=\"b\" --><!--#echo var=\"a\" -->",
		"</noscript><p>",
		"\\u003c/script\\u003e",
		"{{1+1}} ${1+1}",
		"javascript:alert(1)",
		"a\n\n- <b>\n- </li>\n\n## </h3>",
	};
	CfaBuf page = {0};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		/* The same breaks of lines, for the same paragraphs. */
		char *harmless = strdup(texts[i]);
		char *tags;
		char *expected;
		char *c;

		for (c = harmless; *c != '\0'; c++)
		{
			if (strchr("<>\"'&\\/!{}[]$=:", *c) != NULL)
				*c = 'x';
		}
		expected = page_tags(harmless, &page);
		tags = page_tags(texts[i], &page);
		assert_string_equal(tags, expected);
		assert_null(strstr(page.data, "<!--#include virtual=\"/readyz"));
		free(tags);
		free(expected);
		free(harmless);
	}
	cfa_buf_clear(&page);
}

static void
test_pictures(void **state)
{
	static const struct
	{
		const char *url;
		const char *shown;
	} rows[] = {
		{"/api/v1/images/a.png", SITE "/api/v1/images/a.png"},
		{"https://cdn.example.org/a.jpg", "https://cdn.example.org/a.jpg"},
		{"/images/a.svg", SITE "/social.png"},
		{"//evil.example/a.png", SITE "/social.png"},
		{"javascript:alert(1)", SITE "/social.png"},
		{"", SITE "/social.png"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		json_t *campaign = campaign_of("a");
		CfaBuf page = {0};
		CfaBuf meta = {0};

		(void) json_object_set_new(json_object_get(campaign, "image"),
								   "url",
								   json_string(rows[i].url));
		cfa_page_campaign_write(&page,
								cfa_page_language(NULL, NULL),
								SITE,
								campaign,
								"key",
								false);
		cfa_buf_addf(&meta,
					 "<meta property=\"og:image\" content=\"%s\">",
					 rows[i].shown);
		assert_non_null(strstr(cfa_buf_text(&page), cfa_buf_text(&meta)));
		json_decref(campaign);
		cfa_buf_clear(&page);
		cfa_buf_clear(&meta);
	}
}

/* A campaign of 100.00 EUR that takes gifts now. */
static json_t *
open_campaign(int raised)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:n,s:n,s:n,s:{s:i,s:s},s:{s:i,s:s},"
					 "s:{s:{s:i,s:s},s:{s:i,s:s},s:i}}",
					 "slug",
					 "beds",
					 "title",
					 "Beds",
					 "state",
					 "active",
					 "starts_at",
					 "2026-05-01T00:00:00.000Z",
					 "ends_at",
					 "archived_at",
					 "cap",
					 "goal",
					 "amount",
					 10000,
					 "currency",
					 "EUR",
					 "min_pledge",
					 "amount",
					 500,
					 "currency",
					 "EUR",
					 "totals",
					 "raised",
					 "amount",
					 raised,
					 "currency",
					 "EUR",
					 "pending",
					 "amount",
					 1000,
					 "currency",
					 "EUR",
					 "confirmed_count",
					 3);
}

static void
test_widget_standing(void **state)
{
	static const struct
	{
		const char *member;
		const char *value;
		const char *said; /* NULL: takes gifts */
	} rows[] = {
		{"state", "active", NULL},
		{"state", "paused", "Paused"},
		{"state", "closed", "Closed"},
		{"archived_at", "2026-05-30T00:00:00.000Z", "Ended"},
		{"ends_at", "2026-06-01T11:59:59.999Z", "Ended"},
		{"ends_at", "2026-06-01T12:00:00.000Z", "Ended"},
		{"ends_at", "2026-06-01T12:00:00.001Z", NULL},
		{"starts_at", "2026-06-01T12:00:00.000Z", NULL},
		{"starts_at", "2026-06-01T12:00:00.001Z", "Not started yet"},
	};
	static const struct
	{
		int cap; /* 5,000 raised, 1,000 pending, at least 500 */
		const char *said;
	} caps[] = {
		{6500, NULL},
		{6499, "Fully pledged"},
		{6000, "Fully pledged"},
		{5000, "Fully pledged"},
	};
	CfaWidget made = widget_of("en", CFA_THEME_AUTO);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		json_t *campaign = open_campaign(5000);
		const char *said;

		(void) json_object_set_new(campaign,
								   rows[i].member,
								   json_string(rows[i].value));
		said = cfa_widget_standing(&made, campaign);
		if (rows[i].said == NULL)
			assert_null(said);
		else
			assert_string_equal(said, rows[i].said);
		json_decref(campaign);
	}
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
	{
		json_t *campaign = open_campaign(5000);
		const char *said;

		(void) json_object_set_new(
			campaign,
			"cap",
			json_pack("{s:i,s:s}", "amount", caps[i].cap, "currency", "EUR"));
		said = cfa_widget_standing(&made, campaign);
		if (caps[i].said == NULL)
			assert_null(said);
		else
			assert_string_equal(said, caps[i].said);
		json_decref(campaign);
	}
}

static void
test_widget_percent(void **state)
{
	static const struct
	{
		int raised;
		int percent;
	} rows[] = {{-5, 0},
				{0, 0},
				{99, 0},
				{100, 1},
				{9999, 99},
				{10000, 100},
				{25000, 250},
				{2000000000, 20000000}};
	json_t *nothing = json_object();
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		json_t *campaign = open_campaign(rows[i].raised);

		assert_int_equal(cfa_widget_percent(campaign), rows[i].percent);
		json_decref(campaign);
	}
	assert_int_equal(cfa_widget_percent(nothing), 0);
	json_decref(nothing);
}

static void
assert_has(CfaBuf *page, const char *text)
{
	if (strstr(cfa_buf_text(page), text) == NULL)
		fail_msg("no %s in %s", text, page->data);
}

static void
test_widgets(void **state)
{
	CfaWidget made = widget_of("de", CFA_THEME_DARK);
	json_t *campaign = open_campaign(25000);
	CfaBuf page = {0};

	cfa_widget_frame_write(&page, &made, campaign);
	assert_has(&page, "<html lang=\"de\" dir=\"ltr\" data-theme=\"dark\">");
	assert_has(&page, "<progress max=\"100\" value=\"100\"");
	assert_has(&page, "<bdi>250 %</bdi>");
	assert_has(&page, "<dt>Spenden</dt><dd>3</dd>");
	assert_has(&page, "href=\"" SITE "/campaigns/beds/give\">Spenden</a>");
	assert_null(strstr(page.data, "class=\"standing\""));

	(void) json_object_set_new(campaign, "state", json_string("paused"));
	made = widget_of("ar", CFA_THEME_AUTO);
	made.is_language_asked = true;
	cfa_buf_reset(&page);
	cfa_widget_frame_write(&page, &made, campaign);
	assert_has(&page, "dir=\"rtl\" data-theme=\"auto\"");
	assert_has(&page, "class=\"standing\"");
	assert_has(&page, "href=\"" SITE "/campaigns/beds?lang=ar\"");

	cfa_buf_reset(&page);
	cfa_widget_button_write(&page, &made, campaign);
	assert_has(&page, "direction=\"rtl\"");
	assert_has(&page,
			   ">250.00\xc2\xa0"
			   "EUR</text>");
	assert_null(strstr(page.data, "textLength"));
	assert_null(strstr(page.data, "style"));
	json_decref(campaign);

	campaign = open_campaign(2000000000);
	cfa_buf_reset(&page);
	cfa_widget_button_write(&page, &made, campaign);
	assert_has(&page, "textLength=\"128\"");
	json_decref(campaign);
	cfa_buf_clear(&page);
}

/* A document that lacks what it should have makes a page all the same. */
static void
test_empty(void **state)
{
	CfaWidget made = widget_of("en", CFA_THEME_LIGHT);
	CfaBuf page = {0};
	json_t *nothing = json_object();

	cfa_page_campaign_write(&page,
							cfa_page_language(NULL, NULL),
							SITE,
							nothing,
							"key",
							false);
	cfa_page_campaign_write(&page,
							cfa_page_language(NULL, NULL),
							SITE,
							NULL,
							"key",
							false);
	cfa_page_home_write(&page, cfa_page_language(NULL, NULL), SITE, NULL);
	assert_non_null(strstr(cfa_buf_text(&page), "<h1 dir=\"auto\">"));
	assert_non_null(strstr(cfa_buf_text(&page), "\"/shell/hero-en.html\""));
	cfa_buf_reset(&page);
	cfa_widget_frame_write(&page, &made, nothing);
	cfa_widget_frame_write(&page, &made, NULL);
	cfa_widget_button_write(&page, &made, nothing);
	cfa_widget_button_write(&page, &made, NULL);
	assert_has(&page, "Not started yet");
	json_decref(nothing);
	cfa_buf_clear(&page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_widget_standing),
		cmocka_unit_test(test_widget_percent),
		cmocka_unit_test(test_widgets),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
