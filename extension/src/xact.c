/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xact.c
 *	  Calls what each module does when a (sub)transaction ends, in one order.
 *
 * XACT_EVENT_COMMIT and ABORT come after ProcArrayEndTransaction: whoever takes
 * a snapshot after a pin was dropped sees what the transaction did. Nothing in
 * them can fail.
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat.h"
#include "context.h"
#include "limits.h"
#include "outbox.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "touched.h"
#include "xact.h"

static void at_end(XactEvent event, void *arg);
static void at_sub_end(SubXactEvent event, SubTransactionId sub,
					   SubTransactionId parent, void *arg);
static void settle(bool is_commit);
static void refuse_prepare(void);

void
cfa_xact_install(void)
{
	RegisterXactCallback(at_end, NULL);
	RegisterSubXactCallback(at_sub_end, NULL);
}

void
cfa_xact_confirm(void)
{
	/* The server waits only for those that have written. */
	if (SyncRepRequested() && SyncRepStandbyNames != NULL &&
		SyncRepStandbyNames[0] != '\0')
		CFA_LOG_NOTHING("careforall");
}

static void
at_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
			cfa_outbox_at_pre_commit();
			cfa_touched_at_pre_commit();
			break;
		case XACT_EVENT_PRE_PREPARE:
			refuse_prepare();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
			settle(true);
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			settle(false);
			break;
	}
}

static void
at_sub_end(SubXactEvent event, SubTransactionId sub, SubTransactionId parent,
		   void *arg)
{
	int level = GetCurrentTransactionNestLevel();

	switch (event)
	{
		case SUBXACT_EVENT_COMMIT_SUB:
			cfa_limits_at_sub_commit(level);
			cfa_outbox_at_sub_commit(level);
			cfa_touched_at_sub_commit(level);
			break;
		case SUBXACT_EVENT_ABORT_SUB:
			cfa_limits_at_sub_abort(level);
			cfa_outbox_at_sub_abort(level);
			cfa_touched_at_sub_abort(level);
			cfa_changes_at_sub_abort(level);
			break;
		case SUBXACT_EVENT_START_SUB:
		case SUBXACT_EVENT_PRE_COMMIT_SUB:
			break;
	}
}

static void
settle(bool is_commit)
{
	cfa_limits_at_end(is_commit);
	cfa_outbox_at_end(is_commit);
	cfa_touched_at_end();
	cfa_changes_at_end();
}

/*
 * What a prepared transaction took would be lost with this backend, and its
 * commit would wake nobody.
 */
static void
refuse_prepare(void)
{
	if (cfa_limits_in_use() || cfa_outbox_in_use())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction that has changed "
						"pledges or campaigns")));
}
