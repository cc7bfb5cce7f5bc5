/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_HANDLER_AUTH_H
#define CFA_APP_HANDLER_AUTH_H

#include <jansson.h>

#include "core/ctx.h"

#define CFA_AUTH_BODY_MAX 8192

void api_register(CfaCtx *ctx);
void api_first_admin(CfaCtx *ctx);
void api_login(CfaCtx *ctx);
void api_refresh(CfaCtx *ctx);
void api_logout(CfaCtx *ctx);
void api_logout_all(CfaCtx *ctx);
void api_jwks(CfaCtx *ctx);

/*
 * The text of a member in the arena, wiped from the JSON value and the request:
 * it is a secret, and whoever takes it wipes it too.
 */
char *cfa_take_secret(CfaCtx *ctx, json_t *json, const char *name);
void cfa_wipe(char *secret);

/* Answers 422 for one member. */
void cfa_refuse_field(CfaCtx *ctx, const char *pointer, const char *code,
					  const char *detail);

/* Answers 429 for an account that was tried too often. */
void cfa_refuse_attempt(CfaCtx *ctx, const char *retry_after_s);

#endif
