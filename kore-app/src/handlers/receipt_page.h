/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_RECEIPT_PAGE_H
#define CFA_APP_RECEIPT_PAGE_H

#include <careforall/buf.h>
#include <jansson.h>

/* Who issues receipts. */
typedef struct CfaIssuer
{
	const char *name;
	const char *address; /* lines with ";" between them, may be "" */
} CfaIssuer;

/*
 * Writes a receipt as PDF: receipt is what careforall.receipt_json() gives. 0, or -1 if
 * that is not it or the document could not be made. In any thread.
 */
int cfa_receipt_write(const json_t *receipt, const CfaIssuer *issuer,
					  CfaBuf *out);

#endif
