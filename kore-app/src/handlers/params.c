/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params.c: the query parameters of a route, by a table.
 */
#include "handlers/params.h"

#include <careforall/text.h>
#include <string.h>

#include "handlers/query.h"

static bool read_one(CfaCtx *ctx, const CfaParam *param, const char **out);
static bool refuse(CfaCtx *ctx, const CfaParam *param);

bool
cfa_params_read(CfaCtx *ctx, const CfaParam *params, const char **values)
{
	size_t i;

	for (i = 0; params[i].name != NULL; i++)
	{
		if (!read_one(ctx, &params[i], &values[i]))
			return false;
		if (values[i] == NULL)
			values[i] = params[i].fallback;
	}
	return true;
}

static bool
read_one(CfaCtx *ctx, const CfaParam *param, const char **out)
{
	uint64_t number;

	switch (param->kind)
	{
		case CFA_PARAM_TEXT:
			if (!cfa_query_text(ctx, param->name, (size_t) param->max, out))
				return false;
			return *out == NULL ||
				   cfa_utf8_length(*out, strlen(*out)) >= (size_t) param->min ||
				   refuse(ctx, param);
		case CFA_PARAM_INTEGER:
			if (!cfa_query_uint(ctx, param->name, (uint64_t) param->max, out))
				return false;
			return *out == NULL ||
				   (cfa_parse_uint(*out,
								   strlen(*out),
								   (uint64_t) param->max,
								   &number) &&
					number >= (uint64_t) param->min) ||
				   refuse(ctx, param);
		case CFA_PARAM_CURRENCY:
			if (!cfa_query_text(ctx, param->name, (size_t) param->max, out))
				return false;
			return *out == NULL ||
				   (strlen(*out) == 3 &&
					strspn(*out, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3) ||
				   refuse(ctx, param);
		case CFA_PARAM_TIME:
			return cfa_query_time(ctx, param->name, out);
		case CFA_PARAM_UUID:
			return cfa_query_uuid(ctx, param->name, out);
		case CFA_PARAM_CHOICE:
			return cfa_query_choice(ctx, param->name, param->words, out);
		case CFA_PARAM_BOOLEAN:
			return cfa_query_choice(ctx, param->name, "true false", out);
	}
	return false;
}

static bool
refuse(CfaCtx *ctx, const CfaParam *param)
{
	if (param->kind == CFA_PARAM_CURRENCY)
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "The parameter %s must be three capital letters.",
						   param->name);
	else
		cfa_answer_problem(
			ctx,
			CFA_PROBLEM_INVALID_PARAMETER,
			param->kind == CFA_PARAM_TEXT
				? "The parameter %s must have %lld to %lld characters."
				: "The parameter %s must be from %lld to %lld.",
			param->name,
			(long long) param->min,
			(long long) param->max);
	return false;
}
