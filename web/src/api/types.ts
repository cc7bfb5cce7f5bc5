// SPDX-License-Identifier: Apache-2.0
// The shapes of the public API and of the live feed.
import type { Money } from '@/lib/money'

export type { Money }

export type CampaignState = 'active' | 'paused' | 'closed'
export type PledgeState = 'pending' | 'confirmed' | 'failed' | 'refunded'
export type DisplayLevel = 'name_amount_message' | 'name_message' | 'name' | 'none'

export type Totals = {
  raised: Money
  confirmed_count: number
  pending: Money
  pending_count: number
  sequence: number | null
}

export type Reward = {
  id: string
  title: string
  description: string
  min_amount: Money
  quantity: number | null
  remaining: number | null
  pool_id: string | null
}

export type Campaign = {
  id: string
  slug: string
  title: string
  summary: string
  story: string
  category: string
  image: { url: string; alt: string } | null
  owner: { name: string }
  state: CampaignState
  currency: string
  goal: Money
  cap: Money | null
  min_pledge: Money
  max_pledge: Money | null
  starts_at: string
  ends_at: string | null
  version: number
  totals: Totals
  rewards: Reward[]
  created_at: string
  updated_at: string
}

export type Gift = {
  id: string
  name: string | null
  amount: Money | null
  message: string | null
  at: string
}

export type Page<Item> = { items: Item[]; next_cursor: string | null }

export type PledgeRequest = {
  amount: Money
  donor: { name: string; email: string }
  reward_id?: string
  quantity?: number
  display: DisplayLevel
  message?: string
}

export type PledgeCreated = {
  id: string
  campaign_id: string
  amount: Money
  state: PledgeState
  version: number
  hold_expires_at: string
  created_at: string
  token: string
  links: { self: string; page: string }
}

export type PledgeEvent = {
  version: number
  event: string
  from: PledgeState | null
  to: PledgeState
  at: string
  reason: string | null
}

export type Pledge = {
  id: string
  campaign: { id: string; slug: string; title: string }
  reward: { id: string; title: string } | null
  quantity: number
  amount: Money
  refunded: Money
  state: PledgeState
  state_reason: string | null
  display: DisplayLevel
  donor: { name: string }
  message: string
  version: number
  hold_expires_at: string
  created_at: string
  updated_at: string
  history: PledgeEvent[]
}

export type Problem = {
  type?: string
  title?: string
  status?: number
  detail?: string
  code?: string
  reason?: string
  limit?: 'campaign_cap' | 'reward' | 'pool'
  available?: number
  errors?: { pointer?: string; code?: string; detail?: string }[]
}

export type TotalsFrame = {
  type: 'totals'
  campaign_id: string
  sequence: number
  totals: Totals
  rewards: { id: string; remaining: number | null }[]
  gift: Gift | null
}

export type CampaignFrame = {
  type: 'campaign'
  campaign_id: string
  sequence: number
  state: CampaignState
}

export type PledgeFrame = {
  type: 'pledge'
  pledge_id: string
  sequence: number | null
  state: PledgeState
  state_reason: string | null
  version: number
}

export type LiveFrame =
  | TotalsFrame
  | CampaignFrame
  | PledgeFrame
  | { type: 'reset'; campaign_id: string; sequence?: number | null }
  | { type: 'subscribed'; campaign_id?: string; pledge_id?: string; sequence?: number | null }
  | { type: 'error'; code: string; detail?: string }
