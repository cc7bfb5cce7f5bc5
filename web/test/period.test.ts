// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import type { Stats } from '@/api/admin-campaigns'
import { changeOf, countsOf, rangeOf, runningSums, sumOf } from '@/lib/period'

type Currency = Stats['currencies'][number]

/** Daily figures, the oldest first. */
function currencyOf(days: number[]): Currency {
  const cell = (count: number) => ({ count, amount: count * 100 })
  return {
    currency: 'EUR',
    series: days.map((count, day) => ({ at: `2026-01-${day + 1}`, confirmed: cell(count), pending: cell(0), failed: cell(1), refunded: cell(0) })),
  } as unknown as Currency
}

describe('ranges', () => {
  const now = new Date(2026, 2, 3, 15, 30)

  test('of a period and of the one before it meet without a gap', () => {
    expect(rangeOf('7d', now)).toMatchObject({ firstDay: '2026-02-25', lastDay: '2026-03-03' })
    expect(rangeOf('7d', now, true)).toMatchObject({ firstDay: '2026-02-18', lastDay: '2026-02-24' })
    expect(rangeOf('today', now)).toMatchObject({ firstDay: '2026-03-03', lastDay: '2026-03-03' })
    expect(rangeOf('today', now, true)).toMatchObject({ firstDay: '2026-03-02', lastDay: '2026-03-02' })
    expect(rangeOf('30d', now, true).from).toBe(new Date(2026, 0, 3).toISOString())
  })
})

describe('sums', () => {
  const currency = currencyOf([1, 2, 4, 8, 16])

  test('of the last days and of as many before', () => {
    expect(sumOf(currency, 2).confirmed).toEqual({ count: 24, amount: 2400 })
    expect(sumOf(currency, 2, true).confirmed).toEqual({ count: 6, amount: 600 })
    expect(sumOf(currency, 1, true).confirmed.count).toBe(8)
    expect(countsOf({ currencies: [currency, currency] }, 2, true)).toEqual({ confirmed: 12, pending: 0, failed: 4, refunded: 0 })
  })

  test('a change is a share of what was before, and none of nothing', () => {
    expect(changeOf(15, 10)).toBe(0.5)
    expect(changeOf(0, 10)).toBe(-1)
    expect(changeOf(3, 0)).toBeNull()
  })

  test('run along without changing the rows', () => {
    const rows = [1, 2, 4].map((confirmed) => ({ confirmed, pending: 1, failed: 0, refunded: 0, label: String(confirmed) }))
    expect(runningSums(rows).map((row) => [row.label, row.confirmed, row.pending])).toEqual([['1', 1, 1], ['2', 3, 2], ['4', 7, 3]])
    expect(rows.map((row) => row.confirmed)).toEqual([1, 2, 4])
  })
})
