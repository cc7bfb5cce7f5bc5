/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGNS_H
#define CFA_APP_CAMPAIGNS_H

#include <careforall/buf.h>

struct CfaCtx;

/* What takes the public document of a campaign, in place of an answer. */
typedef void (*CfaCampaignFound)(struct CfaCtx *ctx, const char *etag,
								 size_t etag_len, const char *doc, size_t len);

/* What takes documents of campaigns, commas between them. */
typedef void (*CfaCampaignsFound)(struct CfaCtx *ctx, const CfaBuf *items);

/*
 * Reads a campaign by its id or slug. found answers the request; without such a
 * campaign, or when nothing can be read, a problem is answered instead.
 */
void cfa_campaign_fetch(struct CfaCtx *ctx, const char *id_or_slug,
						CfaCampaignFound found);

/* Reads the newest public campaigns. found answers; on failure a problem is. */
void cfa_campaign_newest(struct CfaCtx *ctx, unsigned count,
						 CfaCampaignsFound found);

/* GET /api/v1/campaigns */
void api_campaign_list(struct CfaCtx *ctx);

/* GET /api/v1/campaigns/{id or slug} */
void api_campaign_read(struct CfaCtx *ctx);

/* GET /api/v1/campaigns/{id}/gifts */
void api_gift_list(struct CfaCtx *ctx);

#endif
