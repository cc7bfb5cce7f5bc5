/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIMIT_RULES_H
#define CFA_APP_LIMIT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/gcra.h"
#include "core/router.h"

#define CFA_LIMIT_NAME_MAX 24
#define CFA_LIMIT_POLICY_MAX 256
#define CFA_LIMIT_INFLIGHT_MAX 1000

/* By what requests are counted; each has buckets of its own. */
typedef enum CfaLimitBy
{
	CFA_LIMIT_ADDRESS,
	CFA_LIMIT_ACCOUNT,
	CFA_LIMIT_CAMPAIGN,
	CFA_LIMIT_BY_COUNT
} CfaLimitBy;

/* One policy: its name is public, so it says nothing about anybody. */
typedef struct CfaLimitRule
{
	bool is_on;
	CfaGcra gcra;
	char name[CFA_LIMIT_NAME_MAX];
} CfaLimitRule;

/* The policies of one class of routes. */
typedef struct CfaLimitRules
{
	CfaLimitRule rule[CFA_LIMIT_BY_COUNT];
	unsigned inflight; /* of one address in one worker; 0: no bound */
	char inflight_name[CFA_LIMIT_NAME_MAX];
	char policy[CFA_LIMIT_POLICY_MAX]; /* RateLimit-Policy; "" if none is on */
} CfaLimitRules;

/*
 * Reads the rules of a class such as
 *   address 120/60s burst 40, account 30/60s, campaign 9000/60s, inflight 4
 * or "off". False if it is malformed or says anything twice.
 */
bool cfa_limit_rules_parse(const char *class_name, const char *text,
						   CfaLimitRules *rules);

#endif
