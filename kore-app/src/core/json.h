/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_JSON_H
#define CFA_APP_JSON_H

#include <jansson.h>
#include <stddef.h>

/*
 * Reads a JSON text strictly: UTF-8, no duplicate members, no U+0000, nothing
 * behind it, integers within int64, at most max_depth containers deep. Returns a
 * new reference, or NULL with a sentence for the client in error.
 */
json_t *cfa_json_read(const void *data, size_t len, unsigned max_depth,
					  const char **error);

/* A text member, "" where there is none. object may be NULL or null. */
const char *cfa_json_text(const json_t *object, const char *member);

#endif
