/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compat.h
 *	  All differences between the supported server versions (15 to 17).
 */
#ifndef CFA_COMPAT_H
#define CFA_COMPAT_H

#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "storage/proc.h"
#include "utils/guc.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000
#error "PostgreSQL 15 or later is needed"
#endif

/*
 * All symbols are hidden but those that the server looks up. Before version 16
 * the server's headers do not mark these on Linux.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

#define CFA_FUNCTION(name)                           \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* Number of this process in ProcGlobal->allProcs. */
#if PG_VERSION_NUM >= 170000
#define CFA_MY_PROC_NUMBER ((int) MyProcNumber)
#else
#define CFA_MY_PROC_NUMBER (MyProc->pgprocno)
#endif

/* An empty message in the write-ahead log that belongs to the transaction. */
#if PG_VERSION_NUM >= 170000
#define CFA_LOG_NOTHING(prefix) LogLogicalMessage(prefix, "", 0, true, false)
#else
#define CFA_LOG_NOTHING(prefix) LogLogicalMessage(prefix, "", 0, true)
#endif

/*
 * Restrict name look-up to pg_catalog until cfa_search_path_pop. An error in
 * between undoes it with the (sub)transaction. Returns what pop needs.
 */
static inline int
cfa_search_path_push(void)
{
#if PG_VERSION_NUM >= 170000
	int level = NewGUCNestLevel();

	RestrictSearchPath();
	return level;
#else
	OverrideSearchPath path = {.schemas = NIL,
							   .addCatalog = true,
							   .addTemp = false};

	PushOverrideSearchPath(&path);
	return 0;
#endif
}

static inline void
cfa_search_path_pop(int level)
{
#if PG_VERSION_NUM >= 170000
	AtEOXact_GUC(false, level);
#else
	PopOverrideSearchPath();
#endif
}

#endif /* CFA_COMPAT_H */
