/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_EXPORT_H
#define CFA_APP_EXPORT_H

struct CfaCtx;

/* GET /api/v1/campaigns/{id}/pledges/export */
void api_pledge_export(struct CfaCtx *ctx);

/* GET /api/v1/campaigns/{id}/waiting-export */
void api_waiting_export(struct CfaCtx *ctx);

/* GET /api/v1/admin/audit/export */
void api_audit_export(struct CfaCtx *ctx);

#endif
