/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_TASKS_H
#define CFA_APP_TASKS_H

#include "core/ctx.h"

#define CFA_TASK_BODY_MAX 65536

void api_task_list(CfaCtx *ctx);
void api_task_create(CfaCtx *ctx);
void api_task_preview(CfaCtx *ctx);
void api_task_read(CfaCtx *ctx);
void api_task_item_list(CfaCtx *ctx);
void api_task_stop(CfaCtx *ctx);

#endif
