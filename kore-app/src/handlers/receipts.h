/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_RECEIPTS_H
#define CFA_APP_RECEIPTS_H

#include "core/ctx.h"

#define CFA_RECEIPT_BODY_MAX 1024

/* In the parent: who issues receipts; borrowed for ever. */
void cfa_receipts_configure(const char *issuer, const char *address);

/* In a worker: starts the thread that writes receipts. */
void cfa_receipts_start(void);

void api_receipt_issue(CfaCtx *ctx);
void api_receipt_list(CfaCtx *ctx);

#endif
