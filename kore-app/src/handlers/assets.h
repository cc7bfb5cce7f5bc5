/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ASSETS_H
#define CFA_APP_ASSETS_H

#include <stddef.h>

struct CfaCtx;

/* A file of kore-app/assets, built into the program. */
typedef struct CfaAsset
{
	const char *name; /* NULL ends the table */
	const unsigned char *data;
	size_t len;
} CfaAsset;

extern const CfaAsset cfa_assets[];

/* GET /openapi.json: assets/openapi.json. */
void api_openapi(struct CfaCtx *ctx);

/* GET /docs/problems: assets/problems.html. */
void api_problems(struct CfaCtx *ctx);

#endif
