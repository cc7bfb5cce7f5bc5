// SPDX-License-Identifier: Apache-2.0
// What a task was narrowed to, by the words of the filters that it was asked with.
import type { ReactNode } from 'react'
import type { TaskFilters as Filters } from '@/api/tasks'
import { formatDateTime, t, type MessageKey } from '@/i18n'
import { words } from './bits'

const LABELS = {
  action: 'admin.audit.action',
  actor: 'admin.audit.actor',
  campaign: 'admin.pledges.campaign',
  code: 'admin.work.code',
  from: 'admin.ops.from',
  kind: 'admin.work.letter_kind',
  max_amount: 'admin.pledges.amount_max',
  min_amount: 'admin.pledges.amount_min',
  news: 'admin.gifts.news',
  q: 'admin.gifts.search',
  reward: 'admin.gifts.reward',
  state: 'admin.gifts.state',
  target_id: 'admin.audit.target_id',
  target_type: 'admin.audit.target_type',
  to: 'admin.ops.to',
  type: 'admin.work.type',
} as const satisfies Record<Exclude<keyof Filters, 'ids'>, MessageKey>

export function TaskFilters({ filters: { ids, ...filters } }: { filters: Filters }) {
  const names = (Object.keys(filters) as (keyof typeof LABELS)[]).filter((name) => filters[name] !== undefined)
  return (
    <ul className="grid gap-1">
      {ids !== undefined && <li>{t('admin.bulk.chosen', { count: ids.length })}</li>}
      {names.map((name) => (
        <li key={name} data-filter={name}>
          {t('admin.tasks.filter_of', { name: t(LABELS[name]) })} {valueOf(filters, name)}
        </li>
      ))}
    </ul>
  )
}

function valueOf(filters: Omit<Filters, 'ids'>, name: keyof typeof LABELS): ReactNode {
  const text = String(filters[name])
  switch (name) {
    case 'state':
      return words(`admin.figures.state_${text}`)
    case 'from':
    case 'to':
      return formatDateTime(text)
    case 'news':
      return words(`admin.gifts.news_${text}`)
    case 'kind':
      return words(`admin.letter_kind.${text}`)
    case 'action':
      return words(`admin.action.${text.replaceAll('.', '_')}`)
    case 'target_type':
      return words(`admin.target.${text}`)
    default:
      return <bdi className="wrap-anywhere">{text}</bdi>
  }
}
