/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intents.c
 *	  The life of a payment intent: create, confirm, cancel, and the end of its
 *	  processing.
 *
 *	  requires_payment_method -> requires_confirmation -> processing
 *	  processing -> succeeded | requires_payment_method (declined)
 *	  everything but succeeded -> canceled
 *
 * What will become of an attempt is decided when it is confirmed and kept in
 * the journal, so a restart in the middle changes nothing.
 */
#include <ctype.h>
#include <stdio.h>

#include "call.h"
#include "memory.h"
#include "record.h"
#include "render.h"

/* The test card of a caller that confirms and names no payment method. */
#define DEFAULT_METHOD "pm_card_visa"

static CfaMockIntent *build(CfaMockCall *call, bool *confirm);
static bool read_currency(CfaMockCall *call, char currency[4]);
static bool read_method(CfaMockCall *call, CfaMockIntent *intent);
static bool check_capture(CfaMockCall *call);
static const CfaMockOutcome *choose_outcome(CfaMockProvider *provider,
											CfaMockIntent *intent);
static void start(CfaMockProvider *provider, CfaMockCall *call,
				  CfaMockIntent *intent);
static int64_t processing_ms(const CfaMockProvider *provider,
							 const CfaMockIntent *intent);
static void refuse_status(CfaMockCall *call, const CfaMockIntent *intent,
						  const char *verb, const char *expected);
static void emit(CfaMockProvider *provider, const CfaMockCall *call,
				 const char *type, const CfaMockIntent *intent, int64_t now_ms);
static CfaMockIntent *find(const CfaMockProvider *provider, CfaMockCall *call);
static void free_intent(CfaMockIntent *intent);

void
cfa_mock_intent_create(CfaMockProvider *provider, CfaMockCall *call)
{
	bool confirm = false;
	CfaMockIntent *intent = build(call, &confirm);

	if (intent == NULL)
	{
		cfa_mock_call_fault(call);
		return;
	}
	if (provider->store.intent_count >= CFA_MOCK_OBJECTS_MAX)
	{
		free_intent(intent);
		cfa_mock_call_refuse(call,
							 429,
							 "rate_limit_error",
							 "rate_limit",
							 NULL,
							 "This provider keeps at most %d payment intents. "
							 "Stop it and remove its state file.",
							 CFA_MOCK_OBJECTS_MAX);
		return;
	}
	cfa_mock_id_make(intent->id, "pi");
	intent->created_ms = call->now_ms;
	intent->status = intent->payment_method[0] == '\0'
						 ? CFA_MOCK_REQUIRES_PAYMENT_METHOD
						 : CFA_MOCK_REQUIRES_CONFIRMATION;
	cfa_mock_store_add_intent(&provider->store, intent);
	provider->stats.intents_created++;
	call->is_final = true;
	if (provider->settings.webhook_extra_events)
		emit(provider, call, "payment_intent.created", intent, call->now_ms);
	if (confirm)
		start(provider, call, intent);
	cfa_mock_provider_record(provider, cfa_mock_record_intent(intent));
	call->body = cfa_mock_render_intent(intent);
}

void
cfa_mock_intent_confirm(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"payment_method",
										  "return_url",
										  "off_session",
										  "expand[",
										  NULL};
	CfaMockIntent *intent = find(provider, call);

	if (intent == NULL)
		return;
	if (!cfa_mock_params_check(&call->params, allowed, &call->fault))
	{
		cfa_mock_call_fault(call);
		return;
	}
	call->is_final = true;
	if (intent->status != CFA_MOCK_REQUIRES_PAYMENT_METHOD &&
		intent->status != CFA_MOCK_REQUIRES_CONFIRMATION)
	{
		refuse_status(call,
					  intent,
					  "confirm",
					  "requires_payment_method, requires_confirmation");
		return;
	}
	if (!read_method(call, intent))
	{
		cfa_mock_call_fault(call);
		return;
	}
	start(provider, call, intent);
	cfa_mock_provider_record(provider, cfa_mock_record_intent(intent));
	call->body = cfa_mock_render_intent(intent);
}

void
cfa_mock_intent_cancel(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"cancellation_reason",
										  "expand[",
										  NULL};
	static const char *const reasons[] = {"duplicate",
										  "fraudulent",
										  "requested_by_customer",
										  "abandoned"};
	const char *reason =
		cfa_mock_params_get(&call->params, "cancellation_reason");
	CfaMockIntent *intent = find(provider, call);
	bool known = reason == NULL;

	if (intent == NULL)
		return;
	for (size_t i = 0; !known && i < sizeof(reasons) / sizeof(reasons[0]); i++)
		known = strcmp(reason, reasons[i]) == 0;
	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		(!known &&
		 !cfa_mock_fault(&call->fault,
						 NULL,
						 "cancellation_reason",
						 "Invalid cancellation_reason: must be one of "
						 "duplicate, fraudulent, requested_by_customer, or "
						 "abandoned")))
	{
		cfa_mock_call_fault(call);
		return;
	}
	call->is_final = true;
	if (intent->status == CFA_MOCK_SUCCEEDED ||
		intent->status == CFA_MOCK_CANCELED ||
		(intent->status == CFA_MOCK_PROCESSING &&
		 (intent->outcome->traits & CFA_MOCK_RESISTS)))
	{
		refuse_status(call,
					  intent,
					  "cancel",
					  intent->outcome->traits & CFA_MOCK_RESISTS
						  ? "requires_payment_method, requires_confirmation"
						  : "requires_payment_method, "
							"requires_confirmation, processing");
		return;
	}
	intent->status = CFA_MOCK_CANCELED;
	intent->canceled_ms = call->now_ms;
	intent->due_ms = 0;
	if (reason != NULL)
		(void) snprintf(intent->cancellation_reason,
						sizeof(intent->cancellation_reason),
						"%s",
						reason);
	provider->stats.intents_canceled++;
	cfa_mock_provider_record(provider, cfa_mock_record_intent(intent));
	emit(provider, call, "payment_intent.canceled", intent, call->now_ms);
	call->body = cfa_mock_render_intent(intent);
}

void
cfa_mock_intent_read(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"expand[", "client_secret", NULL};
	const CfaMockIntent *intent = find(provider, call);

	if (intent == NULL)
		return;
	if (!cfa_mock_params_check(&call->params, allowed, &call->fault))
		cfa_mock_call_fault(call);
	else
		call->body = cfa_mock_render_intent(intent);
}

void
cfa_mock_intent_settle(CfaMockProvider *provider, CfaMockIntent *intent,
					   int64_t now_ms)
{
	const char *type;

	intent->due_ms = 0;
	intent->attempts++;
	cfa_mock_id_make(intent->charge_id, "ch");
	if (intent->outcome->code == NULL)
	{
		intent->status = CFA_MOCK_SUCCEEDED;
		intent->amount_received = intent->amount;
		intent->settled_ms = now_ms;
		intent->failure = NULL;
		provider->stats.intents_succeeded++;
		type = "payment_intent.succeeded";
	}
	else
	{
		intent->status = CFA_MOCK_REQUIRES_PAYMENT_METHOD;
		intent->failure = intent->outcome;
		intent->payment_method[0] = '\0';
		provider->stats.intents_declined++;
		type = "payment_intent.payment_failed";
	}
	cfa_mock_provider_record(provider, cfa_mock_record_intent(intent));
	emit(provider, NULL, type, intent, now_ms);
}

/* A new intent from the parameters, or NULL with the fault in the call. */
static CfaMockIntent *
build(CfaMockCall *call, bool *confirm)
{
	static const char *const allowed[] = {"amount",
										  "automatic_payment_methods[",
										  "capture_method",
										  "confirm",
										  "confirmation_method",
										  "currency",
										  "description",
										  "expand[",
										  "metadata[",
										  "off_session",
										  "payment_method",
										  "payment_method_types[",
										  "receipt_email",
										  "return_url",
										  "statement_descriptor",
										  "statement_descriptor_suffix",
										  NULL};
	CfaMockIntent *intent = cfa_mock_intent_new();
	const char *text = cfa_mock_params_get(&call->params, "description");
	const char *simulate;

	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		!cfa_mock_params_integer(&call->params,
								 "amount",
								 true,
								 &intent->amount,
								 &call->fault) ||
		!read_currency(call, intent->currency) || !check_capture(call) ||
		!cfa_mock_params_boolean(&call->params,
								 "confirm",
								 confirm,
								 &call->fault) ||
		!read_method(call, intent))
		goto refused;
	if (intent->amount < 1 || intent->amount > CFA_MOCK_AMOUNT_MAX)
	{
		cfa_mock_fault(&call->fault,
					   intent->amount < 1 ? "parameter_invalid_integer"
										  : "amount_too_large",
					   "amount",
					   intent->amount < 1
						   ? "This value must be greater than or equal to 1."
						   : "Amount must be no more than 9007199254740991.");
		goto refused;
	}
	intent->metadata = cfa_mock_params_metadata(&call->params, &call->fault);
	if (intent->metadata == NULL)
		goto refused;
	simulate = cfa_mock_metadata_get(intent->metadata, "simulate");
	if (simulate != NULL && cfa_mock_outcome_by_name(simulate) == NULL)
	{
		cfa_mock_fault(&call->fault,
					   NULL,
					   "metadata[simulate]",
					   "This provider cannot simulate \"%s\".",
					   simulate);
		goto refused;
	}
	if (text != NULL && text[0] != '\0')
		intent->description = cfa_mock_strdup(text);
	return intent;
refused:
	free_intent(intent);
	return NULL;
}

static bool
read_currency(CfaMockCall *call, char currency[4])
{
	const char *text = cfa_mock_params_get(&call->params, "currency");

	if (text == NULL)
		return cfa_mock_fault(&call->fault,
							  "parameter_missing",
							  "currency",
							  "Missing required param: currency.");
	for (size_t i = 0; i < 3; i++)
	{
		if (!isalpha((unsigned char) text[i]))
			goto refused;
		currency[i] = (char) tolower((unsigned char) text[i]);
	}
	if (text[3] == '\0')
		return true;
refused:
	return cfa_mock_fault(&call->fault,
						  "invalid_currency",
						  "currency",
						  "Invalid currency: %s",
						  text);
}

static bool
read_method(CfaMockCall *call, CfaMockIntent *intent)
{
	const char *method = cfa_mock_params_get(&call->params, "payment_method");

	if (method == NULL)
		return true;
	if (strncmp(method, "pm_", 3) != 0 ||
		strlen(method) >= sizeof(intent->payment_method))
		return cfa_mock_fault(&call->fault,
							  "resource_missing",
							  "payment_method",
							  "No such PaymentMethod: '%s'",
							  method);
	memcpy(intent->payment_method, method, strlen(method) + 1);
	return true;
}

static bool
check_capture(CfaMockCall *call)
{
	const char *method = cfa_mock_params_get(&call->params, "capture_method");

	if (method == NULL || strncmp(method, "automatic", 9) == 0)
		return true;
	return cfa_mock_fault(&call->fault,
						  NULL,
						  "capture_method",
						  "This provider captures automatically only.");
}

/* Asked for by name, by method, by amount; else the failure rate decides. */
static const CfaMockOutcome *
choose_outcome(CfaMockProvider *provider, CfaMockIntent *intent)
{
	const char *simulate = cfa_mock_metadata_get(intent->metadata, "simulate");
	const char *pledge_id =
		cfa_mock_metadata_get(intent->metadata, "pledge_id");
	const CfaMockOutcome *outcome = NULL;
	char purpose[40];

	if (simulate != NULL)
		outcome = cfa_mock_outcome_by_name(simulate);
	if (outcome == NULL && strcmp(intent->payment_method, DEFAULT_METHOD) != 0)
		outcome = cfa_mock_outcome_by_method(intent->payment_method);
	if (outcome == NULL && provider->settings.magic_amounts)
		outcome = cfa_mock_outcome_by_amount(intent->amount);
	if (outcome != NULL)
		return outcome;
	(void) snprintf(purpose,
					sizeof(purpose),
					"decline %lld",
					(long long) intent->attempts);
	if (cfa_mock_draw_hit(provider->settings.failure_rate,
						  provider->settings.seed,
						  pledge_id == NULL ? intent->id : pledge_id,
						  purpose))
		return cfa_mock_outcome_declined();
	return cfa_mock_outcome_default();
}

/* Begins an attempt to take the money. */
static void
start(CfaMockProvider *provider, CfaMockCall *call, CfaMockIntent *intent)
{
	if (intent->payment_method[0] == '\0')
		memcpy(intent->payment_method, DEFAULT_METHOD, sizeof(DEFAULT_METHOD));
	intent->outcome = choose_outcome(provider, intent);
	intent->status = CFA_MOCK_PROCESSING;
	call->traits = intent->outcome->traits;
	if (!(intent->outcome->traits & CFA_MOCK_IS_STUCK))
	{
		intent->due_ms = call->now_ms + processing_ms(provider, intent);
		cfa_mock_heap_push(&provider->intents_due, intent->due_ms, intent);
	}
	if (provider->settings.webhook_extra_events)
		emit(provider, call, "payment_intent.processing", intent, call->now_ms);
}

static int64_t
processing_ms(const CfaMockProvider *provider, const CfaMockIntent *intent)
{
	const CfaMockSettings *settings = &provider->settings;
	const char *pledge_id =
		cfa_mock_metadata_get(intent->metadata, "pledge_id");

	if (intent->outcome->traits & CFA_MOCK_IS_SLOW)
		return settings->slow_ms;
	return cfa_mock_draw_delay(settings->latency_distribution,
							   settings->latency_ms,
							   settings->latency_max_ms,
							   cfa_mock_draw(settings->seed,
											 pledge_id == NULL ? intent->id
															   : pledge_id,
											 "latency"));
}

static void
refuse_status(CfaMockCall *call, const CfaMockIntent *intent, const char *verb,
			  const char *expected)
{
	cfa_mock_call_refuse(
		call,
		400,
		"invalid_request_error",
		"payment_intent_unexpected_state",
		NULL,
		"You cannot %s this PaymentIntent because it has a status of %s. Only "
		"a PaymentIntent with one of the following statuses may be %sed: %s.",
		verb,
		cfa_mock_status_name(intent->status),
		verb,
		expected);
	json_object_set_new(json_object_get(call->body, "error"),
						"payment_intent",
						cfa_mock_render_intent(intent));
}

static void
emit(CfaMockProvider *provider, const CfaMockCall *call, const char *type,
	 const CfaMockIntent *intent, int64_t now_ms)
{
	cfa_mock_event_emit(provider,
						call,
						type,
						intent,
						intent->id,
						cfa_mock_render_intent(intent),
						now_ms);
}

static CfaMockIntent *
find(const CfaMockProvider *provider, CfaMockCall *call)
{
	CfaMockIntent *intent =
		cfa_mock_store_intent(&provider->store, call->request->id);

	if (intent == NULL)
		cfa_mock_call_missing(call,
							  "payment_intent",
							  "intent",
							  call->request->id);
	return intent;
}

static void
free_intent(CfaMockIntent *intent)
{
	json_decref(intent->metadata);
	free(intent->description);
	free(intent);
}
