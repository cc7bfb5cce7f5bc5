// SPDX-License-Identifier: Apache-2.0
import { t } from '@/i18n'
import { Button } from './button'

type LoadMoreProps = {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; isFetchNextPageError: boolean; fetchNextPage: () => unknown }
  label?: string
}

/** The next page of an infinite query; says so if it could not be loaded. */
export function LoadMore({ query, label }: LoadMoreProps) {
  if (!query.hasNextPage) return null
  return (
    <div className="flex flex-wrap items-center gap-4">
      <Button
        variant="outline"
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
