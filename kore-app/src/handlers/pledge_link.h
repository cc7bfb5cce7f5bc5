/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PLEDGE_LINK_H
#define CFA_APP_PLEDGE_LINK_H

#include <careforall/token.h>

#include "core/ctx.h"

/* Who asks for a pledge, as parameters of SQL functions; texts in the arena. */
typedef struct CfaPledgeLink
{
	const char *pledge_id;	/* uuid */
	const char *by_link;	/* boolean: the private token is right */
	const char *account_id; /* uuid; NULL for a guest */
} CfaPledgeLink;

/* In the parent; borrowed for ever. */
void cfa_pledge_link_configure(const CfaTokenKeys *keys);

/*
 * Reads the pledge of the path (":id") and who asks for it: by the private link
 * (Pledge-Token), maybe with an account, or, without that header, by an account. False after a 404:
 * unknown, malformed and forbidden look the same.
 */
bool cfa_pledge_link_read(CfaCtx *ctx, CfaPledgeLink *out);

#endif
