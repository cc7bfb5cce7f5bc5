// SPDX-License-Identifier: Apache-2.0
// The pages of the dashboard, each in a file of its own. Donors do not load this list.

export const pages = {
  AdminLayout: () => import('./layout'),
  OverviewPage: () => import('./overview'),
  CampaignsPage: () => import('./campaigns'),
  NewCampaignPage: () => import('./campaign-new'),
  PledgesPage: () => import('./pledges'),
  AdminPledgePage: () => import('./pledge'),
  FeedPage: () => import('./feed'),
  WorkPage: () => import('./work'),
  ConsumersPage: () => import('./consumers'),
  UsersPage: () => import('./users'),
  UserPage: () => import('./user'),
  AuditPage: () => import('./audit'),
  HealthPage: () => import('./health'),
  CampaignLayout: () => import('./campaign/layout'),
  EditCampaignPage: () => import('./campaign/edit'),
  RewardsPage: () => import('./campaign/rewards'),
  UpdatesPage: () => import('./campaign/updates'),
  CampaignPledgesPage: () => import('./campaign/pledges'),
  CampaignFiguresPage: () => import('./campaign/figures'),
  TeamPage: () => import('./campaign/team'),
  RequestsPage: () => import('./requests'),
  CampaignRequestsPage: () => import('./campaign/requests'),
}
