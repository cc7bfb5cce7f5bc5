/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_contract.c: what a stream must be so that no event is lost or reordered, and
 * the stream that is made where there is none. All that is wrong is said at once,
 * each with the value found and the value wanted.
 */
#include "relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "careforall/buf.h"

#define SUBJECTS "careforall.>"
#define NS_PER_MS INT64_C(1000000)
#define LENGTH_MAX 32

/* One sentence more; the first one has no comma before it. */
#define ADD(report, ...)                                     \
	(cfa_buf_adds((report), (report)->len == 0 ? "" : "; "), \
	 cfa_buf_addf((report), __VA_ARGS__))

/* ---- reading the settings */

static const char *
text_of(const json_t *settings, const char *name)
{
	const char *text = json_string_value(json_object_get(settings, name));

	return text == NULL ? "none" : text;
}

static int64_t
number_of(const json_t *settings, const char *name)
{
	return json_integer_value(json_object_get(settings, name));
}

static bool
is_set(const json_t *settings, const char *name)
{
	return json_is_true(json_object_get(settings, name));
}

/* "90s", "14d": a length as nats and CAREFORALL_STREAM_* write it. */
static const char *
length_text(int64_t ms, char text[LENGTH_MAX])
{
	static const struct
	{
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {1000, "s"}, {1, "ms"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (ms % units[i].ms != 0)
			continue;
		snprintf(text,
				 LENGTH_MAX,
				 "%" PRId64 "%s",
				 ms / units[i].ms,
				 units[i].unit);
		break;
	}
	return text;
}

/* ---- the contract */

static void
check_text(const json_t *settings, const char *name, const char *wanted,
		   CfaBuf *report)
{
	if (strcmp(text_of(settings, name), wanted) != 0)
		ADD(report,
			"%s is %s and must be %s",
			name,
			text_of(settings, name),
			wanted);
}

static void
check_subjects(const json_t *settings, CfaBuf *report)
{
	const json_t *subjects = json_object_get(settings, "subjects");
	const char *first = json_string_value(json_array_get(subjects, 0));

	if (json_array_size(subjects) != 1 || first == NULL ||
		strcmp(first, SUBJECTS) != 0)
		ADD(report, "subjects must be exactly " SUBJECTS);
}

/* max_age 0 keeps for ever. */
static void
check_age(const json_t *settings, const CfaContract *contract, CfaBuf *report)
{
	char found[LENGTH_MAX];
	char wanted[LENGTH_MAX];
	int64_t age_ms = number_of(settings, "max_age") / NS_PER_MS;

	if (age_ms > 0 && age_ms <= contract->retention_ms)
		ADD(report,
			"max_age is %s and must be more than %s, which the outbox keeps "
			"(careforall.outbox_retention), or events that the stream forgot "
			"would be published again",
			length_text(age_ms, found),
			length_text(contract->retention_ms, wanted));
}

static void
check_count(const json_t *settings, const CfaContract *contract, CfaBuf *report)
{
	int64_t count = number_of(settings, "max_msgs");

	if (count > 0 && contract->messages_min == 0)
		ADD(report,
			"max_msgs is %" PRId64
			" and must be none (CAREFORALL_STREAM_MAX_MESSAGES)",
			count);
	else if (count > 0 && count < contract->messages_min)
		ADD(report,
			"max_msgs is %" PRId64 " and must be none or at least %" PRId64
			" (CAREFORALL_STREAM_MAX_MESSAGES)",
			count,
			contract->messages_min);
	if (count > 0 && strcmp(text_of(settings, "discard"), "new") != 0)
		ADD(report,
			"discard is %s and must be new where max_msgs is set, or the "
			"oldest events go without a word when it is reached",
			text_of(settings, "discard"));
	if (number_of(settings, "max_bytes") > 0)
		ADD(report,
			"max_bytes is %" PRId64
			" and must be none: at that limit nats-server 2.9 "
			"drops the oldest events while it acknowledges new ones",
			number_of(settings, "max_bytes"));
	if (number_of(settings, "max_msgs_per_subject") > 0)
		ADD(report, "max_msgs_per_subject must be none");
}

static void
check_window(const json_t *settings, const CfaContract *contract,
			 CfaBuf *report)
{
	char found[LENGTH_MAX];
	char wanted[LENGTH_MAX];
	int64_t window_ms = number_of(settings, "duplicate_window") / NS_PER_MS;

	if (window_ms < contract->window_min_ms)
		ADD(report,
			"duplicate_window is %s and must be at least %s "
			"(CAREFORALL_STREAM_DUPLICATE_WINDOW)",
			length_text(window_ms, found),
			length_text(contract->window_min_ms, wanted));
}

static void
check_copies(const json_t *settings, const CfaContract *contract,
			 CfaBuf *report)
{
	if (number_of(settings, "num_replicas") < contract->replicas_min)
		ADD(report,
			"num_replicas is %" PRId64 " and must be at least %" PRId64
			" (CAREFORALL_STREAM_REPLICAS)",
			number_of(settings, "num_replicas"),
			contract->replicas_min);
	if (json_object_get(settings, "mirror") != NULL)
		ADD(report, "it must not be a mirror");
	if (json_array_size(json_object_get(settings, "sources")) > 0)
		ADD(report, "it must have no sources: only the relay writes it");
}

static void
check_flags(const json_t *settings, CfaBuf *report)
{
	if (!is_set(settings, "deny_delete"))
		ADD(report, "deny_delete must be on");
	if (!is_set(settings, "deny_purge"))
		ADD(report, "deny_purge must be on");
	if (is_set(settings, "allow_rollup_hdrs"))
		ADD(report, "allow_rollup_hdrs must be off");
	if (is_set(settings, "sealed"))
		ADD(report, "it must not be sealed");
	if (is_set(settings, "no_ack"))
		ADD(report, "no_ack must be off");
}

const char *
cfa_contract_check(const CfaContract *contract, const json_t *settings,
				   char *reason, size_t size)
{
	CfaBuf report = {0};

	check_subjects(settings, &report);
	check_text(settings, "retention", "limits", &report);
	check_text(settings, "storage", "file", &report);
	check_age(settings, contract, &report);
	check_count(settings, contract, &report);
	check_window(settings, contract, &report);
	check_copies(settings, contract, &report);
	check_flags(settings, &report);
	snprintf(reason, size, "%s", cfa_buf_text(&report));
	cfa_buf_clear(&report);
	return reason[0] == '\0' ? NULL : reason;
}

json_t *
cfa_contract_settings(const CfaRelayConfig *config)
{
	json_int_t max_age = config->stream_max_age_ms * NS_PER_MS;
	json_int_t window = config->stream_window_ms * NS_PER_MS;
	json_int_t messages = config->stream_messages;

	return json_pack(
		"{s:s,s:s,s:[s],s:s,s:s,s:s,s:I,s:i,s:I,s:I,s:I,s:b,s:b,s:b}",
		"name",
		config->stream,
		"description",
		"Committed events of CareForAll, written by careforall-relay only.",
		"subjects",
		SUBJECTS,
		"retention",
		"limits",
		"storage",
		"file",
		"discard",
		"new",
		"max_age",
		max_age,
		"max_bytes",
		-1,
		"max_msgs",
		messages == 0 ? -1 : messages,
		"num_replicas",
		(json_int_t) config->stream_replicas,
		"duplicate_window",
		window,
		"deny_delete",
		1,
		"deny_purge",
		1,
		"allow_rollup_hdrs",
		0);
}
