/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_WIDGETS_H
#define CFA_APP_WIDGETS_H

struct CfaCtx;

/* GET /embed/campaigns/{id or slug} */
void api_widget_frame(struct CfaCtx *ctx);

/* GET /embed/campaigns/{id or slug}/button.svg */
void api_widget_button(struct CfaCtx *ctx);

#endif
