/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arrays.h
 *	  Arguments of batch functions: parallel arrays, one element per item; and
 *	  row types of results.
 */
#ifndef CFA_ARRAYS_H
#define CFA_ARRAYS_H

#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"

#define CFA_INPUT_ARGS_MAX 16

typedef struct CfaInput
{
	int count; /* of items */
	int arg_count;
	Datum *values[CFA_INPUT_ARGS_MAX]; /* NULL when the array is NULL */
	bool *nulls[CFA_INPUT_ARGS_MAX];
} CfaInput;

/*
 * Read the arguments of a call as arrays of the given element types. All that
 * are not NULL must have one dimension, the same length and at most max items.
 */
extern CfaInput cfa_input_read(FunctionCallInfo fcinfo, int arg_count,
							   const Oid *types, int max);

/* The values of one item, as a call of the single function would have them. */
extern void cfa_input_row(const CfaInput *input, int item, Datum *values,
						  bool *nulls);

/* Row type of the result of a call. */
extern TupleDesc cfa_result_desc(FunctionCallInfo fcinfo);

#endif /* CFA_ARRAYS_H */
