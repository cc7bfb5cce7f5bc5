/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_TEXT_H
#define CFA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_UUID_TEXT_LEN 36

/* Reads a UUID in its 36-character form, in either case. False if it is not. */
bool cfa_uuid_parse(const char *text, size_t len, uint8_t out[16]);

/* Writes the lower-case 36-character form and a terminating NUL. */
void cfa_uuid_format(const uint8_t uuid[16], char out[CFA_UUID_TEXT_LEN + 1]);

/* Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool cfa_utf8_valid(const void *data, size_t len);

/* Number of characters of well-formed UTF-8. */
size_t cfa_utf8_length(const char *data, size_t len);

/* Whether the text holds a control character other than those in allowed. */
bool cfa_text_has_control(const char *data, size_t len, const char *allowed);

/* Copies text up to its first line feed, or what of that has room, and a NUL. */
void cfa_text_first_line(char *out, size_t size, const char *text);

/* Whether well-formed UTF-8 shows nothing: blanks, marks without width. */
bool cfa_text_is_blank(const char *data, size_t len);

/*
 * Decodes %XX (and '+' as a space if is_form) from len bytes of in to out, which
 * has room for len + 1 bytes. False for a broken escape, a NUL, or text that is
 * not UTF-8.
 */
bool cfa_percent_decode(const char *in, size_t len, bool is_form, char *out,
						size_t *out_len);

/*
 * Decodes base64: the URL-safe alphabet without padding if is_url, else the original one
 * with padding. False for any other byte, needless bits at the end, or more than size
 * bytes: one text for each value.
 */
bool cfa_base64_decode(const char *text, size_t len, bool is_url, uint8_t *out,
					   size_t size, size_t *out_len);

/*
 * Reads a decimal integer without sign, blanks or needless zeros in front.
 * False if it is anything else or larger than max.
 */
bool cfa_parse_uint(const char *text, size_t len, uint64_t max, uint64_t *out);

/*
 * Finds name in a query string or form body ("a=1&b=2"). Returns the number of
 * times it occurs and the raw value of the first one.
 */
int cfa_form_find(const char *form, size_t len, const char *name,
				  const char **value, size_t *value_len);

/* Milliseconds since 1970 of an RFC 3339 UTC time with Z; -1 if it is not one. */
int64_t cfa_time_parse_ms(const char *text, size_t len);

#define CFA_TIME_TEXT_LEN 24

/* Writes "2026-11-23T18:00:00.123Z" and a NUL for a time since 1970. */
void cfa_time_format_ms(int64_t unix_ms, char out[CFA_TIME_TEXT_LEN + 1]);

/* Wall clock in milliseconds since 1970, and a clock that never steps. */
int64_t cfa_now_ms(void);
int64_t cfa_monotonic_ms(void);

#endif
