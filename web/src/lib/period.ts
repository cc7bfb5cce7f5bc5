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

/** The first and the last day of a period, or of the one before it, and the moment at which the first begins. */
export function rangeOf(period: Period, now: Date, isBefore = false): { from: string; firstDay: string; lastDay: string } {
  const daysAgo = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days)
  const end = isBefore ? DAYS[period] : 0
  const start = daysAgo(end + DAYS[period] - 1)
  return { from: start.toISOString(), firstDay: dayOf(start), lastDay: dayOf(daysAgo(end)) }
}

export type Sum = { count: number; amount: number }

/** What the last days of daily figures add up to, or as many before them, by state, for one currency. */
export function sumOf(currency: Currency, days: number, isBefore = false): Record<PledgeStateName, Sum> {
  const points = isBefore ? currency.series.slice(-2 * days, -days) : currency.series.slice(-days)
  const of = (state: PledgeStateName): Sum => ({ count: total(points, state, 'count'), amount: total(points, state, 'amount') })
  return { pending: of('pending'), confirmed: of('confirmed'), failed: of('failed'), refunded: of('refunded') }
}

/** How many pledges the last days have, or as many before them, by state, over all currencies. */
export function countsOf(stats: Pick<Stats, 'currencies'>, days: number, isBefore = false): Record<PledgeStateName, number> {
  const counts = { pending: 0, confirmed: 0, failed: 0, refunded: 0 }
  for (const currency of stats.currencies) {
    const sum = sumOf(currency, days, isBefore)
    for (const state of STATES) counts[state] += sum[state].count
  }
  return counts
}

/** By how much a figure differs from the one before, as a share of that; null if there was none. */
export function changeOf(now: number, before: number): number | null {
  return before === 0 ? null : (now - before) / before
}

/** The same rows, each with what came before it added to its numbers. */
export function runningSums<Row extends Record<PledgeStateName, number>>(rows: readonly Row[]): Row[] {
  const sums = { pending: 0, confirmed: 0, failed: 0, refunded: 0 }
  return rows.map((row) => {
    for (const state of STATES) sums[state] += row[state]
    return { ...row, ...sums }
  })
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
