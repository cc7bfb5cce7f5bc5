/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c
 *	  The provider's routes: Stripe's API under /v1, the mock's own under /mock,
 *	  health and metrics.
 *
 * The first routes stand in the order of CfaMockOperation, so the index of the
 * route that matched is the operation.
 */
#include <kore/kore.h>

#include <careforall/buf.h>
#include <careforall/log.h>
#include <careforall/text.h>
#include <sodium.h>

#include "core/ctx.h"
#include "mockpay/service.h"

#define BODY_MAX 65536
#define JSON_TYPE "application/json; charset=utf-8"

/* An answer that is kept back; lives in the arena of its context. */
typedef struct Delayed
{
	TAILQ_ENTRY(Delayed) link;
	struct kore_timer *timer;
	CfaCtx *ctx;
	CfaMockReply reply;
} Delayed;

static TAILQ_HEAD(,
				  Delayed) delayed_list = TAILQ_HEAD_INITIALIZER(delayed_list);

static void api_operation(CfaCtx *ctx);
static void api_healthz(CfaCtx *ctx);
static void api_readyz(CfaCtx *ctx);
static void api_metrics(CfaCtx *ctx);
static bool is_authorized(CfaCtx *ctx);
static bool key_matches(const char *given, size_t len);
static bool check_type(CfaCtx *ctx, CfaMockOperation operation, size_t len);
static void refuse(CfaCtx *ctx, int status, const char *code,
				   const char *message);
static void send_reply(CfaCtx *ctx, CfaMockReply *reply);
static void delay(CfaCtx *ctx, const CfaMockReply *reply);
static void on_delay_over(void *context, u_int64_t now_ms);

#define ROUTE(method, path, handler)                                \
	{                                                               \
		method, path, CFA_BOTH, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, \
			CFA_BODY_RAW, BODY_MAX, NULL, handler                   \
	}

/* clang-format off */
const CfaRoute cfa_mock_routes[CFA_MOCK_ROUTES + 1] = {
	[CFA_MOCK_CREATE_INTENT] =
		ROUTE(CFA_POST, "/v1/payment_intents", api_operation),
	[CFA_MOCK_CONFIRM_INTENT] =
		ROUTE(CFA_POST, "/v1/payment_intents/:id/confirm", api_operation),
	[CFA_MOCK_CANCEL_INTENT] =
		ROUTE(CFA_POST, "/v1/payment_intents/:id/cancel", api_operation),
	[CFA_MOCK_LIST_INTENTS] =
		ROUTE(CFA_GET, "/v1/payment_intents", api_operation),
	[CFA_MOCK_SEARCH_INTENTS] =
		ROUTE(CFA_GET, "/v1/payment_intents/search", api_operation),
	[CFA_MOCK_READ_INTENT] =
		ROUTE(CFA_GET, "/v1/payment_intents/:id", api_operation),
	[CFA_MOCK_CREATE_REFUND] =
		ROUTE(CFA_POST, "/v1/refunds", api_operation),
	[CFA_MOCK_READ_REFUND] =
		ROUTE(CFA_GET, "/v1/refunds/:id", api_operation),
	[CFA_MOCK_LIST_REFUNDS] =
		ROUTE(CFA_GET, "/v1/refunds", api_operation),
	[CFA_MOCK_READ_CONFIG] =
		ROUTE(CFA_GET, "/mock/config", api_operation),
	[CFA_MOCK_WRITE_CONFIG] =
		ROUTE(CFA_PUT, "/mock/config", api_operation),
	[CFA_MOCK_RESET_CONFIG] =
		ROUTE(CFA_DELETE, "/mock/config", api_operation),
	[CFA_MOCK_READ_LEDGER] =
		ROUTE(CFA_GET, "/mock/ledger", api_operation),
	[CFA_MOCK_FLUSH_WEBHOOKS] =
		ROUTE(CFA_POST, "/mock/webhooks/flush", api_operation),
	ROUTE(CFA_GET, "/healthz", api_healthz),
	ROUTE(CFA_GET, "/livez", api_healthz),
	ROUTE(CFA_GET, "/readyz", api_readyz),
	ROUTE(CFA_GET, "/metrics", api_metrics),
};
/* clang-format on */

const char *
cfa_mock_problem(CfaCtx *ctx, const CfaProblemInfo *info, const char *detail)
{
	CfaMockReply reply;
	char message[640];
	char *body;

	(void) snprintf(message,
					sizeof(message),
					"%s%s%s",
					info->title,
					detail[0] == '\0' ? "." : ": ",
					detail);
	cfa_mock_provider_error(&reply, info->status, info->slug, message);
	body = cfa_arena_strndup(&ctx->arena, reply.body, strlen(reply.body));
	free(reply.body);
	return body;
}

void
cfa_mock_http_drain(void)
{
	Delayed *delayed;

	while ((delayed = TAILQ_FIRST(&delayed_list)) != NULL)
	{
		kore_timer_remove(delayed->timer);
		on_delay_over(delayed, 0);
	}
}

static void
api_operation(CfaCtx *ctx)
{
	CfaMockRequest request = {
		.operation = (CfaMockOperation) ctx->match.index,
		.path = cfa_ctx_path(ctx),
		.id = cfa_ctx_param(ctx, "id"),
		.idempotency_key = cfa_ctx_header(ctx, "idempotency-key"),
		.query = cfa_ctx_query_string(ctx),
	};
	CfaMockReply reply;
	int64_t now_ms = cfa_mock_now_ms();

	request.body = (const char *) cfa_ctx_body(ctx, &request.body_len);
	if (request.body == NULL)
		request.body = "";
	if (!is_authorized(ctx) ||
		!check_type(ctx, request.operation, request.body_len))
		return;
	cfa_mock_provider_answer(&cfa_mock_service.provider,
							 &request,
							 now_ms,
							 &reply);
	cfa_mock_schedule();
	if (reply.delay_ms == 0 || cfa_app_is_draining())
		send_reply(ctx, &reply);
	else
		delay(ctx, &reply);
}

static void
delay(CfaCtx *ctx, const CfaMockReply *reply)
{
	Delayed *delayed = cfa_arena_alloc(&ctx->arena, sizeof(*delayed));

	delayed->ctx = ctx;
	delayed->reply = *reply;
	ctx->has_no_deadline = true;
	cfa_ctx_hold(ctx);
	delayed->timer = kore_timer_add(on_delay_over,
									(u_int64_t) reply->delay_ms,
									delayed,
									KORE_TIMER_ONESHOT);
	TAILQ_INSERT_TAIL(&delayed_list, delayed, link);
}

static void
on_delay_over(void *context, u_int64_t now_ms)
{
	Delayed *delayed = context;
	CfaCtx *ctx = delayed->ctx;

	(void) now_ms;
	TAILQ_REMOVE(&delayed_list, delayed, link);
	send_reply(ctx, &delayed->reply);
	cfa_ctx_release(ctx);
}

/* Sends and frees the reply. */
static void
send_reply(CfaCtx *ctx, CfaMockReply *reply)
{
	cfa_answer_header(ctx,
					  "request-id",
					  cfa_arena_strndup(&ctx->arena,
										reply->request_id,
										strlen(reply->request_id)));
	if (reply->original_id[0] != '\0')
	{
		cfa_answer_header(ctx, "idempotent-replayed", "true");
		cfa_answer_header(ctx,
						  "original-request",
						  cfa_arena_strndup(&ctx->arena,
											reply->original_id,
											strlen(reply->original_id)));
	}
	if (reply->status == 401)
		cfa_answer_header(ctx, "www-authenticate", "Bearer realm=\"mockpay\"");
	cfa_answer_copy(ctx,
					reply->status,
					JSON_TYPE,
					reply->body,
					strlen(reply->body));
	free(reply->body);
	reply->body = NULL;
}

/* Bearer, or Basic with the key as the user name, as Stripe takes them. */
static bool
is_authorized(CfaCtx *ctx)
{
	const char *value = cfa_ctx_header(ctx, "authorization");
	char decoded[512];
	size_t len = 0;

	if (value == NULL)
	{
		refuse(ctx,
			   401,
			   "api_key_missing",
			   "You did not provide an API key. Send it in the Authorization "
			   "header, as in 'Authorization: Bearer KEY'.");
		return false;
	}
	if (strncasecmp(value, "Bearer ", 7) == 0 &&
		key_matches(value + 7, strlen(value + 7)))
		return true;
	if (strncasecmp(value, "Basic ", 6) == 0 &&
		cfa_base64_decode(value + 6,
						  strlen(value + 6),
						  false,
						  (uint8_t *) decoded,
						  sizeof(decoded),
						  &len))
	{
		const char *colon = memchr(decoded, ':', len);

		if (key_matches(decoded,
						colon == NULL ? len : (size_t) (colon - decoded)))
			return true;
	}
	cfa_log(CFA_LOG_WARN,
			"key_refused",
			CFA_STR("request_id", ctx->request_id),
			CFA_STR("client", ctx->client));
	refuse(ctx, 401, "api_key_invalid", "Invalid API key provided.");
	return false;
}

static bool
key_matches(const char *given, size_t len)
{
	const char *key = cfa_mock_service.key;
	unsigned char left[crypto_generichash_BYTES];
	unsigned char right[crypto_generichash_BYTES];

	/* Hashes have one length, so that the comparison tells nothing of it. */
	crypto_generichash(left,
					   sizeof(left),
					   (const unsigned char *) given,
					   len,
					   NULL,
					   0);
	crypto_generichash(right,
					   sizeof(right),
					   (const unsigned char *) key,
					   strlen(key),
					   NULL,
					   0);
	return sodium_memcmp(left, right, sizeof(left)) == 0;
}

static bool
check_type(CfaCtx *ctx, CfaMockOperation operation, size_t len)
{
	const char *wanted = operation == CFA_MOCK_WRITE_CONFIG
							 ? "application/json"
							 : "application/x-www-form-urlencoded";
	const char *type = cfa_ctx_header(ctx, "content-type");

	if (len == 0 ||
		(type != NULL && strncasecmp(type, wanted, strlen(wanted)) == 0))
		return true;
	refuse(ctx,
		   400,
		   "content_type_invalid",
		   operation == CFA_MOCK_WRITE_CONFIG
			   ? "Invalid request: the body must be application/json."
			   : "Invalid request: the body must be "
				 "application/x-www-form-urlencoded.");
	return false;
}

static void
refuse(CfaCtx *ctx, int status, const char *code, const char *message)
{
	CfaMockReply reply;

	cfa_mock_provider_error(&reply, status, code, message);
	send_reply(ctx, &reply);
}

static void
api_healthz(CfaCtx *ctx)
{
	static const char body[] = "{\"status\":\"ok\"}";

	cfa_answer(ctx, 200, JSON_TYPE, body, sizeof(body) - 1);
}

static void
api_readyz(CfaCtx *ctx)
{
	static const char ok[] = "{\"status\":\"ok\"}";
	static const char broken[] =
		"{\"status\":\"unavailable\",\"journal\":\"failed\"}";
	static const char stopping[] = "{\"status\":\"stopping\"}";

	if (cfa_app_is_draining())
		cfa_answer(ctx, 503, JSON_TYPE, stopping, sizeof(stopping) - 1);
	else if (cfa_mock_service.provider.is_broken)
		cfa_answer(ctx, 503, JSON_TYPE, broken, sizeof(broken) - 1);
	else
		cfa_answer(ctx, 200, JSON_TYPE, ok, sizeof(ok) - 1);
}

static void
api_metrics(CfaCtx *ctx)
{
	cfa_mock_meters_update();
	cfa_meters_answer(ctx);
}
