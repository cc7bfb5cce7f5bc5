/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c: reads and writes traceparent.
 */
#include "careforall/trace.h"

#include <string.h>

#include <sodium.h>

/* 00-<32 hex>-<16 hex>-<2 hex> */
#define TRACE_ID_AT 3
#define SPAN_ID_AT 36
#define FLAGS_AT 53

static bool read_hex(const char *text, uint8_t *out, size_t bytes);

bool
cfa_trace_parse(const char *text, size_t len, CfaTrace *trace)
{
	CfaTrace read;
	uint8_t version;

	if (text == NULL || len < CFA_TRACEPARENT_LEN ||
		!read_hex(text, &version, 1) || version == 0xff || text[2] != '-' ||
		text[SPAN_ID_AT - 1] != '-' || text[FLAGS_AT - 1] != '-' ||
		!read_hex(text + TRACE_ID_AT, read.trace_id, 16) ||
		!read_hex(text + SPAN_ID_AT, read.span_id, 8) ||
		!read_hex(text + FLAGS_AT, &read.flags, 1))
		return false;
	if (len > CFA_TRACEPARENT_LEN &&
		(version == 0 || text[CFA_TRACEPARENT_LEN] != '-'))
		return false;
	if (sodium_is_zero(read.trace_id, 16) || sodium_is_zero(read.span_id, 8))
		return false;
	*trace = read;
	return true;
}

void
cfa_trace_format(const CfaTrace *trace, char out[CFA_TRACEPARENT_LEN + 1])
{
	static const uint8_t version = 0;

	/* sodium_bin2hex ends each part with a NUL, which the dashes replace. */
	sodium_bin2hex(out, 3, &version, 1);
	out[TRACE_ID_AT - 1] = '-';
	sodium_bin2hex(out + TRACE_ID_AT, 33, trace->trace_id, 16);
	sodium_bin2hex(out + SPAN_ID_AT, 17, trace->span_id, 8);
	sodium_bin2hex(out + FLAGS_AT, 3, &trace->flags, 1);
	out[SPAN_ID_AT - 1] = '-';
	out[FLAGS_AT - 1] = '-';
}

void
cfa_trace_id(const CfaTrace *trace, char out[33])
{
	sodium_bin2hex(out, 33, trace->trace_id, 16);
}

void
cfa_trace_new(CfaTrace *trace)
{
	uint8_t random[sizeof(trace->trace_id) + sizeof(trace->span_id)];

	randombytes_buf(random, sizeof(random));
	memcpy(trace->trace_id, random, sizeof(trace->trace_id));
	memcpy(trace->span_id,
		   random + sizeof(trace->trace_id),
		   sizeof(trace->span_id));
	trace->flags = 0;
}

void
cfa_trace_child(CfaTrace *trace)
{
	randombytes_buf(trace->span_id, sizeof(trace->span_id));
}

/* Lower-case digits only, as the specification asks. */
static bool
read_hex(const char *text, uint8_t *out, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes * 2; i++)
	{
		if ((text[i] < '0' || text[i] > '9') &&
			(text[i] < 'a' || text[i] > 'f'))
			return false;
	}
	return sodium_hex2bin(out, bytes, text, bytes * 2, NULL, NULL, NULL) == 0;
}
