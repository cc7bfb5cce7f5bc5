/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c: settings from the environment or from files.
 */
#include "careforall/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "careforall/text.h"

#define NAME_MAX_LEN 128

static const char *prefix(const CfaConfigItem *item);
static int load_item(const CfaConfigItem *item, char *error, size_t error_size);
static int read_value(const CfaConfigItem *item, char **value, char *error,
					  size_t error_size);
static char *read_file(const char *path);
static bool parse_number(const char *text, int64_t min, int64_t max,
						 int64_t *out);
static bool set_target(const CfaConfigItem *item, char *value);
static const char *type_hint(CfaConfigType type);
static bool is_text(const CfaConfigItem *item);

int
cfa_config_load(const CfaConfigItem *items, size_t count, char *error,
				size_t error_size)
{
	size_t i;

	for (i = 0; i < count; i++)
	{
		if (load_item(&items[i], error, error_size) != 0)
			return -1;
	}
	return 0;
}

void
cfa_config_clear(const CfaConfigItem *items, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
	{
		char **text = items[i].target;

		if (!is_text(&items[i]) || *text == NULL)
			continue;
		if (items[i].type == CFA_CONFIG_SECRET)
			sodium_memzero(*text, strlen(*text));
		free(*text);
		*text = NULL;
	}
}

void
cfa_config_help(FILE *out, const CfaConfigItem *items, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
	{
		const CfaConfigItem *item = &items[i];

		(void) fprintf(out, "  %s%s", prefix(item), item->name);
		if (item->default_text == NULL)
			(void) fputs(" (required)", out);
		else if (item->default_text[0] != '\0')
			(void) fprintf(out, " (default %s)", item->default_text);
		(void) fprintf(out, "\n      %s\n", item->help);
	}
}

void
cfa_config_show(FILE *out, const CfaConfigItem *items, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
	{
		const CfaConfigItem *item = &items[i];

		(void) fprintf(out, "%s%s=", prefix(item), item->name);
		switch (item->type)
		{
			case CFA_CONFIG_TEXT:
				(void) fputs(*(char **) item->target, out);
				break;
			case CFA_CONFIG_SECRET:
				(void) fputs(**(char **) item->target ? "(set)" : "(not set)",
							 out);
				break;
			case CFA_CONFIG_INTEGER:
				(void) fprintf(out,
							   "%lld",
							   (long long) *(int64_t *) item->target);
				break;
			case CFA_CONFIG_DURATION:
				(void) fprintf(out,
							   "%lldms",
							   (long long) *(int64_t *) item->target);
				break;
			case CFA_CONFIG_REAL:
				(void) fprintf(out, "%g", *(double *) item->target);
				break;
			case CFA_CONFIG_FLAG:
				(void) fputs(*(bool *) item->target ? "on" : "off", out);
				break;
		}
		(void) fputc('\n', out);
	}
}

bool
cfa_config_duration(const char *text, int64_t *out)
{
	static const struct
	{
		const char *suffix;
		int64_t ms;
	} units[] = {{"ms", 1},
				 {"s", 1000},
				 {"min", 60000},
				 {"h", 3600000},
				 {"d", 86400000}};
	size_t digits = strspn(text, "0123456789");
	uint64_t value;
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (strcmp(text + digits, units[i].suffix) != 0)
			continue;
		if (!cfa_parse_uint(text, digits, 1000000000, &value))
			return false;
		*out = (int64_t) value * units[i].ms;
		return true;
	}
	return false;
}

bool
cfa_config_address(const char *text, char *host, size_t host_size,
				   uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	const char *start = text;
	const char *end = colon;
	uint64_t number;

	if (colon == NULL ||
		!cfa_parse_uint(colon + 1, strlen(colon + 1), UINT16_MAX, &number) ||
		number == 0)
		return false;
	if (*start == '[')
	{
		if (end == start || end[-1] != ']')
			return false;
		start++;
		end--;
	}
	if (end <= start || (size_t) (end - start) >= host_size)
		return false;
	memcpy(host, start, (size_t) (end - start));
	host[end - start] = '\0';
	*port = (uint16_t) number;
	return true;
}

/* Settings that are not ours by name keep theirs. */
static const char *
prefix(const CfaConfigItem *item)
{
	return strncmp(item->name, "OTEL_", 5) == 0 ? "" : "CAREFORALL_";
}

static int
load_item(const CfaConfigItem *item, char *error, size_t error_size)
{
	char *value = NULL;

	if (read_value(item, &value, error, error_size) != 0)
		return -1;
	if (value == NULL && item->default_text == NULL)
	{
		(void) snprintf(
			error,
			error_size,
			"%s%s is not set: set it, or %s%s_FILE to a file that holds it",
			prefix(item),
			item->name,
			prefix(item),
			item->name);
		return -1;
	}
	if (value == NULL)
		value = strdup(item->default_text);
	if (value == NULL)
		abort();
	if (set_target(item, value))
		return 0;
	if (item->type == CFA_CONFIG_INTEGER || item->type == CFA_CONFIG_REAL)
		(void) snprintf(error,
						error_size,
						"%s%s must be a number from %lld to %lld, not \"%s\"",
						prefix(item),
						item->name,
						(long long) item->min,
						(long long) item->max,
						value);
	else
		(void) snprintf(error,
						error_size,
						"%s%s must be %s, not \"%s\"",
						prefix(item),
						item->name,
						type_hint(item->type),
						value);
	free(value);
	return -1;
}

/* Leaves *value NULL if neither the variable nor the file is given. */
static int
read_value(const CfaConfigItem *item, char **value, char *error,
		   size_t error_size)
{
	char name[NAME_MAX_LEN];
	const char *direct;
	const char *path;

	(void) snprintf(name, sizeof(name), "%s%s", prefix(item), item->name);
	direct = getenv(name);
	(void) snprintf(name, sizeof(name), "%s%s_FILE", prefix(item), item->name);
	path = getenv(name);
	if (direct != NULL && path != NULL)
	{
		(void) snprintf(error,
						error_size,
						"%s%s and %s are both set: keep one",
						prefix(item),
						item->name,
						name);
		return -1;
	}
	if (direct != NULL)
	{
		*value = strdup(direct);
		return 0;
	}
	if (path == NULL)
		return 0;
	*value = read_file(path);
	if (*value == NULL)
	{
		(void) snprintf(error,
						error_size,
						"%s: could not read \"%s\": %s",
						name,
						path,
						strerror(errno));
		return -1;
	}
	return 0;
}

/* NULL with errno set if the file cannot be read or is too long. */
static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len;

	if (file == NULL)
		return NULL;
	text = calloc(1, CFA_CONFIG_VALUE_MAX + 1);
	if (text == NULL)
		abort();
	len = fread(text, 1, CFA_CONFIG_VALUE_MAX + 1, file);
	if (ferror(file) || len > CFA_CONFIG_VALUE_MAX)
	{
		errno = ferror(file) ? EIO : EFBIG;
		free(text);
		text = NULL;
	}
	else if (len > 0 && text[len - 1] == '\n')
	{
		text[len - 1] = '\0';
	}
	(void) fclose(file);
	return text;
}

static bool
parse_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || value < min || value > max)
		return false;
	*out = value;
	return true;
}

/* Takes value over, or leaves it to the caller and returns false. */
static bool
set_target(const CfaConfigItem *item, char *value)
{
	int64_t number;
	double real;
	char *end;

	switch (item->type)
	{
		case CFA_CONFIG_TEXT:
		case CFA_CONFIG_SECRET:
			free(*(char **) item->target);
			*(char **) item->target = value;
			return true;
		case CFA_CONFIG_INTEGER:
			if (!parse_number(value, item->min, item->max, &number))
				return false;
			*(int64_t *) item->target = number;
			break;
		case CFA_CONFIG_DURATION:
			if (!cfa_config_duration(value, &number) || number < item->min ||
				number > item->max)
				return false;
			*(int64_t *) item->target = number;
			break;
		case CFA_CONFIG_REAL:
			real = strtod(value, &end);
			if (end == value || *end != '\0' || !(real >= (double) item->min) ||
				!(real <= (double) item->max))
				return false;
			*(double *) item->target = real;
			break;
		case CFA_CONFIG_FLAG:
			if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
				return false;
			*(bool *) item->target = strcmp(value, "on") == 0;
			break;
	}
	free(value);
	return true;
}

static const char *
type_hint(CfaConfigType type)
{
	return type == CFA_CONFIG_FLAG
			   ? "on or off"
			   : "a duration in its range, such as 250ms, 5s, 10min, 2h or 7d";
}

static bool
is_text(const CfaConfigItem *item)
{
	return item->type == CFA_CONFIG_TEXT || item->type == CFA_CONFIG_SECRET;
}
