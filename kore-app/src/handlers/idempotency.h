/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_IDEMPOTENCY_H
#define CFA_APP_IDEMPOTENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ctx.h"

#define CFA_IDEMPOTENCY_HASH_BYTES 32

/*
 * Reads the Idempotency-Key that a route requires and hashes it together with who
 * sends it (an account, or nobody in particular), the method and the template of
 * the route. False after a problem has been answered. Only the hash is kept.
 */
bool cfa_idempotency_read(CfaCtx *ctx,
						  uint8_t hash[CFA_IDEMPOTENCY_HASH_BYTES]);

#endif
