/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_render.h - JSON of the read model: documents, gifts and live frames.
 *
 * The shapes are those of the public API (docs/reference/events.md, openapi.yaml), so that
 * the API can send stored text as it is.
 */
#ifndef CFA_PROJECTOR_RENDER_H
#define CFA_PROJECTOR_RENDER_H

#include <jansson.h>

#include "careforall/buf.h"
#include "projector_model.h"

/*
 * A public document with the members of the static one in their order: pools are
 * left out, totals and remaining put in (without values yet). NULL if the static
 * document has no proper rewards.
 */
json_t *cfa_render_document(json_t *source);

/* Sets totals and remaining of campaign->document from its figures. */
int cfa_render_figures(CfaModelCampaign *campaign);

/* Frames for those who watch a campaign; NULL without memory. */
json_t *cfa_render_totals_frame(CfaModelCampaign *campaign, const char *gift);
json_t *cfa_render_campaign_frame(const CfaModelCampaign *campaign);
char *cfa_render_reset_frame(const char *campaign_id, int64_t epoch,
							 int64_t sequence);

/* Adds the frame for those who watch the pledge. */
void cfa_render_pledge_frame(CfaBuf *out, const CfaModelEvent *event);

/* Adds the frame for those who watch everything. */
void cfa_render_event_frame(CfaBuf *out, const CfaModelEvent *event);

#endif
