/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_copy.c: what Redis keeps under an Idempotency-Key, as bytes.
 *
 * Pure. A mark is 'L' and random bytes; a copy is 'P', the fingerprint, and what
 * the answer is made of, integers in network order. The private token is not in
 * it: the answer is rendered anew, to the same bytes. A value of another form is
 * taken for none: the truth is in PostgreSQL.
 */
#include "handlers/pledge_copy.h"

#include <sodium.h>
#include <string.h>

#define TAG_MARK 'L'
#define TAG_MADE 'P'

static uint8_t *put(uint8_t *at, const void *data, size_t len);
static uint8_t *put_int(uint8_t *at, int64_t value);
static const uint8_t *take(const uint8_t *at, void *data, size_t len);
static const uint8_t *take_int(const uint8_t *at, int64_t *value);

void
cfa_copy_write_mark(uint8_t out[CFA_COPY_MARK_BYTES])
{
	out[0] = TAG_MARK;
	randombytes_buf(out + 1, CFA_COPY_MARK_BYTES - 1);
}

void
cfa_copy_write(const CfaPledgeMade *made,
			   const uint8_t fingerprint[CFA_COPY_HASH_BYTES],
			   uint8_t out[CFA_COPY_BYTES])
{
	uint8_t *at = out;

	*at++ = TAG_MADE;
	at = put(at, fingerprint, CFA_COPY_HASH_BYTES);
	at = put(at, made->id, sizeof(made->id));
	at = put(at, made->campaign_id, sizeof(made->campaign_id));
	at = put(at, made->currency, 3);
	at = put_int(at, made->amount_minor);
	at = put_int(at, made->fee_minor);
	at = put_int(at, made->hold_expires_ms);
	(void) put_int(at, made->created_ms);
}

CfaCopyKind
cfa_copy_read(const void *data, size_t len,
			  const uint8_t fingerprint[CFA_COPY_HASH_BYTES],
			  CfaPledgeMade *made)
{
	const uint8_t *at = data;

	if (len == CFA_COPY_MARK_BYTES && at[0] == TAG_MARK)
		return CFA_COPY_MARK;
	if (len != CFA_COPY_BYTES || at[0] != TAG_MADE)
		return CFA_COPY_NONE;
	at++;
	if (memcmp(at, fingerprint, CFA_COPY_HASH_BYTES) != 0)
		return CFA_COPY_OTHER;
	at += CFA_COPY_HASH_BYTES;
	*made = (CfaPledgeMade){0};
	at = take(at, made->id, sizeof(made->id));
	at = take(at, made->campaign_id, sizeof(made->campaign_id));
	at = take(at, made->currency, 3);
	at = take_int(at, &made->amount_minor);
	at = take_int(at, &made->fee_minor);
	at = take_int(at, &made->hold_expires_ms);
	(void) take_int(at, &made->created_ms);
	return CFA_COPY_MADE;
}

static uint8_t *
put(uint8_t *at, const void *data, size_t len)
{
	memcpy(at, data, len);
	return at + len;
}

static uint8_t *
put_int(uint8_t *at, int64_t value)
{
	int i;

	for (i = 0; i < 8; i++)
		at[i] = (uint8_t) ((uint64_t) value >> (56 - 8 * i));
	return at + 8;
}

static const uint8_t *
take(const uint8_t *at, void *data, size_t len)
{
	memcpy(data, at, len);
	return at + len;
}

static const uint8_t *
take_int(const uint8_t *at, int64_t *value)
{
	uint64_t number = 0;
	int i;

	for (i = 0; i < 8; i++)
		number = number << 8 | at[i];
	*value = (int64_t) number;
	return at + 8;
}
