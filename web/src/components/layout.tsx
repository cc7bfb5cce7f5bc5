// SPDX-License-Identifier: Apache-2.0
// What every page has: skip link, header, offline line, footer. On each change
// of page the focus goes into the new one. The dashboard has a frame of its own.
import { Link, Outlet, useLocation, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useSession } from '@/api/session'
import { t } from '@/i18n'
import { useIsOnline } from '@/lib/hooks'
import { toggleTheme, useTheme } from '@/lib/theme'
import { Button } from './ui/button'
import { Icon } from './ui/icon'
import { Toaster } from './ui/toast'
import { Brand, BRAND, Header } from './header'
import { LanguageSelect } from './language-select'

export function Layout() {
  useFocusOnNavigation()
  const isDashboard = /^\/admin(?:\/|$)/.test(useLocation().pathname)
  return (
    <>
      <a
        href="#main"
        className="bg-ink text-page fixed start-2 top-2 z-50 -translate-y-20 rounded-full px-5 py-3 font-semibold focus:translate-y-0"
      >
        {t('nav.skip')}
      </a>
      {!isDashboard && <SiteHeader />}
      <OfflineLine />
      {isDashboard ? (
        <Outlet />
      ) : (
        <main id="main" tabIndex={-1} className="min-h-[70vh]">
          <Outlet />
        </main>
      )}
      {!isDashboard && <Footer />}
      <Toaster />
    </>
  )
}

function SiteHeader() {
  const theme = useTheme()
  const home = (
    <Link to="/" className={BRAND} aria-label={t('nav.home')}>
      <Brand />
    </Link>
  )
  return (
    <Header home={home}>
      <nav aria-label={t('nav.main')} className="flex items-center gap-1">
        <Button asChild variant="quiet" className="max-xs:hidden">
          <Link to="/" hash="campaigns">
            {t('nav.campaigns')}
          </Link>
        </Button>
        <AccountLinks />
        <Button
          variant="quiet"
          size="icon"
          onClick={toggleTheme}
          aria-label={t(theme === 'dark' ? 'theme.to_light' : 'theme.to_dark')}
        >
          <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
        </Button>
      </nav>
    </Header>
  )
}

/** Keeps its place free until it is known who is there. */
function AccountLinks() {
  const { account, isLoading } = useSession()
  if (isLoading) return <span className="min-h-11 w-11" />
  if (account === null) {
    return (
      <Button asChild variant="quiet" className="max-xs:px-3">
        <Link to="/login">
          <Icon name="user" />
          <span className="max-xs:sr-only">{t('nav.login')}</span>
        </Link>
      </Button>
    )
  }
  return (
    <>
      {account.role !== 'donor' && (
        <Button asChild variant="quiet" className="max-sm:hidden">
          <Link to="/admin">{t('nav.admin')}</Link>
        </Button>
      )}
      <Button asChild variant="quiet" className="max-xs:px-3">
        <Link to="/account">
          <Icon name="user" />
          <span className="max-xs:sr-only">{t('nav.account')}</span>
        </Link>
      </Button>
    </>
  )
}

function OfflineLine() {
  const isOnline = useIsOnline()
  return (
    <div role="status">
      {!isOnline && (
        <p className="bg-warn-soft text-warn px-4 py-2 text-center font-semibold">{t('offline.line')}</p>
      )}
    </div>
  )
}

function Footer() {
  return (
    <footer className="no-print mt-24">
      <div className="text-line-strong seam" aria-hidden="true" />
      <div className="mx-auto flex max-w-6xl flex-wrap items-baseline justify-between gap-x-10 gap-y-4 px-4 py-10 sm:px-6">
        <p className="text-muted max-w-prose">{t('footer.about')}</p>
        <LanguageSelect />
        <ul className="flex flex-wrap gap-x-6 gap-y-2">
          <li>
            <Link to="/" hash="how" className="underline decoration-2 underline-offset-4">
              {t('footer.how')}
            </Link>
          </li>
          <li>
            <a href="/docs" className="underline decoration-2 underline-offset-4">
              {t('footer.api')}
            </a>
          </li>
        </ul>
      </div>
    </footer>
  )
}

/** The router scrolls: to the top of a new page, on the way back to where one was. */
function useFocusOnNavigation(): void {
  const router = useRouter()
  useEffect(() => {
    let isReturn = false
    const forget = router.history.subscribe(({ action }) => {
      isReturn = action.type !== 'PUSH' && action.type !== 'REPLACE'
    })
    const leave = router.subscribe('onRendered', ({ fromLocation, toLocation: { hash }, pathChanged }) => {
      if (fromLocation === undefined || !pathChanged) return
      // Behind "#" may stand a token, which is no place in the page.
      if (!isReturn && hash !== '' && document.getElementById(hash) === null) scrollTo(0, 0)
      document.getElementById('main')?.focus({ preventScroll: true })
    })
    return () => {
      forget()
      leave()
    }
  }, [router])
}
