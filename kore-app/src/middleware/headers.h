/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_HEADERS_H
#define CFA_APP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#define CFA_IDEMPOTENCY_KEY_MAX 255

/*
 * The security headers of every answer, each with its CRLF; and those of the
 * answers that other sites may frame and show.
 */
extern const char cfa_security_headers[];
extern const char cfa_embeddable_headers[];

/*
 * Whether an Accept header (NULL: none) takes the media type, by quality and by
 * the most exact range that fits.
 */
bool cfa_accepts(const char *accept, const char *type);

/* Whether a Content-Type is the media type; a charset must be UTF-8. */
bool cfa_media_type_is(const char *content_type, const char *type);

/* Whether a comma list such as Connection holds the token, in any case. */
bool cfa_header_has_token(const char *list, const char *token);

/* Whether an If-None-Match list holds the strong tag (weak comparison) or "*". */
bool cfa_etag_listed(const char *if_none_match, const char *etag);

/*
 * Reads an Idempotency-Key, as a quoted string (RFC 9651) or bare. False if it
 * is empty, too long, or holds anything but printable ASCII.
 */
bool cfa_idempotency_key_read(const char *header,
							  char out[CFA_IDEMPOTENCY_KEY_MAX + 1]);

/* Whether a request id given by a client is safe to log and to send back. */
bool cfa_request_id_is_safe(const char *id);

#endif
