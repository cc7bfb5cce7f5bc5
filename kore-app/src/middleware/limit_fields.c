/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit_fields.c: what a client is told of its limits.
 *
 * RateLimit and 429 by draft-ietf-httpapi-ratelimit-headers. r is what is left,
 * t the seconds until there is one permit more, and Retry-After is never earlier
 * than any t of the same answer. Policy names say nothing about anybody.
 */
#include "middleware/limit_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIELD_MAX 256

static size_t add_text(char *out, size_t at, const char *text);
static size_t add_number(char *out, size_t at, uint32_t number);
static size_t add_part(char *out, size_t at, const CfaLimitPart *part);
static void set_header(CfaCtx *ctx, const char *name, const char *value);
static uint32_t retry_after_s(const CfaCtx *ctx);

void
cfa_limit_look(CfaLimitPart *part, uint64_t now_us)
{
	const CfaGcra *gcra = &part->rule->gcra;
	uint64_t debt_us = cfa_gcra_debt_us(gcra, part->bucket->free_us, now_us);

	part->is_known = true;
	part->room = cfa_gcra_room(gcra, debt_us) + part->bucket->permits;
	if (part->room > gcra->burst)
		part->room = gcra->burst; /* permits were paid for when it was full */
	part->next_s = cfa_gcra_next_s(gcra, debt_us);
}

/* Without printf: it is done for every request. */
void
cfa_limit_show(CfaCtx *ctx)
{
	char field[FIELD_MAX];
	size_t at = 0;

	for (const CfaLimitCheck *check = ctx->limit; check != NULL;
		 check = check->earlier)
	{
		for (unsigned i = 0; i < check->count; i++)
		{
			if (check->part[i].is_known)
				at = add_part(field, at, &check->part[i]);
		}
	}
	if (at > 0)
		set_header(ctx, "ratelimit", cfa_arena_strndup(&ctx->arena, field, at));
}

void
cfa_limit_answer_refused(CfaLimitCheck *check)
{
	CfaCtx *ctx = check->ctx;
	const char *names = "";

	for (unsigned i = 0; i < check->count; i++)
	{
		const CfaLimitPart *part = &check->part[i];

		if (part->is_short)
			names = cfa_arena_printf(&ctx->arena,
									 "%s%s\"%s\"",
									 names,
									 *names ? "," : "",
									 part->rule->name);
	}
	cfa_limit_show(ctx);
	cfa_answer_header(ctx,
					  "retry-after",
					  cfa_arena_printf(&ctx->arena,
									   "%" PRIu32,
									   retry_after_s(ctx)));
	cfa_answer_problem_with(ctx,
							CFA_PROBLEM_TOO_MANY_REQUESTS,
							cfa_arena_printf(&ctx->arena,
											 ",\"violated-policies\":[%s]",
											 names),
							"Wait as long as Retry-After says.");
}

void
cfa_limit_answer_busy(CfaLimitCheck *check, const char *policy)
{
	CfaCtx *ctx = check->ctx;

	cfa_answer_header(ctx,
					  "ratelimit",
					  cfa_arena_printf(&ctx->arena, "\"%s\";r=0;t=1", policy));
	cfa_limit_answer_bound(
		ctx,
		policy,
		"1",
		"Too many requests of this kind are under way at one time.");
}

void
cfa_limit_answer_bound(CfaCtx *ctx, const char *policy,
					   const char *retry_after_s, const char *detail)
{
	cfa_answer_header(ctx,
					  "retry-after",
					  cfa_arena_strndup(&ctx->arena,
										retry_after_s,
										strlen(retry_after_s)));
	cfa_answer_problem_with(ctx,
							CFA_PROBLEM_TOO_MANY_REQUESTS,
							cfa_arena_printf(&ctx->arena,
											 ",\"violated-policies\":[\"%s\"]",
											 policy),
							"%s",
							detail);
}

static size_t
add_text(char *out, size_t at, const char *text)
{
	size_t len = strlen(text);

	if (at + len > FIELD_MAX)
		return at;
	memcpy(out + at, text, len);
	return at + len;
}

static size_t
add_number(char *out, size_t at, uint32_t number)
{
	char digits[12];
	char *first = digits + sizeof(digits) - 1;

	*first = '\0';
	do
	{
		*--first = (char) ('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return add_text(out, at, first);
}

/* Adds "name";r=5;t=1, if there is room for it. */
static size_t
add_part(char *out, size_t at, const CfaLimitPart *part)
{
	if (at + sizeof(part->rule->name) + 36 > FIELD_MAX)
		return at;
	at = add_text(out, at, at > 0 ? ", \"" : "\"");
	at = add_text(out, at, part->rule->name);
	at = add_text(out, at, "\";r=");
	at = add_number(out, at, part->room);
	at = add_text(out, at, ";t=");
	return add_number(out, at, part->next_s);
}

/* Adds a header, or replaces the one that is there. */
static void
set_header(CfaCtx *ctx, const char *name, const char *value)
{
	for (unsigned i = 0; i < ctx->header_count && !ctx->is_answered; i++)
	{
		if (strcmp(ctx->headers[i].name, name) != 0)
			continue;
		ctx->headers[i].value = value;
		return;
	}
	cfa_answer_header(ctx, name, value);
}

/* Not earlier than any bucket gets a permit, nor than now. */
static uint32_t
retry_after_s(const CfaCtx *ctx)
{
	uint32_t longest_s = 1;

	for (const CfaLimitCheck *check = ctx->limit; check != NULL;
		 check = check->earlier)
	{
		for (unsigned i = 0; i < check->count; i++)
		{
			if (check->part[i].is_known && check->part[i].next_s > longest_s)
				longest_s = check->part[i].next_s;
		}
	}
	return longest_s;
}
