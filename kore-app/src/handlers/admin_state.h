/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMIN_STATE_H
#define CFA_APP_ADMIN_STATE_H

#include "handlers/params.h"

/* The query parameters of the audit log and of its export. */
#define CFA_AUDIT_FILTERS "actor action target_type target_id from to"

/* The same, with what they may be. */
extern const CfaParam cfa_audit_filters[];

void api_admin_limit_list(CfaCtx *ctx);
void api_admin_jobs_read(CfaCtx *ctx);
void api_admin_verify_read(CfaCtx *ctx);
void api_admin_verify_run(CfaCtx *ctx);
void api_admin_health_read(CfaCtx *ctx);
void api_admin_audit_list(CfaCtx *ctx);

#endif
