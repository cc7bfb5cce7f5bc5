/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h
 *	  What a campaign and a reward ask of a pledge, and the outcomes of one.
 */
#ifndef CFA_RULES_H
#define CFA_RULES_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lifecycle_core.h"
#include "utils/uuid.h"

#define CFA_QUANTITY_MAX 1000

typedef enum CfaOutcome
{
	CFA_OUTCOME_CREATED,
	CFA_OUTCOME_REPLAYED,
	CFA_OUTCOME_KEY_REUSED,
	CFA_OUTCOME_CAMPAIGN_UNKNOWN,
	CFA_OUTCOME_CAMPAIGN_PAUSED,
	CFA_OUTCOME_CAMPAIGN_NOT_STARTED,
	CFA_OUTCOME_CAMPAIGN_ENDED,
	CFA_OUTCOME_CAMPAIGN_CLOSED,
	CFA_OUTCOME_REWARD_UNKNOWN,
	CFA_OUTCOME_AMOUNT_INVALID,
	CFA_OUTCOME_AMOUNT_TOO_LOW,
	CFA_OUTCOME_AMOUNT_TOO_HIGH,
	CFA_OUTCOME_CURRENCY_MISMATCH,
	CFA_OUTCOME_CURRENCY_UNKNOWN,
	CFA_OUTCOME_QUANTITY_INVALID,
	CFA_OUTCOME_DONOR_INVALID,
	CFA_OUTCOME_MESSAGE_INVALID,
	CFA_OUTCOME_DISPLAY_INVALID,
	CFA_OUTCOME_LIMIT_REACHED
} CfaOutcome;

typedef struct CfaCampaign
{
	pg_uuid_t id;
	CfaCampaignState state; /* NONE when there is no such campaign */
	char currency[4];
	int64 min_pledge_minor;
	int64 max_pledge_minor; /* INT64_MAX when there is none */
	TimestampTz starts_at;
	TimestampTz ends_at; /* infinity when there is none */
} CfaCampaign;

typedef struct CfaReward
{
	pg_uuid_t id;
	bool exists;
	pg_uuid_t campaign_id;
	pg_uuid_t pool_id;
	bool has_pool;
	int64 min_amount_minor; /* for one place */
} CfaReward;

/* What is asked; has_reward tells whether reward_id counts. */
typedef struct CfaOffer
{
	int64 amount_minor;
	const char *currency;
	bool has_reward;
	int32 quantity; /* 0 without a reward */
} CfaOffer;

extern const char *cfa_outcome_name(CfaOutcome outcome);

/* Judge an offer: CREATED when nothing but the limits is left to ask. */
extern CfaOutcome cfa_rules_judge(const CfaOffer *offer,
								  const CfaCampaign *campaign,
								  const CfaReward *reward, TimestampTz now);

/* Read campaigns and rewards by id, one statement for all; ids may repeat. */
extern void cfa_campaigns_read(const pg_uuid_t *ids, int count,
							   CfaCampaign *campaigns);
extern void cfa_rewards_read(const pg_uuid_t *ids, int count,
							 CfaReward *rewards);

#endif /* CFA_RULES_H */
