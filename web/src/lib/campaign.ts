// SPDX-License-Identifier: Apache-2.0
// What follows from a campaign document: may one give, how far along it is,
// and how a newer figure takes the place of an older one.
import type { Campaign, CampaignFrame, Reward, TotalsFrame } from '@/api/types'

export type Openness = 'open' | 'paused' | 'not_started' | 'ended' | 'closed' | 'archived' | 'full'

const DAY_MS = 86_400_000

export function openness(campaign: Campaign, nowMs: number): Openness {
  // Documents of the read model that an earlier release made have no such member.
  if (typeof campaign.archived_at === 'string') return 'archived'
  if (campaign.state === 'closed') return isPast(campaign.ends_at, nowMs) ? 'ended' : 'closed'
  if (isPast(campaign.ends_at, nowMs)) return 'ended'
  if (campaign.state === 'paused') return 'paused'
  if (Date.parse(campaign.starts_at) > nowMs) return 'not_started'
  const room = roomLeft(campaign)
  return room !== null && room < campaign.min_pledge.amount ? 'full' : 'open'
}

/** What the cap still has room for, in minor units; null without a cap. */
export function roomLeft({ cap, totals }: Campaign): number | null {
  if (cap === null) return null
  return Math.max(0, cap.amount - totals.raised.amount - totals.pending.amount)
}

/** Raised as a share of the goal in whole percent, rounded down so that 100 means reached. */
export function percentRaised({ goal, totals }: Pick<Campaign, 'goal' | 'totals'>): number {
  return Number((BigInt(Math.max(0, totals.raised.amount)) * 100n) / BigInt(goal.amount))
}

/** Widths of the two parts of the bar in percent; together never over 100. */
export function barShares({ goal, totals }: Campaign): { raised: number; pending: number } {
  const raised = Math.min(100, (Math.max(0, totals.raised.amount) / goal.amount) * 100)
  const pending = Math.min(100 - raised, (totals.pending.amount / goal.amount) * 100)
  return { raised, pending }
}

/** Full days until the campaign ends; null without an end. */
export function daysLeft({ ends_at }: Campaign, nowMs: number): number | null {
  if (ends_at === null) return null
  return Math.max(0, Math.floor((Date.parse(ends_at) - nowMs) / DAY_MS))
}

export function isSoldOut(reward: Reward): boolean {
  return reward.remaining !== null && reward.remaining <= 0
}

/**
 * The campaign with the figures of a live frame. Figures older than those at
 * hand are left out, so that totals never go backwards except by a refund.
 */
export function withTotals(campaign: Campaign, frame: TotalsFrame): Campaign {
  const known = campaign.totals
  const isOlder =
    known.sequence === null
      ? frame.totals.confirmed_count < known.confirmed_count
      : frame.sequence <= known.sequence
  if (isOlder) return campaign
  const remaining = new Map(frame.rewards.map((reward) => [reward.id, reward.remaining]))
  return {
    ...campaign,
    totals: { ...frame.totals, sequence: frame.sequence },
    rewards: campaign.rewards.map((reward) => ({
      ...reward,
      remaining: remaining.has(reward.id) ? (remaining.get(reward.id) ?? null) : reward.remaining,
    })),
  }
}

export function withState(campaign: Campaign, frame: CampaignFrame): Campaign {
  return { ...campaign, state: frame.state }
}

/** The campaign with no known position in the stream: the next read counts. */
export function withoutSequence(campaign: Campaign): Campaign {
  return { ...campaign, totals: { ...campaign.totals, sequence: null } }
}

/** What to keep of a document just read when live frames may be ahead of it. */
export function newerOf(known: Campaign | undefined, read: Campaign): Campaign {
  const have = known?.totals.sequence ?? null
  if (known === undefined || have === null || read.totals.sequence === null) return read
  if (read.totals.sequence >= have) return read
  return { ...read, totals: known.totals, rewards: known.rewards }
}

function isPast(iso: string | null, nowMs: number): boolean {
  return iso !== null && Date.parse(iso) <= nowMs
}
