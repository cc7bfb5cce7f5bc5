/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.c
 *	  The rules of campaigns and rewards, as one function over plain values.
 *
 * Reading takes no lock: a pledge that read an active campaign may commit just
 * after the campaign was paused, as if it had come just before.
 */
#include "postgres.h"

#include "ids.h"
#include "money.h"
#include "rules.h"
#include "spi.h"
#include "utils/timestamp.h"

#define CAMPAIGN_SQL                                              \
	"SELECT c.id, c.state, c.currency::text, c.min_pledge_minor," \
	" c.max_pledge_minor, c.starts_at, c.ends_at"                 \
	" FROM careforall.campaigns c WHERE c.id "
#define REWARD_SQL                                              \
	"SELECT r.id, r.campaign_id, r.pool_id, r.min_amount_minor" \
	" FROM careforall.rewards r WHERE r.id "

static CfaPlan campaign_plan = {
	.sql = CAMPAIGN_SQL "= $1",
	.arg_count = 1,
	.args = {UUIDOID},
};
static CfaPlan campaigns_plan = {
	.sql = CAMPAIGN_SQL "= ANY ($1)",
	.arg_count = 1,
	.args = {UUIDARRAYOID},
};
static CfaPlan reward_plan = {
	.sql = REWARD_SQL "= $1",
	.arg_count = 1,
	.args = {UUIDOID},
};
static CfaPlan rewards_plan = {
	.sql = REWARD_SQL "= ANY ($1)",
	.arg_count = 1,
	.args = {UUIDARRAYOID},
};

static const char *const outcome_names[] = {
	[CFA_OUTCOME_CREATED] = "created",
	[CFA_OUTCOME_REPLAYED] = "replayed",
	[CFA_OUTCOME_KEY_REUSED] = "key_reused",
	[CFA_OUTCOME_CAMPAIGN_UNKNOWN] = "campaign_unknown",
	[CFA_OUTCOME_CAMPAIGN_PAUSED] = "campaign_paused",
	[CFA_OUTCOME_CAMPAIGN_NOT_STARTED] = "campaign_not_started",
	[CFA_OUTCOME_CAMPAIGN_ENDED] = "campaign_ended",
	[CFA_OUTCOME_CAMPAIGN_CLOSED] = "campaign_closed",
	[CFA_OUTCOME_REWARD_UNKNOWN] = "reward_unknown",
	[CFA_OUTCOME_AMOUNT_INVALID] = "amount_invalid",
	[CFA_OUTCOME_AMOUNT_TOO_LOW] = "amount_too_low",
	[CFA_OUTCOME_AMOUNT_TOO_HIGH] = "amount_too_high",
	[CFA_OUTCOME_CURRENCY_MISMATCH] = "currency_mismatch",
	[CFA_OUTCOME_CURRENCY_UNKNOWN] = "currency_unknown",
	[CFA_OUTCOME_QUANTITY_INVALID] = "quantity_invalid",
	[CFA_OUTCOME_DONOR_INVALID] = "donor_invalid",
	[CFA_OUTCOME_MESSAGE_INVALID] = "message_invalid",
	[CFA_OUTCOME_DISPLAY_INVALID] = "display_invalid",
	[CFA_OUTCOME_LIMIT_REACHED] = "limit_reached",
};

static CfaOutcome judge_campaign(const CfaCampaign *campaign, TimestampTz now);
static uint64 run_by_ids(CfaPlan *one, CfaPlan *many, const pg_uuid_t *ids,
						 int count);
static void campaign_from_row(uint64 row, CfaCampaign *campaign);
static void reward_from_row(uint64 row, CfaReward *reward);
static TimestampTz time_or(uint64 row, int column, TimestampTz otherwise);

const char *
cfa_outcome_name(CfaOutcome outcome)
{
	return outcome_names[outcome];
}

CfaOutcome
cfa_rules_judge(const CfaOffer *offer, const CfaCampaign *campaign,
				const CfaReward *reward, TimestampTz now)
{
	int64 least = campaign->min_pledge_minor;
	CfaOutcome outcome = judge_campaign(campaign, now);

	if (outcome != CFA_OUTCOME_CREATED)
		return outcome;
	if (strcmp(offer->currency, campaign->currency) != 0)
		return CFA_OUTCOME_CURRENCY_MISMATCH;
	if (offer->has_reward)
	{
		int64 asked;

		if (!reward->exists ||
			cfa_uuid_compare(&reward->campaign_id, &campaign->id) != 0)
			return CFA_OUTCOME_REWARD_UNKNOWN;
		if (offer->quantity < 1 || offer->quantity > CFA_QUANTITY_MAX)
			return CFA_OUTCOME_QUANTITY_INVALID;
		if (!cfa_amount_multiply(reward->min_amount_minor,
								 offer->quantity,
								 &asked))
			return CFA_OUTCOME_AMOUNT_TOO_LOW;
		least = Max(least, asked);
	}
	else if (offer->quantity != 0)
		return CFA_OUTCOME_QUANTITY_INVALID;
	if (offer->amount_minor < least)
		return CFA_OUTCOME_AMOUNT_TOO_LOW;
	if (offer->amount_minor > campaign->max_pledge_minor)
		return CFA_OUTCOME_AMOUNT_TOO_HIGH;
	return CFA_OUTCOME_CREATED;
}

void
cfa_campaigns_read(const pg_uuid_t *ids, int count, CfaCampaign *campaigns)
{
	uint64 rows = run_by_ids(&campaign_plan, &campaigns_plan, ids, count);

	for (int i = 0; i < count; i++)
	{
		memset(&campaigns[i], 0, sizeof(CfaCampaign));
		campaigns[i].id = ids[i];
	}
	for (uint64 row = 0; row < rows; row++)
	{
		CfaCampaign found;

		campaign_from_row(row, &found);
		for (int i = 0; i < count; i++)
		{
			if (cfa_uuid_compare(&ids[i], &found.id) == 0)
				campaigns[i] = found;
		}
	}
}

void
cfa_rewards_read(const pg_uuid_t *ids, int count, CfaReward *rewards)
{
	uint64 rows = run_by_ids(&reward_plan, &rewards_plan, ids, count);

	for (int i = 0; i < count; i++)
	{
		memset(&rewards[i], 0, sizeof(CfaReward));
		rewards[i].id = ids[i];
	}
	for (uint64 row = 0; row < rows; row++)
	{
		CfaReward found;

		reward_from_row(row, &found);
		for (int i = 0; i < count; i++)
		{
			if (cfa_uuid_compare(&ids[i], &found.id) == 0)
				rewards[i] = found;
		}
	}
}

static CfaOutcome
judge_campaign(const CfaCampaign *campaign, TimestampTz now)
{
	switch (campaign->state)
	{
		case CFA_CAMPAIGN_NONE:
		case CFA_CAMPAIGN_DRAFT:
			return CFA_OUTCOME_CAMPAIGN_UNKNOWN;
		case CFA_CAMPAIGN_CLOSED:
			return CFA_OUTCOME_CAMPAIGN_CLOSED;
		case CFA_CAMPAIGN_PAUSED:
			return CFA_OUTCOME_CAMPAIGN_PAUSED;
		case CFA_CAMPAIGN_ACTIVE:
			break;
	}
	if (now < campaign->starts_at)
		return CFA_OUTCOME_CAMPAIGN_NOT_STARTED;
	if (now >= campaign->ends_at)
		return CFA_OUTCOME_CAMPAIGN_ENDED;
	return CFA_OUTCOME_CREATED;
}

static uint64
run_by_ids(CfaPlan *one, CfaPlan *many, const pg_uuid_t *ids, int count)
{
	CfaArgs args = {0};
	CfaColumn column;

	if (count == 0)
		return 0;
	if (count == 1)
	{
		cfa_arg_uuid(&args, ids);
		return cfa_plan_run(one, &args, SPI_OK_SELECT);
	}
	column = cfa_column(UUIDOID, count);
	for (int i = 0; i < count; i++)
		cfa_column_add_uuid(&column, &ids[i]);
	cfa_arg_column(&args, &column);
	return cfa_plan_run(many, &args, SPI_OK_SELECT);
}

static void
campaign_from_row(uint64 row, CfaCampaign *campaign)
{
	char *state = cfa_result_text(row, 2);

	memset(campaign, 0, sizeof(*campaign));
	campaign->id = *cfa_result_uuid(row, 1);
	if (!cfa_campaign_state_parse(state, &campaign->state))
		elog(ERROR, "unrecognized campaign state \"%s\"", state);
	strlcpy(campaign->currency,
			cfa_result_text(row, 3),
			sizeof(campaign->currency));
	campaign->min_pledge_minor = cfa_result_int64(row, 4);
	campaign->max_pledge_minor =
		cfa_result_is_null(row, 5) ? PG_INT64_MAX : cfa_result_int64(row, 5);
	campaign->starts_at = time_or(row, 6, DT_NOBEGIN);
	campaign->ends_at = time_or(row, 7, DT_NOEND);
}

static void
reward_from_row(uint64 row, CfaReward *reward)
{
	pg_uuid_t *pool = cfa_result_uuid(row, 3);

	memset(reward, 0, sizeof(*reward));
	reward->exists = true;
	reward->id = *cfa_result_uuid(row, 1);
	reward->campaign_id = *cfa_result_uuid(row, 2);
	reward->has_pool = pool != NULL;
	if (pool != NULL)
		reward->pool_id = *pool;
	reward->min_amount_minor = cfa_result_int64(row, 4);
}

static TimestampTz
time_or(uint64 row, int column, TimestampTz otherwise)
{
	return cfa_result_is_null(row, column) ? otherwise
										   : cfa_result_int64(row, column);
}
