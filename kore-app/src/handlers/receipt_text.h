/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_RECEIPT_TEXT_H
#define CFA_APP_RECEIPT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest text of a receipt with its NUL; what is longer is cut. */
#define CFA_RECEIPT_TEXT_MAX 1024

#define CFA_RECEIPT_TIME_LEN 22 /* of 2026-11-27T07:36+01:00 */

typedef enum CfaReceiptText
{
	CFA_RECEIPT_TITLE,
	CFA_RECEIPT_COPY,
	CFA_RECEIPT_COPY_TEXT, /* {date} {number} {before} */
	CFA_RECEIPT_REPLACEMENT,
	CFA_RECEIPT_REPLACEMENT_TEXT, /* {date} {number} {before} */
	CFA_RECEIPT_RETURNED,
	CFA_RECEIPT_RETURNED_TEXT,
	CFA_RECEIPT_NUMBER,
	CFA_RECEIPT_DONOR,
	CFA_RECEIPT_CAMPAIGN,
	CFA_RECEIPT_REWARD,
	CFA_RECEIPT_PAID_ON,
	CFA_RECEIPT_GIFT,
	CFA_RECEIPT_FEE,
	CFA_RECEIPT_PAID,
	CFA_RECEIPT_GIVEN_BACK, /* {date} */
	CFA_RECEIPT_LEFT,
	CFA_RECEIPT_ISSUED, /* {issuer} {date} */
	CFA_RECEIPT_ZONE,	/* {zone} */
	CFA_RECEIPT_THANKS,
	CFA_RECEIPT_TEXTS
} CfaReceiptText;

typedef struct CfaReceiptLanguage
{
	const char *tag; /* of BCP 47 */
	bool is_rtl;
	const char *date; /* {day} {month} {year} {time} {offset} */
	const char *months[12];
	const char *texts[CFA_RECEIPT_TEXTS];
} CfaReceiptLanguage;

/* A value that stands in a text, by the name between its braces. */
typedef struct CfaReceiptValue
{
	const char *name; /* NULL ends a list */
	const char *value;
} CfaReceiptValue;

/* The language of that tag; English for any other. */
const CfaReceiptLanguage *cfa_receipt_language(const char *tag);

/* "en de ar" */
extern const char cfa_receipt_languages[];

/*
 * Fills in a text. Each value is kept apart from the directions of what is around it.
 * Cut at the end of out, at a whole character.
 */
void cfa_receipt_fill(const char *text, const CfaReceiptValue *values,
					  char *out, size_t size);

/*
 * Copies what somebody wrote without what would change how the rest of the document
 * reads: control characters, line ends, marks that turn the direction of text.
 */
void cfa_receipt_clean(const char *text, char *out, size_t size);

/*
 * A time such as 2026-11-27T07:36+01:00 in words; "" if it is none.
 */
void cfa_receipt_date(const CfaReceiptLanguage *language, const char *time,
					  char *out, size_t size);

#endif
