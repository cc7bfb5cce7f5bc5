// SPDX-License-Identifier: Apache-2.0
// What became of a pledge, in words and as a thread that runs to its end.
import type { Pledge, PledgeState } from '@/api/types'
import { formatDateTime, locale, t, tOr } from '@/i18n'
import { cn } from '@/lib/cn'
import { useNow } from '@/lib/hooks'
import { formatMoney } from '@/lib/money'
import { Icon, type IconName } from '../ui/icon'

const LOOKS: Record<PledgeState, { icon: IconName; tone: string }> = {
  pending: { icon: 'clock', tone: 'bg-warn-soft text-warn' },
  confirmed: { icon: 'heart', tone: 'bg-good-soft text-good' },
  failed: { icon: 'alert', tone: 'bg-bad-soft text-bad' },
  refunded: { icon: 'back', tone: 'bg-sunk text-ink' },
}
const SLOW_AFTER_MS = 20_000

type OutcomeProps = { state: PledgeState; reason: string | null; pledge: Pledge | undefined }

export function PledgeOutcome({ state, reason, pledge }: OutcomeProps) {
  const now = useNow(5_000)
  const { icon, tone } = LOOKS[state]
  const isSlow = pledge !== undefined && now - Date.parse(pledge.created_at) > SLOW_AFTER_MS
  return (
    <div role="status" data-state={state} className={cn('rounded-patch grid gap-3 p-5', tone)}>
      <Icon name={icon} className="size-9" />
      <p className="font-display text-2xl leading-tight font-bold text-balance">{headline(state, pledge)}</p>
      <p className="text-ink">{explanation(state, reason, pledge, isSlow)}</p>
      {state === 'pending' && <div aria-hidden="true" className="bar-waiting h-1 rounded-full" />}
    </div>
  )
}

function headline(state: PledgeState, pledge: Pledge | undefined): string {
  if (pledge === undefined) return t('outcome.pending_plain')
  return t(`outcome.${state}`, {
    amount: formatMoney(pledge.amount, locale),
    title: pledge.campaign.title,
  })
}

function explanation(
  state: PledgeState,
  reason: string | null,
  pledge: Pledge | undefined,
  isSlow: boolean,
): string {
  switch (state) {
    case 'pending':
      return isSlow && pledge !== undefined
        ? t('outcome.pending_slow', { until: formatDateTime(pledge.hold_expires_at) })
        : t('outcome.pending_text')
    case 'confirmed':
      return pledge !== undefined && pledge.refunded.amount > 0
        ? t('outcome.part_refunded_text', { refunded: formatMoney(pledge.refunded, locale) })
        : t('outcome.confirmed_text')
    case 'failed':
      return tOr(`reason.${reason ?? ''}`, 'reason.other')
    case 'refunded':
      return t('outcome.refunded_text')
  }
}
