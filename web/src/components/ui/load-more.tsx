// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'react'
import { t } from '@/i18n'
import { cn } from '@/lib/cn'
import { Button } from './button'

type LoadMoreProps = {
  query: {
    data: { pages: unknown[] } | undefined
    hasNextPage: boolean
    isFetchingNextPage: boolean
    isFetchNextPageError: boolean
    fetchNextPage: () => unknown
  }
  label?: string
  size?: 'md' | 'lg'
  className?: string
}

/** The next page of an infinite query; says so if it could not be loaded, and where the last one ends. */
export function LoadMore({ query, label, size = 'md', className }: LoadMoreProps) {
  const end = useRef<HTMLParagraphElement>(null)
  const isEnd = !query.hasNextPage && (query.data?.pages.length ?? 0) > 1
  useEffect(() => {
    // The button took the focus with it.
    if (isEnd && document.activeElement === document.body) end.current?.focus()
  }, [isEnd])
  if (isEnd) {
    return (
      <p ref={end} tabIndex={-1} className={cn('text-muted', className)}>
        {t('action.end')}
      </p>
    )
  }
  if (!query.hasNextPage) return null
  return (
    <div className={cn('flex flex-wrap items-center gap-4', className)}>
      <Button
        variant="outline"
        size={size}
        aria-disabled={query.isFetchingNextPage}
        onClick={() => !query.isFetchingNextPage && void query.fetchNextPage()}
      >
        {query.isFetchingNextPage ? t('action.loading') : (label ?? t('action.more'))}
      </Button>
      <span role="status" className="text-bad">
        {query.isFetchNextPageError && !query.isFetchingNextPage && t('error.more')}
      </span>
    </div>
  )
}
