/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_SHEET_H
#define CFA_APP_SHEET_H

#include <careforall/buf.h>
#include <stdbool.h>
#include <stddef.h>

/* A document of A4 pages that is written from top to bottom. */
typedef struct CfaSheet CfaSheet;

/* What a document is; texts are borrowed until its end. */
typedef struct CfaSheetInfo
{
	const char *language; /* of BCP 47 */
	bool is_rtl;		  /* it begins at the right */
	const char *title;
	const char *author;
	const char
		*created; /* time of RFC 3339: the same document is the same bytes */
	const char *footer; /* at the end of each page, before its number */
} CfaSheetInfo;

typedef enum CfaSheetStyle
{
	CFA_SHEET_TITLE,
	CFA_SHEET_STRONG,
	CFA_SHEET_BODY,
	CFA_SHEET_SMALL
} CfaSheetStyle;

/*
 * In the parent: reads the fonts, which are those of Debian packages and no others, so
 * that a document looks the same everywhere. 0, or -1 with a sentence in error.
 */
int cfa_sheet_configure(char *error, size_t error_size);

/* In any thread; one document belongs to one thread. out is borrowed and appended to. */
CfaSheet *cfa_sheet_begin(const CfaSheetInfo *info, CfaBuf *out);

/* A paragraph. */
void cfa_sheet_text(CfaSheet *sheet, CfaSheetStyle style, const char *text);

/* A paragraph that nobody overlooks, in a box. */
void cfa_sheet_mark(CfaSheet *sheet, const char *title, const char *text);

/* What something is called, and what it is. */
void cfa_sheet_row(CfaSheet *sheet, const char *label, const char *value);

/* The same for money, which stands at the end of the line; a total under a rule. */
void cfa_sheet_sum(CfaSheet *sheet, const char *label, const char *amount,
				   bool is_total);

void cfa_sheet_gap(CfaSheet *sheet);

/* Ends and frees a document. 0, or -1 if it could not be made. */
int cfa_sheet_end(CfaSheet *sheet);

#endif
