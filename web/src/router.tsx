// SPDX-License-Identifier: Apache-2.0
// Every page of the site on one line each.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Layout } from './components/layout'
import { ErrorPage, NotFoundPage } from './pages/error'
import { LandingPage } from './pages/landing'

const rootRoute = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage })

const routes = [
  createRoute({ getParentRoute: () => rootRoute, path: '/', component: LandingPage }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/campaigns/$slug',
    component: lazyRouteComponent(() => import('./pages/campaign'), 'CampaignPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/campaigns/$slug/give',
    component: lazyRouteComponent(() => import('./pages/give'), 'GivePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/pledges/$id',
    component: lazyRouteComponent(() => import('./pages/pledge'), 'PledgePage'),
  }),
]

export const router = createRouter({
  routeTree: rootRoute.addChildren(routes),
  defaultErrorComponent: ErrorPage,
  defaultPreload: 'intent',
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
