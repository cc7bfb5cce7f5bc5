/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_IMAGES_H
#define CFA_APP_IMAGES_H

struct CfaCtx;

/* PUT and DELETE /api/v1/campaigns/{id}/image */
void api_image_put(struct CfaCtx *ctx);
void api_image_remove(struct CfaCtx *ctx);

/* GET /api/v1/images/{sha256}.{jpg|png|webp} */
void api_image_read(struct CfaCtx *ctx);

#endif
