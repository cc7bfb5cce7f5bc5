/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_SECOND_FACTOR_H
#define CFA_APP_SECOND_FACTOR_H

struct CfaCtx;

/* GET /api/v1/me/second-factor */
void api_second_factor_read(struct CfaCtx *ctx);

/* POST /api/v1/me/second-factor */
void api_second_factor_offer(struct CfaCtx *ctx);

/* POST /api/v1/me/second-factor/confirm */
void api_second_factor_confirm(struct CfaCtx *ctx);

/* POST /api/v1/me/second-factor/remove */
void api_second_factor_remove(struct CfaCtx *ctx);

/* POST /api/v1/admin/users/{id}/second-factor/reset */
void api_user_second_factor_reset(struct CfaCtx *ctx);

#endif
