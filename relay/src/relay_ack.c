/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_ack.c: reads {"stream":"S","seq":7,"duplicate":true} and
 * {"error":{"code":400,"err_code":10071,"description":"..."},"stream":"S","seq":0}.
 *
 * One answer comes for each event, so this does not build a JSON tree. A member is
 * found by its quoted name; inside a string of the server a quote would be escaped,
 * so a description can never be taken for one.
 */
#include "relay_ack.h"

#include <string.h>

#include "careforall/text.h"

/* Finds the text behind "name": , NULL if there is no such member. */
static const char *
find_member(const char *data, size_t len, const char *name, size_t *rest)
{
	size_t name_len = strlen(name);
	const char *at = memmem(data, len, name, name_len);

	if (at == NULL)
		return NULL;
	at += name_len;
	while (at < data + len && (*at == ' ' || *at == ':'))
		at++;
	*rest = (size_t) (data + len - at);
	return at;
}

static bool
number_member(const char *data, size_t len, const char *name, uint64_t *out)
{
	size_t rest = 0;
	size_t digits = 0;
	const char *at = find_member(data, len, name, &rest);

	if (at == NULL)
		return false;
	while (digits < rest && at[digits] >= '0' && at[digits] <= '9')
		digits++;
	return cfa_parse_uint(at, digits, UINT64_MAX, out);
}

static CfaAckClass
class_of(int code)
{
	switch (code)
	{
		case CFA_JS_WRONG_LAST_ID:
		case CFA_JS_WRONG_LAST_SEQUENCE:
			return CFA_ACK_REFUSED;
		case CFA_JS_MESSAGE_TOO_LARGE:
			return CFA_ACK_POISON;
		case CFA_JS_INSUFFICIENT_RESOURCES:
		case CFA_JS_NOT_ENABLED:
		case CFA_JS_STORE_FAILED:
			return CFA_ACK_WAIT;
		default:
			return CFA_ACK_UNKNOWN;
	}
}

CfaAck
cfa_ack_parse(const char *data, size_t len)
{
	CfaAck ack = {.class = CFA_ACK_UNKNOWN};
	uint64_t code = 0;
	size_t rest = 0;
	const char *at;

	if (len < 2 || data[0] != '{' || data[len - 1] != '}')
		return ack;
	if (memmem(data, len, "\"error\"", 7) != NULL)
	{
		if (number_member(data, len, "\"err_code\"", &code) &&
			code <= INT32_MAX)
			ack.code = (int) code;
		ack.class = class_of(ack.code);
		return ack;
	}
	if (!number_member(data, len, "\"seq\"", &ack.seq) || ack.seq == 0)
		return ack;
	at = find_member(data, len, "\"duplicate\"", &rest);
	ack.is_duplicate = at != NULL && rest >= 4 && memcmp(at, "true", 4) == 0;
	ack.class = CFA_ACK_STORED;
	return ack;
}
