// SPDX-License-Identifier: Apache-2.0
// Every page of the site on one line each. Pages are loaded when they are asked for, with
// the texts of their area; a change of language renders them again in place.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import type { FunctionComponent } from 'react'
import { Layout } from './components/layout'
import { loadArea, useLanguage, type Area } from './i18n'
import { parseSearch } from './lib/filters'
import { GIFT_STATES } from './lib/gift-states'
import { ErrorPage, NotFoundPage } from './pages/error'
import { LandingPage } from './pages/landing'

const rootRoute = createRootRoute({
  component: localized(Layout),
  notFoundComponent: localized(NotFoundPage),
  validateSearch: ({ lang }): { lang?: string } => (typeof lang === 'string' ? { lang } : {}),
})

const donorRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/',
    component: localized(LandingPage),
    validateSearch: parseSearch,
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/campaigns/$slug',
    component: page(() => import('./pages/campaign'), 'CampaignPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/campaigns/$slug/give',
    component: page(() => import('./pages/give'), 'GivePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/pledges/$id',
    component: page(() => import('./pages/pledge'), 'PledgePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/pledges/$id/receipt',
    component: page(() => import('./pages/receipt'), 'ReceiptPage'),
  }),
]

const sessionRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/login',
    validateSearch: returnSearch,
    component: page(() => import('./pages/account/login'), 'LoginPage', 'account'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/register',
    validateSearch: returnSearch,
    component: page(() => import('./pages/account/register'), 'RegisterPage', 'account'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/first-admin',
    component: page(() => import('./pages/account/first-admin'), 'FirstAdminPage', 'account'),
  }),
]

const accountRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/account',
  component: page(() => import('./pages/account/layout'), 'AccountLayout', 'account'),
})

const accountRoutes = [
  createRoute({
    getParentRoute: () => accountRoute,
    path: '/',
    validateSearch: stateSearch,
    component: page(() => import('./pages/account/gifts'), 'MyGiftsPage', 'account'),
  }),
  createRoute({
    getParentRoute: () => accountRoute,
    path: '/settings',
    component: page(() => import('./pages/account/settings'), 'SettingsPage', 'account'),
  }),
]

const adminRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/admin',
  component: page(() => import('./pages/admin/layout'), 'AdminLayout', 'admin'),
})

const adminRoutes = [
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/',
    component: page(() => import('./pages/admin/overview'), 'OverviewPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/campaigns',
    component: page(() => import('./pages/admin/campaigns'), 'CampaignsPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/campaigns/new',
    component: page(() => import('./pages/admin/campaign-new'), 'NewCampaignPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/pledges',
    component: page(() => import('./pages/admin/pledges'), 'PledgesPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/pledges/$id',
    component: page(() => import('./pages/admin/pledge'), 'AdminPledgePage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/refund-requests',
    component: page(() => import('./pages/admin/requests'), 'RequestsPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/live',
    component: page(() => import('./pages/admin/feed'), 'FeedPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/work',
    component: page(() => import('./pages/admin/work'), 'WorkPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/consumers',
    component: page(() => import('./pages/admin/consumers'), 'ConsumersPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/users',
    component: page(() => import('./pages/admin/users'), 'UsersPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/users/$id',
    component: page(() => import('./pages/admin/user'), 'UserPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/audit',
    component: page(() => import('./pages/admin/audit'), 'AuditPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/health',
    component: page(() => import('./pages/admin/health'), 'HealthPage', 'admin'),
  }),
]

const managedRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/campaigns/$id',
  component: page(() => import('./pages/admin/campaign/layout'), 'CampaignLayout', 'admin'),
})

const managedRoutes = [
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/',
    component: page(() => import('./pages/admin/campaign/edit'), 'EditCampaignPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/rewards',
    component: page(() => import('./pages/admin/campaign/rewards'), 'RewardsPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/updates',
    component: page(() => import('./pages/admin/campaign/updates'), 'UpdatesPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/pledges',
    component: page(() => import('./pages/admin/campaign/pledges'), 'CampaignPledgesPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/refund-requests',
    component: page(() => import('./pages/admin/campaign/requests'), 'CampaignRequestsPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/figures',
    component: page(() => import('./pages/admin/campaign/figures'), 'CampaignFiguresPage', 'admin'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/team',
    component: page(() => import('./pages/admin/campaign/team'), 'TeamPage', 'admin'),
  }),
]

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    ...donorRoutes,
    ...sessionRoutes,
    accountRoute.addChildren(accountRoutes),
    adminRoute.addChildren([...adminRoutes, managedRoute.addChildren(managedRoutes)]),
  ]),
  defaultErrorComponent: ErrorPage,
  defaultPreload: 'intent',
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function page<Name extends string>(load: () => Promise<Record<Name, FunctionComponent>>, name: Name, area?: Area) {
  return lazyRouteComponent(async (): Promise<Record<string, FunctionComponent>> => {
    const [module] = await Promise.all([load(), area === undefined ? null : loadArea(area)])
    return { [name]: localized(module[name]) }
  }, name)
}

function localized(Component: FunctionComponent): FunctionComponent {
  return function Localized() {
    useLanguage()
    return <Component />
  }
}

function returnSearch(search: Record<string, unknown>): { return?: string } {
  return typeof search.return === 'string' ? { return: search.return } : {}
}

function stateSearch(search: Record<string, unknown>): { state?: (typeof GIFT_STATES)[number] } {
  const state = GIFT_STATES.find((one) => one === search.state)
  return state === undefined ? {} : { state }
}
