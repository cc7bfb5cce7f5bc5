// SPDX-License-Identifier: Apache-2.0
// What the donor pages ask of the API.
import { listQuery, type CampaignFilters } from '@/lib/filters'
import { sendAuthorized } from './call'
import type { Campaign, Fee, Gift, Page, Pledge, PledgeCreated, RefundRequest, Update } from './types'

export { ApiError, NoAnswerError } from './http'

const CAMPAIGNS_PAGE = 12

export type CampaignList = Page<Campaign> & { total: number | null }

export async function fetchCampaigns(
  filters: CampaignFilters,
  cursor: string | null,
  signal: AbortSignal,
): Promise<CampaignList> {
  const address = `/api/v1/campaigns?${listQuery(filters, cursor, CAMPAIGNS_PAGE)}`
  const { data, total } = await sendAuthorized<Page<Campaign>>(address, { signal, headers: { Prefer: 'count=exact' } })
  return { ...data, total }
}

export function fetchCampaign(slug: string, signal: AbortSignal): Promise<Campaign> {
  return read<Campaign>(`/api/v1/campaigns/${encodeURIComponent(slug)}`, { signal })
}

/** Never from the browser's cache: what is told live starts where the campaign was read, which is as new as it gets. */
export function fetchGifts(
  campaignId: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<Gift>> {
  const query = new URLSearchParams({ limit: '8' })
  if (cursor !== null) query.set('cursor', cursor)
  return read<Page<Gift>>(`/api/v1/campaigns/${campaignId}/gifts?${query}`, { signal, cache: 'no-cache' })
}

export function fetchPledge(id: string, token: string, signal: AbortSignal): Promise<Pledge> {
  return read<Pledge>(`/api/v1/pledges/${encodeURIComponent(id)}`, {
    signal,
    headers: linkHeaders(token),
    cache: 'no-store',
  })
}

/** What the provider takes, by currency. */
export async function fetchFees(signal: AbortSignal): Promise<Fee[]> {
  return (await read<{ items: Fee[] }>('/api/v1/fees', { signal })).items
}

/** Public news, and those for backers where the account is one. */
export function fetchUpdates(campaignId: string, cursor: string | null, signal: AbortSignal): Promise<Page<Update>> {
  const query = new URLSearchParams({ limit: '5' })
  if (cursor !== null) query.set('cursor', cursor)
  return read<Page<Update>>(`/api/v1/campaigns/${campaignId}/updates?${query}`, { signal })
}

/** Ends the pledge, or asks the provider to end its payment. To ask again changes nothing. */
export function cancelPledge(id: string, token: string): Promise<Pledge> {
  return read<Pledge>(`/api/v1/pledges/${encodeURIComponent(id)}/cancel`, {
    method: 'POST',
    headers: linkHeaders(token),
  })
}

/** To ask again answers with the request that is open. */
export function requestRefund(id: string, token: string, message: string): Promise<RefundRequest> {
  return read<RefundRequest>(`/api/v1/pledges/${encodeURIComponent(id)}/refund-request`, {
    method: 'POST',
    body: JSON.stringify({ message }),
    headers: { ...linkHeaders(token), 'Content-Type': 'application/json' },
  })
}

export type PledgeMade = PledgeCreated & { isReplay: boolean }

/** Sends `body` as it is: a repeat with the same key must have the same bytes. */
export async function postPledge(campaignId: string, key: string, body: string): Promise<PledgeMade> {
  const { data, headers } = await sendAuthorized<PledgeCreated>(`/api/v1/campaigns/${campaignId}/pledges`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
  })
  return { ...data, isReplay: headers.get('Idempotency-Replayed') === 'true' }
}

/** The private link opens the pledge; without its token the account that made it does. */
function linkHeaders(token: string): Record<string, string> {
  return token === '' ? {} : { 'Pledge-Token': token }
}

async function read<Data>(address: string, init: RequestInit): Promise<Data> {
  return (await sendAuthorized<Data>(address, init)).data
}
