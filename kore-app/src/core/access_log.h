/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ACCESS_LOG_H
#define CFA_APP_ACCESS_LOG_H

#include "core/ctx.h"

typedef enum CfaAccessLog
{
	CFA_ACCESS_LOG_OFF,
	CFA_ACCESS_LOG_ERRORS, /* status 500 and above */
	CFA_ACCESS_LOG_ALL
} CfaAccessLog;

void cfa_access_log_configure(CfaAccessLog which);

/* Adds the line of a request that is over; never blocks. */
void cfa_access_log(const CfaCtx *ctx, int status, uint64_t us);

/* Writes what has gathered, as far as the reader takes it. */
void cfa_access_log_flush(void);

#endif
