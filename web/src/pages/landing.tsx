// SPDX-License-Identifier: Apache-2.0
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { campaignsQuery } from '@/api/queries'
import type { Campaign } from '@/api/types'
import { CampaignCard, CampaignCardSkeleton, FeaturedCard } from '@/components/campaign/card'
import { FilterBar } from '@/components/campaign/filters'
import { Hero } from '@/components/hero'
import { Button } from '@/components/ui/button'
import { LoadMore } from '@/components/ui/load-more'
import { Notice } from '@/components/ui/notice'
import { t } from '@/i18n'
import { filtersOf, isUsual, PAGES_MAX, parseSearch, toSearch, USUAL, type CampaignFilters } from '@/lib/filters'
import { useIsOnline, useNow } from '@/lib/hooks'

export function LandingPage() {
  return (
    <>
      <title>{t('landing.title')}</title>
      <Hero />
      <CampaignList />
      <HowItWorks />
    </>
  )
}

function CampaignList() {
  // The router keeps what an address holds besides, so it is checked here as well.
  const search = parseSearch(useSearch({ from: '/' }))
  const navigate = useNavigate({ from: '/' })
  const filters = filtersOf(search)
  const query = useInfiniteQuery(campaignsQuery(filters))
  const pages = query.data?.pages ?? []
  const campaigns = pages.flatMap((page) => page.items)
  const isStale = query.isPlaceholderData || (query.isFetching && !query.isFetchingNextPage && campaigns.length === 0)
  const change = (next: CampaignFilters, isTyping: boolean) =>
    void navigate({ search: toSearch(next), replace: isTyping, resetScroll: false })
  const more = () => {
    const next = Math.min(pages.length + 1, PAGES_MAX)
    void navigate({ search: { ...toSearch(filters), pages: next }, replace: true, resetScroll: false })
    void query.fetchNextPage()
  }
  useAsManyPages(search.pages ?? 1, query)
  return (
    <section
      id="campaigns"
      aria-labelledby="campaigns-heading"
      className="mx-auto grid max-w-6xl scroll-mt-16 gap-8 px-4 pt-16 sm:px-6"
    >
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <h2 id="campaigns-heading" className="text-title">
          {t('landing.campaigns')}
        </h2>
        <p role="status" className="text-muted figures min-h-6">
          {query.isPending ? t('action.loading') : countText(pages[0]?.total ?? null, query.isPlaceholderData)}
        </p>
      </div>
      <FilterBar filters={filters} onChange={change} />
      {query.isError && !query.isFetchNextPageError && <ListError hasItems={campaigns.length > 0} retry={() => void query.refetch()} />}
      {query.isSuccess && campaigns.length === 0 && !query.isPlaceholderData && (
        <EmptyList filters={filters} onClear={() => change(USUAL, false)} />
      )}
      <div aria-busy={isStale} className={isStale ? 'opacity-60 transition-opacity' : ''}>
        <CampaignGrid campaigns={campaigns} isPending={query.isPending} hasFeature={isUsual(filters)} />
      </div>
      {(pages.length < PAGES_MAX || !query.hasNextPage) && (
        <LoadMore
          query={{
            data: query.data,
            hasNextPage: query.hasNextPage,
            isFetchingNextPage: query.isFetchingNextPage,
            isFetchNextPageError: query.isFetchNextPageError,
            fetchNextPage: more,
          }}
          label={t('landing.more')}
          size="lg"
          className="justify-self-center"
        />
      )}
    </section>
  )
}

type GridProps = { campaigns: Campaign[]; isPending: boolean; hasFeature: boolean }

/** The cards; the first of the usual list is shown large. */
function CampaignGrid({ campaigns, isPending, hasFeature }: GridProps) {
  const now = useNow()
  return (
    <ul className="grid gap-x-8 gap-y-14 sm:grid-cols-2 lg:grid-cols-3">
      {isPending &&
        [1, 2, 3, 4, 5, 6].map((index) => (
          <li key={index}>
            <CampaignCardSkeleton />
          </li>
        ))}
      {campaigns.map((campaign, index) =>
        hasFeature && index === 0 ? (
          <li key={campaign.id} className="grid sm:col-span-2 lg:col-span-3">
            <FeaturedCard campaign={campaign} now={now} />
          </li>
        ) : (
          <li key={campaign.id} className="grid">
            <CampaignCard campaign={campaign} now={now} isFirst={index < 3} />
          </li>
        ),
      )}
    </ul>
  )
}

function countText(total: number | null, isPlaceholder: boolean): string {
  return total === null || isPlaceholder ? '' : t('landing.count', { count: total })
}

type PagedQuery = { isFetching: boolean; isFetchNextPageError: boolean; hasNextPage: boolean; data?: { pages: unknown[] } | undefined; fetchNextPage: () => unknown }

/** Reads on until there are as many pages as the address says: after a reload, or from somebody's link. A page that fails is left to the reader. */
function useAsManyPages(wanted: number, query: PagedQuery): void {
  const known = query.data?.pages.length ?? 0
  const isBehind = known > 0 && known < wanted && query.hasNextPage && !query.isFetching && !query.isFetchNextPageError
  const { fetchNextPage } = query
  useEffect(() => {
    if (isBehind) void fetchNextPage()
  }, [isBehind, fetchNextPage])
}

function EmptyList({ filters, onClear }: { filters: CampaignFilters; onClear: () => void }) {
  if (isUsual(filters)) return <Notice>{t('landing.empty')}</Notice>
  return (
    <Notice heading={t('landing.none')} actions={<Button onClick={onClear}>{t('filter.clear')}</Button>}>
      {t('landing.none_text')}
    </Notice>
  )
}

function ListError({ hasItems, retry }: { hasItems: boolean; retry: () => void }) {
  const isOnline = useIsOnline()
  return (
    <Notice
      tone="bad"
      role="alert"
      heading={t(isOnline ? 'error.heading' : 'offline.heading')}
      actions={<Button onClick={retry}>{t('action.retry')}</Button>}
    >
      {hasItems ? t('landing.stale') : t(isOnline ? 'landing.error' : 'offline.text')}
    </Notice>
  )
}

const STEPS = ['choose', 'follow', 'settle'] as const

function HowItWorks() {
  return (
    <section id="how" aria-labelledby="how-heading" className="mx-auto mt-24 max-w-6xl scroll-mt-16 px-4 sm:px-6">
      <h2 id="how-heading" className="text-title max-w-[18ch]">
        {t('how.heading')}
      </h2>
      <dl className="mt-8 grid gap-x-10 gap-y-8 md:grid-cols-3">
        {STEPS.map((step) => (
          <div key={step} className="grid content-start gap-2">
            <div className="text-poppy seam" aria-hidden="true" />
            <dt className="font-display pt-2 text-xl font-bold">{t(`how.${step}`)}</dt>
            <dd className="text-muted">{t(`how.${step}_text`)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
