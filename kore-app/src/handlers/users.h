/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_USERS_H
#define CFA_APP_USERS_H

#include "core/ctx.h"

#define CFA_USER_BODY_MAX 8192

void api_me_read(CfaCtx *ctx);
void api_me_change(CfaCtx *ctx);
void api_me_password(CfaCtx *ctx);
void api_me_session_list(CfaCtx *ctx);
void api_me_session_end(CfaCtx *ctx);

void api_user_list(CfaCtx *ctx);
void api_user_read(CfaCtx *ctx);
void api_user_change(CfaCtx *ctx);
void api_user_logout(CfaCtx *ctx);

#endif
