/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign_search.c: the filters and orders of the list of campaigns.
 */
#include "handlers/campaign_search.h"

#include <careforall/text.h>
#include <string.h>

#define SEARCH_MAX_CHARS 200
#define CATEGORY_MAX 40

typedef enum Parameter
{
	PARAMETER_Q,
	PARAMETER_STATUS,
	PARAMETER_CATEGORY,
	PARAMETER_CURRENCY,
	PARAMETER_SORT,
	PARAMETERS
} Parameter;

static const struct
{
	const char *name;
	const char *rule;
} parameters[PARAMETERS] = {
	[PARAMETER_Q] = {"q", "1 to 200 characters"},
	[PARAMETER_STATUS] = {"status",
						  "active, paused, upcoming, ended or closed"},
	[PARAMETER_CATEGORY] = {"category",
							"1 to 40 small letters with single underscores "
							"between them"},
	[PARAMETER_CURRENCY] = {"currency", "three capital letters"},
	[PARAMETER_SORT] = {"sort", "newest, ending_soon or most_funded"},
};

static bool is_valid(Parameter parameter, const char *value);
static bool is_one_of(const char *const *words, const char *value);
static bool is_category(const char *value);

bool
cfa_campaign_search_read(CfaCtx *ctx, CfaSearch *out)
{
	int i;

	*out = (CfaSearch){.ctx = ctx, .is_plain = true};
	for (i = 0; i < PARAMETERS; i++)
	{
		bool is_bad = false;
		const char *value = cfa_ctx_query(ctx, parameters[i].name, &is_bad);

		if (is_bad || (value != NULL && !is_valid(i, value)))
		{
			cfa_answer_problem(ctx,
							   CFA_PROBLEM_INVALID_PARAMETER,
							   "The parameter %s must be %s.",
							   parameters[i].name,
							   parameters[i].rule);
			return false;
		}
		out->values[i] = value;
		if (value != NULL && i != PARAMETER_SORT)
			out->is_plain = false;
	}
	if (out->values[PARAMETER_SORT] == NULL)
		out->values[PARAMETER_SORT] = "newest";
	if (strcmp(out->values[PARAMETER_SORT], "newest") != 0)
		out->is_plain = false;
	return true;
}

static bool
is_valid(Parameter parameter, const char *value)
{
	static const char *const statuses[] =
		{"active", "paused", "upcoming", "ended", "closed", NULL};
	static const char *const sorts[] = {"newest",
										"ending_soon",
										"most_funded",
										NULL};
	size_t len = strlen(value);

	switch (parameter)
	{
		case PARAMETER_Q:
			return len > 0 && cfa_utf8_length(value, len) <= SEARCH_MAX_CHARS &&
				   !cfa_text_has_control(value, len, "");
		case PARAMETER_STATUS:
			return is_one_of(statuses, value);
		case PARAMETER_CATEGORY:
			return is_category(value);
		case PARAMETER_CURRENCY:
			return len == 3 && strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
		case PARAMETER_SORT:
			return is_one_of(sorts, value);
		case PARAMETERS:
			break;
	}
	return false;
}

static bool
is_one_of(const char *const *words, const char *value)
{
	while (*words != NULL && strcmp(*words, value) != 0)
		words++;
	return *words != NULL;
}

static bool
is_category(const char *value)
{
	size_t len = strlen(value);

	return len > 0 && len <= CATEGORY_MAX &&
		   strspn(value, "abcdefghijklmnopqrstuvwxyz_") == len &&
		   value[0] != '_' && value[len - 1] != '_' &&
		   strstr(value, "__") == NULL;
}
