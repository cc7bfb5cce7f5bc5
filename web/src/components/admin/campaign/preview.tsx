// SPDX-License-Identifier: Apache-2.0
// The public page as it will look with what the form has now. Nothing in it can be used.
import { useId } from 'react'
import type { ManagedCampaign } from '@/api/admin-campaigns'
import type { Campaign } from '@/api/types'
import { Cover } from '@/components/campaign/cover'
import { ProgressBar } from '@/components/campaign/progress'
import { Story } from '@/components/campaign/story'
import { formatDate, locale, t } from '@/i18n'
import { fromLocalInput } from '@/lib/local-time'
import { formatMoney, type Money } from '@/lib/money'
import { moneyOf, type CampaignValues } from './form'
import { categoryText } from './words'

type PreviewProps = { values: CampaignValues; campaign: ManagedCampaign | null; totals: Campaign['totals'] | null }

export function Preview({ values, campaign, totals }: PreviewProps) {
  const id = useId()
  const goal = goalOf(values)
  const shown = previewOf(values, goal, campaign, totals)
  const end = fromLocalInput(values.endsAt)
  return (
    <section aria-labelledby={id} className="border-line bg-page rounded-patch @container min-w-0 border-2 border-dashed" data-preview>
      <h2 id={id} className="bg-sunk text-muted rounded-t-patch px-4 py-2 font-sans text-sm font-semibold">
        {t('admin.edit.preview')}
      </h2>
      <div className="grid gap-5 p-4 @md:p-6">
        <div className="grid gap-2">
          <p className="text-muted text-sm">
            {categoryText(values.category)} · {t('campaign.owner', { name: values.ownerName })}
          </p>
          <p className="font-display text-3xl leading-tight font-extrabold tracking-tight wrap-anywhere" dir="auto">
            {values.title.trim() === '' ? t('admin.edit.preview_untitled') : values.title}
          </p>
          <p className="text-lg leading-snug wrap-anywhere" dir="auto">
            {values.summary}
          </p>
        </div>
        <Cover campaign={shown} />
        <div className="grid gap-2">
          {goal !== null && <ProgressBar campaign={shown} />}
          <p className="figures flex flex-wrap justify-between gap-x-4">
            {goal === null ? (
              <span className="text-muted">{t('admin.edit.preview_no_goal')}</span>
            ) : (
              <span>
                <strong>{formatMoney(shown.totals.raised, locale, 'round')}</strong>{' '}
                <span className="text-muted">{t('campaign.raised_of', { goal: formatMoney(goal, locale, 'round') })}</span>
              </span>
            )}
            <span className="text-muted">{end === null ? t('time.no_end') : t('admin.edit.preview_ends', { date: formatDate(end) })}</span>
          </p>
        </div>
        <div className="wrap-anywhere" dir="auto">
          {values.story.trim() === '' ? <p className="text-muted">{t('admin.edit.preview_no_story')}</p> : <Story text={values.story} />}
        </div>
      </div>
    </section>
  )
}

/** The goal as typed; null while it is none, with which no campaign is public. */
function goalOf(values: CampaignValues): Money | null {
  const goal = moneyOf(values.goal, values.currency, locale)
  return goal === null || goal.amount === 0 ? null : goal
}

function previewOf(
  values: CampaignValues,
  goal: Money | null,
  campaign: ManagedCampaign | null,
  totals: Campaign['totals'] | null,
): Campaign {
  const zero = { amount: 0, currency: values.currency }
  return {
    id: campaign?.id ?? '0199c0de-0000-7000-8000-000000000000',
    slug: values.slug,
    title: values.title,
    summary: values.summary,
    story: values.story,
    category: values.category,
    image: campaign?.image ?? null,
    owner: { name: values.ownerName },
    state: 'active',
    currency: values.currency,
    goal: goal ?? zero,
    cap: null,
    min_pledge: zero,
    max_pledge: null,
    starts_at: '2026-01-01T00:00:00.000Z',
    ends_at: null,
    version: 1,
    totals: totals ?? { raised: zero, confirmed_count: 0, pending: zero, pending_count: 0, sequence: null },
    rewards: [],
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
  }
}
