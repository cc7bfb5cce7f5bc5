/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_TASK_FILE_H
#define CFA_APP_TASK_FILE_H

#include "core/ctx.h"

/* GET /api/v1/tasks/{id}/file */
void api_task_file(CfaCtx *ctx);

#endif
