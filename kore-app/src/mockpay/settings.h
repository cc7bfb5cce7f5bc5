/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h
 *	  What the provider simulates: one table of named settings, read from the
 *	  environment at start and changed by PUT /mock/config while it runs.
 */
#ifndef CFA_MOCK_SETTINGS_H
#define CFA_MOCK_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "draw.h"

typedef struct CfaMockSettings
{
	double duplicate_rate;
	double error_rate;
	double failure_rate;
	bool hold;
	CfaMockDistribution latency_distribution;
	int64_t latency_max_ms;
	int64_t latency_ms;
	bool magic_amounts;
	double refund_failure_rate;
	int64_t reorder_ms;
	double reorder_rate;
	int64_t seed;
	int64_t slow_ms;
	int64_t timeout_ms;
	double timeout_rate;
	int64_t webhook_concurrency;
	int64_t webhook_delay_ms;
	bool webhook_extra_events;
	int64_t webhook_give_up_s;
	int64_t webhook_retry_max_ms;
	int64_t webhook_retry_ms;
	int64_t webhook_timeout_ms;
} CfaMockSettings;

/* Fills in the default of every setting. */
void cfa_mock_settings_defaults(CfaMockSettings *settings);

/*
 * Sets one setting from text as the environment gives it (booleans are on and
 * off there). Returns false, with a sentence in message, if the name is unknown
 * or the value is not allowed.
 */
bool cfa_mock_settings_set(CfaMockSettings *settings, const char *name,
						   const char *value, char *message, size_t size);

/*
 * Applies a JSON object: settings it does not name keep their value. All or
 * nothing; returns false with a sentence in message.
 */
bool cfa_mock_settings_apply(CfaMockSettings *settings, json_t *values,
							 char *message, size_t size);

/* All settings as a new JSON object. */
json_t *cfa_mock_settings_json(const CfaMockSettings *settings);

#define CFA_MOCK_SETTINGS_COUNT 22

/* Name, default as text and help of the i-th setting (sorted by name). */
const char *cfa_mock_settings_name(size_t i);
const char *cfa_mock_settings_initial(size_t i);
const char *cfa_mock_settings_help(size_t i);

#endif /* CFA_MOCK_SETTINGS_H */
