/* SPDX-License-Identifier: Apache-2.0 */
/*
 * money.c
 *	  SQL face of money_core.c.
 */
#include "postgres.h"

#include "cfa_errcodes.h"
#include "compat.h"
#include "fmgr.h"
#include "money.h"
#include "utils/builtins.h"

CFA_FUNCTION(cfa_sql_currency_exponent);

/* Digits after the point of an ISO 4217 code; NULL when it is unknown. */
Datum
cfa_sql_currency_exponent(PG_FUNCTION_ARGS)
{
	char *code = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int exponent = cfa_currency_exponent(code);

	if (exponent < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(exponent);
}

int64
cfa_money_add(int64 a, int64 b)
{
	int64 sum;

	if (!cfa_amount_add(a, b, &sum))
		ereport(ERROR,
				(errcode(CFA_ERRCODE_MONEY_INVALID),
				 errmsg("amount out of range")));
	return sum;
}
