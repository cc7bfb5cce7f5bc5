/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.c: query parameters of lists, checked.
 */
#include "handlers/query.h"

#include <careforall/text.h>
#include <inttypes.h>
#include <string.h>

#include "core/body.h"

static bool read_value(CfaCtx *ctx, const char *name, const char **out);

bool
cfa_query_choice(CfaCtx *ctx, const char *name, const char *words,
				 const char **out)
{
	if (!read_value(ctx, name, out))
		return false;
	if (*out == NULL || cfa_word_is_in(words, *out))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_INVALID_PARAMETER,
					   "The parameter %s must be one of: %s.",
					   name,
					   words);
	return false;
}

bool
cfa_query_time(CfaCtx *ctx, const char *name, const char **out)
{
	if (!read_value(ctx, name, out))
		return false;
	if (*out == NULL || cfa_time_is_rfc3339(*out))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_INVALID_PARAMETER,
					   "The parameter %s must be a time such as "
					   "2030-01-31T12:00:00Z.",
					   name);
	return false;
}

bool
cfa_query_uuid(CfaCtx *ctx, const char *name, const char **out)
{
	uint8_t uuid[16];
	char *text;

	if (!read_value(ctx, name, out))
		return false;
	if (*out == NULL)
		return true;
	if (!cfa_uuid_parse(*out, strlen(*out), uuid))
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "The parameter %s must be a UUID.",
						   name);
		return false;
	}
	text = cfa_arena_alloc(&ctx->arena, CFA_UUID_TEXT_LEN + 1);
	cfa_uuid_format(uuid, text);
	*out = text;
	return true;
}

bool
cfa_query_uint(CfaCtx *ctx, const char *name, uint64_t max, const char **out)
{
	uint64_t value;

	if (!read_value(ctx, name, out))
		return false;
	if (*out == NULL || cfa_parse_uint(*out, strlen(*out), max, &value))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_INVALID_PARAMETER,
					   "The parameter %s must be an integer from 0 to %" PRIu64
					   ".",
					   name,
					   max);
	return false;
}

bool
cfa_query_text(CfaCtx *ctx, const char *name, size_t max, const char **out)
{
	size_t len;

	if (!read_value(ctx, name, out))
		return false;
	len = *out == NULL ? 0 : strlen(*out);
	if (*out == NULL || (len > 0 && cfa_utf8_length(*out, len) <= max &&
						 !cfa_text_has_control(*out, len, "")))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_INVALID_PARAMETER,
					   "The parameter %s must have 1 to %zu characters.",
					   name,
					   max);
	return false;
}

static bool
read_value(CfaCtx *ctx, const char *name, const char **out)
{
	bool is_bad = false;

	*out = cfa_ctx_query(ctx, name, &is_bad);
	if (is_bad)
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_INVALID_PARAMETER,
						   "The parameter %s is malformed.",
						   name);
	return !is_bad;
}
