/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_UPDATES_H
#define CFA_APP_UPDATES_H

#include <careforall/token.h>

struct CfaCtx;

#define CFA_UPDATE_BODY_MAX 65536

/* In the parent: borrowed for ever. */
void cfa_updates_configure(const CfaTokenKeys *keys);

/* /api/v1/campaigns/{id}/updates */
void api_update_list(struct CfaCtx *ctx);
void api_update_make(struct CfaCtx *ctx);
void api_update_read(struct CfaCtx *ctx);
void api_update_edit(struct CfaCtx *ctx);
void api_update_remove(struct CfaCtx *ctx);

#endif
