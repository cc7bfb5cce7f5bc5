/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c: who sent a request.
 *
 * Credentials are an access token in the Authorization header, and nowhere else.
 * Routes that go by the refresh cookie want to be called by a page of ours: the
 * browser says so in Origin or Sec-Fetch-Site, which no page can forge.
 */
#include "middleware/auth.h"

#include <careforall/log.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "adapters/pg.h"
#include "adapters/tokens.h"
#include "core/dispatch.h"
#include "meters.h"
#include "middleware/failure.h"

#define REALM "Bearer realm=\"careforall\""
#define TOKEN_CHARS                                                     \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._" \
	"~+/="

typedef struct Session
{
	CfaCtx *ctx;
	CfaTokenClaims claims;
} Session;

static CfaStepResult check_bearer(CfaCtx *ctx, bool is_required);
static CfaStepResult check_origin(CfaCtx *ctx);
static const char *find_token(CfaCtx *ctx, size_t *len);
static void refuse_token(CfaCtx *ctx, CfaTokenVerdict verdict);
static void on_session(void *arg, const PGresult *result, const char *sqlstate);
static bool take_principal(Session *session, const PGresult *result);
static CfaRole role_of(const char *name);
static void log_refusal(const CfaCtx *ctx, const char *reason);

CfaStepResult
cfa_auth_step(CfaCtx *ctx)
{
	switch (ctx->route->auth)
	{
		case CFA_AUTH_NONE:
		case CFA_AUTH_SIGNATURE:
			break;
		case CFA_AUTH_COOKIE:
			return check_origin(ctx);
		case CFA_AUTH_OPTIONAL:
			return check_bearer(ctx, false);
		case CFA_AUTH_USER:
		case CFA_AUTH_ADMIN:
			return check_bearer(ctx, true);
	}
	return CFA_STEP_NEXT;
}

void
cfa_auth_refuse(CfaCtx *ctx, const char *error, const char *detail)
{
	const char *challenge = REALM;

	if (error != NULL)
		challenge = cfa_arena_printf(&ctx->arena,
									 REALM ", error=\"%s\", "
										   "error_description=\"%s\"",
									 error,
									 detail);
	cfa_answer_header(ctx, "www-authenticate", challenge);
	cfa_answer_problem(ctx, CFA_PROBLEM_UNAUTHORIZED, "%s", detail);
}

static CfaStepResult
check_bearer(CfaCtx *ctx, bool is_required)
{
	unsigned count = cfa_ctx_header_count(ctx, "authorization");
	CfaPgParams params = {.count = 1};
	CfaTokenVerdict verdict;
	const char *token;
	Session *session;
	size_t len;

	if (count == 0 && !is_required)
		return CFA_STEP_NEXT;
	if (count == 0)
	{
		cfa_meter_add(CFA_M_AUTH_NO_TOKEN, 1);
		cfa_auth_refuse(ctx, NULL, "Send an access token.");
		return CFA_STEP_STOP;
	}
	token = find_token(ctx, &len);
	if (token == NULL)
		return CFA_STEP_STOP;
	session = cfa_arena_zalloc(&ctx->arena, sizeof(*session));
	session->ctx = ctx;
	verdict = cfa_tokens_check(token, len, time(NULL), &session->claims);
	if (verdict != CFA_TOKEN_VALID)
	{
		refuse_token(ctx, verdict);
		return CFA_STEP_STOP;
	}
	params.values[0] = session->claims.session_id;
	cfa_ctx_hold(ctx);
	cfa_pg_query(CFA_PG_SESSION_FIND, &params, false, on_session, session);
	return CFA_STEP_WAIT;
}

/*
 * What follows the scheme; NULL after a refusal. Another scheme counts as no
 * credentials; a header that cannot be read, or two of them, as a bad request.
 */
static const char *
find_token(CfaCtx *ctx, size_t *len)
{
	const char *value = cfa_ctx_header(ctx, "authorization");
	size_t scheme = strcspn(value, " ");
	const char *token = value + scheme + strspn(value + scheme, " ");

	if (cfa_ctx_header_count(ctx, "authorization") == 1)
	{
		if (scheme != strlen("Bearer") ||
			strncasecmp(value, "Bearer", scheme) != 0)
		{
			cfa_meter_add(CFA_M_AUTH_NO_TOKEN, 1);
			cfa_auth_refuse(ctx, NULL, "Send an access token.");
			return NULL;
		}
		*len = strspn(token, TOKEN_CHARS);
		if (*len > 0 && token[*len] == '\0')
			return token;
	}
	cfa_meter_add(CFA_M_AUTH_MALFORMED, 1);
	cfa_answer_header(ctx,
					  "www-authenticate",
					  REALM ", error=\"invalid_request\"");
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_BAD_REQUEST,
					   "Authorization must be one header: Bearer and a token.");
	return NULL;
}

static void
refuse_token(CfaCtx *ctx, CfaTokenVerdict verdict)
{
	switch (verdict)
	{
		case CFA_TOKEN_VALID:
			break;
		case CFA_TOKEN_EXPIRED:
			cfa_meter_add(CFA_M_AUTH_EXPIRED, 1);
			cfa_auth_refuse(ctx,
							"invalid_token",
							"The access token has expired.");
			break;
		case CFA_TOKEN_MALFORMED:
		case CFA_TOKEN_FORGED:
		case CFA_TOKEN_FOREIGN:
		case CFA_TOKEN_EARLY:
			cfa_meter_add(CFA_M_AUTH_BAD_TOKEN, 1);
			log_refusal(ctx, "bad_token");
			cfa_auth_refuse(ctx,
							"invalid_token",
							"The access token is not valid.");
			break;
	}
}

static void
on_session(void *arg, const PGresult *result, const char *sqlstate)
{
	Session *session = arg;
	CfaCtx *ctx = session->ctx;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (!take_principal(session, result))
	{
		cfa_meter_add(CFA_M_AUTH_ENDED, 1);
		cfa_auth_refuse(ctx, "invalid_token", "The session is over.");
	}
	else if (ctx->route->auth == CFA_AUTH_ADMIN &&
			 ctx->principal.role != CFA_ROLE_ADMIN)
	{
		cfa_meter_add(CFA_M_AUTH_FORBIDDEN, 1);
		log_refusal(ctx, "role");
		cfa_answer_header(ctx,
						  "www-authenticate",
						  REALM ", error=\"insufficient_scope\", "
								"scope=\"admin\"");
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_FORBIDDEN,
						   "This is for administrators.");
	}
	else
	{
		cfa_meter_add(CFA_M_AUTH_ACCEPTED, 1);
		cfa_dispatch_continue(ctx);
	}
	cfa_ctx_release(ctx);
}

/* False if the session is over, or not that of the token's account. */
static bool
take_principal(Session *session, const PGresult *result)
{
	CfaPrincipal *principal = &session->ctx->principal;

	if (PQntuples(result) != 1 ||
		strcmp(PQgetvalue(result, 0, 0), session->claims.account_id) != 0)
		return false;
	principal->is_known = true;
	principal->role = role_of(PQgetvalue(result, 0, 1));
	memcpy(principal->account_id,
		   session->claims.account_id,
		   sizeof(principal->account_id));
	memcpy(principal->session_id,
		   session->claims.session_id,
		   sizeof(principal->session_id));
	return true;
}

static CfaRole
role_of(const char *name)
{
	if (strcmp(name, "admin") == 0)
		return CFA_ROLE_ADMIN;
	if (strcmp(name, "owner") == 0)
		return CFA_ROLE_OWNER;
	return CFA_ROLE_DONOR;
}

/*
 * A cookie comes with any request, so the page behind the request must be one of
 * ours: an allowed Origin, or a browser's word that the page has our origin.
 */
static CfaStepResult
check_origin(CfaCtx *ctx)
{
	const char *site = cfa_ctx_header(ctx, "sec-fetch-site");
	bool has_origin = cfa_ctx_header_count(ctx, "origin") > 0;

	if ((site == NULL || strcmp(site, "cross-site") != 0) &&
		(has_origin ? ctx->origin != NULL
					: site != NULL && strcmp(site, "same-origin") == 0))
		return CFA_STEP_NEXT;
	cfa_meter_add(CFA_M_AUTH_ORIGIN, 1);
	log_refusal(ctx, "origin");
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_ORIGIN_REFUSED,
					   "The request must name an allowed Origin.");
	return CFA_STEP_STOP;
}

static void
log_refusal(const CfaCtx *ctx, const char *reason)
{
	cfa_log(CFA_LOG_INFO,
			"access_refused",
			CFA_STR("reason", reason),
			CFA_STR("route", ctx->route->path),
			CFA_STR("account_id",
					ctx->principal.is_known ? ctx->principal.account_id : NULL),
			CFA_STR("request_id", ctx->request_id));
}
