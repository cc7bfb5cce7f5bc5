/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.c
 *	  Decodes and reads form parameters.
 *
 * All names and values point into one buffer that the parameters own. Decoding
 * never makes text longer, so the buffer has the size of the input.
 */
#include "form.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <sodium.h>

#include "memory.h"

static bool decode(char *start, const char *end);
static int hex_digit(char c);
static bool is_utf8(const char *text);
static bool is_allowed(const char *name, const char *const *allowed);
static int compare_names(const void *left, const void *right);

bool
cfa_mock_fault(CfaMockFault *fault, const char *code, const char *param,
			   const char *format, ...)
{
	va_list args;

	fault->code = code;
	(void) snprintf(fault->param,
					sizeof(fault->param),
					"%s",
					param == NULL ? "" : param);
	va_start(args, format);
	(void) vsnprintf(fault->message, sizeof(fault->message), format, args);
	va_end(args);
	return false;
}

bool
cfa_mock_params_parse(CfaMockParams *params, const char *text, size_t len,
					  CfaMockFault *fault)
{
	char *at;

	params->count = 0;
	params->buffer = cfa_mock_calloc(len + 1, 1);
	memcpy(params->buffer, text, len);
	at = params->buffer;
	while (at < params->buffer + len)
	{
		char *end = memchr(at, '&', (size_t) (params->buffer + len - at));
		char *equals;
		char *value;

		if (end == NULL)
			end = params->buffer + len;
		*end = '\0';
		equals = memchr(at, '=', (size_t) (end - at));
		value = equals == NULL ? end : equals + 1;
		if (end > at)
		{
			if (params->count == CFA_MOCK_PARAMS_MAX)
			{
				cfa_mock_params_clear(params);
				return cfa_mock_fault(fault,
									  NULL,
									  NULL,
									  "Too many parameters.");
			}
			if (!decode(at, equals == NULL ? end : equals) ||
				!decode(value, end) || !is_utf8(at) || !is_utf8(value))
			{
				cfa_mock_params_clear(params);
				return cfa_mock_fault(fault,
									  NULL,
									  NULL,
									  "Invalid request: the parameters are "
									  "not URL-encoded UTF-8.");
			}
			params->items[params->count++] = (CfaMockParam){at, value};
		}
		at = end + 1;
	}
	return true;
}

void
cfa_mock_params_clear(CfaMockParams *params)
{
	free(params->buffer);
	params->buffer = NULL;
	params->count = 0;
}

const char *
cfa_mock_params_get(const CfaMockParams *params, const char *name)
{
	for (size_t i = params->count; i > 0; i--)
		if (strcmp(params->items[i - 1].name, name) == 0)
			return params->items[i - 1].value;
	return NULL;
}

bool
cfa_mock_params_check(const CfaMockParams *params, const char *const *allowed,
					  CfaMockFault *fault)
{
	for (size_t i = 0; i < params->count; i++)
		if (!is_allowed(params->items[i].name, allowed))
			return cfa_mock_fault(fault,
								  "parameter_unknown",
								  params->items[i].name,
								  "Received unknown parameter: %s",
								  params->items[i].name);
	return true;
}

bool
cfa_mock_params_integer(const CfaMockParams *params, const char *name,
						bool required, int64_t *out, CfaMockFault *fault)
{
	const char *value = cfa_mock_params_get(params, name);
	char *end = NULL;
	long long number;

	if (value == NULL)
		return !required || cfa_mock_fault(fault,
										   "parameter_missing",
										   name,
										   "Missing required param: %s.",
										   name);
	if (value[0] == '\0')
		return cfa_mock_fault(fault,
							  "parameter_invalid_empty",
							  name,
							  "You passed an empty string for '%s'.",
							  name);
	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno != 0 || *end != '\0' || isspace((unsigned char) value[0]))
		return cfa_mock_fault(fault,
							  "parameter_invalid_integer",
							  name,
							  "Invalid integer: %s",
							  value);
	*out = number;
	return true;
}

bool
cfa_mock_params_boolean(const CfaMockParams *params, const char *name,
						bool *out, CfaMockFault *fault)
{
	const char *value = cfa_mock_params_get(params, name);

	if (value == NULL)
		return true;
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return cfa_mock_fault(fault, NULL, name, "Invalid boolean: %s", value);
	*out = strcmp(value, "true") == 0;
	return true;
}

json_t *
cfa_mock_params_metadata(const CfaMockParams *params, CfaMockFault *fault)
{
	static const char prefix[] = "metadata[";
	json_t *metadata = json_object();

	for (size_t i = 0; i < params->count; i++)
	{
		const char *name = params->items[i].name;
		const char *value = params->items[i].value;
		size_t len = strlen(name);
		size_t key_len;

		if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
			continue;
		key_len = len - sizeof(prefix);
		if (len <= sizeof(prefix) || name[len - 1] != ']' ||
			memchr(name + sizeof(prefix) - 1, '[', key_len) != NULL)
		{
			cfa_mock_fault(fault, NULL, "metadata", "Invalid metadata key.");
			goto refused;
		}
		if (key_len > CFA_MOCK_METADATA_KEY_MAX ||
			strlen(value) > CFA_MOCK_METADATA_VALUE_MAX)
		{
			cfa_mock_fault(fault,
						   NULL,
						   "metadata",
						   "Metadata keys can have up to %d characters and "
						   "values up to %d.",
						   CFA_MOCK_METADATA_KEY_MAX,
						   CFA_MOCK_METADATA_VALUE_MAX);
			goto refused;
		}
		/* An empty value is Stripe's way to say: no such key. */
		if (value[0] == '\0')
			continue;
		json_object_setn_new_nocheck(metadata,
									 name + sizeof(prefix) - 1,
									 key_len,
									 json_string_nocheck(value));
	}
	if (json_object_size(metadata) <= CFA_MOCK_METADATA_MAX)
		return metadata;
	cfa_mock_fault(fault,
				   NULL,
				   "metadata",
				   "Metadata can have up to %d keys.",
				   CFA_MOCK_METADATA_MAX);
refused:
	json_decref(metadata);
	return NULL;
}

void
cfa_mock_params_fingerprint(const CfaMockParams *params,
							unsigned char out[CFA_MOCK_FINGERPRINT_BYTES])
{
	CfaMockParam sorted[CFA_MOCK_PARAMS_MAX];
	crypto_generichash_state state;

	memcpy(sorted, params->items, params->count * sizeof(sorted[0]));
	qsort(sorted, params->count, sizeof(sorted[0]), compare_names);
	crypto_generichash_init(&state, NULL, 0, CFA_MOCK_FINGERPRINT_BYTES);
	for (size_t i = 0; i < params->count; i++)
	{
		/* The closing NUL goes in too: "a=bc" and "ab=c" stay different. */
		crypto_generichash_update(&state,
								  (const unsigned char *) sorted[i].name,
								  strlen(sorted[i].name) + 1);
		crypto_generichash_update(&state,
								  (const unsigned char *) sorted[i].value,
								  strlen(sorted[i].value) + 1);
	}
	crypto_generichash_final(&state, out, CFA_MOCK_FINGERPRINT_BYTES);
}

/* Decodes [start, end) in place and closes it with a NUL. */
static bool
decode(char *start, const char *end)
{
	char *to = start;

	for (const char *from = start; from < end; from++)
	{
		if (*from == '\0')
			return false;
		if (*from == '%')
		{
			int high = end - from > 2 ? hex_digit(from[1]) : -1;
			int low = high >= 0 ? hex_digit(from[2]) : -1;

			if (low < 0 || (high == 0 && low == 0))
				return false;
			*to++ = (char) (high * 16 + low);
			from += 2;
		}
		else
			*to++ = *from == '+' ? ' ' : *from;
	}
	*to = '\0';
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The JSON library knows UTF-8, surrogates and overlong forms included. */
static bool
is_utf8(const char *text)
{
	json_t *value = json_string(text);
	bool valid = value != NULL;

	json_decref(value);
	return valid;
}

static bool
is_allowed(const char *name, const char *const *allowed)
{
	for (; *allowed != NULL; allowed++)
	{
		size_t len = strlen(*allowed);

		if (strcmp(name, *allowed) == 0)
			return true;
		if ((*allowed)[len - 1] == '[' && strncmp(name, *allowed, len) == 0)
			return true;
	}
	return false;
}

/* By name; among equal names by place in the request, which is that of their
 * text in the one buffer. */
static int
compare_names(const void *left, const void *right)
{
	const CfaMockParam *a = left;
	const CfaMockParam *b = right;
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	return a->name < b->name ? -1 : a->name > b->name;
}
