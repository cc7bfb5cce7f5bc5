// SPDX-License-Identifier: Apache-2.0
// What happened to a pledge so far: its states, and the returns of its money.
import type { Pledge } from '@/api/types'
import { formatDateTime, locale, t, tOr } from '@/i18n'
import { stepOf } from '@/lib/gift-states'
import { formatMoney } from '@/lib/money'

type Entry = { key: string; at: string; text: string; detail: string | null }

export function PledgeHistory({ pledge }: { pledge: Pledge }) {
  return (
    <section aria-labelledby="history-heading" className="grid gap-4">
      <h2 id="history-heading" className="text-heading">
        {t('pledge.history')}
      </h2>
      <ol className="border-line-strong ms-1 grid gap-4 border-s-2 border-dashed ps-6">
        {entriesOf(pledge).map((entry) => (
          <li key={entry.key} className="relative">
            <span aria-hidden="true" className="bg-poppy absolute -start-[1.85rem] top-2 size-3 rounded-full" />
            <p className="font-semibold">{entry.text}</p>
            {entry.detail !== null && <p>{entry.detail}</p>}
            <time dateTime={entry.at} className="text-muted text-sm">
              {formatDateTime(entry.at)}
            </time>
          </li>
        ))}
      </ol>
    </section>
  )
}

function entriesOf(pledge: Pledge): Entry[] {
  const transitions = pledge.history.map((step) => ({
    key: `v${step.version}`,
    at: step.at,
    text: tOr(`event.${stepOf(step)}`, 'event.other'),
    detail: null,
  }))
  const returns = pledge.refunds.map(({ id, created_at, settled_at, state, kind, amount }) => ({
    key: id,
    at: settled_at ?? created_at,
    text: t(`return.${state}`, { amount: formatMoney(amount, locale) }),
    detail: kind === 'late' ? t('return.late') : null,
  }))
  return [...transitions, ...returns].sort((a, b) => a.at.localeCompare(b.at))
}
