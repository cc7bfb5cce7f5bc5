/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMIN_PAYMENTS_H
#define CFA_APP_ADMIN_PAYMENTS_H

#include "core/ctx.h"

void api_admin_hold_list(CfaCtx *ctx);
void api_admin_stuck_list(CfaCtx *ctx);
void api_admin_payment_redrive(CfaCtx *ctx);
void api_admin_payments_redrive(CfaCtx *ctx);
void api_admin_refund_retry(CfaCtx *ctx);

#endif
