/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the table-driven check of bodies never reads what is not there, and what
 * it takes has only members of the table, with values of their kinds.
 */
#include "fuzz.h"

#include "core/body.h"

static const CfaField inner[] = {
	{.name = "flag", .kind = CFA_FIELD_BOOLEAN, .is_required = true},
	{.name = "id", .kind = CFA_FIELD_UUID, .is_nullable = true},
	{.name = NULL},
};

static const CfaField fields[] = {
	{.name = "text", .kind = CFA_FIELD_TEXT, .min = 1, .max = 10},
	{.name = "lines",
	 .kind = CFA_FIELD_TEXT,
	 .is_multiline = true,
	 .is_nullable = true,
	 .max = 100},
	{.name = "email", .kind = CFA_FIELD_EMAIL, .min = 3, .max = 254},
	{.name = "time", .kind = CFA_FIELD_TIME},
	{.name = "choice", .kind = CFA_FIELD_CHOICE, .words = "one two three"},
	{.name = "number", .kind = CFA_FIELD_INTEGER, .min = -5, .max = 1000},
	{.name = "money", .kind = CFA_FIELD_MONEY, .min = 1, .max = CFA_AMOUNT_MAX},
	{.name = "inner", .kind = CFA_FIELD_OBJECT, .fields = inner},
	{.name = NULL},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CfaArena arena;
	CfaProblem problem = CFA_PROBLEM_COUNT;
	const char *detail = NULL;
	const char *members = NULL;
	json_t *json;

	cfa_arena_init(&arena);
	json =
		cfa_body_read(data, size, fields, &arena, &problem, &detail, &members);
	if (json != NULL)
	{
		json_t *number = json_object_get(json, "number");

		fuzz_require(json_is_object(json), "a body is an object");
		fuzz_require(number == NULL || (json_is_integer(number) &&
										json_integer_value(number) >= -5 &&
										json_integer_value(number) <= 1000),
					 "the number is in its range");
		fuzz_require(json_string_length(json_object_get(json, "text")) <= 40,
					 "the text has its length");
	}
	else
	{
		fuzz_require(problem < CFA_PROBLEM_COUNT && detail != NULL,
					 "a refusal says why");
	}
	json_decref(json);
	cfa_arena_clear(&arena);
	return 0;
}
