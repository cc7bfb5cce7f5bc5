// SPDX-License-Identifier: Apache-2.0
// Every page of the site on one line each. The campaigns are there at once; the other pages are
// loaded when they are asked for, with the texts of their area. A change of language renders
// them again in place.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import type { FunctionComponent } from 'react'
import { NoAnswerError } from './api/http'
import { Layout } from './components/layout'
import { useLanguage } from './i18n'
import { parseSearch } from './lib/filters'
import { GIFT_STATES } from './lib/gift-states'
import { CampaignPage } from './pages/campaign'
import { ErrorPage, NotFoundPage } from './pages/error'
import { LandingPage } from './pages/landing'
import { loadAccount } from './pages/load-account'
import { loadWaiting } from './pages/load-waiting'

const loadGiving = () => import('./pages/giving')

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
    component: localized(CampaignPage),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/campaigns/$slug/give',
    component: page(loadGiving, 'GivePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/pledges/$id',
    component: page(loadGiving, 'PledgePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/pledges/$id/receipt',
    component: page(loadGiving, 'ReceiptPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/campaigns/$slug/wait',
    validateSearch: ({ reward }): { reward?: string } => (typeof reward === 'string' ? { reward } : {}),
    component: waitingPage('WaitPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/waiting/$id',
    component: waitingPage('EntryPage'),
  }),
]

const sessionRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/login',
    validateSearch: returnSearch,
    component: accountPage('LoginPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/register',
    validateSearch: returnSearch,
    component: accountPage('RegisterPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/first-admin',
    component: accountPage('FirstAdminPage'),
  }),
]

const accountRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/account',
  component: accountPage('AccountLayout'),
})

const accountRoutes = [
  createRoute({
    getParentRoute: () => accountRoute,
    path: '/',
    validateSearch: stateSearch,
    component: accountPage('MyGiftsPage'),
  }),
  createRoute({
    getParentRoute: () => accountRoute,
    path: '/settings',
    component: accountPage('SettingsPage'),
  }),
]

const adminRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/admin',
  component: adminPage('AdminLayout'),
})

const adminRoutes = [
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/',
    component: adminPage('OverviewPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/campaigns',
    component: adminPage('CampaignsPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/campaigns/new',
    component: adminPage('NewCampaignPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/pledges',
    component: adminPage('PledgesPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/pledges/$id',
    component: adminPage('AdminPledgePage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/refund-requests',
    component: adminPage('RequestsPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/refund-proposals',
    component: adminPage('ProposalsPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/tasks',
    component: adminPage('TasksPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/tasks/$id',
    component: adminPage('TaskPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/live',
    component: adminPage('FeedPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/work',
    component: adminPage('WorkPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/consumers',
    component: adminPage('ConsumersPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/users',
    component: adminPage('UsersPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/users/$id',
    component: adminPage('UserPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/audit',
    component: adminPage('AuditPage'),
  }),
  createRoute({
    getParentRoute: () => adminRoute,
    path: '/health',
    component: adminPage('HealthPage'),
  }),
]

const managedRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/campaigns/$id',
  component: adminPage('CampaignLayout'),
})

const managedRoutes = [
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/',
    component: adminPage('EditCampaignPage'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/rewards',
    component: adminPage('RewardsPage'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/updates',
    component: adminPage('UpdatesPage'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/waiting',
    component: adminPage('WaitingPage'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/pledges',
    component: adminPage('CampaignPledgesPage'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/refund-requests',
    component: adminPage('CampaignRequestsPage'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/figures',
    component: adminPage('CampaignFiguresPage'),
  }),
  createRoute({
    getParentRoute: () => managedRoute,
    path: '/team',
    component: adminPage('TeamPage'),
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
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

/** Donors do not load where the pages of the account and of the dashboard are. */
function accountPage(name: Exclude<keyof Awaited<ReturnType<typeof loadAccount>>, 'ClaimGift'>) {
  return page(async () => (await loadAccount())[name](), name)
}

function waitingPage(name: 'WaitPage' | 'EntryPage') {
  return page(async () => (await loadWaiting())[name](), name)
}

function adminPage(name: keyof typeof import('./pages/admin').pages) {
  return page(async () => (await import('./pages/admin')).pages[name](), name)
}

/** A page that is loaded when it is asked for; `load` gives the module that exports it as `name`. */
function page(load: () => Promise<object>, name: string) {
  return lazyRouteComponent(async () => {
    try {
      const module = (await load()) as Record<string, FunctionComponent>
      return { [name]: localized(module[name] ?? NotFoundPage) }
    } catch (error) {
      // The router would load the whole site again, which only helps after an upgrade.
      throw navigator.onLine ? error : new NoAnswerError('offline')
    }
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
