/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CAMPAIGN_EDIT_H
#define CFA_APP_CAMPAIGN_EDIT_H

struct CfaCtx;

#define CFA_CAMPAIGN_BODY_MAX 131072 /* a story of 20,000 characters, escaped */
#define CFA_PART_BODY_MAX 65536

/* POST /api/v1/campaigns */
void api_campaign_make(struct CfaCtx *ctx);

/* GET /api/v1/campaigns/{id}/manage: what the team edits, drafts too. */
void api_campaign_manage(struct CfaCtx *ctx);

/* PATCH /api/v1/campaigns/{id} */
void api_campaign_edit(struct CfaCtx *ctx);

/* POST /api/v1/campaigns/{id}/publish, pause, resume and close */
void api_campaign_publish(struct CfaCtx *ctx);
void api_campaign_pause(struct CfaCtx *ctx);
void api_campaign_resume(struct CfaCtx *ctx);
void api_campaign_close(struct CfaCtx *ctx);
void api_campaign_archive(struct CfaCtx *ctx);
void api_campaign_unarchive(struct CfaCtx *ctx);

/* GET /api/v1/me/campaigns */

/* /api/v1/campaigns/{id}/rewards */
void api_reward_make(struct CfaCtx *ctx);
void api_reward_read(struct CfaCtx *ctx);
void api_reward_edit(struct CfaCtx *ctx);
void api_reward_remove(struct CfaCtx *ctx);
void api_reward_close(struct CfaCtx *ctx);

/* /api/v1/campaigns/{id}/pools */
void api_pool_make(struct CfaCtx *ctx);
void api_pool_read(struct CfaCtx *ctx);
void api_pool_edit(struct CfaCtx *ctx);
void api_pool_close(struct CfaCtx *ctx);

/* /api/v1/campaigns/{id}/team */
void api_team_list(struct CfaCtx *ctx);
void api_team_add(struct CfaCtx *ctx);
void api_team_read(struct CfaCtx *ctx);
void api_team_put(struct CfaCtx *ctx);
void api_team_remove(struct CfaCtx *ctx);

#endif
