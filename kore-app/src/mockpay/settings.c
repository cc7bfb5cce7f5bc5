/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c
 *	  The table of settings and the conversions it drives.
 *
 * Every kind is converted through a JSON value, so that text from the
 * environment and JSON from PUT /mock/config obey one check.
 */
#include "settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000

typedef enum SettingKind
{
	KIND_BOOLEAN,
	KIND_DISTRIBUTION,
	KIND_INTEGER,
	KIND_RATE,
} SettingKind;

typedef struct Setting
{
	const char *name;
	SettingKind kind;
	size_t offset; /* in CfaMockSettings */
	const char *initial;
	int64_t min; /* of an integer */
	int64_t max;
	const char *help;
} Setting;

#define AT(member) offsetof(CfaMockSettings, member)

/* clang-format off */
static const Setting settings_table[] = {
	{"duplicate_rate", KIND_RATE, AT(duplicate_rate), "0", 0, 0,
	 "share of webhooks that are delivered twice"},
	{"error_rate", KIND_RATE, AT(error_rate), "0", 0, 0,
	 "share of API requests answered with 500 before they have an effect"},
	{"failure_rate", KIND_RATE, AT(failure_rate), "0", 0, 0,
	 "share of payments that are declined"},
	{"hold", KIND_BOOLEAN, AT(hold), "off", 0, 0,
	 "keep all webhooks back until they are flushed"},
	{"latency_distribution", KIND_DISTRIBUTION, AT(latency_distribution),
	 "lognormal", 0, 0,
	 "fixed, uniform, exponential or lognormal"},
	{"latency_max_ms", KIND_INTEGER, AT(latency_max_ms), "10000", 0, DAY_MS,
	 "longest time that a payment or a refund is processing"},
	{"latency_ms", KIND_INTEGER, AT(latency_ms), "150", 0, DAY_MS,
	 "mean time that a payment or a refund is processing"},
	{"magic_amounts", KIND_BOOLEAN, AT(magic_amounts), "on", 0, 0,
	 "let the last two digits of an amount choose the outcome"},
	{"refund_failure_rate", KIND_RATE, AT(refund_failure_rate), "0", 0, 0,
	 "share of refunds that fail"},
	{"reorder_ms", KIND_INTEGER, AT(reorder_ms), "1000", 0, DAY_MS,
	 "how long a reordered webhook is kept back"},
	{"reorder_rate", KIND_RATE, AT(reorder_rate), "0", 0, 0,
	 "share of webhooks that are kept back so that later ones overtake them"},
	{"seed", KIND_INTEGER, AT(seed), "1", INT64_MIN, INT64_MAX,
	 "decides every draw; same seed and same payments, same outcomes"},
	{"slow_ms", KIND_INTEGER, AT(slow_ms), "15000", 0, DAY_MS,
	 "processing time of a payment with the outcome slow or late"},
	{"timeout_ms", KIND_INTEGER, AT(timeout_ms), "30000", 0, DAY_MS,
	 "how long a timed-out answer is kept back"},
	{"timeout_rate", KIND_RATE, AT(timeout_rate), "0", 0, 0,
	 "share of API requests that have their effect but answer too late"},
	{"webhook_concurrency", KIND_INTEGER, AT(webhook_concurrency), "16", 1, 64,
	 "webhooks under way at one time; 1 keeps their order"},
	{"webhook_delay_ms", KIND_INTEGER, AT(webhook_delay_ms), "0", 0, DAY_MS,
	 "time between an event and the first attempt to deliver it"},
	{"webhook_extra_events", KIND_BOOLEAN, AT(webhook_extra_events), "off", 0, 0,
	 "also send payment_intent.created, .processing and refund.created"},
	{"webhook_give_up_s", KIND_INTEGER, AT(webhook_give_up_s), "259200", 1,
	 31536000, "age at which an undelivered webhook is given up"},
	{"webhook_retry_max_ms", KIND_INTEGER, AT(webhook_retry_max_ms), "60000", 1,
	 DAY_MS, "longest wait between two attempts"},
	{"webhook_retry_ms", KIND_INTEGER, AT(webhook_retry_ms), "250", 1, DAY_MS,
	 "wait before the second attempt; doubles with each one"},
	{"webhook_timeout_ms", KIND_INTEGER, AT(webhook_timeout_ms), "10000", 1,
	 DAY_MS, "how long an attempt may take"},
};
/* clang-format on */

static const char *const distribution_names[] = {"fixed",
												 "uniform",
												 "exponential",
												 "lognormal"};

_Static_assert(sizeof(settings_table) / sizeof(settings_table[0]) ==
				   CFA_MOCK_SETTINGS_COUNT,
			   "the count in the header is right");

#define DISTRIBUTION_COUNT \
	(sizeof(distribution_names) / sizeof(distribution_names[0]))

static const Setting *find(const char *name);
static bool store(CfaMockSettings *settings, const Setting *setting,
				  const json_t *value, char *message, size_t size);
static bool store_number(void *target, const Setting *setting,
						 const json_t *value, char *message, size_t size);
static bool store_distribution(CfaMockDistribution *target,
							   const Setting *setting, const json_t *value,
							   char *message, size_t size);
static json_t *load(const CfaMockSettings *settings, const Setting *setting);

void
cfa_mock_settings_defaults(CfaMockSettings *settings)
{
	char message[128];

	memset(settings, 0, sizeof(*settings));
	for (size_t i = 0; i < CFA_MOCK_SETTINGS_COUNT; i++)
	{
		bool is_set = cfa_mock_settings_set(settings,
											settings_table[i].name,
											settings_table[i].initial,
											message,
											sizeof(message));

		assert(is_set);
		(void) is_set;
	}
}

bool
cfa_mock_settings_set(CfaMockSettings *settings, const char *name,
					  const char *value, char *message, size_t size)
{
	const Setting *setting = find(name);
	json_t *json = NULL;
	bool stored;

	if (setting == NULL)
	{
		(void) snprintf(message, size, "unrecognized setting \"%s\"", name);
		return false;
	}
	switch (setting->kind)
	{
		case KIND_BOOLEAN:
			if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0)
				json = json_boolean(strcmp(value, "on") == 0);
			break;
		case KIND_DISTRIBUTION:
			json = json_string(value);
			break;
		case KIND_INTEGER:
		case KIND_RATE:
			json = json_loads(value, JSON_DECODE_ANY, NULL);
			break;
	}
	stored = store(settings, setting, json, message, size);
	json_decref(json);
	return stored;
}

bool
cfa_mock_settings_apply(CfaMockSettings *settings, json_t *values,
						char *message, size_t size)
{
	CfaMockSettings changed = *settings;
	void *at;

	if (!json_is_object(values))
	{
		(void) snprintf(message, size, "the settings must be a JSON object");
		return false;
	}
	for (at = json_object_iter(values); at != NULL;
		 at = json_object_iter_next(values, at))
	{
		const Setting *setting = find(json_object_iter_key(at));

		if (setting == NULL)
		{
			(void) snprintf(message,
							size,
							"unrecognized setting \"%s\"",
							json_object_iter_key(at));
			return false;
		}
		if (!store(&changed,
				   setting,
				   json_object_iter_value(at),
				   message,
				   size))
			return false;
	}
	*settings = changed;
	return true;
}

json_t *
cfa_mock_settings_json(const CfaMockSettings *settings)
{
	json_t *object = json_object();

	for (size_t i = 0; i < CFA_MOCK_SETTINGS_COUNT; i++)
		json_object_set_new(object,
							settings_table[i].name,
							load(settings, &settings_table[i]));
	return object;
}

const char *
cfa_mock_settings_name(size_t i)
{
	return settings_table[i].name;
}

const char *
cfa_mock_settings_initial(size_t i)
{
	return settings_table[i].initial;
}

const char *
cfa_mock_settings_help(size_t i)
{
	return settings_table[i].help;
}

static const Setting *
find(const char *name)
{
	for (size_t i = 0; i < CFA_MOCK_SETTINGS_COUNT; i++)
		if (strcmp(settings_table[i].name, name) == 0)
			return &settings_table[i];
	return NULL;
}

static bool
store(CfaMockSettings *settings, const Setting *setting, const json_t *value,
	  char *message, size_t size)
{
	char *target = (char *) settings + setting->offset;

	switch (setting->kind)
	{
		case KIND_BOOLEAN:
			if (!json_is_boolean(value))
			{
				(void) snprintf(message,
								size,
								"%s must be true or false",
								setting->name);
				return false;
			}
			*(bool *) target = json_is_true(value);
			return true;
		case KIND_DISTRIBUTION:
			return store_distribution((CfaMockDistribution *) target,
									  setting,
									  value,
									  message,
									  size);
		case KIND_INTEGER:
		case KIND_RATE:
			return store_number(target, setting, value, message, size);
	}
	return false;
}

static bool
store_number(void *target, const Setting *setting, const json_t *value,
			 char *message, size_t size)
{
	if (setting->kind == KIND_RATE)
	{
		double rate = json_number_value(value);

		if (!json_is_number(value) || rate < 0 || rate > 1)
		{
			(void) snprintf(message,
							size,
							"%s must be between 0 and 1",
							setting->name);
			return false;
		}
		*(double *) target = rate;
		return true;
	}
	if (!json_is_integer(value) || json_integer_value(value) < setting->min ||
		json_integer_value(value) > setting->max)
	{
		(void) snprintf(message,
						size,
						"%s must be a whole number between %lld and %lld",
						setting->name,
						(long long) setting->min,
						(long long) setting->max);
		return false;
	}
	*(int64_t *) target = json_integer_value(value);
	return true;
}

static bool
store_distribution(CfaMockDistribution *target, const Setting *setting,
				   const json_t *value, char *message, size_t size)
{
	for (size_t i = 0; i < DISTRIBUTION_COUNT && json_is_string(value); i++)
		if (strcmp(json_string_value(value), distribution_names[i]) == 0)
		{
			*target = (CfaMockDistribution) i;
			return true;
		}
	(void) snprintf(message,
					size,
					"%s must be one of: %s",
					setting->name,
					setting->help);
	return false;
}

static json_t *
load(const CfaMockSettings *settings, const Setting *setting)
{
	const void *source = (const char *) settings + setting->offset;

	switch (setting->kind)
	{
		case KIND_BOOLEAN:
			return json_boolean(*(const bool *) source);
		case KIND_DISTRIBUTION:
			return json_string(
				distribution_names[*(const CfaMockDistribution *) source]);
		case KIND_INTEGER:
			return json_integer(*(const int64_t *) source);
		case KIND_RATE:
			return json_real(*(const double *) source);
	}
	return json_null();
}
