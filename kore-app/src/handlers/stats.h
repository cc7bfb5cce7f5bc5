/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_STATS_H
#define CFA_APP_STATS_H

#include "core/ctx.h"

void api_admin_stats(CfaCtx *ctx);
void api_campaign_stats(CfaCtx *ctx);

#endif
