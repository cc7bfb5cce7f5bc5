/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_RESPOND_H
#define CFA_APP_RESPOND_H

#include "core/ctx.h"

/* Writes the answer of a context to its connection and re-arms the reader. */
void cfa_respond(CfaCtx *ctx);

/*
 * Writes the head of an answer whose body follows in chunks; the reader stays
 * parked. With HTTP/1.0 there are no chunks, and the connection ends with the body.
 */
void cfa_respond_head(CfaCtx *ctx);

/* The value of Date now; computed once a second. */
const char *cfa_http_date(void);

#endif
