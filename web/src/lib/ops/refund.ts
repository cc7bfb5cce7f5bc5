// SPDX-License-Identifier: Apache-2.0
// What a refund will do, told before it is asked for. What can be given back is the
// server's to say; this only takes amounts apart.
import type { Money } from '@/lib/money'

export type RefundEffect = {
  isRest: boolean
  /** Neither given back nor asked back afterwards. */
  left: Money
  /** The part of the refund by which the donor had covered the provider's fee. */
  fee: Money
  events: readonly string[]
}

type Pledge = { amount: Money; fee: Money; refunded: Money }

export function refundEffect(pledge: Pledge, refundable: Money, minor: number): RefundEffect {
  const { currency } = pledge.amount
  const isRest = minor === refundable.amount
  const isAll = pledge.refunded.amount + minor === pledge.amount.amount
  return {
    isRest,
    left: { amount: refundable.amount - minor, currency },
    fee: { amount: feeShare(pledge, minor), currency },
    events: ['pledge.refund_requested', isAll ? 'pledge.refunded' : 'pledge.refund_recorded'],
  }
}

/** In proportion to the amount, rounded half up to a minor unit. */
function feeShare({ amount, fee }: Pledge, minor: number): number {
  if (amount.amount === 0) return 0
  const twice = 2n * BigInt(fee.amount) * BigInt(minor)
  const whole = BigInt(amount.amount)
  return Number((twice + whole) / (2n * whole))
}
