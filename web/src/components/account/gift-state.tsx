// SPDX-License-Identifier: Apache-2.0
import type { PledgeState } from '@/api/types'
import { t } from '@/i18n'
import { Badge } from '../ui/badge'

const TONES = { pending: 'warn', confirmed: 'good', failed: 'bad', refunded: 'plain' } as const

export function GiftState({ state }: { state: PledgeState }) {
  return <Badge tone={TONES[state]}>{t(`account.state.${state}`)}</Badge>
}
