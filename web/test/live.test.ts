// SPDX-License-Identifier: Apache-2.0
// Goal: a lost connection loses no frame, repeats none, and never hammers the
// server. Method: sockets that the test holds in its hand, and a stopped clock.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Campaign, LiveFrame, TotalsFrame } from '@/api/types'
import { newerOf, withTotals, withoutSequence } from '@/lib/campaign'
import { LiveClient, type LiveSocket } from '@/live/client'

class FakeSocket implements LiveSocket {
  onopen: (() => void) | null = null
  onclose: ((event?: { code: number }) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  sent: unknown[] = []
  isClosed = false

  send(data: unknown): void {
    this.sent.push(JSON.parse(String(data)))
  }

  close(): void {
    this.isClosed = true
  }

  receive(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

let sockets: FakeSocket[]
let client: LiveClient

function newest(): FakeSocket {
  const socket = sockets.at(-1)
  if (socket === undefined) throw new Error('no socket was opened')
  return socket
}

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  client = new LiveClient({
    connect: () => {
      sockets.push(new FakeSocket())
      return newest()
    },
    random: () => 1,
  })
})

afterEach(() => {
  vi.useRealTimers()
})

const totals = (sequence: number, id = 'c1') => ({
  type: 'totals',
  campaign_id: id,
  sequence,
  totals: {},
  rewards: [],
  gift: null,
})

function watchCampaign(after: number | null): number[] {
  const seen: number[] = []
  client.watch({ campaign: 'c1', after }, (frame) => {
    if (frame.type === 'totals') seen.push(frame.sequence)
  })
  return seen
}

describe('LiveClient', () => {
  test('asks for what came after the document, then after the last frame', () => {
    const seen = watchCampaign(7)
    newest().onopen?.()
    expect(newest().sent).toEqual([{ subscribe: { campaign: 'c1', after: 7 } }])
    newest().receive(totals(9))
    newest().onclose?.()
    vi.advanceTimersByTime(500)
    newest().onopen?.()
    expect(sockets).toHaveLength(2)
    expect(newest().sent).toEqual([{ subscribe: { campaign: 'c1', after: 9 } }])
    newest().receive(totals(9))
    newest().receive(totals(12))
    expect(seen).toEqual([9, 12])
  })

  test('takes frames that follow "subscribed" with lower numbers when it asked for them', () => {
    const seen = watchCampaign(7)
    newest().onopen?.()
    newest().receive({ type: 'subscribed', campaign_id: 'c1', sequence: 20 })
    newest().receive(totals(8))
    newest().receive(totals(20))
    expect(seen).toEqual([8, 20])
  })

  test('starts at the subscription when it asked for nothing old', () => {
    const seen = watchCampaign(null)
    newest().onopen?.()
    newest().receive({ type: 'subscribed', campaign_id: 'c1', sequence: 20 })
    newest().receive(totals(20))
    newest().receive(totals(21))
    expect(seen).toEqual([21])
  })

  test('names the epoch that it was told, and the one of a later reset', () => {
    watchCampaign(7)
    newest().onopen?.()
    newest().receive({ type: 'subscribed', campaign_id: 'c1', epoch: 3, sequence: 8 })
    newest().receive(totals(9))
    newest().onclose?.()
    vi.advanceTimersByTime(500)
    newest().onopen?.()
    expect(newest().sent).toEqual([{ subscribe: { campaign: 'c1', after: 9, epoch: 3 } }])
    newest().receive({ type: 'reset', campaign_id: 'c1', epoch: 4, sequence: 2 })
    newest().receive(totals(4))
    newest().onclose?.()
    vi.advanceTimersByTime(1000)
    newest().onopen?.()
    expect(newest().sent).toEqual([{ subscribe: { campaign: 'c1', after: 4, epoch: 4 } }])
  })

  test('forgets its place on a reset, even when numbers start again', () => {
    const seen = watchCampaign(5000)
    newest().onopen?.()
    newest().receive({ type: 'reset', campaign_id: 'c1' })
    newest().receive(totals(3))
    expect(seen).toEqual([3])
  })

  test('passes frames only to those who asked', () => {
    const seen = watchCampaign(null)
    newest().onopen?.()
    newest().receive(totals(1, 'other'))
    newest().receive({ type: 'pledge', pledge_id: 'p', state: 'confirmed', version: 2 })
    newest().receive('no object')
    newest().onmessage?.({ data: '{broken' })
    expect(seen).toEqual([])
  })

  test('waits longer after each failure, with an upper bound', () => {
    watchCampaign(null)
    const waits = Array.from({ length: 9 }, () => {
      const before = sockets.length
      newest().onclose?.()
      let waited = 0
      while (sockets.length === before) {
        vi.advanceTimersByTime(500)
        waited += 500
      }
      return waited
    })
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  test('sleeps and wakes with the page', () => {
    watchCampaign(4)
    newest().onopen?.()
    newest().receive(totals(6))
    client.sleep()
    expect([newest().isClosed, client.status]).toEqual([true, 'closed'])
    vi.advanceTimersByTime(600_000)
    expect(sockets).toHaveLength(1)
    client.wake()
    newest().onopen?.()
    expect(newest().sent).toEqual([{ subscribe: { campaign: 'c1', after: 6 } }])
  })

  test('leaves a topic, and closes when nobody watches', () => {
    const stop = client.watch({ pledge: 'p', token: 't' }, () => undefined)
    newest().onopen?.()
    stop()
    expect(newest().sent.at(-1)).toEqual({ unsubscribe: { pledge: 'p' } })
    expect(newest().isClosed).toBe(false)
    vi.advanceTimersByTime(5000)
    expect([newest().isClosed, sockets.length]).toEqual([true, 1])
  })

  test('tells of its state', () => {
    const seen: string[] = []
    client.onStatus(() => seen.push(client.status))
    const stop = client.watch({ campaign: 'c1', after: null }, (frame: LiveFrame) => frame)
    newest().onopen?.()
    newest().onclose?.()
    stop()
    vi.advanceTimersByTime(60_000)
    expect(seen).toEqual(['connecting', 'open', 'closed'])
    expect(sockets).toHaveLength(1)
  })
})

describe('totals', () => {
  const campaign = (raised: number, sequence: number | null, count = raised): Campaign =>
    ({
      totals: { raised: { amount: raised, currency: 'EUR' }, confirmed_count: count, sequence },
      rewards: [{ id: 'r', remaining: raised }],
    }) as Campaign
  const frame = (raised: number, sequence: number): TotalsFrame =>
    ({
      sequence,
      totals: { ...campaign(raised, sequence).totals, sequence: null },
      rewards: [{ id: 'r', remaining: 1 }],
    }) as TotalsFrame

  test('take a newer frame and its places', () => {
    const after = withTotals(campaign(10, 5), frame(20, 6))
    expect([after.totals.raised.amount, after.totals.sequence, after.rewards[0]?.remaining]).toEqual([20, 6, 1])
  })

  test('never go back to an older frame or an older answer', () => {
    expect(withTotals(campaign(20, 6), frame(10, 5)).totals.raised.amount).toBe(20)
    expect(withTotals(campaign(20, null), frame(10, 5)).totals.raised.amount).toBe(20)
    expect(newerOf(campaign(20, 6), campaign(10, 5)).totals.raised.amount).toBe(20)
  })

  test('go back by a refund, and after a reset', () => {
    expect(withTotals(campaign(20, 6), frame(10, 7)).totals.raised.amount).toBe(10)
    expect(newerOf(withoutSequence(campaign(20, 600)), campaign(10, 5)).totals.raised.amount).toBe(10)
    expect(newerOf(campaign(20, 6), campaign(21, null)).totals.raised.amount).toBe(21)
  })
})

describe('everything, for administrators', () => {
  const event = (sequence: number) => ({ type: 'event', sequence, event: 'pledge.created', campaign_id: 'c1' })
  const watchAll = (accessToken: () => Promise<string | null>, history = 0) => {
    const seen: (number | string)[] = []
    client.watch({ all: true, accessToken, history }, (frame) => seen.push(frame.type === 'event' ? frame.sequence : frame.type))
    return seen
  }

  test('asks with a token that is fetched anew for each connection, and goes on where it was', async () => {
    let made = 0
    const seen = watchAll(() => Promise.resolve(`token-${++made}`))
    newest().onopen?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(newest().sent).toEqual([{ subscribe: { all: true, access_token: 'token-1' } }])
    newest().receive({ type: 'subscribed', all: true, epoch: 7, sequence: 90 })
    newest().receive(event(91))
    newest().receive(event(91))
    newest().receive(totals(500))
    newest().onclose?.({ code: 4401 })
    await vi.advanceTimersByTimeAsync(500)
    newest().onopen?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(newest().sent).toEqual([{ subscribe: { all: true, access_token: 'token-2', after: 91, epoch: 7 } }])
    newest().receive(event(92))
    newest().receive({ type: 'reset', all: true, epoch: 8, sequence: 3 })
    newest().receive(event(4))
    newest().onclose?.({ code: 1006 })
    await vi.advanceTimersByTimeAsync(1000)
    newest().onopen?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(newest().sent).toEqual([{ subscribe: { all: true, access_token: 'token-3', after: 4, epoch: 8 } }])
    expect(seen).toEqual(['subscribed', 91, 92, 'reset', 4])
  })

  test('reads the last events of before, once', async () => {
    const seen = watchAll(() => Promise.resolve('token'), 2)
    newest().onopen?.()
    await vi.advanceTimersByTimeAsync(0)
    newest().receive({ type: 'subscribed', all: true, epoch: 7, sequence: 90 })
    await vi.advanceTimersByTimeAsync(0)
    expect(newest().sent.slice(1)).toEqual([{ subscribe: { all: true, access_token: 'token', after: 88, epoch: 7 } }])
    newest().receive({ type: 'subscribed', all: true, epoch: 7, sequence: 90 })
    for (const sequence of [89, 90, 91]) newest().receive(event(sequence))
    await vi.advanceTimersByTimeAsync(0)
    expect(newest().sent).toHaveLength(2)
    expect(seen).toEqual(['subscribed', 'subscribed', 89, 90, 91])
  })

  test('sends nothing without a token, nor for somebody who has left meanwhile', async () => {
    watchAll(() => Promise.resolve(null))
    newest().onopen?.()
    await vi.advanceTimersByTimeAsync(0)
    expect([newest().sent, newest().isClosed]).toEqual([[], true])
    const stop = client.watch({ all: true, accessToken: () => Promise.resolve('late'), history: 0 }, () => undefined)
    stop()
    await vi.advanceTimersByTimeAsync(0)
    expect(JSON.stringify(newest().sent)).not.toContain('late')
  })

  test('does not come back where the account may not', async () => {
    client = new LiveClient({
      connect: () => {
        sockets.push(new FakeSocket())
        return newest()
      },
      isWorthRetrying: (code) => code !== 4403,
    })
    watchAll(() => Promise.resolve('token'))
    newest().onopen?.()
    newest().onclose?.({ code: 4403 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
  })
})
