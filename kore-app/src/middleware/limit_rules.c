/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit_rules.c: the numbers of the limiter, as settings and as header text.
 *
 * Pure: texts in, tables out.
 */
#include "middleware/limit_rules.h"

#include <careforall/config.h>
#include <careforall/text.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 4
#define WORD_LEN_MAX 32

typedef struct Words
{
	size_t count;
	char word[WORDS_MAX][WORD_LEN_MAX];
} Words;

static const char *const by_names[CFA_LIMIT_BY_COUNT] = {
	[CFA_LIMIT_ADDRESS] = "address",
	[CFA_LIMIT_ACCOUNT] = "account",
	[CFA_LIMIT_CAMPAIGN] = "campaign",
};

static bool split(const char *item, size_t len, Words *words);
static bool parse_item(const char *class_name, const Words *words,
					   CfaLimitRules *rules);
static bool parse_inflight(const char *class_name, const Words *words,
						   CfaLimitRules *rules);
static bool parse_rule(const Words *words, CfaGcra *gcra);
static void write_policy(CfaLimitRules *rules);

bool
cfa_limit_rules_parse(const char *class_name, const char *text,
					  CfaLimitRules *rules)
{
	*rules = (CfaLimitRules){0};
	if (strcmp(text, "off") == 0)
		return true;
	for (;;)
	{
		size_t len = strcspn(text, ",");
		Words words;

		if (!split(text, len, &words) || !parse_item(class_name, &words, rules))
			return false;
		text += len;
		if (*text == '\0')
			break;
		text++;
	}
	write_policy(rules);
	return true;
}

static bool
split(const char *item, size_t len, Words *words)
{
	const char *end = item + len;

	words->count = 0;
	while (item < end)
	{
		size_t skip = strspn(item, " ");
		size_t word_len;

		item += skip;
		if (item >= end)
			break;
		word_len = strcspn(item, " ,");
		if (words->count == WORDS_MAX || word_len >= WORD_LEN_MAX)
			return false;
		memcpy(words->word[words->count], item, word_len);
		words->word[words->count++][word_len] = '\0';
		item += word_len;
	}
	return words->count >= 2;
}

static bool
parse_item(const char *class_name, const Words *words, CfaLimitRules *rules)
{
	size_t i;

	if (strcmp(words->word[0], "inflight") == 0)
		return parse_inflight(class_name, words, rules);
	for (i = 0; i < CFA_LIMIT_BY_COUNT; i++)
	{
		CfaLimitRule *rule = &rules->rule[i];

		if (strcmp(words->word[0], by_names[i]) != 0)
			continue;
		if (rule->is_on || !parse_rule(words, &rule->gcra))
			return false;
		rule->is_on = true;
		(void) snprintf(rule->name,
						sizeof(rule->name),
						"%s-%s",
						class_name,
						by_names[i]);
		return true;
	}
	return false;
}

static bool
parse_inflight(const char *class_name, const Words *words, CfaLimitRules *rules)
{
	const char *text = words->word[1];
	uint64_t most;

	if (words->count != 2 || rules->inflight > 0 ||
		!cfa_parse_uint(text, strlen(text), CFA_LIMIT_INFLIGHT_MAX, &most) ||
		most == 0)
		return false;
	rules->inflight = (unsigned) most;
	(void) snprintf(rules->inflight_name,
					sizeof(rules->inflight_name),
					"%s-inflight",
					class_name);
	return true;
}

/* Reads 120/60s, and burst 40 behind it; without that all may come at once. */
static bool
parse_rule(const Words *words, CfaGcra *gcra)
{
	const char *text = words->word[1];
	const char *slash = strchr(text, '/');
	uint64_t quota;
	uint64_t burst;
	int64_t window_ms;

	if (slash == NULL ||
		!cfa_parse_uint(text,
						(size_t) (slash - text),
						CFA_GCRA_QUOTA_MAX,
						&quota) ||
		!cfa_config_duration(slash + 1, &window_ms) || window_ms % 1000 != 0)
		return false;
	burst = quota;
	if (words->count > 2 &&
		(words->count != 4 || strcmp(words->word[2], "burst") != 0 ||
		 !cfa_parse_uint(words->word[3],
						 strlen(words->word[3]),
						 CFA_GCRA_QUOTA_MAX,
						 &burst)))
		return false;
	return cfa_gcra_set(gcra, quota, (uint64_t) window_ms / 1000, burst);
}

static void
write_policy(CfaLimitRules *rules)
{
	size_t at = 0;
	size_t i;

	for (i = 0; i < CFA_LIMIT_BY_COUNT; i++)
	{
		const CfaLimitRule *rule = &rules->rule[i];

		if (!rule->is_on)
			continue;
		at += (size_t) snprintf(rules->policy + at,
								sizeof(rules->policy) - at,
								"%s\"%s\";q=%u;w=%u",
								at > 0 ? ", " : "",
								rule->name,
								rule->gcra.quota,
								rule->gcra.window_s);
	}
	if (rules->inflight > 0)
		(void) snprintf(rules->policy + at,
						sizeof(rules->policy) - at,
						"%s\"%s\";q=%u;qu=\"concurrent-requests\"",
						at > 0 ? ", " : "",
						rules->inflight_name,
						rules->inflight);
}
