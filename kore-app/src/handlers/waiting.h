/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_WAITING_H
#define CFA_APP_WAITING_H

#include "handlers/params.h"

#define CFA_WAITING_BODY_MAX 4096

/* Which entries of a waiting list: a queue, a state. */
extern const CfaParam cfa_waiting_filters[];

void api_waiting_join(CfaCtx *ctx);
void api_waiting_read(CfaCtx *ctx);
void api_waiting_leave(CfaCtx *ctx);

/* For those who run the campaign. */
void api_waiting_list(CfaCtx *ctx);
void api_waiting_invite(CfaCtx *ctx);
void api_waiting_remove(CfaCtx *ctx);
void api_campaign_places(CfaCtx *ctx);

#endif
