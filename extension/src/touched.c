/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touched.c
 *	  One campaign.updated per campaign and statement, however many of its
 *	  rewards and pools the statement changed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "context.h"
#include "ids.h"
#include "spi.h"
#include "touched.h"
#include "utils/memutils.h"

typedef struct CfaTouched
{
	int level; /* of the subtransaction */
	pg_uuid_t campaign_id;
} CfaTouched;

static CfaTouched *touched = NULL; /* in TopTransactionContext */
static int touched_count = 0;
static int touched_capacity = 0;

/* In id order, so that two statements cannot wait for each other. */
static CfaPlan bump_plan = {
	.sql = "UPDATE careforall.campaigns c SET version = c.version"
		   " FROM (SELECT k.id FROM careforall.campaigns k"
		   "  WHERE k.id = ANY ($1) ORDER BY k.id FOR NO KEY UPDATE) AS l"
		   " WHERE c.id = l.id",
	.arg_count = 1,
	.args = {UUIDARRAYOID},
};

void
cfa_touched_add(const pg_uuid_t *campaign_id)
{
	int level = GetCurrentTransactionNestLevel();

	for (int i = touched_count - 1; i >= 0 && touched[i].level == level; i--)
	{
		if (cfa_uuid_compare(&touched[i].campaign_id, campaign_id) == 0)
			return;
	}
	if (touched == NULL)
	{
		touched_capacity = 16;
		touched =
			MemoryContextAlloc(TopTransactionContext,
							   sizeof(CfaTouched) * (Size) touched_capacity);
	}
	else if (touched_count == touched_capacity)
	{
		touched_capacity *= 2;
		touched =
			repalloc(touched, sizeof(CfaTouched) * (Size) touched_capacity);
	}
	touched[touched_count].level = level;
	touched[touched_count++].campaign_id = *campaign_id;
}

void
cfa_touched_flush(void)
{
	int level = GetCurrentTransactionNestLevel();
	CfaColumn ids = cfa_column(UUIDOID, touched_count + 1);
	CfaArgs args = {0};
	CfaSpi spi;

	while (touched_count > 0 && touched[touched_count - 1].level == level)
	{
		pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

		*id = touched[--touched_count].campaign_id;
		cfa_column_add_uuid(&ids, id);
	}
	if (ids.count == 0)
		return;
	cfa_spi_begin(&spi);
	cfa_arg_column(&args, &ids);
	cfa_campaign_bump_begin();
	cfa_plan_run(&bump_plan, &args, SPI_OK_UPDATE);
	cfa_campaign_bump_end();
	cfa_spi_end(&spi);
}

void
cfa_touched_at_pre_commit(void)
{
	if (touched_count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("changed campaigns of this transaction were not "
						"published"),
				 errhint("Create the triggers again with "
						 "sql/schema/080_triggers.sql.")));
}

void
cfa_touched_at_end(void)
{
	touched = NULL;
	touched_count = 0;
}

void
cfa_touched_at_sub_commit(int level)
{
	for (int i = touched_count - 1; i >= 0 && touched[i].level >= level; i--)
		touched[i].level = level - 1;
}

void
cfa_touched_at_sub_abort(int level)
{
	while (touched_count > 0 && touched[touched_count - 1].level >= level)
		touched_count--;
}
