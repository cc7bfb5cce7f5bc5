// SPDX-License-Identifier: Apache-2.0
// What a gift's states and the steps of its history are called by.
import type { PledgeState } from '@/api/types'

export const GIFT_STATES = ['pending', 'confirmed', 'failed', 'refunded'] as const satisfies readonly PledgeState[]

/** What a step of the history is for people: a payment that nobody has taken back did not go through. */
export function stepOf({ event, reason }: { event: string; reason: string | null }): string {
  return event === 'cancel' && reason?.startsWith('canceled') === false ? 'payment_failed' : event
}
