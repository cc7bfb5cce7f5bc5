/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_QUERY_H
#define CFA_APP_QUERY_H

#include "core/ctx.h"

/*
 * Query parameters of lists. Each sets *out to the value, in the arena, or to
 * NULL if it is absent; false after a 400 has been answered.
 */

/* One of the words, which have blanks between. */
bool cfa_query_choice(CfaCtx *ctx, const char *name, const char *words,
					  const char **out);

/* A time by RFC 3339. */
bool cfa_query_time(CfaCtx *ctx, const char *name, const char **out);

/* A UUID, in its usual form. */
bool cfa_query_uuid(CfaCtx *ctx, const char *name, const char **out);

/* A decimal integer from 0 to max. */
bool cfa_query_uint(CfaCtx *ctx, const char *name, uint64_t max,
					const char **out);

/* A text of 1 to max characters without control characters. */
bool cfa_query_text(CfaCtx *ctx, const char *name, size_t max,
					const char **out);

#endif
