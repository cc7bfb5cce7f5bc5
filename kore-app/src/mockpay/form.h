/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h
 *	  Parameters of a request: an application/x-www-form-urlencoded body or a
 *	  query string, with names in Stripe's bracket form (metadata[pledge_id]).
 */
#ifndef CFA_MOCK_FORM_H
#define CFA_MOCK_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define CFA_MOCK_PARAMS_MAX 256
#define CFA_MOCK_FINGERPRINT_BYTES 16
#define CFA_MOCK_METADATA_MAX 50
#define CFA_MOCK_METADATA_KEY_MAX 40
#define CFA_MOCK_METADATA_VALUE_MAX 500

typedef struct CfaMockParam
{
	const char *name;
	const char *value;
} CfaMockParam;

typedef struct CfaMockParams
{
	char *buffer; /* owns the text of all names and values */
	size_t count;
	CfaMockParam items[CFA_MOCK_PARAMS_MAX];
} CfaMockParams;

/* What can be wrong with one parameter; the caller makes the error object. */
typedef struct CfaMockFault
{
	const char *code; /* Stripe's error code, or NULL */
	char param[64];
	char message[256];
} CfaMockFault;

/*
 * Decodes len bytes. Returns false, with the fault filled in and nothing to
 * free, for a broken percent-encoding, a NUL, text that is not UTF-8, or more
 * than CFA_MOCK_PARAMS_MAX pairs.
 */
bool cfa_mock_params_parse(CfaMockParams *params, const char *text, size_t len,
						   CfaMockFault *fault);

void cfa_mock_params_clear(CfaMockParams *params);

/* The last value given for name, or NULL. */
const char *cfa_mock_params_get(const CfaMockParams *params, const char *name);

/*
 * Refuses every parameter that is not in the NULL-terminated list. An entry
 * that ends in '[' allows each name with that prefix.
 */
bool cfa_mock_params_check(const CfaMockParams *params,
						   const char *const *allowed, CfaMockFault *fault);

/*
 * Reads a whole number into *out. An absent parameter leaves *out alone and is
 * a fault only if required.
 */
bool cfa_mock_params_integer(const CfaMockParams *params, const char *name,
							 bool required, int64_t *out, CfaMockFault *fault);

/* Reads true or false, by default the value *out holds already. */
bool cfa_mock_params_boolean(const CfaMockParams *params, const char *name,
							 bool *out, CfaMockFault *fault);

/*
 * Collects metadata[...] into a new object of strings, within Stripe's limits.
 * Returns NULL with a fault, otherwise the caller frees the object.
 */
json_t *cfa_mock_params_metadata(const CfaMockParams *params,
								 CfaMockFault *fault);

/*
 * A hash over all pairs that does not depend on the order of different names,
 * so that two encodings of the same request count as the same.
 */
void cfa_mock_params_fingerprint(const CfaMockParams *params,
								 unsigned char out[CFA_MOCK_FINGERPRINT_BYTES]);

/* Fills in a fault; code and param may be NULL. Always returns false. */
bool cfa_mock_fault(CfaMockFault *fault, const char *code, const char *param,
					const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif /* CFA_MOCK_FORM_H */
