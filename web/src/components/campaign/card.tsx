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

export function CampaignCard({ campaign, now, isFirst }: { campaign: Campaign; now: number; isFirst: boolean }) {
  const percent = percentRaised(campaign)
  const isOpen = openness(campaign, now) === 'open'
  return (
    <article className="group relative flex flex-col gap-3">
      <Cover campaign={campaign} isFirst={isFirst} />
      <div className="text-muted flex flex-wrap items-center justify-between gap-x-3 gap-y-1 text-sm">
        <span>{tOr(`category.${campaign.category}`, 'category.other')}</span>
        {isOpen ? <span>{timeText(campaign, now)}</span> : <StatusBadge campaign={campaign} now={now} />}
      </div>
      <h3 className="text-2xl leading-[1.1]">
        <Link
          to="/campaigns/$slug"
          params={{ slug: campaign.slug }}
          className="decoration-poppy decoration-2 underline-offset-4 group-hover:underline after:absolute after:inset-0"
        >
          {campaign.title}
        </Link>
      </h3>
      <p className="text-muted line-clamp-3">{campaign.summary}</p>
      <div className="mt-auto grid gap-2 pt-1">
        <ProgressBar campaign={campaign} />
        <p className="figures flex flex-wrap items-baseline justify-between gap-x-3">
          <span>
            <strong>{formatMoney(campaign.totals.raised, locale, 'round')}</strong>{' '}
            <span className="text-muted">
              {t('progress.of_goal', { goal: formatMoney(campaign.goal, locale, 'round') })}
            </span>
          </span>
          <strong>{t('progress.percent', { percent })}</strong>
        </p>
      </div>
    </article>
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
