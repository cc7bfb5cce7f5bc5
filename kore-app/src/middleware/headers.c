/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.c: reading of request headers, and the headers every answer has.
 *
 * Pure: texts in, decisions out.
 */
#include "middleware/headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char cfa_security_headers[] =
	"x-content-type-options: nosniff\r\n"
	"content-security-policy: default-src 'none'; style-src 'self'; "
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
	"referrer-policy: no-referrer\r\n"
	"x-frame-options: DENY\r\n"
	"cross-origin-opener-policy: same-origin\r\n"
	"cross-origin-resource-policy: same-site\r\n"
	"permissions-policy: camera=(), geolocation=(), microphone=(), "
	"payment=(), usb=()\r\n";

const char cfa_embeddable_headers[] =
	"x-content-type-options: nosniff\r\n"
	"content-security-policy: default-src 'none'; style-src 'self'; "
	"base-uri 'none'; form-action 'none'; frame-ancestors *\r\n"
	"referrer-policy: no-referrer\r\n"
	"cross-origin-resource-policy: cross-origin\r\n"
	"x-robots-tag: noindex\r\n"
	"permissions-policy: camera=(), geolocation=(), microphone=(), "
	"payment=(), usb=()\r\n";

static int range_rank(const char *range, size_t len, const char *type);
static bool quality_is_zero(const char *params, size_t len);
static size_t trim(const char **text, size_t len);

bool
cfa_accepts(const char *accept, const char *type)
{
	int best = 0;
	bool is_accepted = false;

	if (accept == NULL)
		return true;
	while (*accept != '\0')
	{
		size_t len = strcspn(accept, ",");
		const char *item = accept;
		size_t item_len = trim(&item, len);
		const char *params = memchr(item, ';', item_len);
		const char *range = item;
		size_t range_len =
			trim(&range, params ? (size_t) (params - item) : item_len);
		int rank = range_rank(range, range_len, type);

		if (rank > best)
		{
			best = rank;
			is_accepted =
				params == NULL ||
				!quality_is_zero(params, item_len - (size_t) (params - item));
		}
		accept += len;
		if (*accept == ',')
			accept++;
	}
	return is_accepted;
}

bool
cfa_media_type_is(const char *content_type, const char *type)
{
	const char *params;
	const char *name = content_type;
	size_t len;

	if (content_type == NULL)
		return false;
	params = strchr(content_type, ';');
	len =
		trim(&name,
			 params ? (size_t) (params - content_type) : strlen(content_type));
	if (len != strlen(type) || strncasecmp(name, type, len) != 0)
		return false;
	while (params != NULL)
	{
		const char *param = params + 1;
		size_t param_len;

		params = strchr(param, ';');
		param_len =
			trim(&param, params ? (size_t) (params - param) : strlen(param));
		if (param_len > 8 && strncasecmp(param, "charset=", 8) == 0 &&
			strncasecmp(param + 8, "utf-8", param_len - 8) != 0 &&
			strncasecmp(param + 8, "\"utf-8\"", param_len - 8) != 0)
			return false;
	}
	return true;
}

bool
cfa_header_has_token(const char *list, const char *token)
{
	size_t token_len = strlen(token);

	while (*list != '\0')
	{
		const char *item = list;
		size_t len = strcspn(list, ",");

		list += len;
		if (trim(&item, len) == token_len &&
			strncasecmp(item, token, token_len) == 0)
			return true;
		if (*list == ',')
			list++;
	}
	return false;
}

bool
cfa_etag_listed(const char *if_none_match, const char *etag)
{
	size_t etag_len = strlen(etag);

	while (if_none_match != NULL && *if_none_match != '\0')
	{
		size_t len = strcspn(if_none_match, ",");
		const char *item = if_none_match;
		size_t item_len = trim(&item, len);

		if (item_len == 1 && *item == '*')
			return true;
		if (item_len > 2 && item[0] == 'W' && item[1] == '/')
		{
			item += 2;
			item_len -= 2;
		}
		if (item_len == etag_len && memcmp(item, etag, etag_len) == 0)
			return true;
		if_none_match += len;
		if (*if_none_match == ',')
			if_none_match++;
	}
	return false;
}

bool
cfa_idempotency_key_read(const char *header,
						 char out[CFA_IDEMPOTENCY_KEY_MAX + 1])
{
	size_t len = strlen(header);
	bool is_quoted = len >= 2 && header[0] == '"';
	size_t at = 0;
	size_t i = is_quoted ? 1 : 0;
	size_t end = is_quoted ? len - 1 : len;

	if (is_quoted && header[len - 1] != '"')
		return false;
	for (; i < end; i++)
	{
		char c = header[i];

		if (is_quoted && c == '\\')
		{
			if (++i >= end || (header[i] != '"' && header[i] != '\\'))
				return false;
			c = header[i];
		}
		else if (c == '"')
		{
			return false;
		}
		if (c < 0x20 || c > 0x7e || (!is_quoted && (c == ' ' || c == ',')) ||
			at == CFA_IDEMPOTENCY_KEY_MAX)
			return false;
		out[at++] = c;
	}
	out[at] = '\0';
	return at > 0;
}

bool
cfa_request_id_is_safe(const char *id)
{
	size_t len = strspn(
		id,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return len >= 8 && len <= 64 && id[len] == '\0';
}

/* How exactly a media range names the type: 0 not at all, 3 in full. */
static int
range_rank(const char *range, size_t len, const char *type)
{
	const char *slash = strchr(type, '/');
	size_t major = slash ? (size_t) (slash - type) + 1 : 0;

	if (len == strlen(type) && strncasecmp(range, type, len) == 0)
		return 3;
	if (len == major + 1 && range[len - 1] == '*' &&
		strncasecmp(range, type, major) == 0)
		return 2;
	return len == 3 && memcmp(range, "*/*", 3) == 0 ? 1 : 0;
}

/* Whether the parameters hold q=0, 0.0, 0.00 or 0.000. */
static bool
quality_is_zero(const char *params, size_t len)
{
	size_t i;

	for (i = 0; i + 2 < len; i++)
	{
		if (params[i] != ';')
			continue;
		while (i + 1 < len && params[i + 1] == ' ')
			i++;
		if (i + 3 >= len || (params[i + 1] | 0x20) != 'q' ||
			params[i + 2] != '=')
			continue;
		return params[i + 3] == '0' &&
			   strspn(params + i + 3, "0.") >= strcspn(params + i + 3, ";, ");
	}
	return false;
}

static size_t
trim(const char **text, size_t len)
{
	while (len > 0 && (**text == ' ' || **text == '\t'))
	{
		(*text)++;
		len--;
	}
	while (len > 0 && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t'))
		len--;
	return len;
}
