// SPDX-License-Identifier: Apache-2.0
// What was charged and what of it came back, as the API tells it.
import type { Pledge } from '@/api/types'
import { locale, t } from '@/i18n'
import { cn } from '@/lib/cn'
import { formatMoney, type Money } from '@/lib/money'

export function PledgeSums({ pledge }: { pledge: Pledge }) {
  const hasFee = pledge.fee.amount > 0
  return (
    <dl className="figures grid gap-1">
      {hasFee && <Line label={t('review.gift')} money={pledge.gift} />}
      {hasFee && <Line label={t('review.fee')} money={pledge.fee} />}
      <Line label={t(hasFee ? 'review.total' : 'review.amount')} money={pledge.amount} isTotal hasLine={hasFee} />
      {pledge.refunded.amount > 0 && <Line label={t('pledge.refunded')} money={pledge.refunded} />}
    </dl>
  )
}

type LineProps = { label: string; money: Money; isTotal?: boolean; hasLine?: boolean }

function Line({ label, money, isTotal = false, hasLine = false }: LineProps) {
  return (
    <div
      className={cn(
        'flex flex-wrap justify-between gap-x-6',
        isTotal && 'text-lg font-bold',
        hasLine && 'border-line-strong border-t-2 pt-1',
      )}
    >
      <dt className={isTotal ? '' : 'text-muted'}>{label}</dt>
      <dd>{formatMoney(money, locale)}</dd>
    </div>
  )
}
