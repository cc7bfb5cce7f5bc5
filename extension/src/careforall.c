/* SPDX-License-Identifier: Apache-2.0 */
/*
 * careforall.c
 *	  Entry of the library: wiring only.
 *
 * Preloaded, it reserves shared memory and registers the worker. Loaded later,
 * it offers what needs neither; the rest answers with an error and a hint.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "guc.h"
#include "miscadmin.h"
#include "notifier.h"
#include "shmem.h"
#include "xact.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	cfa_guc_define();
	cfa_xact_install();
	if (!process_shared_preload_libraries_in_progress)
		return;
	cfa_shmem_install();
	cfa_notifier_install();
}
