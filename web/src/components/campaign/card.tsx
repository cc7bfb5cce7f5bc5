// SPDX-License-Identifier: Apache-2.0
import { Link } from '@tanstack/react-router'
import type { Campaign } from '@/api/types'
import { locale, t, tOr } from '@/i18n'
import { openness, percentRaised } from '@/lib/campaign'
import { formatMoney } from '@/lib/money'
import { Skeleton } from '../ui/skeleton'
import { Cover } from './cover'
import { ProgressBar } from './progress'
import { StatusBadge, timeText } from './status'

type CardProps = { campaign: Campaign; now: number }

export function CampaignCard({ campaign, now, isFirst }: CardProps & { isFirst: boolean }) {
  return (
    <article className="group relative flex flex-col gap-3">
      <Cover campaign={campaign} isFirst={isFirst} />
      <Facts campaign={campaign} now={now} />
      <h3 className="text-2xl leading-[1.1]">
        <CardLink campaign={campaign} />
      </h3>
      <p className="text-muted line-clamp-3" dir="auto">
        {campaign.summary}
      </p>
      <Standing campaign={campaign} />
    </article>
  )
}

/** The first campaign of the page, with room for its picture. */
export function FeaturedCard({ campaign, now }: CardProps) {
  return (
    <article className="group bg-paper rounded-patch shadow-card relative grid gap-x-10 gap-y-4 overflow-hidden max-sm:bg-transparent max-sm:shadow-none md:grid-cols-[1.35fr_1fr]">
      <Cover campaign={campaign} isFirst className="md:rounded-e-none" />
      <div className="flex flex-col gap-3 sm:px-6 sm:pb-6 md:py-8 md:ps-0 md:pe-8">
        <Facts campaign={campaign} now={now} />
        <h3 className="text-[clamp(1.75rem,1.2rem+1.8vw,2.6rem)] leading-[1.05]">
          <CardLink campaign={campaign} />
        </h3>
        <p className="text-muted line-clamp-4 text-lg" dir="auto">
          {campaign.summary}
        </p>
        <Standing campaign={campaign} />
      </div>
    </article>
  )
}

function Facts({ campaign, now }: CardProps) {
  const isOpen = openness(campaign, now) === 'open'
  return (
    <div className="text-muted flex flex-wrap items-center justify-between gap-x-3 gap-y-1 text-sm">
      <span>{tOr(`category.${campaign.category}`, 'category.other')}</span>
      {isOpen ? <span>{timeText(campaign, now)}</span> : <StatusBadge campaign={campaign} now={now} />}
    </div>
  )
}

/** One link for the whole card. */
function CardLink({ campaign }: { campaign: Campaign }) {
  return (
    <Link
      to="/campaigns/$slug"
      params={{ slug: campaign.slug }}
      className="decoration-poppy decoration-2 underline-offset-4 group-hover:underline after:absolute after:inset-0"
    >
      <bdi>{campaign.title}</bdi>
    </Link>
  )
}

function Standing({ campaign }: { campaign: Campaign }) {
  return (
    <div className="mt-auto grid gap-2 pt-1">
      <ProgressBar campaign={campaign} />
      <p className="figures flex flex-wrap items-baseline justify-between gap-x-3">
        <span>
          <strong>{formatMoney(campaign.totals.raised, locale, 'round')}</strong>{' '}
          <span className="text-muted">
            {t('progress.of_goal', { goal: formatMoney(campaign.goal, locale, 'round') })}
          </span>
        </span>
        <strong>{t('progress.percent', { percent: percentRaised(campaign) })}</strong>
      </p>
    </div>
  )
}

export function CampaignCardSkeleton() {
  return (
    <div className="grid gap-3">
      <Skeleton className="aspect-8/5" />
      <Skeleton className="h-5 w-2/5" />
      <Skeleton className="h-7 w-4/5" />
      <Skeleton className="h-18" />
      <Skeleton className="h-4 rounded-full" />
      <Skeleton className="h-6" />
    </div>
  )
}
