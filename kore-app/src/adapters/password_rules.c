/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_rules.c: which new passwords are refused.
 *
 * By what attackers try first, never by which kinds of characters there are. The
 * length in characters is checked with the body.
 */
#include "adapters/password_rules.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "adapters/password_list.h"

static bool is_too_regular(const char *password);
static void fold(const char *text, char *out, size_t size);

const char *
cfa_password_weakness(const char *password, const char *const *identities)
{
	char folded[4 * CFA_PASSWORD_MAX_CHARS + 1] = "";
	char other[512] = "";

	fold(password, folded, sizeof(folded));
	if (cfa_password_list_has(folded) || is_too_regular(folded))
		return "Is one of the passwords that are guessed first.";
	for (; *identities != NULL; identities++)
	{
		char *at;

		fold(*identities, other, sizeof(other));
		if (strcmp(folded, other) == 0)
			return "Must not be the name or the e-mail address.";
		at = strchr(other, '@');
		if (at != NULL && strstr(folded, other) != NULL)
			return "Must not hold the e-mail address.";
		if (at != NULL)
			*at = '\0';
		if (strcmp(folded, other) == 0)
			return "Must not be the name or the e-mail address.";
	}
	return NULL;
}

/* One short piece over and over, or one run along the alphabet or the digits. */
static bool
is_too_regular(const char *password)
{
	size_t len = strlen(password);
	size_t period;
	size_t i;
	int step;

	for (period = 1; period <= 3 && period < len; period++)
	{
		for (i = period; i < len && password[i] == password[i - period]; i++)
			continue;
		if (i == len)
			return true;
	}
	for (step = -1; step <= 1; step += 2)
	{
		for (i = 1; i < len && password[i] - password[i - 1] == step; i++)
			continue;
		if (i == len)
			return true;
	}
	return false;
}

/* ASCII letters in lower case; cut if it does not fit. */
static void
fold(const char *text, char *out, size_t size)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < size; i++)
		out[i] = (char) tolower((unsigned char) text[i]);
	out[i] = '\0';
}
