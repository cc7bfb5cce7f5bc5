/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIMIT_H
#define CFA_APP_LIMIT_H

#include "core/app.h"
#include "core/ctx.h"

/* What a failed attempt costs beyond its request. */
#define CFA_LIMIT_FAILURE_COST 4

/* Settings as texts; those of a class as limit_rules.h says, by its CfaRate. */
typedef struct CfaLimitSettings
{
	bool is_on;
	char *exempt; /* networks whose requests are not counted */
	char *rules[CFA_RATE_COUNT];
} CfaLimitSettings;

/*
 * In the parent: reads the settings; buckets of one secret are shared by all
 * processes that have it. 0, or -1 with a sentence in error.
 */
int cfa_limit_configure(const CfaLimitSettings *settings, const uint8_t *secret,
						size_t secret_len, char *error, size_t error_size);

/* In a worker. */
void cfa_limit_start(void);

/* The first step of each request: its address, and the campaign of a pledge. */
CfaStepResult cfa_limit_step(CfaCtx *ctx);

/* A step after authentication: the account that the request is of. */
CfaStepResult cfa_limit_account_step(CfaCtx *ctx);

/*
 * Charges what the request was counted against once more, cost times: a wrong
 * password costs more than a right one. Before the answer.
 */
void cfa_limit_charge(CfaCtx *ctx, unsigned cost);

#endif
