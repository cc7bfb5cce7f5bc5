// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react'
import { t } from '@/i18n'

type PageHeaderProps = {
  title: string
  /** The document's title where it differs from the heading. */
  documentTitle?: string
  breadcrumbs?: ReactNode
  children?: ReactNode
  actions?: ReactNode
}

/** The name of a page, for the eye and for the window. */
export function PageHeader({ title, documentTitle, breadcrumbs, children, actions }: PageHeaderProps) {
  return (
    <header className="grid grid-cols-1 gap-2">
      <title>{`${documentTitle ?? title} · ${t('site.name')}`}</title>
      {breadcrumbs}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <h1 className="text-title min-w-0 wrap-anywhere">{title}</h1>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-3">{actions}</div>}
      </div>
      {children !== undefined && <div className="text-muted max-w-prose text-lg wrap-anywhere">{children}</div>}
    </header>
  )
}
