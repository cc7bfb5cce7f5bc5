/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGN_PLEDGES_H
#define CFA_APP_CAMPAIGN_PLEDGES_H

#include "core/ctx.h"

/* The query parameters of the list and of its export. */
#define CFA_PLEDGE_FILTERS "state from to min_amount max_amount q"

/* Filters of the pledges of a campaign; NULL where none is given. */
typedef struct CfaPledgeFilters
{
	const char *state;
	const char *from;
	const char *to;
	const char *min_amount;
	const char *max_amount;
	const char *q;
} CfaPledgeFilters;

/* False after a problem has been answered. */
bool cfa_pledge_filters_read(CfaCtx *ctx, CfaPledgeFilters *out);

/* GET /api/v1/campaigns/{id}/pledges */
void api_campaign_pledge_list(CfaCtx *ctx);

#endif
