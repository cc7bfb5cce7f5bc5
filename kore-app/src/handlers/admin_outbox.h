/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMIN_OUTBOX_H
#define CFA_APP_ADMIN_OUTBOX_H

#include "core/ctx.h"

void api_admin_outbox_read(CfaCtx *ctx);
void api_admin_parked_list(CfaCtx *ctx);
void api_admin_parked_release(CfaCtx *ctx);
void api_admin_parked_drop(CfaCtx *ctx);
void api_admin_outbox_redrive(CfaCtx *ctx);
void api_admin_consumers_read(CfaCtx *ctx);
void api_admin_consumer_pause(CfaCtx *ctx);
void api_admin_consumer_resume(CfaCtx *ctx);

#endif
