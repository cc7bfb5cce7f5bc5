/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ASSETS_H
#define CFA_APP_ASSETS_H

#include <stddef.h>

struct CfaCtx;

/* A file that is built into the program. */
typedef struct CfaAsset
{
	const char *name; /* NULL ends the table */
	const unsigned char *data;
	size_t len;
} CfaAsset;

extern const CfaAsset cfa_assets[];

/* GET /docs: the OpenAPI document as a page, and its style sheet. */
void api_docs(struct CfaCtx *ctx);
void api_docs_css(struct CfaCtx *ctx);

/* GET /embed/widget.css */
void api_widget_css(struct CfaCtx *ctx);

/* GET /openapi.json */
void api_openapi(struct CfaCtx *ctx);

/* GET /docs/problems: what each problem type means. */
void api_problems(struct CfaCtx *ctx);

#endif
