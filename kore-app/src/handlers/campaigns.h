/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGNS_H
#define CFA_APP_CAMPAIGNS_H

struct CfaCtx;

/* GET /api/v1/campaigns */
void api_campaign_list(struct CfaCtx *ctx);

/* GET /api/v1/campaigns/{id or slug} */
void api_campaign_read(struct CfaCtx *ctx);

/* GET /api/v1/campaigns/{id}/gifts */
void api_gift_list(struct CfaCtx *ctx);

#endif
