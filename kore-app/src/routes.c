/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.c: every endpoint of the API on one line.
 */
#include "routes.h"

#include "handlers/admin.h"
#include "handlers/admin_links.h"
#include "handlers/admin_outbox.h"
#include "handlers/admin_payments.h"
#include "handlers/admin_pledges.h"
#include "handlers/admin_state.h"
#include "handlers/assets.h"
#include "handlers/auth.h"
#include "handlers/campaign_edit.h"
#include "handlers/campaign_managed.h"
#include "handlers/campaign_pledges.h"
#include "handlers/campaigns.h"
#include "handlers/donor.h"
#include "handlers/export.h"
#include "handlers/health.h"
#include "handlers/image.h"
#include "handlers/images.h"
#include "handlers/live.h"
#include "handlers/pages.h"
#include "handlers/pledge_request.h"
#include "handlers/pledges.h"
#include "handlers/provider_event.h"
#include "handlers/receipts.h"
#include "handlers/refunds.h"
#include "handlers/second_factor.h"
#include "handlers/stats.h"
#include "handlers/task_file.h"
#include "handlers/tasks.h"
#include "handlers/updates.h"
#include "handlers/users.h"
#include "handlers/waiting.h"
#include "handlers/webhooks.h"
#include "handlers/widgets.h"

#define JSON "application/json"

/* clang-format off */
const CfaRoute cfa_api_routes[] = {
	/* method, template, surface, authentication, rate, query, body, its limit, produces, handler */
	/* campaigns */
	{CFA_GET, "/api/v1/campaigns", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, "limit cursor q status category currency sort", CFA_BODY_NONE, 0, JSON, api_campaign_list},
	{CFA_POST, "/api/v1/campaigns", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_CAMPAIGN_BODY_MAX, JSON, api_campaign_make},
	{CFA_GET, "/api/v1/campaigns/:id", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_campaign_read},
	{CFA_PATCH, "/api/v1/campaigns/:id", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_PATCH, CFA_CAMPAIGN_BODY_MAX, JSON, api_campaign_edit},
	{CFA_GET, "/api/v1/campaigns/:id/manage", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_campaign_manage},
	{CFA_POST, "/api/v1/campaigns/:id/publish", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_campaign_publish},
	{CFA_POST, "/api/v1/campaigns/:id/pause", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_campaign_pause},
	{CFA_POST, "/api/v1/campaigns/:id/resume", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_campaign_resume},
	{CFA_POST, "/api/v1/campaigns/:id/close", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_campaign_close},
	{CFA_POST, "/api/v1/campaigns/:id/archive", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_campaign_archive},
	{CFA_POST, "/api/v1/campaigns/:id/unarchive", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_campaign_unarchive},
	{CFA_PUT, "/api/v1/campaigns/:id/image", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_RAW, CFA_IMAGE_MAX, JSON, api_image_put},
	{CFA_DELETE, "/api/v1/campaigns/:id/image", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_image_remove},
	{CFA_GET, "/api/v1/images/:name", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, "", CFA_BODY_NONE, 0, NULL, api_image_read},
	{CFA_POST, "/api/v1/campaigns/:id/rewards", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_reward_make},
	{CFA_GET, "/api/v1/campaigns/:id/rewards/:reward", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_reward_read},
	{CFA_PATCH, "/api/v1/campaigns/:id/rewards/:reward", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_PATCH, CFA_PART_BODY_MAX, JSON, api_reward_edit},
	{CFA_DELETE, "/api/v1/campaigns/:id/rewards/:reward", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_reward_remove},
	{CFA_POST, "/api/v1/campaigns/:id/rewards/:reward/close", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_reward_close},
	{CFA_POST, "/api/v1/campaigns/:id/pools", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_pool_make},
	{CFA_GET, "/api/v1/campaigns/:id/pools/:pool", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_pool_read},
	{CFA_PATCH, "/api/v1/campaigns/:id/pools/:pool", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_PATCH, CFA_PART_BODY_MAX, JSON, api_pool_edit},
	{CFA_POST, "/api/v1/campaigns/:id/pools/:pool/close", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_pool_close},
	{CFA_GET, "/api/v1/campaigns/:id/places", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_campaign_places},
	{CFA_GET, "/api/v1/campaigns/:id/updates", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_READ, "limit cursor pledge", CFA_BODY_NONE, 0, JSON, api_update_list},
	{CFA_POST, "/api/v1/campaigns/:id/updates", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_UPDATE_BODY_MAX, JSON, api_update_make},
	{CFA_GET, "/api/v1/campaigns/:id/updates/:update", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_READ, "pledge", CFA_BODY_NONE, 0, JSON, api_update_read},
	{CFA_PATCH, "/api/v1/campaigns/:id/updates/:update", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_PATCH, CFA_UPDATE_BODY_MAX, JSON, api_update_edit},
	{CFA_DELETE, "/api/v1/campaigns/:id/updates/:update", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_update_remove},
	{CFA_GET, "/api/v1/campaigns/:id/team", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_team_list},
	{CFA_POST, "/api/v1/campaigns/:id/team", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_team_add},
	{CFA_GET, "/api/v1/campaigns/:id/team/:account", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_team_read},
	{CFA_PUT, "/api/v1/campaigns/:id/team/:account", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_PART_BODY_MAX, JSON, api_team_put},
	{CFA_DELETE, "/api/v1/campaigns/:id/team/:account", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_team_remove},
	{CFA_GET, "/api/v1/me/campaigns", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "q status category currency sort limit cursor", CFA_BODY_NONE, 0, JSON, api_me_campaigns},
	{CFA_GET, "/api/v1/campaigns/:id/gifts", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, "limit cursor", CFA_BODY_NONE, 0, JSON, api_gift_list},
	{CFA_GET, "/api/v1/campaigns/:id/stats", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "bucket time_zone from to", CFA_BODY_NONE, 0, JSON, api_campaign_stats},

	/* pledges */
	{CFA_GET, "/api/v1/campaigns/:id/pledges", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "limit cursor sort state from to min_amount max_amount q reward news", CFA_BODY_NONE, 0, JSON, api_campaign_pledge_list},
	{CFA_POST, "/api/v1/campaigns/:id/pledges", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_PLEDGE, "", CFA_BODY_JSON, CFA_PLEDGE_BODY_MAX, JSON, api_pledge_create},
	{CFA_GET, "/api/v1/campaigns/:id/refund-requests", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "limit cursor state", CFA_BODY_NONE, 0, JSON, api_refund_request_list},
	{CFA_GET, "/api/v1/fees", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_fee_list},
	{CFA_GET, "/api/v1/me/pledges", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "limit cursor state", CFA_BODY_NONE, 0, JSON, api_me_pledge_list},
	{CFA_GET, "/api/v1/me/refund-proposals", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "limit cursor state", CFA_BODY_NONE, 0, JSON, api_me_refund_proposals},
	{CFA_GET, "/api/v1/me/refund-requests", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "limit cursor state", CFA_BODY_NONE, 0, JSON, api_me_refund_requests},
	{CFA_GET, "/api/v1/pledges/:id", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_pledge_read},
	{CFA_POST, "/api/v1/pledges/:id/cancel", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_pledge_cancel},
	{CFA_POST, "/api/v1/pledges/:id/claim", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_pledge_claim},
	{CFA_DELETE, "/api/v1/pledges/:id/news", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_pledge_news_withdraw},
	{CFA_GET, "/api/v1/pledges/:id/receipts", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_receipt_list},
	{CFA_POST, "/api/v1/pledges/:id/receipts", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_EXPORT, "", CFA_BODY_JSON, CFA_RECEIPT_BODY_MAX, "application/pdf", api_receipt_issue},
	{CFA_POST, "/api/v1/pledges/:id/refund-request", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_REFUND_REQUEST_BODY_MAX, JSON, api_refund_request_create},
	{CFA_GET, "/api/v1/pledges/:id/refunds", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_refund_list},
	{CFA_POST, "/api/v1/pledges/:id/refunds", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_REFUND_BODY_MAX, JSON, api_refund_create},
	{CFA_POST, "/api/v1/refund-proposals/:id/decision", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_REFUND_BODY_MAX, JSON, api_refund_proposal_decide},
	{CFA_POST, "/api/v1/refund-requests/:id/decision", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_REFUND_BODY_MAX, JSON, api_refund_request_decide},

	/* waiting lists */
	{CFA_GET, "/api/v1/campaigns/:id/waiting", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "queue state limit cursor", CFA_BODY_NONE, 0, JSON, api_waiting_list},
	{CFA_POST, "/api/v1/campaigns/:id/waiting", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_PLEDGE, "", CFA_BODY_JSON, CFA_WAITING_BODY_MAX, JSON, api_waiting_join},
	{CFA_GET, "/api/v1/campaigns/:id/waiting-export", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_EXPORT, "format queue state", CFA_BODY_NONE, 0, NULL, api_waiting_export},
	{CFA_POST, "/api/v1/campaigns/:id/waiting/:entry/invite", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_waiting_invite},
	{CFA_DELETE, "/api/v1/campaigns/:id/waiting/:entry", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_waiting_remove},
	{CFA_GET, "/api/v1/waiting/:id", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_waiting_read},
	{CFA_DELETE, "/api/v1/waiting/:id", CFA_PUBLIC, CFA_AUTH_OPTIONAL, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_waiting_leave},

	/* tasks */
	{CFA_GET, "/api/v1/tasks", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "campaign kind state limit cursor", CFA_BODY_NONE, 0, JSON, api_task_list},
	{CFA_POST, "/api/v1/tasks", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_TASK_BODY_MAX, JSON, api_task_create},
	{CFA_POST, "/api/v1/task-preview", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_JSON, CFA_TASK_BODY_MAX, JSON, api_task_preview},
	{CFA_GET, "/api/v1/tasks/:id", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_task_read},
	{CFA_GET, "/api/v1/tasks/:id/items", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "outcome limit cursor", CFA_BODY_NONE, 0, JSON, api_task_item_list},
	{CFA_POST, "/api/v1/tasks/:id/stop", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_task_stop},
	{CFA_GET, "/api/v1/tasks/:id/file", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_EXPORT, "", CFA_BODY_NONE, 0, NULL, api_task_file},

	/* payments */
	{CFA_POST, "/api/v1/webhooks/stripe", CFA_PUBLIC, CFA_AUTH_SIGNATURE, CFA_RATE_WEBHOOK, NULL, CFA_BODY_JSON, CFA_PROVIDER_EVENT_MAX, JSON, api_webhook_stripe},
	{CFA_POST, "/api/v1/webhooks/standard", CFA_PUBLIC, CFA_AUTH_SIGNATURE, CFA_RATE_WEBHOOK, "", CFA_BODY_JSON, CFA_PROVIDER_EVENT_MAX, JSON, api_webhook_standard},

	/* live */
	{CFA_GET, "/api/v1/live", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_LIVE, "", CFA_BODY_NONE, 0, NULL, api_live},

	/* accounts */
	{CFA_POST, "/api/v1/auth/register", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_LOGIN, "", CFA_BODY_JSON, CFA_AUTH_BODY_MAX, JSON, api_register},
	{CFA_POST, "/api/v1/auth/first-admin", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_LOGIN, "", CFA_BODY_JSON, CFA_AUTH_BODY_MAX, JSON, api_first_admin},
	{CFA_POST, "/api/v1/auth/login", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_LOGIN, "", CFA_BODY_JSON, CFA_AUTH_BODY_MAX, JSON, api_login},
	{CFA_POST, "/api/v1/auth/refresh", CFA_PUBLIC, CFA_AUTH_COOKIE, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_refresh},
	{CFA_POST, "/api/v1/auth/logout", CFA_PUBLIC, CFA_AUTH_COOKIE, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_logout},
	{CFA_POST, "/api/v1/auth/logout-all", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_logout_all},
	{CFA_GET, "/api/v1/me", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_me_read},
	{CFA_PATCH, "/api/v1/me", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_PATCH, CFA_USER_BODY_MAX, JSON, api_me_change},
	{CFA_POST, "/api/v1/me/password", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_LOGIN, "", CFA_BODY_JSON, CFA_USER_BODY_MAX, JSON, api_me_password},
	{CFA_GET, "/api/v1/me/second-factor", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_second_factor_read},
	{CFA_POST, "/api/v1/me/second-factor", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_LOGIN, "", CFA_BODY_JSON, CFA_USER_BODY_MAX, JSON, api_second_factor_offer},
	{CFA_POST, "/api/v1/me/second-factor/confirm", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_LOGIN, "", CFA_BODY_JSON, CFA_USER_BODY_MAX, JSON, api_second_factor_confirm},
	{CFA_POST, "/api/v1/me/second-factor/remove", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_LOGIN, "", CFA_BODY_JSON, CFA_USER_BODY_MAX, JSON, api_second_factor_remove},
	{CFA_GET, "/api/v1/me/sessions", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_me_session_list},
	{CFA_DELETE, "/api/v1/me/sessions/:id", CFA_PUBLIC, CFA_AUTH_USER, CFA_RATE_WRITE, "", CFA_BODY_NONE, 0, JSON, api_me_session_end},
	{CFA_GET, "/.well-known/jwks.json", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_jwks},

	/* administration */
	{CFA_GET, "/api/v1/admin/users", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "q role limit cursor", CFA_BODY_NONE, 0, JSON, api_user_list},
	{CFA_GET, "/api/v1/admin/users/:id", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_user_read},
	{CFA_PATCH, "/api/v1/admin/users/:id", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_PATCH, CFA_USER_BODY_MAX, JSON, api_user_change},
	{CFA_POST, "/api/v1/admin/users/:id/logout", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_USER_BODY_MAX, JSON, api_user_logout},
	{CFA_POST, "/api/v1/admin/users/:id/second-factor/reset", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_USER_BODY_MAX, JSON, api_user_second_factor_reset},
	{CFA_GET, "/api/v1/admin/campaigns", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "q status category currency sort limit cursor", CFA_BODY_NONE, 0, JSON, api_admin_campaigns},
	{CFA_GET, "/api/v1/admin/pledges", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "reference email name amount_min amount_max currency created_from created_to state campaign reward sort limit cursor", CFA_BODY_NONE, 0, JSON, api_admin_pledge_list},
	{CFA_GET, "/api/v1/admin/pledges/:id", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_admin_pledge_read},
	{CFA_POST, "/api/v1/admin/pledges/:id/reveal", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_pledge_reveal},
	{CFA_POST, "/api/v1/admin/pledges/:id/erase-donor", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_pledge_erase_donor},
	{CFA_POST, "/api/v1/admin/pledges/:id/cancel", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_pledge_cancel},
	{CFA_POST, "/api/v1/admin/pledges/:id/release-hold", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_pledge_release_hold},
	{CFA_POST, "/api/v1/admin/pledges/:id/renew-link", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_pledge_renew_link},
	{CFA_GET, "/api/v1/admin/holds", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "campaign stuck limit cursor", CFA_BODY_NONE, 0, JSON, api_admin_hold_list},
	{CFA_GET, "/api/v1/admin/payments/stuck", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "kind limit cursor", CFA_BODY_NONE, 0, JSON, api_admin_stuck_list},
	{CFA_POST, "/api/v1/admin/payments/redrive", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_payments_redrive},
	{CFA_POST, "/api/v1/admin/payments/:id/redrive", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_payment_redrive},
	{CFA_POST, "/api/v1/admin/refunds/:id/retry", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_refund_retry},
	{CFA_GET, "/api/v1/admin/outbox", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_admin_outbox_read},
	{CFA_GET, "/api/v1/admin/outbox/parked", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "state type campaign limit cursor", CFA_BODY_NONE, 0, JSON, api_admin_parked_list},
	{CFA_POST, "/api/v1/admin/outbox/parked/:id/release", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_parked_release},
	{CFA_POST, "/api/v1/admin/outbox/parked/:id/drop", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_parked_drop},
	{CFA_POST, "/api/v1/admin/outbox/redrive", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_outbox_redrive},
	{CFA_GET, "/api/v1/admin/consumers", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_admin_consumers_read},
	{CFA_POST, "/api/v1/admin/consumers/:id/pause", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_consumer_pause},
	{CFA_POST, "/api/v1/admin/consumers/:id/resume", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_consumer_resume},
	{CFA_GET, "/api/v1/admin/limits", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "kind campaign limit cursor", CFA_BODY_NONE, 0, JSON, api_admin_limit_list},
	{CFA_GET, "/api/v1/admin/jobs", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_admin_jobs_read},
	{CFA_GET, "/api/v1/admin/verify", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_admin_verify_read},
	{CFA_POST, "/api/v1/admin/verify", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_WRITE, "", CFA_BODY_JSON, CFA_ADMIN_BODY_MAX, JSON, api_admin_verify_run},
	{CFA_GET, "/api/v1/admin/health", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_admin_health_read},
	{CFA_GET, "/api/v1/admin/links", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "", CFA_BODY_NONE, 0, JSON, api_admin_links_read},
	{CFA_GET, "/api/v1/admin/audit", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "actor action target_type target_id from to limit cursor", CFA_BODY_NONE, 0, JSON, api_admin_audit_list},
	{CFA_GET, "/api/v1/admin/stats", CFA_PUBLIC, CFA_AUTH_ADMIN, CFA_RATE_READ, "bucket time_zone from to campaign", CFA_BODY_NONE, 0, JSON, api_admin_stats},

	/* pages */
	{CFA_GET, "/pages/home", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, NULL, CFA_BODY_NONE, 0, "text/html", api_page_home},
	{CFA_GET, "/pages/campaigns/:id", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, NULL, CFA_BODY_NONE, 0, "text/html", api_page_campaign},
	{CFA_GET, "/pages/campaigns/:id/give", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, NULL, CFA_BODY_NONE, 0, "text/html", api_page_give},
	{CFA_GET, "/pages/sitemap.xml", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, NULL, CFA_BODY_NONE, 0, NULL, api_page_sitemap},
	{CFA_GET, "/pages/robots.txt", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, NULL, CFA_BODY_NONE, 0, NULL, api_page_robots},

	/* for other sites */
	{CFA_GET, "/embed/campaigns/:id", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, NULL, CFA_BODY_NONE, 0, "text/html", api_widget_frame},
	{CFA_GET, "/embed/campaigns/:id/button.svg", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_READ, NULL, CFA_BODY_NONE, 0, NULL, api_widget_button},
	{CFA_GET, "/embed/widget.css", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, "text/css", api_widget_css},

	/* operations */
	{CFA_GET, "/healthz", CFA_BOTH, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, api_healthz},
	{CFA_GET, "/readyz", CFA_BOTH, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, api_readyz},
	{CFA_GET, "/metrics", CFA_ADMIN, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, api_metrics},
	{CFA_GET, "/metrics/database", CFA_ADMIN, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, api_metrics_database},
	{CFA_GET, "/openapi.json", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, JSON, api_openapi},
	{CFA_GET, "/docs", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, "text/html", api_docs},
	{CFA_GET, "/docs/docs.css", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, "text/css", api_docs_css},
	{CFA_GET, "/docs/problems", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, "text/html", api_problems},
	{.path = NULL},
};
/* clang-format on */
