// SPDX-License-Identifier: Apache-2.0
import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import { Breadcrumbs } from '@/components/ui/breadcrumbs'
import { t } from '@/i18n'

/** The way to a page of the dashboard: links, the page itself last, as text. */
export function AdminBreadcrumbs({ children }: { children: ReactNode | ReactNode[] }) {
  const steps = Array.isArray(children) ? children : [children]
  return (
    <Breadcrumbs>
      <Link to="/admin">{t('admin.nav.overview')}</Link>
      {steps.map((step, index) => (
        <Fragment key={index}>{step}</Fragment>
      ))}
    </Breadcrumbs>
  )
}
