/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifecycle.h
 *	  What the trigger files of the life cycles share.
 */
#ifndef CFA_LIFECYCLE_H
#define CFA_LIFECYCLE_H

#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "limits.h"

/* The trigger data of a call; an error when it is not one by a trigger. */
/* Refuses the change that fires it. */
extern Datum cfa_trigger_refuse_change(PG_FUNCTION_ARGS);

extern TriggerData *cfa_trigger_data(FunctionCallInfo fcinfo);

/* The error of a limit that cannot give n more. */
extern void cfa_limit_refuse(CfaLimitKind kind, const pg_uuid_t *id, int64 n,
							 int64 available) pg_attribute_noreturn();

#endif /* CFA_LIFECYCLE_H */
