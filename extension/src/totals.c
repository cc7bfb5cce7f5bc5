/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totals.c
 *	  Folds deltas into one row per campaign.
 *
 * Deletes and adds in one statement, so every reader sees each delta exactly
 * once, folded or not. An advisory lock keeps two foldings apart, which could
 * meet in opposite order.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "compat.h"
#include "fmgr.h"
#include "shmem.h"
#include "spi.h"
#include "totals.h"
#include "utils/lsyscache.h"

/* First 8 bytes of the name, as a number: careforal. */
#define FOLD_LOCK_KEY "7161115003891574383"

static CfaPlan lock_plan = {
	.sql = "SELECT pg_catalog.pg_advisory_xact_lock(" FOLD_LOCK_KEY ")",
};

static CfaPlan fold_plan = {
	.sql =
		"WITH gone AS ("
		" DELETE FROM careforall.campaign_total_deltas"
		" RETURNING campaign_id, confirmed_minor, confirmed_count,"
		"  refunded_minor"
		"), sums AS ("
		" SELECT campaign_id, sum(confirmed_minor)::bigint AS confirmed_minor,"
		"  sum(confirmed_count)::bigint AS confirmed_count,"
		"  sum(refunded_minor)::bigint AS refunded_minor, count(*) AS folded"
		" FROM gone GROUP BY campaign_id"
		"), added AS ("
		" INSERT INTO careforall.campaign_totals AS t"
		"  (campaign_id, confirmed_minor, confirmed_count, refunded_minor)"
		" SELECT campaign_id, confirmed_minor, confirmed_count, refunded_minor"
		" FROM sums"
		" ON CONFLICT (campaign_id) DO UPDATE"
		" SET confirmed_minor = t.confirmed_minor + excluded.confirmed_minor,"
		"  confirmed_count = t.confirmed_count + excluded.confirmed_count,"
		"  refunded_minor = t.refunded_minor + excluded.refunded_minor"
		") SELECT coalesce(sum(folded), 0)::bigint FROM sums",
};

CFA_FUNCTION(cfa_sql_totals_fold);

Datum
cfa_sql_totals_fold(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(cfa_totals_fold());
}

bool
cfa_totals_exist(void)
{
	Oid schema = get_namespace_oid("careforall", true);

	return cfa_relations_if_any() != NULL &&
		   OidIsValid(get_relname_relid("campaign_totals", schema)) &&
		   OidIsValid(get_relname_relid("campaign_total_deltas", schema));
}

int64
cfa_totals_fold(void)
{
	CfaArgs args = {0};
	CfaSpi spi;
	int64 folded;

	cfa_spi_begin(&spi);
	cfa_plan_run(&lock_plan, &args, SPI_OK_SELECT);
	cfa_plan_run(&fold_plan, &args, SPI_OK_SELECT);
	folded = cfa_result_int64(0, 1);
	cfa_spi_end(&spi);
	cfa_count_many(CFA_COUNTER_TOTALS_FOLDED, (uint64) folded);
	return folded;
}
