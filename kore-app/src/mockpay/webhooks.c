/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhooks.c
 *	  The queue of events on their way to the receiver: at least once, retried
 *	  with growing delay until the answer is 2xx.
 *
 * An event is in exactly one place: in the heap (with one entry), held, or in
 * flight. Whatever moves many events at once fills the heap anew, so an entry
 * never outlives its event. A crash forgets attempts and holds: then every
 * event that is not known as delivered is due at once.
 */
#include "webhooks.h"

#include <stdio.h>

#include "call.h"
#include "memory.h"
#include "record.h"
#include "render.h"

/* Mean time between a delivery and its duplicate. */
#define DUPLICATE_MS 100
#define COPIES_MAX 10

static int64_t first_delay(const CfaMockProvider *provider,
						   const CfaMockCall *call, const CfaMockIntent *intent,
						   const char *type);
static int64_t first_copies(const CfaMockProvider *provider,
							const CfaMockIntent *intent, const char *type);
static bool draw(const CfaMockProvider *provider, const CfaMockIntent *intent,
				 double rate, const char *what, const char *type);
static void again(CfaMockProvider *provider, CfaMockEvent *event,
				  int64_t due_ms);
static void drop(CfaMockProvider *provider, CfaMockEvent *event);
static bool read_flush(CfaMockCall *call, bool *newest_first, int64_t *copies);

void
cfa_mock_event_emit(CfaMockProvider *provider, const CfaMockCall *call,
					const char *type, const CfaMockIntent *intent,
					const char *object_id, json_t *object, int64_t now_ms)
{
	CfaMockEvent *event = cfa_mock_event_new();
	const char *traceparent =
		cfa_mock_metadata_get(intent->metadata, "traceparent");
	json_t *body;

	cfa_mock_id_make(event->id, "evt");
	(void)
		snprintf(event->object_id, sizeof(event->object_id), "%s", object_id);
	if (traceparent != NULL && strlen(traceparent) < sizeof(event->traceparent))
		memcpy(event->traceparent, traceparent, strlen(traceparent) + 1);
	event->type = cfa_mock_strdup(type);
	event->created_ms = now_ms;
	event->due_ms = now_ms + first_delay(provider, call, intent, type);
	event->copies = first_copies(provider, intent, type);
	body = cfa_mock_render_event(event,
								 object,
								 call == NULL ? NULL : call->request_id,
								 call == NULL ? NULL
											  : call->request->idempotency_key);
	event->body = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	cfa_mock_store_add_event(&provider->store, event);
	cfa_mock_heap_push(&provider->events_due, event->due_ms, event);
	cfa_mock_provider_record(provider, cfa_mock_record_event(event));
	provider->stats.events_created++;
}

CfaMockEvent *
cfa_mock_webhooks_take(CfaMockProvider *provider, int64_t now_ms)
{
	const CfaMockDue *first;

	if (provider->in_flight >= provider->settings.webhook_concurrency)
		return NULL;
	while ((first = cfa_mock_heap_first(&provider->events_due)) != NULL &&
		   first->due_ms <= now_ms)
	{
		CfaMockEvent *event = first->item;

		cfa_mock_heap_pop(&provider->events_due);
		if (provider->settings.hold && !event->is_released)
		{
			event->is_held = true;
			continue;
		}
		event->is_in_flight = true;
		provider->in_flight++;
		return event;
	}
	return NULL;
}

void
cfa_mock_webhooks_done(CfaMockProvider *provider, CfaMockEvent *event,
					   int http_status, int64_t now_ms)
{
	const CfaMockSettings *settings = &provider->settings;
	double share = cfa_mock_draw(settings->seed, event->id, "backoff");

	event->is_in_flight = false;
	provider->in_flight--;
	if (http_status >= 200 && http_status < 300)
	{
		provider->stats.deliveries_accepted++;
		event->attempts = 0;
		if (--event->copies > 0)
			again(provider,
				  event,
				  now_ms + (int64_t) (2 * DUPLICATE_MS * share));
		else
			drop(provider, event);
		return;
	}
	if (http_status == 0)
		provider->stats.deliveries_failed++;
	else
		provider->stats.deliveries_refused++;
	event->attempts++;
	if (now_ms - event->created_ms > settings->webhook_give_up_s * 1000)
	{
		provider->stats.events_given_up++;
		drop(provider, event);
		return;
	}
	again(provider,
		  event,
		  now_ms + cfa_mock_draw_backoff(event->attempts,
										 settings->webhook_retry_ms,
										 settings->webhook_retry_max_ms,
										 share));
}

int64_t
cfa_mock_webhooks_due(const CfaMockProvider *provider)
{
	const CfaMockDue *first = cfa_mock_heap_first(&provider->events_due);

	if (first == NULL ||
		provider->in_flight >= provider->settings.webhook_concurrency)
		return -1;
	return first->due_ms;
}

void
cfa_mock_webhooks_plan(CfaMockProvider *provider)
{
	CfaMockEvent *event;

	cfa_mock_heap_clear(&provider->events_due);
	TAILQ_FOREACH(event, &provider->store.events, link)
	{
		if (!event->is_held && !event->is_in_flight)
			cfa_mock_heap_push(&provider->events_due, event->due_ms, event);
	}
}

void
cfa_mock_webhooks_unhold(CfaMockProvider *provider)
{
	CfaMockEvent *event;

	TAILQ_FOREACH(event, &provider->store.events, link)
	{
		event->is_held = false;
	}
	cfa_mock_webhooks_plan(provider);
}

void
cfa_mock_webhooks_flush(CfaMockProvider *provider, CfaMockCall *call)
{
	CfaMockEvent *event;
	bool newest_first = false;
	int64_t copies = 0;
	int64_t flushed = 0;

	if (!read_flush(call, &newest_first, &copies))
	{
		cfa_mock_call_fault(call);
		return;
	}
	TAILQ_FOREACH(event, &provider->store.events, link)
	{
		if (event->is_in_flight)
			continue;
		/* A time of its own for each one makes the order hold in the heap. */
		event->due_ms = call->now_ms + (newest_first ? -flushed : 0);
		event->is_held = false;
		event->is_released = true;
		if (copies > 0)
			event->copies = copies;
		flushed++;
	}
	cfa_mock_webhooks_plan(provider);
	call->body = json_pack("{sI}", "flushed", (json_int_t) flushed);
}

static bool
read_flush(CfaMockCall *call, bool *newest_first, int64_t *copies)
{
	static const char *const allowed[] = {"order", "copies", NULL};
	const char *order = cfa_mock_params_get(&call->params, "order");

	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		!cfa_mock_params_integer(&call->params,
								 "copies",
								 false,
								 copies,
								 &call->fault))
		return false;
	if (*copies < 0 || *copies > COPIES_MAX)
		return cfa_mock_fault(&call->fault,
							  NULL,
							  "copies",
							  "copies must be between 0 and %d",
							  COPIES_MAX);
	*newest_first = order != NULL && strcmp(order, "newest") == 0;
	if (order != NULL && !*newest_first && strcmp(order, "oldest") != 0)
		return cfa_mock_fault(&call->fault,
							  NULL,
							  "order",
							  "order must be oldest or newest");
	return true;
}

/* Only the end of processing a payment is kept back on request: what comes
 * later, as the notice of a cancellation or refund, then overtakes it. */
static int64_t
first_delay(const CfaMockProvider *provider, const CfaMockCall *call,
			const CfaMockIntent *intent, const char *type)
{
	const CfaMockSettings *settings = &provider->settings;

	if (draw(provider, intent, settings->reorder_rate, "reorder", type) ||
		(call == NULL && (intent->outcome->traits & CFA_MOCK_REORDERS) &&
		 strncmp(type, "payment_intent.", 15) == 0))
		return settings->webhook_delay_ms + settings->reorder_ms;
	return settings->webhook_delay_ms;
}

static int64_t
first_copies(const CfaMockProvider *provider, const CfaMockIntent *intent,
			 const char *type)
{
	if ((intent->outcome->traits & CFA_MOCK_DUPLICATES) ||
		draw(provider,
			 intent,
			 provider->settings.duplicate_rate,
			 "duplicate",
			 type))
		return 2;
	return 1;
}

static bool
draw(const CfaMockProvider *provider, const CfaMockIntent *intent, double rate,
	 const char *what, const char *type)
{
	const char *pledge_id =
		cfa_mock_metadata_get(intent->metadata, "pledge_id");
	char purpose[64];

	(void) snprintf(purpose, sizeof(purpose), "%s %s", what, type);
	return cfa_mock_draw_hit(rate,
							 provider->settings.seed,
							 pledge_id == NULL ? intent->id : pledge_id,
							 purpose);
}

static void
again(CfaMockProvider *provider, CfaMockEvent *event, int64_t due_ms)
{
	event->due_ms = due_ms;
	cfa_mock_heap_push(&provider->events_due, due_ms, event);
}

/* The journal may fail here: then the event comes once more after a restart. */
static void
drop(CfaMockProvider *provider, CfaMockEvent *event)
{
	cfa_mock_provider_record(provider, cfa_mock_record_delivered(event));
	cfa_mock_store_drop_event(&provider->store, event);
	(void) cfa_mock_provider_commit(provider);
}
