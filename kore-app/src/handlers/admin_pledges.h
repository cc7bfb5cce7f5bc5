/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMIN_PLEDGES_H
#define CFA_APP_ADMIN_PLEDGES_H

#include "core/ctx.h"

void api_admin_pledge_list(CfaCtx *ctx);
void api_admin_pledge_read(CfaCtx *ctx);
void api_admin_pledge_reveal(CfaCtx *ctx);
void api_admin_pledge_erase_donor(CfaCtx *ctx);
void api_admin_pledge_cancel(CfaCtx *ctx);
void api_admin_pledge_release_hold(CfaCtx *ctx);
void api_admin_pledge_renew_link(CfaCtx *ctx);

#endif
