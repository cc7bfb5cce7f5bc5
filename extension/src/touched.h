/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touched.h
 *	  Campaigns whose rewards or pools a statement has changed.
 */
#ifndef CFA_TOUCHED_H
#define CFA_TOUCHED_H

#include "postgres.h"

#include "utils/uuid.h"

/* Note a campaign for cfa_touched_flush at the end of the statement. */
extern void cfa_touched_add(const pg_uuid_t *campaign_id);

/* Give each noted campaign one new version and one campaign.updated. */
extern void cfa_touched_flush(void);

/* For xact.c only. */
extern void cfa_touched_at_pre_commit(void);
extern void cfa_touched_at_end(void);
extern void cfa_touched_at_sub_commit(int level);
extern void cfa_touched_at_sub_abort(int level);

#endif /* CFA_TOUCHED_H */
