/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c
 *	  Which version of this library the server has loaded.
 *
 * Files are replaced while servers run, so until a restart the SQL that is on
 * disk may be newer than the library in memory. Upgrade steps ask before they
 * declare what only a newer library has.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "utils/builtins.h"

CFA_FUNCTION(cfa_sql_library_version);

Datum
cfa_sql_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(CFA_VERSION));
}
