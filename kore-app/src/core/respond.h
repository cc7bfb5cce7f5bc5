/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_RESPOND_H
#define CFA_APP_RESPOND_H

#include "core/ctx.h"

/* Writes the answer of a context to its connection and re-arms the reader. */
void cfa_respond(CfaCtx *ctx);

/* The value of Date now; computed once a second. */
const char *cfa_http_date(void);

#endif
