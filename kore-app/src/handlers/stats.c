/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.c: figures over time, for administrators and for the teams of campaigns.
 */
#include "handlers/stats.h"

#include "handlers/admin.h"

#define RANGE                                     \
	{.name = "bucket",                            \
	 .kind = CFA_PARAM_CHOICE,                    \
	 .words = "hour day week",                    \
	 .fallback = "day"},                          \
		{.name = "time_zone",                     \
		 .kind = CFA_PARAM_TEXT,                  \
		 .min = 1,                                \
		 .max = 60,                               \
		 .fallback = "UTC"},                      \
		{.name = "from", .kind = CFA_PARAM_TIME}, \
	{                                             \
		.name = "to", .kind = CFA_PARAM_TIME      \
	}

static const CfaParam admin_params[] = {
	RANGE,
	{.name = "campaign", .kind = CFA_PARAM_TEXT, .min = 1, .max = 80},
	{.name = NULL},
};
static const CfaParam campaign_params[] = {
	RANGE,
	{.name = NULL},
};

static const CfaAdminRead admin_stats = {
	.call = {.sql = "SELECT s.doc FROM careforall.admin_stats($1::uuid, "
					"$2::text, $3::text, $4::timestamptz, $5::timestamptz, "
					"$6::text) s",
			 .status = 200},
	.params = admin_params,
};
static const CfaAdminRead campaign_stats = {
	.call = {.sql = "SELECT s.doc FROM careforall.campaign_stats($1::uuid, "
					"$2::text, $3::text, $4::text, $5::timestamptz, "
					"$6::timestamptz) s",
			 .status = 200},
	.target = CFA_TARGET_NAME,
	.params = campaign_params,
};

void
api_admin_stats(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &admin_stats);
}

void
api_campaign_stats(CfaCtx *ctx)
{
	cfa_admin_read(ctx, &campaign_stats);
}
