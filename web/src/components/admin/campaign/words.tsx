// SPDX-License-Identifier: Apache-2.0
// A campaign's standing in words, as the people who run it see it.
import type { ManagedCampaign } from '@/api/admin-campaigns'
import { Badge } from '@/components/ui/badge'
import { t, tOr } from '@/i18n'

export const STATUSES = ['draft', 'upcoming', 'active', 'paused', 'ended', 'closed', 'archived'] as const
export type Status = (typeof STATUSES)[number]

type Standing = Pick<ManagedCampaign, 'state' | 'starts_at' | 'ends_at' | 'archived_at'>

/** The one status that the lists find it by. */
export function statusOf({ state, starts_at, ends_at, archived_at }: Standing, nowMs: number): Status {
  if (archived_at !== null) return 'archived'
  if (state === 'draft' || state === 'closed') return state
  if (ends_at !== null && Date.parse(ends_at) <= nowMs) return 'ended'
  if (state === 'paused') return 'paused'
  return Date.parse(starts_at) > nowMs ? 'upcoming' : 'active'
}

const TONES: Record<Status, 'plain' | 'good' | 'warn'> = {
  draft: 'plain',
  upcoming: 'warn',
  active: 'good',
  paused: 'warn',
  ended: 'plain',
  closed: 'plain',
  archived: 'plain',
}

export function StatusBadge({ status }: { status: Status }) {
  return <Badge tone={TONES[status]}>{t(`admin.campaign.status_${status}`)}</Badge>
}

/** Where a copy of a campaign is begun. */
export const copyAddress = (id: string): string => `/admin/campaigns/new?copy=${id}`

export function categoryText(category: string): string {
  return tOr(`category.${category}`, 'category.other')
}
