// SPDX-License-Identifier: Apache-2.0
// Queries of the site: keys, how often they are read again, how they join with
// what the live feed has brought.
import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { newerOf } from '@/lib/campaign'
import type { CampaignFilters } from '@/lib/filters'
import {
  ApiError,
  fetchCampaign,
  fetchCampaigns,
  fetchFees,
  fetchGifts,
  fetchPledge,
  fetchUpdates,
} from './client'
import type { Campaign, Gift, LiveFrame, Pledge } from './types'

const RETRIES_MAX = 2
const POLL_CAMPAIGN_MS = 5_000
const POLL_PLEDGE_MS = 1_500
const CHECK_WHILE_LIVE_MS = 30_000
const FEES_STALE_MS = 60_000

export const keys = {
  campaigns: (filters: CampaignFilters) => ['campaigns', filters] as const,
  campaign: (slug: string) => ['campaign', slug] as const,
  gifts: (campaignId: string) => ['gifts', campaignId] as const,
  updates: (campaignId: string) => ['updates', campaignId] as const,
  pledge: (id: string) => ['pledge', id] as const,
  fees: ['fees'] as const,
}

/** What was shown stays until the list for other filters is there. */
export function campaignsQuery(filters: CampaignFilters) {
  return infiniteQueryOptions({
    queryKey: keys.campaigns(filters),
    queryFn: ({ pageParam, signal }) => fetchCampaigns(filters, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })
}

/** Polls while the live feed is away, and now and then while it is there. */
export function campaignQuery(slug: string, isLive: boolean) {
  return queryOptions({
    queryKey: keys.campaign(slug),
    queryFn: ({ signal }) => fetchCampaign(slug, signal),
    structuralSharing: (known, read) => newerOf(known as Campaign | undefined, read as Campaign),
    refetchInterval: isLive ? CHECK_WHILE_LIVE_MS : POLL_CAMPAIGN_MS,
  })
}

export function giftsQuery(campaignId: string, isLive: boolean) {
  return infiniteQueryOptions({
    queryKey: keys.gifts(campaignId),
    queryFn: ({ pageParam, signal }) => fetchGifts(campaignId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: isLive ? false : POLL_CAMPAIGN_MS,
  })
}

export function updatesQuery(campaignId: string) {
  return infiniteQueryOptions({
    queryKey: keys.updates(campaignId),
    queryFn: ({ pageParam, signal }) => fetchUpdates(campaignId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

export const feesQuery = queryOptions({
  queryKey: keys.fees,
  queryFn: ({ signal }) => fetchFees(signal),
  staleTime: FEES_STALE_MS,
})

export function pledgeQuery(id: string, token: string, isLive: boolean) {
  return queryOptions({
    queryKey: keys.pledge(id),
    queryFn: ({ signal }) => fetchPledge(id, token, signal),
    structuralSharing: (known, read) => newerPledge(known as Pledge | undefined, read as Pledge),
    // Refunds and answers to requests come long after the payment; a link that has expired stays so.
    refetchInterval: ({ state }) => {
      if (isLinkExpired(state.error)) return false
      const isSettled = state.data !== undefined && state.data.state !== 'pending'
      return isLive || isSettled ? CHECK_WHILE_LIVE_MS : POLL_PLEDGE_MS
    },
  })
}

export function isLinkExpired(error: Error | null): error is ApiError {
  return error instanceof ApiError && error.code === 'link-expired'
}

/** A read may be answered before a change that the live feed has already told of. */
export function newerPledge(known: Pledge | undefined, read: Pledge): Pledge {
  return known !== undefined && known.version > read.version ? known : read
}

/**
 * Brings a live frame into the cached pledge, then reads it anew. A read that is under
 * way may have been answered before the change: it is given up first, because the query
 * would take its answer and forget that it is out of date.
 */
export async function takePledgeFrame(
  queryClient: QueryClient,
  id: string,
  frame: Extract<LiveFrame, { type: 'pledge' }>,
): Promise<void> {
  const queryKey = keys.pledge(id)
  queryClient.setQueryData<Pledge>(queryKey, (known) => {
    if (known === undefined || frame.version <= known.version) return known
    return { ...known, state: frame.state, state_reason: frame.state_reason, version: frame.version }
  })
  await queryClient.cancelQueries({ queryKey })
  await queryClient.invalidateQueries({ queryKey })
}

/** Each gift once, newest first, whatever pages and live frames repeat and in whatever order they came. */
export function uniqueGifts(gifts: Gift[]): Gift[] {
  return [...new Map(gifts.map((gift) => [gift.id, gift])).values()].sort((a, b) => b.at.localeCompare(a.at))
}

/** Refusals stay what they are; a missing answer or an overloaded server may pass. */
export function isWorthRetrying(failures: number, error: Error): boolean {
  if (failures >= RETRIES_MAX) return false
  return !(error instanceof ApiError) || error.status >= 500 || error.status === 429
}
