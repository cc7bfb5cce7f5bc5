/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c: good requests for all routes, made from the table of routes.
 */
#include "request.h"

#include <careforall/buf.h>
#include <careforall/signature.h>
#include <careforall/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/tokens.h"

#define DONOR "\"donor\":{\"name\":\"Ada\",\"email\":\"ada@example.org\"}"
#define MONEY "{\"amount\":2500,\"currency\":\"EUR\"}"
#define REASON "{\"reason\":\"because\"}"
#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PASSWORD "\"password\":\"correct horse battery\""

static const struct
{
	CfaMethod method;
	const char *path;
	const char *body;
} samples[] = {
	{CFA_POST,
	 "/api/v1/campaigns/:id/pledges",
	 "{\"amount\":{\"amount\":2500,\"currency\":\"EUR\"}," DONOR "}"},
	{CFA_POST,
	 "/api/v1/webhooks/stripe",
	 "{\"id\":\"evt_1\",\"object\":\"event\",\"type\":"
	 "\"payment_intent.succeeded\",\"created\":1,\"data\":{\"object\":{"
	 "\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount_received\":2500,"
	 "\"currency\":\"eur\",\"metadata\":{\"pledge_id\":\"" HN_ID "\"}}}}"},
	{CFA_POST,
	 "/api/v1/auth/register",
	 "{\"email\":\"ada@example.org\",\"name\":\"Ada\"," PASSWORD "}"},
	{CFA_POST,
	 "/api/v1/auth/first-admin",
	 "{\"token\":\"" TOKEN "\",\"email\":"
	 "\"ada@example.org\",\"name\":\"Ada\"," PASSWORD "}"},
	{CFA_POST,
	 "/api/v1/auth/login",
	 "{\"email\":\"ada@example.org\"," PASSWORD "}"},
	{CFA_POST,
	 "/api/v1/campaigns",
	 "{\"title\":\"A\",\"category\":\"health\",\"currency\":\"EUR\","
	 "\"goal\":" MONEY "}"},
	{CFA_POST, "/api/v1/campaigns/:id/publish", REASON},
	{CFA_POST, "/api/v1/campaigns/:id/pause", REASON},
	{CFA_POST, "/api/v1/campaigns/:id/resume", REASON},
	{CFA_POST, "/api/v1/campaigns/:id/close", REASON},
	{CFA_POST,
	 "/api/v1/campaigns/:id/rewards",
	 "{\"title\":\"A\",\"min_amount\":" MONEY "}"},
	{CFA_POST, "/api/v1/campaigns/:id/pools", "{\"name\":\"A\"}"},
	{CFA_POST,
	 "/api/v1/campaigns/:id/updates",
	 "{\"title\":\"A\",\"body\":\"B\"}"},
	{CFA_POST,
	 "/api/v1/campaigns/:id/team",
	 "{\"email\":\"ada@example.org\",\"role\":\"editor\"}"},
	{CFA_PUT, "/api/v1/campaigns/:id/team/:account", "{\"role\":\"viewer\"}"},
	{CFA_POST,
	 "/api/v1/pledges/:id/refund-request",
	 "{\"message\":\"Please.\"}"},
	{CFA_POST, "/api/v1/pledges/:id/refunds", REASON},
	{CFA_POST,
	 "/api/v1/refund-requests/:id/decision",
	 "{\"decision\":\"declined\"}"},
	{CFA_PATCH, "/api/v1/me", "{\"name\":\"Ada\"}"},
	{CFA_POST,
	 "/api/v1/me/password",
	 "{\"current_password\":\"a\",\"new_password\":\"correct horse battery\"}"},
	{CFA_PATCH,
	 "/api/v1/admin/users/:id",
	 "{\"role\":\"owner\",\"reason\":\"because\"}"},
	{CFA_POST, "/api/v1/admin/users/:id/logout", "{\"reason\":\"because\"}"},
};

static const char *
find_body(const CfaRoute *route)
{
	size_t i;

	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
	{
		if (samples[i].method == route->method &&
			strcmp(samples[i].path, route->path) == 0)
			return samples[i].body;
	}
	return "{}";
}

/* The path with an id in the place of each parameter. */
static void
add_path(CfaBuf *out, const char *path)
{
	while (*path != '\0')
	{
		if (*path == ':')
		{
			cfa_buf_adds(out, HN_ID);
			path += strcspn(path, "/");
		}
		else
		{
			cfa_buf_addc(out, *path++);
		}
	}
}

static void
add_credentials(CfaBuf *out, const CfaRoute *route, unsigned number)
{
	char session[48];
	char *token;

	switch (route->auth)
	{
		case CFA_AUTH_NONE:
		case CFA_AUTH_SIGNATURE:
			break;
		case CFA_AUTH_COOKIE:
			cfa_buf_adds(out,
						 "Origin: https://careforall.example\r\n"
						 "Cookie: __Host-careforall_refresh="
						 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n");
			break;
		case CFA_AUTH_OPTIONAL:
		case CFA_AUTH_USER:
		case CFA_AUTH_ADMIN:
			(void) snprintf(session,
							sizeof(session),
							"01900000-0000-7000-9000-%012x",
							number);
			token = cfa_tokens_issue(session, session, time(NULL));
			cfa_buf_addf(out, "Authorization: Bearer %s\r\n", token);
			free(token);
			break;
	}
}

char *
hn_request(const CfaRoute *route)
{
	static unsigned number;
	CfaBuf out = {0};
	const char *body = "";
	char signature[CFA_SIGNATURE_LEN_MAX];
	char *text;

	number++;
	if (route->body != CFA_BODY_NONE)
		body = find_body(route);
	cfa_buf_addf(&out, "%s ", cfa_method_name(route->method));
	add_path(&out, route->path);
	cfa_buf_addf(&out,
				 " HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.%u.%u.%u\r\n"
				 "Idempotency-Key: key-%u\r\nIf-Match: \"1\"\r\n",
				 number >> 16,
				 (number >> 8) & 0xff,
				 number & 0xff,
				 number);
	add_credentials(&out, route, number);
	if (route->auth == CFA_AUTH_SIGNATURE)
	{
		(void) cfa_signature_make("whsec_harness",
								  cfa_now_ms() / 1000,
								  body,
								  strlen(body),
								  signature);
		cfa_buf_addf(&out, "Stripe-Signature: %s\r\n", signature);
	}
	if (route->body != CFA_BODY_NONE)
		cfa_buf_adds(&out, "Content-Type: application/json\r\n");
	if (route->method & (CFA_POST | CFA_PUT | CFA_PATCH))
		cfa_buf_addf(&out, "Content-Length: %zu\r\n", strlen(body));
	cfa_buf_addf(&out, "\r\n%s", body);
	text = strdup(out.data);
	cfa_buf_clear(&out);
	return text;
}

void
hn_pg_disappoint(HnStatement *statement, const char *sqlstate)
{
	static const char *const always_rows[] = {"login_begin",
											  "login_finish",
											  "password_begin",
											  "session_refresh"};
	/* The session has the id of its account. */
	HnValue session[] = {HN_TEXT(statement->values[0]), HN_TEXT("admin")};
	size_t i;

	for (i = 0; i < sizeof(always_rows) / sizeof(always_rows[0]); i++)
	{
		if (sqlstate == NULL && strstr(statement->name, always_rows[i]) != NULL)
			sqlstate = "57014";
	}
	if (strcmp(statement->name, "session_find") == 0)
		hn_pg_rows(statement, 1, 2, session);
	else if (sqlstate != NULL)
		hn_pg_fail(statement, sqlstate, NULL, NULL);
	else
		hn_pg_rows(statement, 0, HN_COLUMNS_MAX, NULL);
}
