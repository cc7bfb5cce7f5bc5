// SPDX-License-Identifier: Apache-2.0
import type { Campaign } from '@/api/types'
import { locale, t } from '@/i18n'
import { barShares, percentRaised } from '@/lib/campaign'
import { cn } from '@/lib/cn'
import { formatMoney } from '@/lib/money'

/** Raised and promised money against the goal. The bar ends at 100 %, its text does not. */
export function ProgressBar({ campaign, className }: { campaign: Campaign; className?: string }) {
  const { raised, pending } = barShares(campaign)
  const percent = percentRaised(campaign)
  return (
    <div
      role="progressbar"
      aria-label={t('progress.label')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.min(100, percent)}
      aria-valuetext={t('progress.value', {
        raised: formatMoney(campaign.totals.raised, locale),
        goal: formatMoney(campaign.goal, locale, 'round'),
        percent,
      })}
      className={cn('border-line-strong bg-paper flex h-4 overflow-hidden rounded-full border-2', className)}
    >
      <div className="bar-raised h-full transition-[width] duration-700" style={{ width: `${raised}%` }} />
      <div className="bar-pending h-full transition-[width] duration-700" style={{ width: `${pending}%` }} />
    </div>
  )
}
