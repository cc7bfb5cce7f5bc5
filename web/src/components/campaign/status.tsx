// SPDX-License-Identifier: Apache-2.0
// In words: is a campaign open, and for how long.
import type { Campaign } from '@/api/types'
import { formatDate, t } from '@/i18n'
import { daysLeft, openness, type Openness } from '@/lib/campaign'
import { cn } from '@/lib/cn'

const TONES: Record<Openness, string> = {
  open: 'bg-good-soft text-good',
  full: 'bg-good-soft text-good',
  paused: 'bg-warn-soft text-warn',
  not_started: 'bg-warn-soft text-warn',
  ended: 'bg-sunk text-muted',
  closed: 'bg-sunk text-muted',
  archived: 'bg-sunk text-muted',
}

export function StatusBadge({ campaign, now }: { campaign: Campaign; now: number }) {
  const state = openness(campaign, now)
  return (
    <span className={cn('inline-block rounded-full px-3 py-0.5 text-sm font-bold', TONES[state])}>
      {t(`status.${state}`)}
    </span>
  )
}

/** "12 days left", "Ends today", "Ended", "Starts on ...", or nothing without an end. */
export function timeText(campaign: Campaign, now: number): string {
  const state = openness(campaign, now)
  if (state === 'not_started') return t('time.starts', { date: formatDate(campaign.starts_at) })
  if (state === 'ended' || state === 'closed' || state === 'archived') return t(`status.${state}`)
  const days = daysLeft(campaign, now)
  return days === null ? t('time.no_end') : t('time.days_left', { days })
}
