/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meters.c
 *	  What the provider tells Prometheus.
 *
 * The provider counts in plain memory, which a new worker starts at zero; the
 * meters live in shared memory and get the differences, so they never fall.
 */
#include <string.h>

#include "mockpay/service.h"

typedef enum Meter
{
	INTENTS_CREATED,
	INTENTS_SUCCEEDED,
	INTENTS_DECLINED,
	INTENTS_CANCELED,
	REFUNDS_CREATED,
	REFUNDS_SUCCEEDED,
	REFUNDS_FAILED,
	REPLAYS,
	KEY_MISMATCHES,
	ERRORS_SIMULATED,
	TIMEOUTS_SIMULATED,
	EVENTS_CREATED,
	EVENTS_GIVEN_UP,
	DELIVERIES_ACCEPTED,
	DELIVERIES_REFUSED,
	DELIVERIES_FAILED,
	COUNTERS,
	EVENTS_UNDELIVERED = COUNTERS,
	EVENTS_OLDEST,
	DELIVERIES_IN_FLIGHT,
	JOURNAL_BYTES,
	JOURNAL_FAILED,
} Meter;

#define INTENTS "careforall_mockpay_payment_intents_total"
#define INTENTS_HELP "Payment intents, by what became of them."
#define REFUNDS "careforall_mockpay_refunds_total"
#define REFUNDS_HELP "Refunds, by what became of them."
#define KEYS "careforall_mockpay_idempotency_total"
#define KEYS_HELP "Requests with a key that was used before, by outcome."
#define SIMULATED "careforall_mockpay_simulated_total"
#define SIMULATED_HELP "Requests that were troubled on purpose, by kind."
#define EVENTS "careforall_mockpay_events_total"
#define EVENTS_HELP "Events for the webhook receiver, created and given up."
#define DELIVERIES "careforall_mockpay_webhook_attempts_total"
#define DELIVERIES_HELP \
	"Attempts to deliver: accepted (2xx), refused (another status), failed."

/* clang-format off */
const CfaMeterDef cfa_mock_meters[CFA_MOCK_METERS] = {
	[INTENTS_CREATED] = {INTENTS, "event=\"created\"", INTENTS_HELP,
		CFA_METER_COUNTER},
	[INTENTS_SUCCEEDED] = {INTENTS, "event=\"succeeded\"", INTENTS_HELP,
		CFA_METER_COUNTER},
	[INTENTS_DECLINED] = {INTENTS, "event=\"declined\"", INTENTS_HELP,
		CFA_METER_COUNTER},
	[INTENTS_CANCELED] = {INTENTS, "event=\"canceled\"", INTENTS_HELP,
		CFA_METER_COUNTER},
	[REFUNDS_CREATED] = {REFUNDS, "event=\"created\"", REFUNDS_HELP,
		CFA_METER_COUNTER},
	[REFUNDS_SUCCEEDED] = {REFUNDS, "event=\"succeeded\"", REFUNDS_HELP,
		CFA_METER_COUNTER},
	[REFUNDS_FAILED] = {REFUNDS, "event=\"failed\"", REFUNDS_HELP,
		CFA_METER_COUNTER},
	[REPLAYS] = {KEYS, "outcome=\"replayed\"", KEYS_HELP, CFA_METER_COUNTER},
	[KEY_MISMATCHES] = {KEYS, "outcome=\"mismatch\"", KEYS_HELP,
		CFA_METER_COUNTER},
	[ERRORS_SIMULATED] = {SIMULATED, "kind=\"error\"", SIMULATED_HELP,
		CFA_METER_COUNTER},
	[TIMEOUTS_SIMULATED] = {SIMULATED, "kind=\"timeout\"", SIMULATED_HELP,
		CFA_METER_COUNTER},
	[EVENTS_CREATED] = {EVENTS, "event=\"created\"", EVENTS_HELP,
		CFA_METER_COUNTER},
	[EVENTS_GIVEN_UP] = {EVENTS, "event=\"given_up\"", EVENTS_HELP,
		CFA_METER_COUNTER},
	[DELIVERIES_ACCEPTED] = {DELIVERIES, "outcome=\"accepted\"",
		DELIVERIES_HELP, CFA_METER_COUNTER},
	[DELIVERIES_REFUSED] = {DELIVERIES, "outcome=\"refused\"",
		DELIVERIES_HELP, CFA_METER_COUNTER},
	[DELIVERIES_FAILED] = {DELIVERIES, "outcome=\"failed\"",
		DELIVERIES_HELP, CFA_METER_COUNTER},
	[EVENTS_UNDELIVERED] = {"careforall_mockpay_events_undelivered", NULL,
		"Events that are not delivered yet.", CFA_METER_GAUGE},
	[EVENTS_OLDEST] = {"careforall_mockpay_events_oldest_age_seconds", NULL,
		"Age of the oldest event that is not delivered yet.",
		CFA_METER_GAUGE},
	[DELIVERIES_IN_FLIGHT] = {"careforall_mockpay_webhooks_in_flight", NULL,
		"Attempts to deliver that are under way.", CFA_METER_GAUGE},
	[JOURNAL_BYTES] = {"careforall_mockpay_journal_bytes", NULL,
		"Size of the state file.", CFA_METER_GAUGE},
	[JOURNAL_FAILED] = {"careforall_mockpay_journal_failed", NULL,
		"1 once the state file could not be written.", CFA_METER_GAUGE},
};

static const size_t counter_at[COUNTERS] = {
	[INTENTS_CREATED] = offsetof(CfaMockStats, intents_created),
	[INTENTS_SUCCEEDED] = offsetof(CfaMockStats, intents_succeeded),
	[INTENTS_DECLINED] = offsetof(CfaMockStats, intents_declined),
	[INTENTS_CANCELED] = offsetof(CfaMockStats, intents_canceled),
	[REFUNDS_CREATED] = offsetof(CfaMockStats, refunds_created),
	[REFUNDS_SUCCEEDED] = offsetof(CfaMockStats, refunds_succeeded),
	[REFUNDS_FAILED] = offsetof(CfaMockStats, refunds_failed),
	[REPLAYS] = offsetof(CfaMockStats, replays),
	[KEY_MISMATCHES] = offsetof(CfaMockStats, key_mismatches),
	[ERRORS_SIMULATED] = offsetof(CfaMockStats, errors_simulated),
	[TIMEOUTS_SIMULATED] = offsetof(CfaMockStats, timeouts_simulated),
	[EVENTS_CREATED] = offsetof(CfaMockStats, events_created),
	[EVENTS_GIVEN_UP] = offsetof(CfaMockStats, events_given_up),
	[DELIVERIES_ACCEPTED] = offsetof(CfaMockStats, deliveries_accepted),
	[DELIVERIES_REFUSED] = offsetof(CfaMockStats, deliveries_refused),
	[DELIVERIES_FAILED] = offsetof(CfaMockStats, deliveries_failed),
};
/* clang-format on */

_Static_assert(JOURNAL_FAILED + 1 == CFA_MOCK_METERS, "each meter is named");

static void
set(Meter meter, int64_t value)
{
	cfa_meter_set(CFA_M_APP + (unsigned) meter, value);
}

void
cfa_mock_meters_update(void)
{
	static uint64_t shown[COUNTERS];
	const CfaMockProvider *provider = &cfa_mock_service.provider;
	const CfaMockEvent *oldest = TAILQ_FIRST(&provider->store.events);

	for (unsigned i = 0; i < COUNTERS; i++)
	{
		uint64_t now;

		memcpy(&now,
			   (const char *) &provider->stats + counter_at[i],
			   sizeof(now));
		cfa_meter_add(CFA_M_APP + i, (int64_t) (now - shown[i]));
		shown[i] = now;
	}
	set(EVENTS_UNDELIVERED, (int64_t) provider->store.event_count);
	set(EVENTS_OLDEST,
		oldest == NULL ? 0 : (cfa_mock_now_ms() - oldest->created_ms) / 1000);
	set(DELIVERIES_IN_FLIGHT, provider->in_flight);
	set(JOURNAL_BYTES, cfa_mock_service.journal.length);
	set(JOURNAL_FAILED, provider->is_broken);
}
