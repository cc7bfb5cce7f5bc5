// SPDX-License-Identifier: Apache-2.0
import type { PledgeState } from '@/api/types'

export const GIFT_STATES = ['pending', 'confirmed', 'failed', 'refunded'] as const satisfies readonly PledgeState[]
