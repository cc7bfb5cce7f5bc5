/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGN_PLEDGES_H
#define CFA_APP_CAMPAIGN_PLEDGES_H

#include "core/ctx.h"

/* GET /api/v1/campaigns/{id}/pledges */
void api_campaign_pledge_list(CfaCtx *ctx);

#endif
