/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c: liveness.
 */
#include "handlers/health.h"

#include "core/ctx.h"

void
api_healthz(CfaCtx *ctx)
{
	static const char body[] = "{\"status\":\"ok\"}";

	cfa_answer(ctx, 200, "application/json", body, sizeof(body) - 1);
}
