/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PG_ARRAY_H
#define CFA_APP_PG_ARRAY_H

#include <careforall/buf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Element types that arrays are sent with. */
#define CFA_OID_BOOL 16
#define CFA_OID_BYTEA 17
#define CFA_OID_INT8 20
#define CFA_OID_INT4 23
#define CFA_OID_TEXT 25
#define CFA_OID_JSON 114
#define CFA_OID_UUID 2950

/*
 * Writes a one-dimensional array in PostgreSQL's binary form: begin with the
 * number of elements, then add exactly that many.
 */
void cfa_pg_array_begin(CfaBuf *buf, uint32_t element_oid, int count);
void cfa_pg_array_null(CfaBuf *buf);
void cfa_pg_array_bytes(CfaBuf *buf, const void *data, size_t len);
void cfa_pg_array_bool(CfaBuf *buf, bool value);
void cfa_pg_array_int4(CfaBuf *buf, int32_t value);
void cfa_pg_array_int8(CfaBuf *buf, int64_t value);

/* NULL text is a NULL element. */
void cfa_pg_array_text(CfaBuf *buf, const char *text);

/* Reads integers of binary results. */
int32_t cfa_pg_int4(const char *value);
int64_t cfa_pg_int8(const char *value);

/* Milliseconds since 1970 of a binary timestamptz. */
int64_t cfa_pg_time_ms(const char *value);

#endif
