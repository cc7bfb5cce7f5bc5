// SPDX-License-Identifier: Apache-2.0
// The shell of the dashboard: who may enter, the navigation, and the page in it.
import { DirectionProvider } from '@radix-ui/react-direction'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useKeptSession } from '@/api/kept-session'
import { retrySession } from '@/api/session'
import { LogInAgain } from '@/components/account/log-in-again'
import '@/components/admin/icons'
import { mayOpen } from '@/components/admin/nav'
import { Sidebar, TopBar } from '@/components/admin/sidebar'
import { ToLogin } from '@/components/to-login'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { Skeleton } from '@/components/ui/skeleton'
import { ErrorState, NoPermission } from '@/components/ui/states'
import { t } from '@/i18n'

export function AdminLayout() {
  const { account, isLoading, error } = useKeptSession()
  const { pathname } = useLocation()
  if (account === null) {
    if (isLoading) return <Frame>{<LoadingPage />}</Frame>
    if (error !== null) return <Frame>{<ErrorState error={error} retry={retrySession} />}</Frame>
    return (
      <>
        <ToLogin />
        <Frame>{<LoadingPage />}</Frame>
      </>
    )
  }
  return (
    <DirectionProvider dir={document.documentElement.dir === 'rtl' ? 'rtl' : 'ltr'}>
      <div className="xl:flex">
        <Sidebar account={account} />
        <div className="min-w-0 grow">
          <TopBar account={account} />
          <Frame key={account.id}>{account.needs_second_factor ? <FactorPage /> : mayOpen(account.role, pathname) ? <Outlet /> : <ForbiddenPage />}</Frame>
        </div>
      </div>
      <LogInAgain />
    </DirectionProvider>
  )
}

function Frame({ children }: { children: ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className="mx-auto grid min-h-[80vh] max-w-[90rem] min-w-0 content-start gap-6 px-4 py-6 sm:px-6 xl:py-8 2xl:px-10">
      {children}
    </main>
  )
}

function LoadingPage() {
  return (
    <>
      <title>{`${t('admin.nav.title')} · ${t('site.name')}`}</title>
      <p role="status" className="sr-only">
        {t('action.loading')}
      </p>
      <Skeleton className="h-12 w-2/3 max-w-sm" />
      <Skeleton className="h-40" />
      <Skeleton className="h-72" />
    </>
  )
}

/** Until there is a second factor, the account has the rights of a donor. */
function FactorPage() {
  return (
    <>
      <PageHeader title={t('account.factor.required')} />
      <Notice tone="warn" heading={t('account.factor.required')}>
        {t('account.factor.required_text')}
      </Notice>
      <Link to="/account/settings" className="justify-self-start font-semibold underline decoration-2 underline-offset-4">
        {t('account.factor.set_up')}
      </Link>
    </>
  )
}

function ForbiddenPage() {
  return (
    <>
      <PageHeader title={t('forbidden.heading')} />
      <NoPermission />
    </>
  )
}
