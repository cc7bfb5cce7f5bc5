/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c: strict reading of JSON that comes from outside.
 *
 * The depth is checked before jansson sees the text, so that no input makes it
 * go deep. jansson refuses U+0000, broken UTF-8 and integers beyond int64.
 */
#include "core/json.h"

#include <careforall/text.h>
#include <stdbool.h>

static bool is_too_deep(const char *text, size_t len, unsigned max_depth);

json_t *
cfa_json_read(const void *data, size_t len, unsigned max_depth,
			  const char **error)
{
	json_error_t details;
	json_t *json;

	*error = "The body is not JSON.";
	if (len == 0)
	{
		*error = "The body is empty.";
		return NULL;
	}
	if (!cfa_utf8_valid(data, len))
	{
		*error = "The body is not UTF-8.";
		return NULL;
	}
	if (is_too_deep(data, len, max_depth))
	{
		*error = "The body is nested too deeply.";
		return NULL;
	}
	json = json_loadb(data, len, JSON_REJECT_DUPLICATES, &details);
	if (json != NULL)
		return json;
	switch (json_error_code(&details))
	{
		case json_error_duplicate_key:
			*error = "A member is given twice.";
			break;
		case json_error_null_character:
		case json_error_null_byte_in_key:
			*error = "A text holds the character U+0000.";
			break;
		case json_error_numeric_overflow:
			*error = "A number is out of range.";
			break;
		case json_error_end_of_input_expected:
			*error = "Something follows the JSON value.";
			break;
		case json_error_unknown:
		case json_error_out_of_memory:
		case json_error_stack_overflow:
		case json_error_cannot_open_file:
		case json_error_invalid_argument:
		case json_error_invalid_utf8:
		case json_error_premature_end_of_input:
		case json_error_invalid_syntax:
		case json_error_invalid_format:
		case json_error_wrong_type:
		case json_error_null_value:
		case json_error_item_not_found:
		case json_error_index_out_of_range:
			break;
	}
	return NULL;
}

const char *
cfa_json_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text == NULL ? "" : text;
}

static bool
is_too_deep(const char *text, size_t len, unsigned max_depth)
{
	unsigned depth = 0;
	bool is_in_string = false;
	size_t i;

	for (i = 0; i < len; i++)
	{
		char c = text[i];

		if (is_in_string)
		{
			if (c == '\\')
				i++;
			else if (c == '"')
				is_in_string = false;
		}
		else if (c == '"')
		{
			is_in_string = true;
		}
		else if ((c == '{' || c == '[') && ++depth > max_depth)
		{
			return true;
		}
		else if ((c == '}' || c == ']') && depth > 0)
		{
			depth--;
		}
	}
	return false;
}
