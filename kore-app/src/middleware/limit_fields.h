/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIMIT_FIELDS_H
#define CFA_APP_LIMIT_FIELDS_H

#include "core/ctx.h"
#include "middleware/limit_rules.h"
#include "middleware/limit_store.h"
#include "middleware/limit_table.h"

/* One bucket that a request counts against, and what it was like then. */
typedef struct CfaLimitPart
{
	const CfaLimitRule *rule;
	CfaLimitBy by;
	uint8_t key[CFA_BUCKET_KEY_LEN];
	CfaBucket *bucket; /* while it is looked at or pinned */
	bool is_known;	   /* room and next_s are */
	bool is_short;	   /* it had no permit */
	uint32_t room;
	uint32_t next_s;
} CfaLimitPart;

/* One question of the limiter about one request; in its arena. */
typedef struct CfaLimitCheck
{
	TAILQ_ENTRY(CfaLimitCheck) entry; /* of a bucket's waiting */
	struct CfaLimitCheck *earlier;	  /* of the same request */
	CfaCtx *ctx;
	CfaRate rate;
	unsigned count;
	CfaLimitPart part[CFA_LIMIT_PARTS_MAX];
	CfaBucket *inflight; /* pinned; counted in it until the request ends */
} CfaLimitCheck;

/* Takes a view of the bucket of a part for the answer's fields. */
void cfa_limit_look(CfaLimitPart *part, uint64_t now_us);

/* Sets RateLimit, of all that the request was counted against so far. */
void cfa_limit_show(CfaCtx *ctx);

/* Answers 429: some parts are short. */
void cfa_limit_answer_refused(CfaLimitCheck *check);

/* Answers 429: too many requests are under way, by the policy of that name. */
void cfa_limit_answer_busy(CfaLimitCheck *check, const char *policy);

/*
 * Answers 429 for a bound that is not of the limiter, so not in RateLimit-Policy;
 * policy is its name in docs/reference/limits.md.
 */
void cfa_limit_answer_bound(CfaCtx *ctx, const char *policy,
							const char *retry_after_s, const char *detail);

#endif
