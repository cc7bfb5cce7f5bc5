/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arrays.c
 *	  Reads parallel arrays into items, strictly.
 */
#include "postgres.h"

#include "arrays.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

static int read_array(CfaInput *input, int arg, ArrayType *array, Oid type);

CfaInput
cfa_input_read(FunctionCallInfo fcinfo, int arg_count, const Oid *types,
			   int max)
{
	CfaInput input = {.count = -1, .arg_count = arg_count};

	for (int i = 0; i < arg_count; i++)
	{
		int length;

		if (PG_ARGISNULL(i))
			continue;
		length = read_array(&input, i, PG_GETARG_ARRAYTYPE_P(i), types[i]);
		if (input.count >= 0 && length != input.count)
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("arrays must have the same length")));
		input.count = length;
	}
	if (input.count > max)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many items: %d", input.count),
				 errdetail("At most %d are allowed.", max)));
	input.count = Max(input.count, 0);
	return input;
}

void
cfa_input_row(const CfaInput *input, int item, Datum *values, bool *nulls)
{
	for (int i = 0; i < input->arg_count; i++)
	{
		nulls[i] = input->values[i] == NULL || input->nulls[i][item];
		values[i] = nulls[i] ? (Datum) 0 : input->values[i][item];
	}
}

TupleDesc
cfa_result_desc(FunctionCallInfo fcinfo)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "function must return a row");
	return BlessTupleDesc(desc);
}

static int
read_array(CfaInput *input, int arg, ArrayType *array, Oid type)
{
	int16 length;
	bool by_value;
	char align;
	int count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays must have one dimension")));
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array,
					  type,
					  length,
					  by_value,
					  align,
					  &input->values[arg],
					  &input->nulls[arg],
					  &count);
	return count;
}
