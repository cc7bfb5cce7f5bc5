/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_link.c: the private link of a pledge, or the account that may see it.
 *
 * A wrong token is not made good by an account: who sends one means the link. One
 * whose time is over is, if the account has the pledge; SQL sees to both.
 */
#include "handlers/pledge_link.h"

#include <string.h>

#include "handlers/call.h"

static const CfaTokenKeys *keys;

void
cfa_pledge_link_configure(const CfaTokenKeys *token_keys)
{
	keys = token_keys;
}

bool
cfa_pledge_link_read(CfaCtx *ctx, CfaPledgeLink *out)
{
	unsigned tokens = cfa_ctx_header_count(ctx, "pledge-token");
	const char *token = cfa_ctx_header(ctx, "pledge-token");

	*out = (CfaPledgeLink){
		.pledge_id = cfa_call_id(ctx, "id"),
		.account_id =
			ctx->principal.is_known ? ctx->principal.account_id : NULL,
	};
	if (out->pledge_id == NULL)
		return false;
	if (tokens == 1 &&
		cfa_token_check(keys, out->pledge_id, token, strlen(token)))
	{
		out->by_link = "true";
		return true;
	}
	if (tokens == 0 && ctx->principal.is_known)
	{
		out->by_link = "false";
		return true;
	}
	cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
	return false;
}
