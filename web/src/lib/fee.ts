// SPDX-License-Identifier: Apache-2.0
// The provider's fee on top of a gift, by the schedule of GET /api/v1/fees: the same
// whole numbers as the database computes (sql/functions/fee_cover.sql).
import type { Fee } from '@/api/types'
import type { Money } from './money'

export type Charge = { gift: Money; fee: Money; total: Money }

/** What is charged for a gift whose fee is covered; null if that fits no amount. */
export function coveredCharge(gift: Money, { basis_points, fixed }: Fee): Charge | null {
  const whole = 10_000n * (BigInt(gift.amount) + BigInt(fixed.amount)) - 5_000n
  const total = whole / (10_000n - BigInt(basis_points)) + 1n
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) return null
  const money = (amount: number): Money => ({ amount, currency: gift.currency })
  return { gift, fee: money(Number(total) - gift.amount), total: money(Number(total)) }
}

/** What is charged for a gift alone. */
export function plainCharge(gift: Money): Charge {
  return { gift, fee: { amount: 0, currency: gift.currency }, total: gift }
}

export function feeFor(fees: Fee[] | undefined, currency: string): Fee | null {
  return fees?.find((fee) => fee.currency === currency) ?? null
}
