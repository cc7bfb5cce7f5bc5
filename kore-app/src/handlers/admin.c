/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.c: what the handlers for administrators share: lists, documents and
 * changes, each one call of an SQL function that is described by a table.
 */
#include "handlers/admin.h"

#include <careforall/text.h>
#include <string.h>

#include "handlers/auth.h"

static bool put_target(CfaCtx *ctx, CfaAdminTarget target, CfaPgParams *params);
static bool put_number(CfaCtx *ctx, CfaPgParams *params);
static const char *value_text(CfaCtx *ctx, const json_t *value);
static bool is_reason_blank(CfaCtx *ctx, const json_t *body);

/* ---- lists */

void
cfa_admin_list(CfaCtx *ctx, const CfaAdminList *list)
{
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};

	if (!cfa_params_read(ctx, list->filters, &params.values[1]))
		return;
	while (list->filters[params.count - 1].name != NULL)
		params.count++;
	cfa_list_call(ctx, &list->call, list->name, &params);
}

/* ---- documents */

void
cfa_admin_read(CfaCtx *ctx, const CfaAdminRead *read)
{
	CfaPgParams params = {.count = 1, .values = {ctx->principal.account_id}};
	int first;

	if (!put_target(ctx, read->target, &params))
		return;
	first = params.count;
	if (read->params != NULL)
	{
		if (!cfa_params_read(ctx, read->params, &params.values[first]))
			return;
		while (read->params[params.count - first].name != NULL)
			params.count++;
	}
	cfa_call(ctx, &read->call, &params);
}

/* ---- changes */

void
cfa_admin_change(CfaCtx *ctx, const CfaAdminChange *change)
{
	CfaPgParams params = {0};

	if (cfa_admin_params(ctx, change, &params))
		cfa_call(ctx, &change->call, &params);
}

bool
cfa_admin_params(CfaCtx *ctx, const CfaAdminChange *change, CfaPgParams *params)
{
	json_t *body;
	const CfaField *field;

	*params = (CfaPgParams){.count = 1, .values = {ctx->principal.account_id}};
	if (!put_target(ctx, change->target, params))
		return false;
	body = cfa_call_body(ctx, change->fields, NULL);
	if (body == NULL)
		return false;
	for (field = change->fields; field->name != NULL; field++)
		params->values[params->count++] =
			value_text(ctx, json_object_get(body, field->name));
	if (is_reason_blank(ctx, body))
		params->count = 0;
	json_decref(body);
	return params->count > 0;
}

static bool
put_target(CfaCtx *ctx, CfaAdminTarget target, CfaPgParams *params)
{
	switch (target)
	{
		case CFA_TARGET_NONE:
			return true;
		case CFA_TARGET_UUID:
			params->values[params->count] = cfa_call_id(ctx, "id");
			break;
		case CFA_TARGET_NUMBER:
			return put_number(ctx, params);
		case CFA_TARGET_NAME:
			params->values[params->count] = cfa_ctx_param(ctx, "id");
			break;
	}
	return params->values[params->count++] != NULL;
}

static bool
put_number(CfaCtx *ctx, CfaPgParams *params)
{
	const char *text = cfa_ctx_param(ctx, "id");
	uint64_t number;

	params->values[params->count++] = text;
	if (cfa_parse_uint(text, strlen(text), INT64_MAX, &number) && number > 0)
		return true;
	cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
	return false;
}

/* A member of a body as text for SQL, in the arena; NULL if it is not there. */
static const char *
value_text(CfaCtx *ctx, const json_t *value)
{
	if (json_is_string(value))
		return cfa_arena_strndup(&ctx->arena,
								 json_string_value(value),
								 json_string_length(value));
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (json_is_integer(value))
		return cfa_arena_printf(&ctx->arena,
								"%" JSON_INTEGER_FORMAT,
								json_integer_value(value));
	return NULL;
}

/* Whether a reason says nothing, and so was refused. */
static bool
is_reason_blank(CfaCtx *ctx, const json_t *body)
{
	const char *reason = json_string_value(json_object_get(body, "reason"));
	size_t len;

	if (reason == NULL)
		return false;
	reason += strspn(reason, " ");
	len = strlen(reason);
	while (len > 0 && reason[len - 1] == ' ')
		len--;
	if (len >= 3)
		return false;
	cfa_refuse_field(ctx, "/reason", "too_short", "Must say why.");
	return true;
}
