// SPDX-License-Identifier: Apache-2.0
// Goal: what stands beside a campaign is true of it: the gifts promise new ones only where
// some can come, and the preview of a campaign without a goal names none. Method: the
// components in jsdom, on campaign documents in each state.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { giftsQuery } from '@/api/queries'
import type { Campaign, Gift } from '@/api/types'
import { emptyValues } from '@/components/admin/campaign/form'
import { Preview } from '@/components/admin/campaign/preview'
import { Gifts } from '@/components/campaign/gifts'
import { loadAreas } from '@/i18n'

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const now = Date.parse('2026-06-01T00:00:00Z')
const past = '2026-05-01T00:00:00.000Z'
const campaign = {
  id: 'c1',
  state: 'active',
  currency: 'EUR',
  goal: eur(100_000),
  cap: null,
  min_pledge: eur(500),
  max_pledge: null,
  starts_at: past,
  ends_at: null,
  totals: { raised: eur(0), confirmed_count: 0, pending: eur(0), pending_count: 0, sequence: 1 },
  rewards: [],
} as unknown as Campaign
const gift: Gift = { id: 'g1', name: 'Ada', amount: eur(500), message: null, at: past }

let root: Root
let place: HTMLElement
let client: QueryClient

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  place = document.body.appendChild(document.createElement('div'))
  root = createRoot(place)
  client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
})

afterEach(() => {
  act(() => root.unmount())
  place.remove()
  client.clear()
  vi.unstubAllGlobals()
})

const show = (what: ReactNode) => act(() => root.render(<QueryClientProvider client={client}>{what}</QueryClientProvider>))
const buttons = () => [...place.querySelectorAll('button')].map((one) => one.textContent)

function showGifts(change: Partial<Campaign>, items: Gift[]): void {
  client.setQueryData(giftsQuery('c1', false).queryKey, { pages: [{ items, next_cursor: null }], pageParams: [null] })
  show(<Gifts campaign={{ ...campaign, ...change }} fresh={[]} now={now} />)
}

const ENDS: [string, Partial<Campaign>][] = [
  ['paused', { state: 'paused' }],
  ['closed', { state: 'closed' }],
  ['over', { ends_at: past }],
  ['not begun', { starts_at: '2026-07-01T00:00:00.000Z' }],
  ['full', { cap: eur(0) }],
]

describe('the gifts', () => {
  test('say how new ones come, and can be stopped', () => {
    showGifts({}, [gift])
    expect(place.textContent).toContain('Updated every few seconds')
    expect(buttons()).toEqual(['Pause'])
    act(() => place.querySelector('button')?.click())
    expect(place.textContent).toContain('Paused')
  })

  test.each(ENDS)('of a campaign that is %s promise nothing', (_state, change) => {
    showGifts({}, [gift])
    act(() => place.querySelector('button')?.click())
    showGifts(change, [gift])
    expect(place.textContent).not.toMatch(/every few seconds|Paused/)
    expect(buttons()).toEqual([])
    expect(place.textContent).toContain('Ada')
  })

  test.each(ENDS)('of a campaign that is %s still come while a payment is on its way', (_state, change) => {
    showGifts({ ...change, totals: { ...campaign.totals, pending: eur(500), pending_count: 1 } }, [gift])
    expect(place.textContent).toContain('Updated every few seconds')
  })

  test('that are not there are asked for only where one can give', () => {
    showGifts({}, [])
    expect(place.textContent).toContain('Yours could be the first piece')
    showGifts({ state: 'closed' }, [])
    expect(place.textContent).toContain('There are no gifts.')
    expect(place.textContent).not.toContain('Yours')
  })
})

describe('the preview', () => {
  const preview = (goal: string, totals: Campaign['totals'] | null = null) =>
    show(<Preview values={{ ...emptyValues('Noor', 'EUR'), goal }} campaign={null} totals={totals} />)

  beforeEach(() => loadAreas('site', 'admin'))

  test.each(['', '0', 'much'])('names no sum where the goal is %j', (goal) => {
    preview(goal, { ...campaign.totals, raised: eur(12_300) })
    expect(place.textContent).toContain('No goal yet')
    expect(place.textContent).not.toContain('€')
    expect(place.querySelector('[role=progressbar]')).toBeNull()
  })

  test('shows money and bar as the page does once there is a goal', () => {
    preview('1,000', { ...campaign.totals, raised: eur(12_300) })
    expect(place.textContent).toContain('€123 raised of €1,000')
    expect(place.querySelector('[role=progressbar]')?.getAttribute('aria-valuetext')).toBe('€123.00 of €1,000, 12 percent')
  })
})
