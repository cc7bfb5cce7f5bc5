/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGN_PLEDGES_H
#define CFA_APP_CAMPAIGN_PLEDGES_H

#include "handlers/params.h"

/* The query parameters of the list and of its export. */
#define CFA_PLEDGE_FILTERS "state from to min_amount max_amount q reward news"

/* The same, with what they may be. */
extern const CfaParam cfa_pledge_filters[];

/* GET /api/v1/campaigns/{id}/pledges */
void api_campaign_pledge_list(CfaCtx *ctx);

#endif
