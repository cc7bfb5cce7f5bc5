/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_AUTH_H
#define CFA_APP_AUTH_H

#include "core/app.h"
#include "core/ctx.h"

/*
 * The step that says who sent a request, as the route wants it: fills
 * ctx->principal or answers 400, 401 or 403 (RFC 6750). The token is checked here
 * and its session by the database on each request, so that a log-out, a disabled
 * account and a changed role hold at once.
 */
CfaStepResult cfa_auth_step(CfaCtx *ctx);

/* Answers 401 as RFC 6750 has it; error NULL if no credentials were sent. */
void cfa_auth_refuse(CfaCtx *ctx, const char *error, const char *detail);

#endif
