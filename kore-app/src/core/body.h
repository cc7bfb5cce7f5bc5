/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_BODY_H
#define CFA_APP_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "status.h"

#define CFA_BODY_ERRORS_MAX 16
#define CFA_AMOUNT_MAX INT64_C(9007199254740991) /* minor units: 2^53 - 1 */

typedef enum CfaFieldKind
{
	CFA_FIELD_TEXT,	   /* min to max characters */
	CFA_FIELD_EMAIL,   /* as a text, with an @ between two plausible parts */
	CFA_FIELD_UUID,	   /* in its canonical form */
	CFA_FIELD_UUIDS,   /* an array of min to max of them */
	CFA_FIELD_TIME,	   /* RFC 3339 with a zone */
	CFA_FIELD_CHOICE,  /* one of the words */
	CFA_FIELD_BOOLEAN, /* true or false */
	CFA_FIELD_INTEGER, /* min to max */
	CFA_FIELD_MONEY,   /* {amount, currency}; min to max minor units */
	CFA_FIELD_OBJECT   /* with fields of its own */
} CfaFieldKind;

/* One member of a body. A table of them ends with a name that is NULL. */
typedef struct CfaField
{
	const char *name;
	CfaFieldKind kind;
	bool is_required;
	bool is_nullable;  /* null is a value: "none", or "remove it" in a patch */
	bool is_multiline; /* a text may hold line ends and tabs */
	int64_t min;
	int64_t max;
	const char *words;			   /* of a choice, blanks between */
	const struct CfaField *fields; /* of an object */
} CfaField;

/*
 * Reads a body and checks it against a table. Wrong form (no JSON, no object, a
 * member that is unknown or given twice) is one problem at once; wrong values
 * are gathered, each with a JSON Pointer. Returns a new reference, or NULL with
 * the problem, a sentence, and for validation-failed its errors member (JSON text
 * in the arena, else NULL).
 */
json_t *cfa_body_read(const void *data, size_t len, const CfaField *fields,
					  CfaArena *arena, CfaProblem *problem, const char **detail,
					  const char **members);

/* One @ with something before it and a dotted name behind it, no blanks. */
bool cfa_email_is_plausible(const char *text);

/* Whether a word is one of the words, which have blanks between them. */
bool cfa_word_is_in(const char *words, const char *word);

/* Whether the text is a time by RFC 3339: a day that exists, and a zone. */
bool cfa_time_is_rfc3339(const char *text);

#endif
