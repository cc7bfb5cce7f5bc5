/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_admin.c: who may watch everything.
 *
 * The access token is checked once; whether its session is alive and its account
 * an administrator's is asked of the database then and every CHECK_MS, so that a
 * log-out, a disabled account and a role taken away end the feed. A token that
 * expires does not: the session is what counts. While the database is away the
 * last answer holds for GRACE_MS.
 */
#include <kore/kore.h>

#include "handlers/live_admin.h"

#include <careforall/log.h>

#include "adapters/pg.h"
#include "adapters/tokens.h"
#include "core/loop.h"
#include "handlers/live_feed.h"
#include "meters.h"

#define CHECK_MS 5000
#define GRACE_MS 60000

/* refs: the list, and the question under way. */
typedef struct CfaLiveGrant
{
	LIST_ENTRY(CfaLiveGrant) entry;
	CfaLiveSocket *socket; /* NULL once it is gone or unsubscribed */
	int refs;
	CfaTokenClaims claims;
	bool has_after;
	CfaLivePosition after;
	bool is_asking;
	bool is_granted;
	uint64_t asked_ms;
	uint64_t granted_ms; /* by the last answer */
} CfaLiveGrant;

static LIST_HEAD(, CfaLiveGrant) grants = LIST_HEAD_INITIALIZER(grants);

static void on_tick(uint64_t now_ms);
static void ask(CfaLiveGrant *grant);
static void on_session(void *arg, const PGresult *result, const char *sqlstate);
static void take_answer(CfaLiveGrant *grant, const PGresult *result);
static void take_silence(CfaLiveGrant *grant);
static void refuse(CfaLiveSocket *socket, CfaWsCode code, const char *reason);
static void release(CfaLiveGrant *grant);

void
cfa_live_admin_start(void)
{
	cfa_tick_add(on_tick);
}

void
cfa_live_admin_subscribe(CfaLiveSocket *socket, const char *token,
						 size_t token_len, const CfaLivePosition *after)
{
	CfaLiveGrant *grant;
	CfaTokenClaims claims;

	cfa_live_admin_unsubscribe(socket);
	if (cfa_tokens_check(token, token_len, time(NULL), &claims) !=
		CFA_TOKEN_VALID)
	{
		refuse(socket, CFA_WS_UNAUTHORIZED, "token");
		return;
	}
	grant = kore_calloc(1, sizeof(*grant));
	grant->socket = socket;
	grant->refs = 1;
	grant->claims = claims;
	grant->has_after = after != NULL;
	if (after != NULL)
		grant->after = *after;
	socket->grant = grant;
	LIST_INSERT_HEAD(&grants, grant, entry);
	ask(grant);
}

void
cfa_live_admin_unsubscribe(CfaLiveSocket *socket)
{
	CfaLiveGrant *grant = socket->grant;

	cfa_live_feed_unsubscribe(socket);
	if (grant == NULL)
		return;
	LIST_REMOVE(grant, entry);
	socket->grant = NULL;
	grant->socket = NULL;
	release(grant);
}

static void
on_tick(uint64_t now_ms)
{
	CfaLiveGrant *grant;

	LIST_FOREACH(grant, &grants, entry)
	{
		if (!grant->is_asking && now_ms - grant->asked_ms >= CHECK_MS)
			ask(grant);
	}
}

static void
ask(CfaLiveGrant *grant)
{
	CfaPgParams params = {.count = 1, .values = {grant->claims.session_id}};

	grant->is_asking = true;
	grant->asked_ms = cfa_mono_ms();
	grant->refs++;
	cfa_pg_query(CFA_PG_SESSION_FIND, &params, false, on_session, grant);
}

static void
on_session(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaLiveGrant *grant = arg;

	grant->is_asking = false;
	if (grant->socket != NULL && result != NULL)
		take_answer(grant, result);
	else if (grant->socket != NULL)
		take_silence(grant);
	release(grant);
}

static void
take_answer(CfaLiveGrant *grant, const PGresult *result)
{
	CfaLiveSocket *socket = grant->socket;

	if (PQntuples(result) != 1 ||
		strcmp(PQgetvalue(result, 0, 0), grant->claims.account_id) != 0)
	{
		refuse(socket, CFA_WS_UNAUTHORIZED, "session");
		return;
	}
	if (strcmp(PQgetvalue(result, 0, 1), "admin") != 0)
	{
		refuse(socket, CFA_WS_FORBIDDEN, "role");
		return;
	}
	grant->granted_ms = cfa_mono_ms();
	if (grant->is_granted)
		return;
	grant->is_granted = true;
	cfa_log(CFA_LOG_INFO,
			"live_feed_granted",
			CFA_STR("account_id", grant->claims.account_id));
	cfa_live_feed_subscribe(socket, grant->has_after ? &grant->after : NULL);
}

/* The database did not answer. */
static void
take_silence(CfaLiveGrant *grant)
{
	if (!grant->is_granted || cfa_mono_ms() - grant->granted_ms >= GRACE_MS)
		refuse(grant->socket, CFA_WS_TRY_LATER, "database");
}

static void
refuse(CfaLiveSocket *socket, CfaWsCode code, const char *reason)
{
	cfa_log(CFA_LOG_INFO,
			"live_feed_refused",
			CFA_STR("reason", reason),
			CFA_STR("account_id",
					socket->grant ? socket->grant->claims.account_id : NULL));
	cfa_meter_add(CFA_M_LIVE_REFUSED_TOKEN, 1);
	cfa_live_admin_unsubscribe(socket);
	cfa_live_close(socket, code);
}

static void
release(CfaLiveGrant *grant)
{
	if (--grant->refs == 0)
		kore_free(grant);
}
