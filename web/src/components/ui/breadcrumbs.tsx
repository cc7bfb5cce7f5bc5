// SPDX-License-Identifier: Apache-2.0
import { Children, type ReactNode } from 'react'
import { t } from '@/i18n'
import { Icon } from './icon'

/** The way to a page: links, the last child being the page itself as text. */
export function Breadcrumbs({ children }: { children: ReactNode }) {
  const steps = Children.toArray(children)
  return (
    <nav aria-label={t('nav.breadcrumbs')}>
      <ol className="text-muted flex flex-wrap items-center gap-x-1.5 gap-y-1 text-sm [&_a]:underline [&_a]:decoration-2 [&_a]:underline-offset-4">
        {steps.map((step, index) => (
          <li key={index} className="flex min-h-6 items-center gap-1.5" aria-current={index === steps.length - 1 ? 'page' : undefined}>
            {index > 0 && <Icon name="next" className="size-4" />}
            {step}
          </li>
        ))}
      </ol>
    </nav>
  )
}
