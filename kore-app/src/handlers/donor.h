/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_DONOR_H
#define CFA_APP_DONOR_H

struct CfaCtx;

#define CFA_REFUND_REQUEST_BODY_MAX 8192

/* GET /api/v1/pledges/{id} */
void api_pledge_read(struct CfaCtx *ctx);

/* POST /api/v1/pledges/{id}/cancel */
void api_pledge_cancel(struct CfaCtx *ctx);

/* POST /api/v1/pledges/{id}/claim */
void api_pledge_claim(struct CfaCtx *ctx);

/* DELETE /api/v1/pledges/{id}/news */
void api_pledge_news_withdraw(struct CfaCtx *ctx);

/* GET /api/v1/pledges/{id}/refunds */
void api_refund_list(struct CfaCtx *ctx);

/* POST /api/v1/pledges/{id}/refund-request */
void api_refund_request_create(struct CfaCtx *ctx);

/* GET /api/v1/me/pledges */
void api_me_pledge_list(struct CfaCtx *ctx);

/* GET /api/v1/fees */
void api_fee_list(struct CfaCtx *ctx);

#endif
