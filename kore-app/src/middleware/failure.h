/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_FAILURE_H
#define CFA_APP_FAILURE_H

#include "core/ctx.h"

/*
 * Answers a statement that failed; inside the callback that says so. The message
 * of class PL is meant for the client, and so is a DETAIL that is a JSON object:
 * its members become the problem's.
 */
void cfa_answer_sqlstate(CfaCtx *ctx, const char *sqlstate);

#endif
