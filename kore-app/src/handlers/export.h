/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_EXPORT_H
#define CFA_APP_EXPORT_H

struct CfaCtx;

/* GET /api/v1/campaigns/{id}/waiting-export */
void api_waiting_export(struct CfaCtx *ctx);

#endif
