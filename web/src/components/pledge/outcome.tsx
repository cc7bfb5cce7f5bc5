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
  return (
    <div role="status" data-state={state} className={cn('rounded-patch grid gap-3 p-5', tone)}>
      <Icon name={icon} className="size-9" />
      <p className="font-display text-2xl leading-tight font-bold text-balance">{headline(state, pledge)}</p>
      <p className="text-ink">{explanation(state, reason, pledge, now)}</p>
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
  now: number,
): string {
  switch (state) {
    case 'pending':
      return pendingText(pledge, now)
    case 'confirmed':
      return confirmedText(pledge)
    case 'failed':
      return lateText(pledge) ?? tOr(`reason.${reason ?? ''}`, 'reason.other')
    case 'refunded':
      return t('outcome.refunded_text')
  }
}

function pendingText(pledge: Pledge | undefined, now: number): string {
  if (pledge === undefined) return t('outcome.pending_text')
  if (pledge.cancel_requested_at !== null) return t('outcome.pending_canceling')
  if (now > Date.parse(pledge.hold_expires_at)) return t('outcome.pending_over')
  const isSlow = now - Date.parse(pledge.created_at) > SLOW_AFTER_MS
  return isSlow ? t('outcome.pending_slow', { until: formatDateTime(pledge.hold_expires_at) }) : t('outcome.pending_text')
}

function confirmedText(pledge: Pledge | undefined): string {
  const underWay = pledge?.refunds.find(({ state }) => state === 'requested')
  if (underWay !== undefined) return t('outcome.returning_text', { amount: formatMoney(underWay.amount, locale) })
  if (pledge !== undefined && pledge.refunded.amount > 0) {
    return t('outcome.part_refunded_text', { refunded: formatMoney(pledge.refunded, locale) })
  }
  return t('outcome.confirmed_text')
}

/** Money that came when the pledge had failed already, and goes back by itself. */
function lateText(pledge: Pledge | undefined): string | null {
  const late = pledge?.refunds.find(({ kind }) => kind === 'late')
  if (late === undefined) return null
  return t(`outcome.late_${late.state}`, { amount: formatMoney(late.amount, locale) })
}
