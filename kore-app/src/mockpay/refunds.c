/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refunds.c
 *	  Refunds: pending -> succeeded | failed.
 *
 * Pending and succeeded refunds of an intent never add up to more than was
 * received; a refund that fails frees its part again.
 */
#include <assert.h>
#include <stdio.h>

#include "call.h"
#include "memory.h"
#include "record.h"
#include "render.h"

static bool read_intent(const CfaMockProvider *provider, CfaMockCall *call,
						CfaMockIntent **intent);
static bool check_amount(CfaMockCall *call, const CfaMockIntent *intent,
						 int64_t *amount);
static bool read_reason(CfaMockCall *call, const char **reason);
static bool will_fail(const CfaMockProvider *provider,
					  const CfaMockRefund *refund);
static void plan(CfaMockProvider *provider, CfaMockRefund *refund);
static void emit(CfaMockProvider *provider, const CfaMockCall *call,
				 const char *type, const CfaMockRefund *refund, int64_t now_ms);

void
cfa_mock_refund_create(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"amount",
										  "charge",
										  "expand[",
										  "metadata[",
										  "payment_intent",
										  "reason",
										  NULL};
	CfaMockIntent *intent = NULL;
	CfaMockRefund *refund;
	json_t *metadata = NULL;
	const char *reason = NULL;
	int64_t amount = 0;

	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		!read_reason(call, &reason) ||
		(metadata = cfa_mock_params_metadata(&call->params, &call->fault)) ==
			NULL)
	{
		cfa_mock_call_fault(call);
		return;
	}
	if (!read_intent(provider, call, &intent) ||
		!check_amount(call, intent, &amount))
	{
		json_decref(metadata);
		return;
	}
	refund = cfa_mock_refund_new(intent);
	cfa_mock_id_make(refund->id, "re");
	refund->amount = amount;
	refund->metadata = metadata;
	refund->created_ms = call->now_ms;
	if (reason != NULL)
		(void) snprintf(refund->reason, sizeof(refund->reason), "%s", reason);
	cfa_mock_store_add_refund(&provider->store, refund);
	plan(provider, refund);
	provider->stats.refunds_created++;
	call->is_final = true;
	cfa_mock_provider_record(provider, cfa_mock_record_refund(refund));
	if (provider->settings.webhook_extra_events)
		emit(provider, call, "refund.created", refund, call->now_ms);
	call->body = cfa_mock_render_refund(refund);
}

void
cfa_mock_refund_read(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"expand[", NULL};
	const CfaMockRefund *refund =
		cfa_mock_store_refund(&provider->store, call->request->id);

	if (refund == NULL)
		cfa_mock_call_missing(call, "refund", "id", call->request->id);
	else if (!cfa_mock_params_check(&call->params, allowed, &call->fault))
		cfa_mock_call_fault(call);
	else
		call->body = cfa_mock_render_refund(refund);
}

void
cfa_mock_refund_settle(CfaMockProvider *provider, CfaMockRefund *refund,
					   int64_t now_ms)
{
	refund->due_ms = 0;
	refund->settled_ms = now_ms;
	if (refund->fails)
	{
		refund->status = CFA_MOCK_REFUND_FAILED;
		refund->intent->amount_refunded -= refund->amount;
		assert(refund->intent->amount_refunded >= 0);
		provider->stats.refunds_failed++;
	}
	else
	{
		refund->status = CFA_MOCK_REFUND_SUCCEEDED;
		provider->stats.refunds_succeeded++;
	}
	cfa_mock_provider_record(provider, cfa_mock_record_refund(refund));
	emit(provider,
		 NULL,
		 refund->fails ? "refund.failed" : "refund.updated",
		 refund,
		 now_ms);
}

/* The intent to refund; answers the call itself if there is none. */
static bool
read_intent(const CfaMockProvider *provider, CfaMockCall *call,
			CfaMockIntent **intent)
{
	const char *id = cfa_mock_params_get(&call->params, "payment_intent");

	if (id == NULL)
	{
		cfa_mock_call_refuse(call,
							 400,
							 "invalid_request_error",
							 "parameter_missing",
							 "payment_intent",
							 "Missing required param: payment_intent.");
		return false;
	}
	*intent = cfa_mock_store_intent(&provider->store, id);
	if (*intent == NULL)
	{
		cfa_mock_call_missing(call, "payment_intent", "payment_intent", id);
		return false;
	}
	if ((*intent)->status == CFA_MOCK_SUCCEEDED)
		return true;
	call->is_final = true;
	cfa_mock_call_refuse(
		call,
		400,
		"invalid_request_error",
		"payment_intent_unexpected_state",
		"payment_intent",
		"This PaymentIntent (%s) does not have a successful charge to refund.",
		id);
	return false;
}

/* The amount asked for, or all that is left; answers the call if too much. */
static bool
check_amount(CfaMockCall *call, const CfaMockIntent *intent, int64_t *amount)
{
	int64_t left = intent->amount_received - intent->amount_refunded;

	*amount = left;
	if (!cfa_mock_params_integer(&call->params,
								 "amount",
								 false,
								 amount,
								 &call->fault))
	{
		cfa_mock_call_fault(call);
		return false;
	}
	if (left > 0 && *amount < 1)
	{
		cfa_mock_fault(&call->fault,
					   "parameter_invalid_integer",
					   "amount",
					   "Invalid positive integer");
		cfa_mock_call_fault(call);
		return false;
	}
	if (left > 0 && *amount <= left)
		return true;
	call->is_final = true;
	if (left == 0)
		cfa_mock_call_refuse(call,
							 400,
							 "invalid_request_error",
							 "charge_already_refunded",
							 NULL,
							 "Charge %s has already been refunded.",
							 intent->charge_id);
	else
		cfa_mock_call_refuse(call,
							 400,
							 "invalid_request_error",
							 NULL,
							 "amount",
							 "Refund amount (%lld %s) is greater than "
							 "unrefunded amount on charge (%lld %s)",
							 (long long) *amount,
							 intent->currency,
							 (long long) left,
							 intent->currency);
	return false;
}

static bool
read_reason(CfaMockCall *call, const char **reason)
{
	static const char *const reasons[] = {"duplicate",
										  "fraudulent",
										  "requested_by_customer"};

	*reason = cfa_mock_params_get(&call->params, "reason");
	if (*reason == NULL)
		return true;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(*reason, reasons[i]) == 0)
			return true;
	return cfa_mock_fault(&call->fault,
						  NULL,
						  "reason",
						  "Invalid reason: must be one of duplicate, "
						  "fraudulent, or requested_by_customer");
}

static bool
will_fail(const CfaMockProvider *provider, const CfaMockRefund *refund)
{
	const char *simulate = cfa_mock_metadata_get(refund->metadata, "simulate");
	const char *refund_id =
		cfa_mock_metadata_get(refund->metadata, "refund_id");

	if (refund->intent->outcome->traits & CFA_MOCK_REFUND_FAILS)
		return true;
	if (simulate != NULL)
		return strcmp(simulate, "decline") == 0 ||
			   strcmp(simulate, "refund_fails") == 0;
	return cfa_mock_draw_hit(provider->settings.refund_failure_rate,
							 provider->settings.seed,
							 refund_id == NULL ? refund->id : refund_id,
							 "refund");
}

static void
plan(CfaMockProvider *provider, CfaMockRefund *refund)
{
	const CfaMockSettings *settings = &provider->settings;
	const char *refund_id =
		cfa_mock_metadata_get(refund->metadata, "refund_id");

	refund->fails = will_fail(provider, refund);
	refund->due_ms =
		refund->created_ms +
		cfa_mock_draw_delay(settings->latency_distribution,
							settings->latency_ms,
							settings->latency_max_ms,
							cfa_mock_draw(settings->seed,
										  refund_id == NULL ? refund->id
															: refund_id,
										  "latency"));
	cfa_mock_heap_push(&provider->refunds_due, refund->due_ms, refund);
}

static void
emit(CfaMockProvider *provider, const CfaMockCall *call, const char *type,
	 const CfaMockRefund *refund, int64_t now_ms)
{
	cfa_mock_event_emit(provider,
						call,
						type,
						refund->intent,
						refund->id,
						cfa_mock_render_refund(refund),
						now_ms);
}
