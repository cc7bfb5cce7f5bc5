/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMIN_STATE_H
#define CFA_APP_ADMIN_STATE_H

#include "core/ctx.h"

void api_admin_limit_list(CfaCtx *ctx);
void api_admin_jobs_read(CfaCtx *ctx);
void api_admin_verify_read(CfaCtx *ctx);
void api_admin_verify_run(CfaCtx *ctx);
void api_admin_health_read(CfaCtx *ctx);
void api_admin_audit_list(CfaCtx *ctx);

#endif
