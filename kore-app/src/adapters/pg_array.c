/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_array.c: arrays and integers in PostgreSQL's binary form.
 *
 * Binary, because then no value is ever quoted or parsed as text.
 */
#include "adapters/pg_array.h"

#include <endian.h>
#include <string.h>

/* 2000-01-01, where PostgreSQL's time begins. */
#define PG_EPOCH_MS INT64_C(946684800000)

static void add_int4(CfaBuf *buf, int32_t value);

void
cfa_pg_array_begin(CfaBuf *buf, uint32_t element_oid, int count)
{
	add_int4(buf, 1); /* dimensions */
	add_int4(buf, 1); /* may hold NULLs */
	add_int4(buf, (int32_t) element_oid);
	add_int4(buf, count);
	add_int4(buf, 1); /* lower bound */
}

void
cfa_pg_array_null(CfaBuf *buf)
{
	add_int4(buf, -1);
}

void
cfa_pg_array_bytes(CfaBuf *buf, const void *data, size_t len)
{
	add_int4(buf, (int32_t) len);
	cfa_buf_add(buf, data, len);
}

void
cfa_pg_array_bool(CfaBuf *buf, bool value)
{
	const uint8_t byte = value;

	cfa_pg_array_bytes(buf, &byte, 1);
}

void
cfa_pg_array_int4(CfaBuf *buf, int32_t value)
{
	add_int4(buf, 4);
	add_int4(buf, value);
}

void
cfa_pg_array_int8(CfaBuf *buf, int64_t value)
{
	uint64_t wire = htobe64((uint64_t) value);

	add_int4(buf, 8);
	cfa_buf_add(buf, &wire, sizeof(wire));
}

void
cfa_pg_array_text(CfaBuf *buf, const char *text)
{
	if (text == NULL)
		cfa_pg_array_null(buf);
	else
		cfa_pg_array_bytes(buf, text, strlen(text));
}

int32_t
cfa_pg_int4(const char *value)
{
	uint32_t wire;

	memcpy(&wire, value, sizeof(wire));
	return (int32_t) be32toh(wire);
}

int64_t
cfa_pg_int8(const char *value)
{
	uint64_t wire;

	memcpy(&wire, value, sizeof(wire));
	return (int64_t) be64toh(wire);
}

int64_t
cfa_pg_time_ms(const char *value)
{
	int64_t us = cfa_pg_int8(value);
	int64_t ms = us / 1000 - (us % 1000 < 0 ? 1 : 0);

	return ms + PG_EPOCH_MS;
}

static void
add_int4(CfaBuf *buf, int32_t value)
{
	uint32_t wire = htobe32((uint32_t) value);

	cfa_buf_add(buf, &wire, sizeof(wire));
}
