// SPDX-License-Identifier: Apache-2.0
// Goal: what the page says is charged is what the database charges. Method: the figures of
// the API's description, the law that the fee leaves the gift, and its rounding.
import { expect, test } from 'vitest'
import { coveredCharge, feeFor, plainCharge } from '@/lib/fee'

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const fee = (basis_points: number, fixed: number) => ({ currency: 'EUR', basis_points, fixed: eur(fixed) })

test.each([
  [5000, 290, 30, 5180],
  [1, 0, 0, 1],
  [1, 5000, 0, 2],
  [2, 5000, 0, 4],
  [100, 150, 25, 127],
  [2500, 360, 0, 2593],
])('a gift of %d with %d bp and %d costs %d', (gift, bp, fixed, total) => {
  const charge = coveredCharge(eur(gift), fee(bp, fixed))
  expect(charge?.total.amount).toBe(total)
  expect((charge?.fee.amount ?? 0) + gift).toBe(total)
})

test('the fee of what is charged leaves the gift, and a unit less would not', () => {
  const taken = (total: number, bp: number, fixed: number) => fixed + Math.floor((total * bp + 5000) / 10_000)
  for (let gift = 1; gift < 3000; gift += 7) {
    for (const [bp, fixed] of [[290, 30], [150, 25], [5000, 3], [0, 12]] as const) {
      const total = coveredCharge(eur(gift), fee(bp, fixed))?.total.amount ?? 0
      expect(total - taken(total, bp, fixed)).toBe(gift)
      expect(total - 1 - taken(total - 1, bp, fixed)).toBeLessThan(gift)
    }
  }
})

test('what fits no amount is no charge, and a currency without a fee has none', () => {
  expect(coveredCharge(eur(Number.MAX_SAFE_INTEGER), fee(290, 30))).toBeNull()
  expect(feeFor([fee(1, 1)], 'JPY')).toBeNull()
  expect(feeFor(undefined, 'EUR')).toBeNull()
  expect(plainCharge(eur(5))).toEqual({ gift: eur(5), fee: eur(0), total: eur(5) })
})
