// SPDX-License-Identifier: Apache-2.0
// What every list of these pages shows around its rows: loading, failed, empty, old,
// further pages.
import type { UseQueryResult } from '@tanstack/react-query'
import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { ApiError } from '@/api/http'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState } from '@/components/ui/states'
import { formatDateTime, t } from '@/i18n'
import { cn } from '@/lib/cn'
import { Problem } from './problem'

type QueryViewProps<Data> = {
  query: UseQueryResult<Data>
  /** Height of what will stand there. */
  skeleton?: string
  isEmpty?: (data: Data) => boolean
  empty?: ReactNode
  children: (data: Data) => ReactNode
}

export function QueryView<Data>({ query, skeleton = 'h-96', isEmpty, empty, children }: QueryViewProps<Data>) {
  const retry = () => void query.refetch()
  if (query.data === undefined) {
    if (query.isError) {
      const isRefused = query.error instanceof ApiError && [400, 422].includes(query.error.status)
      return isRefused ? <Problem error={query.error} /> : <ErrorState error={query.error} retry={retry} />
    }
    return (
      <>
        <p role="status" className="sr-only">
          {t('action.loading')}
        </p>
        <Skeleton className={skeleton} />
      </>
    )
  }
  return (
    <div className={cn('grid min-w-0 grid-cols-1 gap-4 transition-opacity', query.isPlaceholderData && 'opacity-60')} aria-busy={query.isPlaceholderData}>
      {query.isError && (
        <Notice tone="warn" role="status" actions={<Button variant="outline" onClick={retry}>{t('action.retry')}</Button>}>
          {t('admin.ops.stale', { time: formatDateTime(new Date(query.dataUpdatedAt).toISOString()) })}
        </Notice>
      )}
      {isEmpty?.(query.data) === true && empty !== undefined ? empty : children(query.data)}
    </div>
  )
}

export function NothingFound({ hasFilters, heading, children }: { hasFilters: boolean; heading: string; children?: ReactNode }) {
  return (
    <EmptyState heading={hasFilters ? t('admin.ops.nothing_found') : heading}>
      {hasFilters ? t('admin.ops.nothing_found_text') : children}
    </EmptyState>
  )
}

type PagerProps = { cursor: string; next: string | null; href: (cursor: string) => string; go: (cursor: string) => void }

/** Pages go forward by cursor; back is the browser's way. */
export function Pager({ cursor, next, href, go }: PagerProps) {
  if (cursor === '' && next === null) return null
  return (
    <nav aria-label={t('admin.ops.pages')} className="flex flex-wrap gap-3">
      {cursor !== '' && (
        <Button asChild variant="outline">
          <PlainLink href={href('')} onFollow={() => go('')}>
            {t('admin.ops.first_page')}
          </PlainLink>
        </Button>
      )}
      {next !== null && (
        <Button asChild variant="outline">
          <PlainLink href={href(next)} onFollow={() => go(next)}>
            {t('admin.ops.next_page')}
            <Icon name="arrow" className="size-4" />
          </PlainLink>
        </Button>
      )}
    </nav>
  )
}

/** Where tabs are wider than the window, the one in use is in sight. */
export function showTab(link: HTMLAnchorElement | null): void {
  link?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
}

type PlainLinkProps = ComponentProps<'a'> & { href: string; onFollow: () => void }

/** A link that can be opened elsewhere and is followed here without loading the page. */
export function PlainLink({ href, onFollow, children, ...props }: PlainLinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
    event.preventDefault()
    onFollow()
  }
  return (
    <a {...props} href={href} onClick={follow}>
      {children}
    </a>
  )
}
