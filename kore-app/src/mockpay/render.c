/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.c
 *	  JSON of payment intents, refunds, events and errors.
 *
 * Members of Stripe's objects that a plain card payment never fills are there
 * as null, so that typed clients find what they expect.
 */
#include "render.h"

static json_t *text_or_null(const char *text);
static json_t *seconds_or_null(int64_t time_ms);
static json_t *last_error(const CfaMockIntent *intent);
static void set_nulls(json_t *object, const char *const *members);

json_t *
cfa_mock_render_intent(const CfaMockIntent *intent)
{
	static const char *const never[] = {"application",
										"application_fee_amount",
										"automatic_payment_methods",
										"client_secret",
										"customer",
										"next_action",
										"on_behalf_of",
										"processing",
										"receipt_email",
										"review",
										"setup_future_usage",
										"shipping",
										"source",
										"statement_descriptor",
										"statement_descriptor_suffix",
										"transfer_data",
										"transfer_group",
										NULL};
	json_t *object = json_pack(
		"{ss ss sI si sI so so ss ss sI ss so so so sb sO so s{} s[s] ss}",
		"id",
		intent->id,
		"object",
		"payment_intent",
		"amount",
		(json_int_t) intent->amount,
		"amount_capturable",
		0,
		"amount_received",
		(json_int_t) intent->amount_received,
		"canceled_at",
		seconds_or_null(intent->canceled_ms),
		"cancellation_reason",
		text_or_null(intent->cancellation_reason),
		"capture_method",
		"automatic",
		"confirmation_method",
		"automatic",
		"created",
		(json_int_t) (intent->created_ms / 1000),
		"currency",
		intent->currency,
		"description",
		text_or_null(intent->description),
		"last_payment_error",
		last_error(intent),
		"latest_charge",
		text_or_null(intent->charge_id),
		"livemode",
		0,
		"metadata",
		intent->metadata,
		"payment_method",
		text_or_null(intent->payment_method),
		"payment_method_options",
		"payment_method_types",
		"card",
		"status",
		cfa_mock_status_name(intent->status));

	set_nulls(object, never);
	return object;
}

json_t *
cfa_mock_render_refund(const CfaMockRefund *refund)
{
	static const char *const never[] = {"balance_transaction",
										"receipt_number",
										"source_transfer_reversal",
										"transfer_reversal",
										NULL};
	json_t *object = json_pack("{ss ss sI so sI ss s{s{ss} ss} sO ss so ss}",
							   "id",
							   refund->id,
							   "object",
							   "refund",
							   "amount",
							   (json_int_t) refund->amount,
							   "charge",
							   text_or_null(refund->intent->charge_id),
							   "created",
							   (json_int_t) (refund->created_ms / 1000),
							   "currency",
							   refund->intent->currency,
							   "destination_details",
							   "card",
							   "type",
							   "refund",
							   "type",
							   "card",
							   "metadata",
							   refund->metadata,
							   "payment_intent",
							   refund->intent->id,
							   "reason",
							   text_or_null(refund->reason),
							   "status",
							   cfa_mock_refund_status_name(refund->status));

	if (refund->status == CFA_MOCK_REFUND_FAILED)
		json_object_set_new(object,
							"failure_reason",
							json_string("expired_or_canceled_card"));
	set_nulls(object, never);
	return object;
}

json_t *
cfa_mock_render_event(const CfaMockEvent *event, json_t *object,
					  const char *request_id, const char *idempotency_key)
{
	return json_pack("{ss ss ss sI s{so} sb si s{so so} ss}",
					 "id",
					 event->id,
					 "object",
					 "event",
					 "api_version",
					 CFA_MOCK_API_VERSION,
					 "created",
					 (json_int_t) (event->created_ms / 1000),
					 "data",
					 "object",
					 object,
					 "livemode",
					 0,
					 "pending_webhooks",
					 1,
					 "request",
					 "id",
					 text_or_null(request_id),
					 "idempotency_key",
					 text_or_null(idempotency_key),
					 "type",
					 event->type);
}

json_t *
cfa_mock_render_error(const char *type, const char *code, const char *param,
					  const char *message)
{
	return json_pack("{s{ss ss* ss ss*}}",
					 "error",
					 "type",
					 type,
					 "code",
					 code,
					 "message",
					 message,
					 "param",
					 param);
}

/* An empty text counts as none. */
static json_t *
text_or_null(const char *text)
{
	if (text == NULL || text[0] == '\0')
		return json_null();
	return json_string(text);
}

static json_t *
seconds_or_null(int64_t time_ms)
{
	return time_ms == 0 ? json_null() : json_integer(time_ms / 1000);
}

static json_t *
last_error(const CfaMockIntent *intent)
{
	if (intent->failure == NULL)
		return json_null();
	return json_pack("{ss ss ss ss ss}",
					 "type",
					 "card_error",
					 "code",
					 intent->failure->code,
					 "decline_code",
					 intent->failure->decline_code,
					 "message",
					 intent->failure->message,
					 "charge",
					 intent->charge_id);
}

static void
set_nulls(json_t *object, const char *const *members)
{
	for (; *members != NULL; members++)
		json_object_set_new(object, *members, json_null());
}
