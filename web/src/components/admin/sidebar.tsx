// SPDX-License-Identifier: Apache-2.0
import { Link, useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { logOut } from '@/api/session'
import type { Account } from '@/api/types'
import { LanguageSelect } from '@/components/language-select'
import { Logo } from '@/components/logo'
import { Button } from '@/components/ui/button'
import { DialogTitle, Modal } from '@/components/ui/dialog'
import { Icon } from '@/components/ui/icon'
import { errorText } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { t } from '@/i18n'
import { cn } from '@/lib/cn'
import { toggleTheme, useTheme } from '@/lib/theme'
import { pageOf, pagesFor, type AdminPage } from './nav'

const GROUPS = ['money', 'work', 'people'] as const

/** Beside the page on wide windows. */
export function Sidebar({ account }: { account: Account }) {
  return (
    <header className="border-line bg-paper no-print sticky top-0 h-dvh w-64 shrink-0 overflow-y-auto border-e max-xl:hidden">
      <div className="flex min-h-full flex-col gap-6 px-4 py-5">
        <Brand />
        <Navigation account={account} />
        <Foot account={account} />
      </div>
    </header>
  )
}

/** On top of the page on narrow ones, with the navigation as a drawer. */
export function TopBar({ account }: { account: Account }) {
  const [isOpen, setIsOpen] = useState(false)
  const close = () => setIsOpen(false)
  return (
    <header className="bg-page border-line no-print sticky top-0 z-30 flex items-center justify-between gap-3 border-b px-4 py-2 xl:hidden">
      <Button
        variant="quiet"
        size="icon"
        className="-ms-2"
        aria-label={t('admin.nav.open')}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(true)}
      >
        <Icon name="menu" />
      </Button>
      {isOpen && (
        <Modal onClose={close} closesBeside>
          <div className="animate-fade-in bg-paper flex min-h-full w-76 max-w-[calc(100vw-3.5rem)] flex-col gap-6 px-4 py-4">
            <div className="flex items-center justify-between gap-2">
              <DialogTitle className="font-display text-xl font-bold">{t('admin.nav.title')}</DialogTitle>
              <Button variant="quiet" size="icon" aria-label={t('dialog.close')} onClick={close}>
                <Icon name="close" />
              </Button>
            </div>
            <Navigation account={account} onFollow={close} />
            <Foot account={account} />
          </div>
        </Modal>
      )}
      <Brand />
      <Button asChild variant="quiet" size="icon" className="-me-2">
        <Link to="/account" aria-label={t('admin.nav.account_of', { name: account.name })}>
          <Icon name="user" />
        </Link>
      </Button>
    </header>
  )
}

function Brand() {
  return (
    <Link to="/admin" className="flex min-w-0 items-center gap-2.5 py-1">
      <Logo className="size-8 shrink-0" />
      <span className="grid min-w-0 leading-tight">
        <span className="font-display truncate text-lg font-extrabold tracking-tight">{t('site.name')}</span>
        <span className="text-muted text-sm max-xl:hidden">{t('admin.nav.title')}</span>
      </span>
    </Link>
  )
}

function Navigation({ account, onFollow }: { account: Account; onFollow?: () => void }) {
  const pages = pagesFor(account.role)
  const current = pageOf(useLocation().pathname)
  return (
    <nav aria-label={t('admin.nav.title')} className="grid gap-5">
      {GROUPS.map((group) => {
        const own = pages.filter((page) => page.group === group)
        if (own.length === 0) return null
        return (
          <div key={group} className="grid gap-1">
            <p id={`nav-${group}`} className="text-muted px-3 text-sm font-semibold">
              {t(`admin.nav.group_${group}`)}
            </p>
            <ul aria-labelledby={`nav-${group}`} className="grid gap-0.5">
              {own.map((page) => (
                <li key={page.path}>
                  <NavLink page={page} isCurrent={page === current} onFollow={onFollow} />
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </nav>
  )
}

type NavLinkProps = { page: AdminPage; isCurrent: boolean; onFollow: (() => void) | undefined }

function NavLink({ page, isCurrent, onFollow }: NavLinkProps) {
  return (
    <Link
      to={page.path}
      onClick={onFollow}
      aria-current={isCurrent ? 'page' : undefined}
      className={cn(
        'flex min-h-11 items-center gap-3 rounded-xl px-3 py-2 font-semibold transition-colors focus-visible:outline-offset-0',
        isCurrent ? 'bg-ink text-page' : 'hover:bg-sunk',
      )}
    >
      <Icon name={page.icon} />
      {t(page.label)}
    </Link>
  )
}

/** Who is logged in, and what belongs to the person more than to the work. */
function Foot({ account }: { account: Account }) {
  const theme = useTheme()
  const leave = () => logOut().catch((error: unknown) => toast(errorText(error), 'bad'))
  return (
    <div className="border-line mt-auto grid gap-3 border-t pt-4">
      <Link to="/account/settings" className="hover:bg-sunk grid min-h-11 grid-cols-1 rounded-xl px-3 py-2 leading-tight">
        <span className="truncate font-semibold" dir="auto" title={account.name}>
          {account.name}
        </span>
        <span className="text-muted truncate text-sm [text-align:match-parent]" dir="ltr" title={account.email}>
          {account.email}
        </span>
        <span className="text-muted text-sm">{t(`admin.role.${account.role}`)}</span>
      </Link>
      <div className="px-3 text-sm">
        <LanguageSelect />
      </div>
      <ul className="grid gap-0.5">
        <li>
          <Button variant="quiet" className="w-full justify-start rounded-xl px-3 text-start" onClick={toggleTheme}>
            <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
            {t(theme === 'dark' ? 'theme.to_light' : 'theme.to_dark')}
          </Button>
        </li>
        <li>
          <Button asChild variant="quiet" className="w-full justify-start rounded-xl px-3 text-start">
            <Link to="/">
              <Icon name="globe" />
              {t('admin.nav.site')}
            </Link>
          </Button>
        </li>
        <li>
          <Button variant="quiet" className="w-full justify-start rounded-xl px-3 text-start" onClick={() => void leave()}>
            <Icon name="leave" />
            {t('admin.nav.logout')}
          </Button>
        </li>
      </ul>
    </div>
  )
}
