/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PLEDGE_MARK_H
#define CFA_APP_PLEDGE_MARK_H

#include "handlers/pledge_copy.h"

/* The request of an Idempotency-Key, and its mark in Redis. */
typedef struct CfaPledgeMark
{
	uint8_t key_hash[CFA_COPY_HASH_BYTES];
	uint8_t fingerprint[CFA_COPY_HASH_BYTES];
	uint8_t mark[CFA_COPY_MARK_BYTES];
	bool may_be_ours; /* this request has set the mark, as far as is known */
} CfaPledgeMark;

/*
 * What Redis knew of the key. NONE: go on; the mark is set if Redis is there.
 * MARK: the first request is under way. made is given with MADE only.
 */
typedef void (*CfaPledgeMarkDone)(void *arg, CfaCopyKind kind,
								  const CfaPledgeMade *made);

/*
 * Looks the key up and marks it as under way, in one command. done is called
 * once, later; false if Redis is not there, and done is not called. The mark and
 * arg must live until then.
 */
bool cfa_pledge_mark_take(CfaPledgeMark *mark, CfaPledgeMarkDone done,
						  void *arg);

/* Puts a copy of the accepted pledge in place of the mark. */
void cfa_pledge_mark_keep(const CfaPledgeMark *mark, const CfaPledgeMade *made);

/* Takes the mark away, if it is still that of this request. */
void cfa_pledge_mark_drop(const CfaPledgeMark *mark);

#endif
