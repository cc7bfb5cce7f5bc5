/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c: JSON bodies checked against a table of their members.
 *
 * Pure: bytes and a table in, JSON or a problem out. What passes has the form
 * that the SQL functions expect; whether the values make sense together is for
 * them to say.
 */
#include "core/body.h"

#include <careforall/buf.h>
#include <careforall/text.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"

#define DEPTH_MAX 6
#define POINTER_MAX 128
#define NAME_SHOWN_MAX 60

typedef struct Checker
{
	CfaArena *arena;
	CfaBuf errors;
	int error_count;
	const char *unknown; /* name of a member that does not exist */
} Checker;

static void check_object(Checker *c, json_t *json, const CfaField *fields,
						 const char *at);
static void check_members(Checker *c, json_t *json, const CfaField *fields);
static void check_value(Checker *c, json_t *value, const CfaField *field,
						const char *at);
static void check_text(Checker *c, json_t *value, const CfaField *field,
					   const char *at);
static void check_uuids(Checker *c, json_t *value, const CfaField *field,
						const char *at);
static void check_choice(Checker *c, json_t *value, const CfaField *field,
						 const char *at);
static void check_integer(Checker *c, json_t *value, const CfaField *field,
						  const char *at);
static void check_money(Checker *c, json_t *value, const CfaField *field,
						const char *at);
static void add_error(Checker *c, const char *pointer, const char *code,
					  const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static bool take_number(const char **at, int digits, int *out);
static int days_in_month(int year, int month);
static bool zone_is_valid(const char *at);

json_t *
cfa_body_read(const void *data, size_t len, const CfaField *fields,
			  CfaArena *arena, CfaProblem *problem, const char **detail,
			  const char **members)
{
	Checker c = {.arena = arena};
	json_t *json = cfa_json_read(data, len, DEPTH_MAX, detail);

	*members = NULL;
	*problem = CFA_PROBLEM_INVALID_JSON;
	if (json == NULL)
		return NULL;
	if (!json_is_object(json))
	{
		*detail = "The body must be an object.";
		json_decref(json);
		return NULL;
	}
	check_object(&c, json, fields, "");
	if (c.unknown == NULL && c.error_count == 0)
		return json;
	json_decref(json);
	if (c.unknown != NULL)
	{
		*detail = cfa_arena_printf(arena,
								   "The member \"%s\" does not exist.",
								   c.unknown);
	}
	else
	{
		*problem = CFA_PROBLEM_VALIDATION_FAILED;
		*detail = c.error_count == 1 ? "One field is invalid."
									 : "Several fields are invalid.";
		*members = cfa_arena_printf(arena,
									",\"errors\":[%s]",
									cfa_buf_text(&c.errors));
	}
	cfa_buf_clear(&c.errors);
	return NULL;
}

bool
cfa_email_is_plausible(const char *text)
{
	const char *at = strchr(text, '@');
	const char *dot;

	if (at == NULL || at == text || strchr(at + 1, '@') != NULL ||
		strpbrk(text, " ,;<>()[]\\\"\t\n") != NULL || at - text > 64)
		return false;
	dot = strchr(at + 1, '.');
	return dot != NULL && dot != at + 1 && text[strlen(text) - 1] != '.' &&
		   strstr(at, "..") == NULL;
}

bool
cfa_time_is_rfc3339(const char *text)
{
	const char *at = text;
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;

	if (!take_number(&at, 4, &year) || *at++ != '-' ||
		!take_number(&at, 2, &month) || *at++ != '-' ||
		!take_number(&at, 2, &day) || *at++ != 'T' ||
		!take_number(&at, 2, &hour) || *at++ != ':' ||
		!take_number(&at, 2, &minute) || *at++ != ':' ||
		!take_number(&at, 2, &second))
		return false;
	if (*at == '.')
	{
		size_t digits = strspn(at + 1, "0123456789");

		if (digits == 0 || digits > 9)
			return false;
		at += 1 + digits;
	}
	return year > 0 && month >= 1 && month <= 12 && day >= 1 &&
		   day <= days_in_month(year, month) && hour < 24 && minute < 60 &&
		   second < 60 && zone_is_valid(at);
}

static void /* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables */
check_object(Checker *c, json_t *json, const CfaField *fields, const char *at)
{
	const CfaField *field;

	check_members(c, json, fields);
	for (field = fields; field->name != NULL; field++)
	{
		json_t *value = json_object_get(json, field->name);
		char pointer[POINTER_MAX];

		(void) snprintf(pointer, sizeof(pointer), "%s/%s", at, field->name);
		if (value == NULL)
		{
			if (field->is_required)
				add_error(c, pointer, "required", "Is missing.");
		}
		else if (!json_is_null(value))
		{
			check_value(c, value, field, pointer);
		}
		else if (!field->is_nullable)
		{
			add_error(c, pointer, "null", "Must not be null.");
		}
	}
}

/* Notes the first member that the object should not have. */
static void
check_members(Checker *c, json_t *json, const CfaField *fields)
{
	const char *name;
	json_t *value;

	json_object_foreach(json, name, value)
	{
		const CfaField *field = fields;

		while (field->name != NULL && strcmp(field->name, name) != 0)
			field++;
		if (field->name == NULL && c->unknown == NULL)
			c->unknown = cfa_arena_strndup(c->arena,
										   name,
										   strnlen(name, NAME_SHOWN_MAX));
	}
}

static void /* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables */
check_value(Checker *c, json_t *value, const CfaField *field, const char *at)
{
	const char *text = json_string_value(value);
	uint8_t uuid[16];

	switch (field->kind)
	{
		case CFA_FIELD_TEXT:
			check_text(c, value, field, at);
			break;
		case CFA_FIELD_EMAIL:
			check_text(c, value, field, at);
			if (text != NULL && !cfa_email_is_plausible(text))
				add_error(c, at, "invalid_email", "Must be an e-mail address.");
			break;
		case CFA_FIELD_UUID:
			if (text == NULL || !cfa_uuid_parse(text, strlen(text), uuid))
				add_error(c, at, "invalid_id", "Must be a UUID.");
			break;
		case CFA_FIELD_UUIDS:
			check_uuids(c, value, field, at);
			break;
		case CFA_FIELD_TIME:
			if (text == NULL || !cfa_time_is_rfc3339(text))
				add_error(c,
						  at,
						  "invalid_time",
						  "Must be a time such as 2030-01-31T12:00:00Z.");
			break;
		case CFA_FIELD_CHOICE:
			check_choice(c, value, field, at);
			break;
		case CFA_FIELD_BOOLEAN:
			if (!json_is_boolean(value))
				add_error(c, at, "boolean_required", "Must be true or false.");
			break;
		case CFA_FIELD_INTEGER:
			check_integer(c, value, field, at);
			break;
		case CFA_FIELD_MONEY:
			check_money(c, value, field, at);
			break;
		case CFA_FIELD_OBJECT:
			if (json_is_object(value))
				check_object(c, value, field->fields, at);
			else
				add_error(c, at, "object_required", "Must be an object.");
			break;
	}
}

static void
check_text(Checker *c, json_t *value, const CfaField *field, const char *at)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	size_t chars;

	if (text == NULL)
	{
		add_error(c, at, "text_required", "Must be a text.");
		return;
	}
	chars = cfa_utf8_length(text, len);
	if (chars < (size_t) field->min || chars > (size_t) field->max)
		add_error(c,
				  at,
				  "length_out_of_range",
				  "Must have %lld to %lld characters.",
				  (long long) field->min,
				  (long long) field->max);
	else if (cfa_text_has_control(text,
								  len,
								  field->is_multiline ? "\n\r\t" : ""))
		add_error(c,
				  at,
				  "control_character",
				  "Must not hold control characters.");
	else if (field->min > 0 && cfa_text_is_blank(text, len))
		add_error(c, at, "blank", "Must not be blank.");
}

/* The first that is none is the error. */
static void
check_uuids(Checker *c, json_t *value, const CfaField *field, const char *at)
{
	size_t count = json_array_size(value);
	uint8_t uuid[16];
	size_t i;

	if (!json_is_array(value) || count < (size_t) field->min ||
		count > (size_t) field->max)
	{
		add_error(c,
				  at,
				  "length_out_of_range",
				  "Must be an array of %lld to %lld UUIDs.",
				  (long long) field->min,
				  (long long) field->max);
		return;
	}
	for (i = 0; i < count; i++)
	{
		const char *text = json_string_value(json_array_get(value, i));
		char pointer[POINTER_MAX];

		if (text != NULL && cfa_uuid_parse(text, strlen(text), uuid))
			continue;
		(void) snprintf(pointer, sizeof(pointer), "%.100s/%zu", at, i);
		add_error(c, pointer, "invalid_id", "Must be a UUID.");
		return;
	}
}

static void
check_choice(Checker *c, json_t *value, const CfaField *field, const char *at)
{
	const char *text = json_string_value(value);

	if (text == NULL || !cfa_word_is_in(field->words, text))
		add_error(c, at, "invalid_choice", "Must be one of: %s.", field->words);
}

static void
check_integer(Checker *c, json_t *value, const CfaField *field, const char *at)
{
	if (!json_is_integer(value))
		add_error(c, at, "integer_required", "Must be an integer.");
	else if (json_integer_value(value) < field->min ||
			 json_integer_value(value) > field->max)
		add_error(c,
				  at,
				  "out_of_range",
				  "Must be from %lld to %lld.",
				  (long long) field->min,
				  (long long) field->max);
}

static void /* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables */
check_money(Checker *c, json_t *value, const CfaField *field, const char *at)
{
	const CfaField fields[] = {
		{.name = "amount",
		 .kind = CFA_FIELD_INTEGER,
		 .is_required = true,
		 .min = field->min,
		 .max = field->max},
		{.name = "currency",
		 .kind = CFA_FIELD_TEXT,
		 .is_required = true,
		 .min = 3,
		 .max = 3},
		{.name = NULL},
	};
	const char *currency =
		json_string_value(json_object_get(value, "currency"));
	char pointer[POINTER_MAX];

	if (!json_is_object(value))
	{
		add_error(c,
				  at,
				  "money_required",
				  "Must be an object with amount and currency.");
		return;
	}
	check_object(c, value, fields, at);
	(void) snprintf(pointer, sizeof(pointer), "%.100s/currency", at);
	if (currency != NULL && cfa_utf8_length(currency, strlen(currency)) == 3 &&
		strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		add_error(c,
				  pointer,
				  "invalid_currency",
				  "Must be an ISO 4217 code of three capital letters.");
}

bool
cfa_word_is_in(const char *words, const char *word)
{
	size_t len = strlen(word);

	while (len > 0 && *words != '\0')
	{
		size_t next = strcspn(words, " ");

		if (next == len && memcmp(words, word, len) == 0)
			return true;
		words += next;
		if (*words == ' ')
			words++;
	}
	return false;
}

static void
add_error(Checker *c, const char *pointer, const char *code, const char *format,
		  ...)
{
	char detail[300];
	va_list args;

	if (c->error_count++ >= CFA_BODY_ERRORS_MAX)
		return;
	va_start(args, format);
	(void) vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	cfa_buf_addf(&c->errors,
				 "%s{\"pointer\":\"%s\",\"code\":\"%s\",\"detail\":",
				 c->errors.len > 0 ? "," : "",
				 pointer,
				 code);
	cfa_buf_add_json(&c->errors, detail, strlen(detail));
	cfa_buf_addc(&c->errors, '}');
}

static bool
take_number(const char **at, int digits, int *out)
{
	*out = 0;
	for (; digits > 0; digits--)
	{
		if (!isdigit((unsigned char) **at))
			return false;
		*out = *out * 10 + (**at - '0');
		(*at)++;
	}
	return true;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Z, or a sign with hours and minutes. */
static bool
zone_is_valid(const char *at)
{
	int hour;
	int minute;

	if (strcmp(at, "Z") == 0)
		return true;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	return take_number(&at, 2, &hour) && *at++ == ':' &&
		   take_number(&at, 2, &minute) && *at == '\0' && hour < 24 &&
		   minute < 60;
}
