// SPDX-License-Identifier: Apache-2.0
// The line at the top of the donors' pages, as the server sends it already.
import type { ReactNode } from 'react'
import { t } from '@/i18n'
import { Logo } from './logo'

/** `home` is the way to the first page, `children` stand at the other end. */
export function Header({ home, children }: { home: ReactNode; children?: ReactNode }) {
  return (
    <header className="no-print bg-page border-line sticky top-0 z-30 border-b">
      <div className="mx-auto flex max-w-6xl items-center justify-between gap-2 px-4 py-2.5 sm:px-6">
        {home}
        {children}
      </div>
    </header>
  )
}

export const BRAND = 'flex items-center gap-2.5 py-1'

export function Brand() {
  return (
    <>
      <Logo className="size-9" />
      <span className="font-display max-xs:text-lg text-xl font-extrabold tracking-tight whitespace-nowrap">{t('site.name')}</span>
    </>
  )
}
