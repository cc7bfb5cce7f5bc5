// SPDX-License-Identifier: Apache-2.0
import { useInfiniteQuery } from '@tanstack/react-query'
import { campaignsQuery } from '@/api/queries'
import { CampaignCard, CampaignCardSkeleton } from '@/components/campaign/card'
import { Quilt } from '@/components/quilt'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { t } from '@/i18n'
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

function Hero() {
  return (
    <section className="bg-band text-band-ink overflow-hidden">
      <div className="mx-auto grid max-w-6xl items-center gap-x-12 gap-y-8 px-4 pt-10 pb-0 sm:px-6 md:grid-cols-[1.15fr_1fr] md:py-16">
        <div className="grid justify-items-start gap-6">
          <h1 className="text-hero font-extrabold tracking-[-0.04em]">{t('landing.heading')}</h1>
          <p className="max-w-[34ch] text-xl leading-snug">{t('landing.lead')}</p>
          <Button asChild size="lg" className="dark:bg-poppy dark:text-on-poppy dark:hover:bg-poppy-hover bg-[#151c4f] text-white hover:bg-[#2a3478]">
            <a href="#campaigns">
              {t('landing.action')}
              <Icon name="arrow" className="rotate-90" />
            </a>
          </Button>
        </div>
        <Quilt className="-mx-4 max-w-none max-md:w-[calc(100%+2rem)] md:mx-0" />
      </div>
    </section>
  )
}

function CampaignList() {
  const query = useInfiniteQuery(campaignsQuery)
  const now = useNow()
  const campaigns = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section
      id="campaigns"
      aria-labelledby="campaigns-heading"
      className="mx-auto grid max-w-6xl scroll-mt-16 gap-8 px-4 pt-16 sm:px-6"
    >
      <h2 id="campaigns-heading" className="text-title">
        {t('landing.campaigns')}
      </h2>
      <div role="status" className="sr-only">
        {query.isPending && t('action.loading')}
      </div>
      {query.isError && <ListError hasItems={campaigns.length > 0} retry={() => void query.refetch()} />}
      {query.isSuccess && campaigns.length === 0 && <Notice>{t('landing.empty')}</Notice>}
      <ul className="grid gap-x-8 gap-y-14 sm:grid-cols-2 lg:grid-cols-3">
        {query.isPending &&
          [1, 2, 3, 4, 5, 6].map((index) => (
            <li key={index}>
              <CampaignCardSkeleton />
            </li>
          ))}
        {campaigns.map((campaign, index) => (
          <li key={campaign.id} className="grid">
            <CampaignCard campaign={campaign} now={now} isFirst={index < 3} />
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          variant="outline"
          size="lg"
          className="justify-self-center"
          aria-disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t(query.isFetchingNextPage ? 'action.loading' : 'landing.more')}
        </Button>
      )}
    </section>
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
