// SPDX-License-Identifier: Apache-2.0
// The pages of the dashboard: one line each, for the navigation and for the guard.
import type { Account } from '@/api/types'
import type { IconName } from '@/components/ui/icon'
import type { MessageKey } from '@/i18n'

type Role = Account['role']

export type AdminPage = {
  path: string
  label: MessageKey
  roles: readonly Role[]
  icon: IconName
  group: 'money' | 'work' | 'people'
}

/** A donor may be in the team of a campaign. */
export const EVERYBODY: readonly Role[] = ['donor', 'owner', 'admin']
export const ADMINS: readonly Role[] = ['admin']

export const ADMIN_PAGES: readonly AdminPage[] = [
  { path: '/admin', label: 'admin.nav.overview', roles: EVERYBODY, icon: 'chart', group: 'money' },
  { path: '/admin/campaigns', label: 'admin.nav.campaigns', roles: EVERYBODY, icon: 'heart', group: 'money' },
  { path: '/admin/pledges', label: 'admin.nav.pledges', roles: ADMINS, icon: 'list', group: 'money' },
  { path: '/admin/refund-requests', label: 'admin.requests.title', roles: EVERYBODY, icon: 'undo', group: 'money' },
  { path: '/admin/refund-proposals', label: 'admin.proposals.title', roles: EVERYBODY, icon: 'receipt', group: 'money' },
  { path: '/admin/tasks', label: 'admin.tasks.title', roles: EVERYBODY, icon: 'clock', group: 'money' },
  { path: '/admin/live', label: 'admin.nav.live', roles: ADMINS, icon: 'pulse', group: 'money' },
  { path: '/admin/work', label: 'admin.nav.work', roles: ADMINS, icon: 'alert', group: 'work' },
  { path: '/admin/consumers', label: 'admin.nav.consumers', roles: ADMINS, icon: 'sliders', group: 'work' },
  { path: '/admin/health', label: 'admin.nav.health', roles: ADMINS, icon: 'check', group: 'work' },
  { path: '/admin/users', label: 'admin.nav.users', roles: ADMINS, icon: 'user', group: 'people' },
  { path: '/admin/audit', label: 'admin.nav.audit', roles: ADMINS, icon: 'page', group: 'people' },
]

/** The page that an address belongs to: the one with the longest path that begins it. */
export function pageOf(pathname: string): AdminPage | null {
  const address = pathname.replace(/\/+$/, '')
  const found = ADMIN_PAGES.filter(({ path }) => address === path || (path !== '/admin' && address.startsWith(`${path}/`)))
  return found.sort((one, other) => other.path.length - one.path.length)[0] ?? null
}

/** Whether an account may open an address; what no line names is for administrators. */
export function mayOpen(role: Role, pathname: string): boolean {
  return (pageOf(pathname)?.roles ?? ADMINS).includes(role)
}

export function pagesFor(role: Role): AdminPage[] {
  return ADMIN_PAGES.filter(({ roles }) => roles.includes(role))
}
