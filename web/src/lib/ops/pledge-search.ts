// SPDX-License-Identifier: Apache-2.0
// From the filters of the pledges' page to the query of the API. Address and name of
// a donor never stand in the address of the page: they come separately.
import type { paths } from '@/api/schema'
import { currencyExponent } from '@/lib/money'
import { AMOUNT, CURRENCY, CURSOR, DAY, dayStart, type Filters } from './filters'

export type PledgeQuery = NonNullable<paths['/api/v1/admin/pledges']['get']['parameters']['query']>

export const PLEDGE_STATES = ['pending', 'confirmed', 'failed', 'refunded'] as const
export const PLEDGE_COLUMNS = ['campaign', 'donor', 'amount', 'state', 'reward', 'payment', 'made', 'changed'] as const
export type PledgeColumn = (typeof PLEDGE_COLUMNS)[number]

export const PLEDGE_FILTERS = {
  reference: { max: 255 },
  state: { words: PLEDGE_STATES },
  campaign: { max: 80 },
  currency: { pattern: CURRENCY },
  amount_min: { pattern: AMOUNT },
  amount_max: { pattern: AMOUNT },
  from: { pattern: DAY },
  to: { pattern: DAY },
  sort: { words: ['newest', 'amount'] },
  cursor: { pattern: CURSOR, max: 500 },
  columns: { pattern: /^[a-z]+(?:,[a-z]+)*$/ },
} as const

export type PledgeFilters = Filters<typeof PLEDGE_FILTERS>
export type PrivateFilters = { email: string; name: string }

export const NO_PRIVATE_FILTERS: PrivateFilters = { email: '', name: '' }
const PAGE_SIZE = 25
const DEFAULT_COLUMNS: readonly PledgeColumn[] = ['campaign', 'donor', 'amount', 'state', 'made']

export function pledgeQueryOf(filters: PledgeFilters, { email, name }: PrivateFilters): PledgeQuery {
  const { currency } = filters
  const query: { [Name in keyof PledgeQuery]: PledgeQuery[Name] | undefined } = {
    limit: PAGE_SIZE,
    reference: filters.reference.length >= 4 ? filters.reference : undefined,
    email: email.trim().length >= 3 ? email.trim() : undefined,
    name: name.trim().length >= 2 ? name.trim() : undefined,
    state: (filters.state || undefined) as PledgeQuery['state'],
    campaign: filters.campaign || undefined,
    currency: currency || undefined,
    amount_min: minorOf(filters.amount_min, currency) ?? undefined,
    amount_max: minorOf(filters.amount_max, currency) ?? undefined,
    created_from: dayStart(filters.from) ?? undefined,
    created_to: dayStart(filters.to, 1) ?? undefined,
    sort: filters.sort === 'amount' && (currency !== '' || filters.campaign !== '') ? 'amount' : undefined,
    cursor: filters.cursor || undefined,
  }
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}

/** A plain decimal in minor units; null if it is none of this currency. */
export function minorOf(text: string, currency: string): number | null {
  if (!AMOUNT.test(text) || !CURRENCY.test(currency)) return null
  const [whole = '', fraction = ''] = text.split('.')
  const exponent = currencyExponent(currency)
  if (fraction.length > exponent) return null
  const minor = Number(whole + fraction.padEnd(exponent, '0'))
  return Number.isSafeInteger(minor) ? minor : null
}

export function columnsOf(text: string): readonly PledgeColumn[] {
  const wanted = text.split(',')
  const known = PLEDGE_COLUMNS.filter((column) => wanted.includes(column))
  return known.length > 0 ? known : DEFAULT_COLUMNS
}

/** What stands in the address for a choice of columns: nothing for the usual ones. */
export function columnsText(columns: readonly PledgeColumn[]): string {
  const ordered = PLEDGE_COLUMNS.filter((column) => columns.includes(column))
  return ordered.length === 0 || ordered.join() === DEFAULT_COLUMNS.join() ? '' : ordered.join()
}
