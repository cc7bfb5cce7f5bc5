/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a pledge's body is read in bounds, and what is taken is within its rules. */
#include "fuzz.h"

#include <careforall/text.h>

#include "core/body.h"
#include "handlers/pledge_request.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CfaArena arena;
	CfaPledgeRequest request = {0};
	CfaProblem problem = CFA_PROBLEM_COUNT;
	const char *detail = NULL;
	const char *members = NULL;

	cfa_arena_init(&arena);
	if (cfa_pledge_request_read(
			data, size, &arena, &request, &problem, &detail, &members))
	{
		fuzz_require(request.amount_minor > 0 &&
						 request.amount_minor <= CFA_AMOUNT_MAX,
					 "the amount is in its range");
		fuzz_require(strlen(request.currency) == 3, "the currency is a code");
		fuzz_require(request.donor_email != NULL &&
						 strchr(request.donor_email, '@') != NULL,
					 "there is an address");
		fuzz_require(cfa_utf8_valid(request.donor_name,
									strlen(request.donor_name)),
					 "the name is UTF-8");
	}
	else
	{
		fuzz_require(problem < CFA_PROBLEM_COUNT && detail != NULL,
					 "a refusal says why");
		fuzz_require((problem == CFA_PROBLEM_VALIDATION_FAILED) ==
						 (members != NULL),
					 "wrong values are listed");
	}
	cfa_arena_clear(&arena);
	return 0;
}
