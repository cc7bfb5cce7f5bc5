// SPDX-License-Identifier: Apache-2.0
// Waiting lists for those who wait.
import { queryOptions } from '@tanstack/react-query'
import { call } from './call'
import type { components } from './schema'

type Schemas = components['schemas']
export type WaitingEntry = Schemas['WaitingEntry']
export type WaitingRequest = Schemas['WaitingRequest']

const POLL_MS = 15_000

export async function joinWaiting(campaignId: string, body: WaitingRequest): Promise<WaitingEntry> {
  return (await call('post', '/api/v1/campaigns/{id}/waiting', { path: { id: campaignId }, body })).data
}

/** By the private link or, without its token, by the account that joined. */
export function entryQuery(id: string, token: string) {
  return queryOptions({
    queryKey: ['waiting', id],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/waiting/{id}', { path: { id }, headers: tokenHeaders(token), signal })).data,
    refetchInterval: POLL_MS,
  })
}

export async function leaveWaiting(id: string, token: string): Promise<void> {
  await call('delete', '/api/v1/waiting/{id}', { path: { id }, headers: tokenHeaders(token) })
}

function tokenHeaders(token: string): Record<string, string> {
  return token === '' ? {} : { 'Waiting-Token': token }
}

// --- what this browser remembers of its own entries

const keyOf = (campaignId: string, rewardId: string | null) => `cfa:waiting:${campaignId}:${rewardId ?? ''}`

export type Kept = { id: string; token: string }

export function keepEntry(campaignId: string, rewardId: string | null, entry: Kept): void {
  try {
    localStorage.setItem(keyOf(campaignId, rewardId), JSON.stringify(entry))
  } catch {
    // The private link is on the page.
  }
}

export function keptEntry(campaignId: string, rewardId: string | null): Kept | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(campaignId, rewardId)) ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('id' in kept) || !('token' in kept)) return null
    return typeof kept.id === 'string' && typeof kept.token === 'string' ? { id: kept.id, token: kept.token } : null
  } catch {
    return null
  }
}

export function forgetEntry(campaignId: string, rewardId: string | null): void {
  try {
    localStorage.removeItem(keyOf(campaignId, rewardId))
  } catch {
    // Nothing was kept.
  }
}
