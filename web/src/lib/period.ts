// SPDX-License-Identifier: Apache-2.0
// Ranges of the overview: today, the last 7 and 30 days, by the clocks of this browser.
import type { Stats } from '@/api/admin-campaigns'

export const PERIODS = ['today', '7d', '30d'] as const
export type Period = (typeof PERIODS)[number]

type Currency = Stats['currencies'][number]
type Point = Currency['series'][number]
export type PledgeStateName = 'pending' | 'confirmed' | 'failed' | 'refunded'

export const STATES: readonly PledgeStateName[] = ['confirmed', 'pending', 'failed', 'refunded']

const DAYS: Record<Period, number> = { today: 1, '7d': 7, '30d': 30 }

export const daysOf = (period: Period): number => DAYS[period]

/** The first and the last day of a period, and the moment at which the first begins. */
export function rangeOf(period: Period, now: Date): { from: string; firstDay: string; lastDay: string } {
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate() - DAYS[period] + 1)
  return { from: start.toISOString(), firstDay: dayOf(start), lastDay: dayOf(now) }
}

export type Sum = { count: number; amount: number }

/** What the last days of daily figures add up to, by state, for one currency. */
export function sumOf(currency: Currency, days: number): Record<PledgeStateName, Sum> {
  const points = currency.series.slice(-days)
  const of = (state: PledgeStateName): Sum => ({ count: total(points, state, 'count'), amount: total(points, state, 'amount') })
  return { pending: of('pending'), confirmed: of('confirmed'), failed: of('failed'), refunded: of('refunded') }
}

/** How many pledges the last days have, by state, over all currencies. */
export function countsOf(stats: Pick<Stats, 'currencies'>, days: number): Record<PledgeStateName, number> {
  const counts = { pending: 0, confirmed: 0, failed: 0, refunded: 0 }
  for (const currency of stats.currencies) {
    const sum = sumOf(currency, days)
    for (const state of STATES) counts[state] += sum[state].count
  }
  return counts
}

/** The share of decided pledges whose payment came through, from 0 to 1; null if none is decided. */
export function successRate({ confirmed, refunded, failed }: Record<PledgeStateName, number>): number | null {
  const decided = confirmed + refunded + failed
  return decided === 0 ? null : (confirmed + refunded) / decided
}

function total(points: Point[], state: PledgeStateName, member: 'count' | 'amount'): number {
  return points.reduce((sum, point) => sum + point[state][member], 0)
}

function dayOf(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
