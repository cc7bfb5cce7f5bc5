/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMIN_LINKS_H
#define CFA_APP_ADMIN_LINKS_H

#include "core/ctx.h"

/*
 * Says where traces and dashboards are; empty if there are none. Returns -1 and
 * what is wrong.
 */
int cfa_admin_links_configure(const char *trace_url, const char *dashboard_url,
							  char *error, size_t error_size);

void api_admin_links_read(CfaCtx *ctx);

#endif
