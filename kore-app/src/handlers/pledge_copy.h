/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PLEDGE_COPY_H
#define CFA_APP_PLEDGE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_COPY_HASH_BYTES 32
#define CFA_COPY_MARK_BYTES 17
#define CFA_COPY_BYTES 100

/* What the answer to an accepted pledge is made of: the pledge at creation. */
typedef struct CfaPledgeMade
{
	uint8_t id[16];
	uint8_t campaign_id[16];
	int64_t amount_minor;
	int64_t fee_minor;
	char currency[4];
	int64_t hold_expires_ms;
	int64_t created_ms;
} CfaPledgeMade;

/* What stands under an Idempotency-Key in Redis. */
typedef enum CfaCopyKind
{
	CFA_COPY_NONE, /* nothing that can be read */
	CFA_COPY_MARK, /* the first request is under way */
	CFA_COPY_MADE, /* a pledge that this request made */
	CFA_COPY_OTHER /* a pledge that another request made */
} CfaCopyKind;

/* Writes a mark that only this request can have made. */
void cfa_copy_write_mark(uint8_t out[CFA_COPY_MARK_BYTES]);

/* Writes the copy of an accepted pledge for the request of the fingerprint. */
void cfa_copy_write(const CfaPledgeMade *made,
					const uint8_t fingerprint[CFA_COPY_HASH_BYTES],
					uint8_t out[CFA_COPY_BYTES]);

/* Reads a value; fills made for CFA_COPY_MADE. */
CfaCopyKind cfa_copy_read(const void *data, size_t len,
						  const uint8_t fingerprint[CFA_COPY_HASH_BYTES],
						  CfaPledgeMade *made);

#endif
