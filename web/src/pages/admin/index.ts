// SPDX-License-Identifier: Apache-2.0
// The pages of the dashboard, each in a file of its own. Donors do not load this list.

import { loadAreas } from '@/i18n'

export const pages = {
  AdminLayout: () => withTexts(import('./layout')),
  OverviewPage: () => withTexts(import('./overview')),
  CampaignsPage: () => withTexts(import('./campaigns')),
  NewCampaignPage: () => withTexts(import('./campaign-new')),
  PledgesPage: () => withTexts(import('./pledges')),
  AdminPledgePage: () => withTexts(import('./pledge')),
  FeedPage: () => withTexts(import('./feed')),
  WorkPage: () => withTexts(import('./work')),
  ConsumersPage: () => withTexts(import('./consumers')),
  UsersPage: () => withTexts(import('./users')),
  UserPage: () => withTexts(import('./user')),
  AuditPage: () => withTexts(import('./audit')),
  HealthPage: () => withTexts(import('./health')),
  CampaignLayout: () => withTexts(import('./campaign/layout')),
  EditCampaignPage: () => withTexts(import('./campaign/edit')),
  RewardsPage: () => withTexts(import('./campaign/rewards')),
  UpdatesPage: () => withTexts(import('./campaign/updates')),
  WaitingPage: () => withTexts(import('./campaign/waiting')),
  CampaignPledgesPage: () => withTexts(import('./campaign/pledges')),
  CampaignFiguresPage: () => withTexts(import('./campaign/figures')),
  TeamPage: () => withTexts(import('./campaign/team')),
  ProposalsPage: () => withTexts(import('./proposals')),
  TasksPage: () => withTexts(import('./tasks')),
  TaskPage: () => withTexts(import('./task')),
  RequestsPage: () => withTexts(import('./requests')),
  CampaignRequestsPage: () => withTexts(import('./campaign/requests')),
}

async function withTexts<Module>(loading: Promise<Module>): Promise<Module> {
  const [module] = await Promise.all([loading, loadAreas('account', 'admin')])
  return module
}
