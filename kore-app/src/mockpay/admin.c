/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.c
 *	  What only a mock has: its configuration and its ledger.
 */
#include <stdio.h>

#include "call.h"
#include "memory.h"
#include "record.h"
#include "webhooks.h"

static json_t *intent_entry(const CfaMockIntent *intent);
static json_t *refund_entry(const CfaMockRefund *refund);
static json_t *totals(const CfaMockStore *store);
static void add(json_t *totals, const char *currency, const char *member,
				int64_t amount);
static json_t *webhook_figures(const CfaMockProvider *provider);
static json_t *time_or_null(int64_t time_ms);

void
cfa_mock_config_read(CfaMockProvider *provider, CfaMockCall *call)
{
	call->body = cfa_mock_settings_json(&provider->settings);
}

void
cfa_mock_config_write(CfaMockProvider *provider, CfaMockCall *call)
{
	bool was_held = provider->settings.hold;
	json_t *values = json_loadb(call->request->body,
								call->request->body_len,
								JSON_REJECT_DUPLICATES,
								NULL);
	char message[256] = "the body is not valid JSON";

	if (values == NULL || !cfa_mock_settings_apply(&provider->settings,
												   values,
												   message,
												   sizeof(message)))
		cfa_mock_call_refuse(call,
							 400,
							 "invalid_request_error",
							 "setting_invalid",
							 NULL,
							 "%s",
							 message);
	else
		cfa_mock_config_read(provider, call);
	json_decref(values);
	if (was_held && !provider->settings.hold)
		cfa_mock_webhooks_unhold(provider);
}

void
cfa_mock_config_reset(CfaMockProvider *provider, CfaMockCall *call)
{
	bool was_held = provider->settings.hold;

	provider->settings = provider->initial;
	if (was_held && !provider->settings.hold)
		cfa_mock_webhooks_unhold(provider);
	cfa_mock_config_read(provider, call);
}

void
cfa_mock_ledger_read(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"summary", NULL};
	const CfaMockStore *store = &provider->store;
	bool summary = false;

	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		!cfa_mock_params_boolean(&call->params,
								 "summary",
								 &summary,
								 &call->fault))
	{
		cfa_mock_call_fault(call);
		return;
	}
	call->body = json_pack("{so so}",
						   "totals",
						   totals(store),
						   "webhooks",
						   webhook_figures(provider));
	if (!summary)
	{
		json_t *intents = json_array();
		json_t *refunds = json_array();

		for (size_t i = 0; i < store->intent_count; i++)
			json_array_append_new(intents, intent_entry(store->intents[i]));
		for (size_t i = 0; i < store->refund_count; i++)
			json_array_append_new(refunds, refund_entry(store->refunds[i]));
		json_object_set_new(call->body, "payment_intents", intents);
		json_object_set_new(call->body, "refunds", refunds);
	}
}

static json_t *
intent_entry(const CfaMockIntent *intent)
{
	return json_pack("{ss ss* ss ss ss* sI sI sI ss sO so so so}",
					 "id",
					 intent->id,
					 "pledge_id",
					 cfa_mock_metadata_get(intent->metadata, "pledge_id"),
					 "status",
					 cfa_mock_status_name(intent->status),
					 "outcome",
					 intent->outcome->name,
					 "error",
					 intent->failure == NULL ? NULL : intent->failure->code,
					 "amount",
					 (json_int_t) intent->amount,
					 "amount_received",
					 (json_int_t) intent->amount_received,
					 "amount_refunded",
					 (json_int_t) intent->amount_refunded,
					 "currency",
					 intent->currency,
					 "metadata",
					 intent->metadata,
					 "created_ms",
					 time_or_null(intent->created_ms),
					 "settled_ms",
					 time_or_null(intent->settled_ms),
					 "canceled_ms",
					 time_or_null(intent->canceled_ms));
}

static json_t *
refund_entry(const CfaMockRefund *refund)
{
	return json_pack("{ss ss ss* ss* ss sI ss sO so so}",
					 "id",
					 refund->id,
					 "payment_intent",
					 refund->intent->id,
					 "pledge_id",
					 cfa_mock_metadata_get(refund->intent->metadata,
										   "pledge_id"),
					 "refund_id",
					 cfa_mock_metadata_get(refund->metadata, "refund_id"),
					 "status",
					 cfa_mock_refund_status_name(refund->status),
					 "amount",
					 (json_int_t) refund->amount,
					 "currency",
					 refund->intent->currency,
					 "metadata",
					 refund->metadata,
					 "created_ms",
					 time_or_null(refund->created_ms),
					 "settled_ms",
					 time_or_null(refund->settled_ms));
}

/* For each currency: captured, refunded (succeeded), refund_pending, net. */
static json_t *
totals(const CfaMockStore *store)
{
	json_t *all = json_object();

	for (size_t i = 0; i < store->intent_count; i++)
	{
		const CfaMockIntent *intent = store->intents[i];

		add(all, intent->currency, "captured", intent->amount_received);
		add(all, intent->currency, "refunded", 0);
		add(all, intent->currency, "refund_pending", 0);
		add(all, intent->currency, "net", intent->amount_received);
	}
	for (size_t i = 0; i < store->refund_count; i++)
	{
		const CfaMockRefund *refund = store->refunds[i];

		if (refund->status == CFA_MOCK_REFUND_PENDING)
			add(all,
				refund->intent->currency,
				"refund_pending",
				refund->amount);
		if (refund->status != CFA_MOCK_REFUND_SUCCEEDED)
			continue;
		add(all, refund->intent->currency, "refunded", refund->amount);
		add(all, refund->intent->currency, "net", -refund->amount);
	}
	return all;
}

/* Sums of a simulator stay far below int64: each addend is at most 2^53. */
static void
add(json_t *all, const char *currency, const char *member, int64_t amount)
{
	json_t *entry = json_object_get(all, currency);

	if (entry == NULL)
	{
		entry = json_object();
		json_object_set_new(all, currency, entry);
	}
	json_object_set_new(entry,
						member,
						json_integer(
							json_integer_value(json_object_get(entry, member)) +
							amount));
}

static json_t *
webhook_figures(const CfaMockProvider *provider)
{
	const CfaMockStats *stats = &provider->stats;
	const CfaMockEvent *event;
	json_int_t held = 0;

	TAILQ_FOREACH(event, &provider->store.events, link)
	{
		held += event->is_held;
	}
	return json_pack("{sI sI sI sI sI sI sI}",
					 "undelivered",
					 (json_int_t) provider->store.event_count,
					 "held",
					 held,
					 "created",
					 (json_int_t) stats->events_created,
					 "accepted",
					 (json_int_t) stats->deliveries_accepted,
					 "refused",
					 (json_int_t) stats->deliveries_refused,
					 "failed",
					 (json_int_t) stats->deliveries_failed,
					 "given_up",
					 (json_int_t) stats->events_given_up);
}

static json_t *
time_or_null(int64_t time_ms)
{
	return time_ms == 0 ? json_null() : json_integer(time_ms);
}
