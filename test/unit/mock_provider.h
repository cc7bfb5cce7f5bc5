/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mock_provider.h
 *	  What the tests of the provider share: a provider with chosen settings and
 *	  time, and requests in one line.
 */
#ifndef CFA_TEST_MOCK_PROVIDER_H
#define CFA_TEST_MOCK_PROVIDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "mockpay/provider.h"
#include "mockpay/webhooks.h"

#define START_MS INT64_C(1800000000000)

static CfaMockProvider provider;
static int64_t now_ms;
static CfaMockReply reply; /* of the last request */
static json_t *answer;	   /* its body */

static inline void
forget_answer(void)
{
	free(reply.body);
	reply.body = NULL;
	json_decref(answer);
	answer = NULL;
}

static inline int
call(CfaMockOperation operation, const char *id, const char *key,
	 const char *input)
{
	char path[128];
	CfaMockRequest request = {.operation = operation,
							  .path = path,
							  .id = id,
							  .idempotency_key = key,
							  .query = input,
							  .body = input,
							  .body_len = strlen(input)};

	(void) snprintf(path,
					sizeof(path),
					"/v1/operation_%d/%s",
					(int) operation,
					id == NULL ? "" : id);
	forget_answer();
	cfa_mock_provider_answer(&provider, &request, now_ms, &reply);
	answer = json_loads(reply.body, 0, NULL);
	assert_non_null(answer);
	return reply.status;
}

/* A member of the last answer; a dot goes one level down. */
static inline const json_t *
member(const char *path)
{
	const json_t *at = answer;
	char copy[128];
	char *rest = copy;
	char *name;

	(void) snprintf(copy, sizeof(copy), "%s", path);
	while ((name = strsep(&rest, ".")) != NULL)
		at = json_object_get(at, name);
	return at;
}

static inline const char *
text(const char *path)
{
	const char *value = json_string_value(member(path));

	return value == NULL ? "(none)" : value;
}

static inline int64_t
number(const char *path)
{
	return json_integer_value(member(path));
}

/* Lets time pass; what is due in between happens at its own time. */
static inline void
pass(int64_t ms)
{
	int64_t end_ms = now_ms + ms;
	int64_t due_ms;

	while ((due_ms = cfa_mock_provider_due(&provider)) >= 0 && due_ms <= end_ms)
	{
		if (due_ms > now_ms)
			now_ms = due_ms;
		cfa_mock_provider_turn(&provider, now_ms);
		if (cfa_mock_webhooks_due(&provider) >= 0 &&
			cfa_mock_webhooks_due(&provider) <= now_ms)
			break; /* the test delivers */
	}
	now_ms = end_ms;
	cfa_mock_provider_turn(&provider, now_ms);
}

/* Creates and confirms a payment; its id goes to id. */
static inline void
pay(char id[CFA_MOCK_ID_SIZE], const char *more)
{
	char form[512];

	(void) snprintf(form, sizeof(form), "currency=eur&confirm=true&%s", more);
	assert_int_equal(call(CFA_MOCK_CREATE_INTENT, NULL, NULL, form), 200);
	(void) snprintf(id, CFA_MOCK_ID_SIZE, "%s", text("id"));
}

/* Refunds all that is left of a payment. */
static inline int
refund_of(const char *id)
{
	char form[64];

	(void) snprintf(form, sizeof(form), "payment_intent=%s", id);
	return call(CFA_MOCK_CREATE_REFUND, NULL, NULL, form);
}

static inline const char *
status_of(const char *id)
{
	assert_int_equal(call(CFA_MOCK_READ_INTENT, id, NULL, ""), 200);
	return text("status");
}

/* Delivers one webhook, answered with status; its type, or "" if none is due. */
static inline const char *
deliver(int status)
{
	static char type[64];
	CfaMockEvent *event = cfa_mock_webhooks_take(&provider, now_ms);

	type[0] = '\0';
	if (event == NULL)
		return type;
	(void) snprintf(type, sizeof(type), "%s", event->type);
	cfa_mock_webhooks_done(&provider, event, status, now_ms);
	return type;
}

static inline int
start(void **state)
{
	CfaMockSettings settings;

	(void) state;
	cfa_mock_settings_defaults(&settings);
	settings.latency_distribution = CFA_MOCK_FIXED;
	now_ms = START_MS;
	cfa_mock_provider_init(&provider, &settings);
	return 0;
}

static inline int
stop(void **state)
{
	(void) state;
	forget_answer();
	cfa_mock_provider_clear(&provider);
	return 0;
}

#endif /* CFA_TEST_MOCK_PROVIDER_H */
