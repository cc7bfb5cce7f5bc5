/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGN_MANAGED_H
#define CFA_APP_CAMPAIGN_MANAGED_H

struct CfaCtx;

void api_me_campaigns(struct CfaCtx *ctx);
void api_admin_campaigns(struct CfaCtx *ctx);

#endif
