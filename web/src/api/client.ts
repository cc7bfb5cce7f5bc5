// SPDX-License-Identifier: Apache-2.0
// What the donor pages ask of the API.
import { sendAuthorized } from './call'
import type { Campaign, Gift, Page, Pledge, PledgeCreated } from './types'

export { ApiError, NoAnswerError } from './http'

export function fetchCampaigns(cursor: string | null, signal: AbortSignal): Promise<Page<Campaign>> {
  const query = new URLSearchParams({ limit: '12' })
  if (cursor !== null) query.set('cursor', cursor)
  return read<Page<Campaign>>(`/api/v1/campaigns?${query}`, { signal })
}

export function fetchCampaign(slug: string, signal: AbortSignal): Promise<Campaign> {
  return read<Campaign>(`/api/v1/campaigns/${encodeURIComponent(slug)}`, { signal })
}

export function fetchGifts(
  campaignId: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<Gift>> {
  const query = new URLSearchParams({ limit: '8' })
  if (cursor !== null) query.set('cursor', cursor)
  return read<Page<Gift>>(`/api/v1/campaigns/${campaignId}/gifts?${query}`, { signal })
}

export function fetchPledge(id: string, token: string, signal: AbortSignal): Promise<Pledge> {
  return read<Pledge>(`/api/v1/pledges/${encodeURIComponent(id)}`, {
    signal,
    headers: { 'Pledge-Token': token },
    cache: 'no-store',
  })
}

/** Sends `body` as it is: a repeat with the same key must have the same bytes. */
export function postPledge(campaignId: string, key: string, body: string): Promise<PledgeCreated> {
  return read<PledgeCreated>(`/api/v1/campaigns/${campaignId}/pledges`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
  })
}

async function read<Data>(address: string, init: RequestInit): Promise<Data> {
  return (await sendAuthorized<Data>(address, init)).data
}
