/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c
 *	  Checks of one request that need neither tables nor limits.
 */
#include "postgres.h"

#include "compat.h"
#include "mb/pg_wchar.h"
#include "money.h"
#include "pledge.h"

#define DONOR_NAME_CHARS_MAX 120
#define DONOR_EMAIL_CHARS_MIN 3
#define DONOR_EMAIL_CHARS_MAX 254
#define MESSAGE_CHARS_MAX 500

static const char *const displays[] = {"name_amount_message",
									   "name_message",
									   "name",
									   "none"};

static bool name_is_valid(const char *name);
static bool email_is_valid(const char *email);
static bool message_is_valid(const char *message);
static bool display_is_valid(const char *display);
static void require_key(const CfaRequest *request);

CfaOutcome
cfa_request_check(CfaRequest *request)
{
	require_key(request);
	if (request->campaign_id == NULL)
		return CFA_OUTCOME_CAMPAIGN_UNKNOWN;
	if (!request->has_amount || !cfa_amount_is_valid(request->amount_minor))
		return CFA_OUTCOME_AMOUNT_INVALID;
	if (request->fee_minor < 0 || request->fee_minor >= request->amount_minor)
		return CFA_OUTCOME_AMOUNT_INVALID;
	if (request->currency == NULL ||
		cfa_currency_exponent(request->currency) < 0)
		return CFA_OUTCOME_CURRENCY_UNKNOWN;
	if (request->reward_id != NULL && !request->has_quantity)
		request->quantity = 1;
	if (request->quantity < 0 || request->quantity > CFA_QUANTITY_MAX)
		return CFA_OUTCOME_QUANTITY_INVALID;
	if (!name_is_valid(request->donor_name) ||
		!email_is_valid(request->donor_email))
		return CFA_OUTCOME_DONOR_INVALID;
	if (!display_is_valid(request->display))
		return CFA_OUTCOME_DISPLAY_INVALID;
	if (!message_is_valid(request->message))
		return CFA_OUTCOME_MESSAGE_INVALID;
	return CFA_OUTCOME_CREATED;
}

/* 1 to 120 characters, not only blanks, no control characters. */
static bool
name_is_valid(const char *name)
{
	bool has_content = false;

	if (name == NULL || pg_mbstrlen(name) > DONOR_NAME_CHARS_MAX)
		return false;
	for (const char *c = name; *c != '\0'; c++)
	{
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			return false;
		if (*c != ' ')
			has_content = true;
	}
	return has_content;
}

/* Something, an @, something; no blanks. The truth is whether mail arrives. */
static bool
email_is_valid(const char *email)
{
	const char *at;
	int chars;

	if (email == NULL)
		return false;
	chars = pg_mbstrlen(email);
	if (chars < DONOR_EMAIL_CHARS_MIN || chars > DONOR_EMAIL_CHARS_MAX)
		return false;
	for (const char *c = email; *c != '\0'; c++)
	{
		if ((unsigned char) *c <= 0x20 || *c == 0x7f)
			return false;
	}
	at = strrchr(email, '@');
	return at != NULL && at != email && at[1] != '\0';
}

/* At most 500 characters; line ends and tabs are the only control ones. */
static bool
message_is_valid(const char *message)
{
	if (pg_mbstrlen(message) > MESSAGE_CHARS_MAX)
		return false;
	for (const char *c = message; *c != '\0'; c++)
	{
		if (((unsigned char) *c < 0x20 && *c != '\n' && *c != '\r' &&
			 *c != '\t') ||
			*c == 0x7f)
			return false;
	}
	return true;
}

static bool
display_is_valid(const char *display)
{
	for (int i = 0; i < (int) lengthof(displays); i++)
	{
		if (strcmp(display, displays[i]) == 0)
			return true;
	}
	return false;
}

/* A key of a wrong shape is a mistake of the caller, not of the donor. */
static void
require_key(const CfaRequest *request)
{
	if (request->key_hash == NULL)
		return;
	if (VARSIZE_ANY_EXHDR(request->key_hash) != CFA_KEY_HASH_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key_hash must have 32 bytes")));
	if (request->fingerprint == NULL ||
		VARSIZE_ANY_EXHDR(request->fingerprint) != CFA_KEY_HASH_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fingerprint must have 32 bytes")));
}
