/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decline.c: what a donor is told of a decline.
 */
#include "careforall/decline.h"

#include <string.h>

const char *
cfa_decline_reason(const char *code, const char *decline_code)
{
	if (code != NULL && decline_code != NULL &&
		strcmp(code, "card_declined") == 0 &&
		strcmp(decline_code, "insufficient_funds") == 0)
		return "insufficient_funds";
	return code;
}
