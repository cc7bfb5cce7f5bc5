// SPDX-License-Identifier: Apache-2.0
// News from the people who run the campaign. Bodies are text, never markup.
import { useInfiniteQuery } from '@tanstack/react-query'
import { updatesQuery } from '@/api/queries'
import type { Campaign } from '@/api/types'
import { formatDate, formatDateTime, t } from '@/i18n'
import { Button } from '../ui/button'
import { LoadMore } from '../ui/load-more'
import { Notice } from '../ui/notice'
import { Skeleton } from '../ui/skeleton'
import { Story } from './story'

export function Updates({ campaign }: { campaign: Campaign }) {
  const query = useInfiniteQuery(updatesQuery(campaign.id))
  const updates = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section aria-labelledby="updates-heading" className="grid gap-5">
      <h2 id="updates-heading" className="text-heading">
        {t('updates.heading')}
      </h2>
      {query.isPending && <Skeleton className="h-24" />}
      {query.isError && updates.length === 0 && (
        <Notice tone="bad" actions={<Button onClick={() => void query.refetch()}>{t('action.retry')}</Button>}>
          {t('updates.error')}
        </Notice>
      )}
      {query.isSuccess && updates.length === 0 && <p className="text-muted">{t('updates.empty')}</p>}
      {updates.map((update) => (
        <article key={update.id} data-update={update.id} className="border-line grid gap-2 border-s-4 ps-5">
          <p className="text-muted flex flex-wrap gap-x-3 text-sm">
            <time dateTime={update.created_at} title={formatDateTime(update.created_at)}>
              {formatDate(update.created_at)}
            </time>
            {update.visibility === 'backers' && <span className="font-semibold">{t('updates.backers')}</span>}
          </p>
          <h3 className="text-xl leading-tight" dir="auto">
            {update.title}
          </h3>
          <Story text={update.body} size="text-base" />
        </article>
      ))}
      <LoadMore query={query} label={t('updates.more')} />
    </section>
  )
}
