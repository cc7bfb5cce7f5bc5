/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.c
 *	  Notes from the engine to its triggers, backend-local.
 *
 * The notes form a stack, because a trigger of the user may call the engine
 * again; an error cuts the stack back to the level that survives.
 */
#include "postgres.h"

#include "access/xact.h"
#include "context.h"
#include "guc.h"
#include "ids.h"
#include "miscadmin.h"
#include "utils/memutils.h"

typedef struct CfaChangeSet
{
	const CfaChange *changes;
	int count;
	int level;
	struct CfaChangeSet *below;
} CfaChangeSet;

static CfaChangeSet *top_set = NULL; /* in TopTransactionContext */
static int bump_level = 0;			 /* subtransaction level; 0 is off */

void
cfa_changes_begin(const CfaChange *changes, int count)
{
	CfaChangeSet *set =
		MemoryContextAlloc(TopTransactionContext, sizeof(CfaChangeSet));

	set->changes = changes;
	set->count = count;
	set->level = GetCurrentTransactionNestLevel();
	set->below = top_set;
	top_set = set;
}

void
cfa_changes_end(void)
{
	CfaChangeSet *set = top_set;

	if (set == NULL)
		return;
	top_set = set->below;
	pfree(set);
}

const CfaChange *
cfa_change_find(const pg_uuid_t *pledge_id)
{
	int low = 0;
	int high;

	if (top_set == NULL)
		return NULL;
	high = top_set->count - 1;
	while (low <= high)
	{
		int middle = (low + high) / 2;
		const CfaChange *change = &top_set->changes[middle];
		int order = cfa_uuid_compare(pledge_id, &change->pledge_id);

		if (order == 0)
			return change;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}

void
cfa_campaign_bump_begin(void)
{
	bump_level = GetCurrentTransactionNestLevel();
}

void
cfa_campaign_bump_end(void)
{
	bump_level = 0;
}

bool
cfa_campaign_bump_is_on(void)
{
	return bump_level > 0;
}

const char *
cfa_context_actor(void)
{
	const char *actor = cfa_guc_or_null(cfa_guc_actor);

	return actor != NULL ? actor : GetUserNameFromId(GetSessionUserId(), false);
}

const char *
cfa_context_traceparent(void)
{
	return cfa_guc_or_null(cfa_guc_traceparent);
}

void
cfa_changes_at_end(void)
{
	top_set = NULL;
	bump_level = 0;
}

void
cfa_changes_at_sub_abort(int level)
{
	while (top_set != NULL && top_set->level >= level)
		top_set = top_set->below;
	if (bump_level >= level)
		bump_level = 0;
}
