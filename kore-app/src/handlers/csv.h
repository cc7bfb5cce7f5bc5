/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CSV_H
#define CFA_APP_CSV_H

#include <careforall/buf.h>
#include <stdbool.h>

/*
 * Adds a cell (RFC 4180), with a comma before it unless it is the first of its
 * row. A text that a spreadsheet would take for a formula gets an apostrophe in
 * front of it.
 */
void cfa_csv_cell(CfaBuf *out, const char *text, size_t len, bool is_first);

/* Ends a row. */
void cfa_csv_end(CfaBuf *out);

#endif
