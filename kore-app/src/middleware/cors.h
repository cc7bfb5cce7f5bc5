/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CORS_H
#define CFA_APP_CORS_H

#include "core/ctx.h"
#include <careforall/buf.h>

/* Sets the allowed origins from a comma list; the text must live on. */
void cfa_cors_configure(const char *origins);

/* Whether the origin is allowed, letter by letter. */
bool cfa_cors_allows(const char *origin);

/* Finds out which origin to answer to; the first step of a request. */
void cfa_cors_start(CfaCtx *ctx);

/* Adds the CORS header lines of an answer. */
void cfa_cors_add(const CfaCtx *ctx, CfaBuf *head);

/*
 * Answers an OPTIONS request for a path that has the methods in allow: a
 * preflight with what it may do, any other with Allow.
 */
void cfa_cors_options(CfaCtx *ctx, unsigned allow);

#endif
