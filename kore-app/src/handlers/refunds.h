/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_REFUNDS_H
#define CFA_APP_REFUNDS_H

struct CfaCtx;

#define CFA_REFUND_BODY_MAX 8192

/* POST /api/v1/pledges/{id}/refunds */
void api_refund_create(struct CfaCtx *ctx);

/* GET /api/v1/campaigns/{id}/refund-requests */
void api_refund_request_list(struct CfaCtx *ctx);

/* GET /api/v1/me/refund-requests */
void api_me_refund_requests(struct CfaCtx *ctx);

/* POST /api/v1/refund-requests/{id}/decision */
void api_refund_request_decide(struct CfaCtx *ctx);

/* GET /api/v1/me/refund-proposals */
void api_me_refund_proposals(struct CfaCtx *ctx);

/* POST /api/v1/refund-proposals/{id}/decision */
void api_refund_proposal_decide(struct CfaCtx *ctx);

#endif
