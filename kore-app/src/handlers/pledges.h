/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PLEDGES_H
#define CFA_APP_PLEDGES_H

#include <careforall/token.h>

struct CfaCtx;

/* In the parent: both borrowed for ever. */
void cfa_pledges_configure(const CfaTokenKeys *keys, const char *public_url);

/* In a worker. */
void cfa_pledges_start(void);

/* POST /api/v1/campaigns/{id}/pledges */
void api_pledge_create(struct CfaCtx *ctx);

#endif
