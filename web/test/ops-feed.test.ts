// SPDX-License-Identifier: Apache-2.0
// Goal: the feed shows each event once and in order, loses none while it is paused as
// long as its bound lets it, and never grows past its bounds. Method: events by number,
// with repeats and in bursts.
import { describe, expect, test } from 'vitest'
import {
  clearFeed,
  EMPTY_FEED,
  FEED_SHOWN_MAX,
  FEED_WAITING_MAX,
  type FeedEvent,
  isShown,
  pauseFeed,
  resetFeed,
  resumeFeed,
  takeEvents,
} from '@/lib/ops/feed'

const event = (sequence: number, more: Partial<FeedEvent> = {}): FeedEvent => ({
  type: 'event',
  sequence,
  event: 'pledge.confirmed',
  campaign_id: 'c1',
  pledge_id: `p${sequence}`,
  version: 1,
  state: 'confirmed',
  at: '2026-01-01T00:00:00.000Z',
  ...more,
})
const range = (from: number, to: number): FeedEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const numbers = (events: readonly FeedEvent[]): number[] => events.map((one) => one.sequence)

describe('a feed', () => {
  test('shows the newest first and repeats nothing', () => {
    const feed = takeEvents(takeEvents(EMPTY_FEED, range(1, 3)), [event(2), event(3), event(4)])
    expect(numbers(feed.shown)).toEqual([4, 3, 2, 1])
    expect(takeEvents(feed, [event(4)])).toBe(feed)
  })

  test('keeps what comes while it is paused, and goes on without a gap', () => {
    const paused = takeEvents(pauseFeed(takeEvents(EMPTY_FEED, range(1, 3))), range(4, 8))
    expect(numbers(paused.shown)).toEqual([3, 2, 1])
    expect(numbers(paused.waiting)).toEqual([8, 7, 6, 5, 4])
    const resumed = takeEvents(resumeFeed(paused), [event(8), event(9)])
    expect(numbers(resumed.shown)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
    expect(resumed).toMatchObject({ waiting: [], skipped: 0, isPaused: false, last: 9 })
  })

  test('is bounded, and says what it let go', () => {
    const shown = takeEvents(EMPTY_FEED, range(1, FEED_SHOWN_MAX + 20))
    expect(shown.shown).toHaveLength(FEED_SHOWN_MAX)
    expect(shown.shown.at(-1)?.sequence).toBe(21)
    const paused = takeEvents(pauseFeed(EMPTY_FEED), range(1, FEED_WAITING_MAX + 7))
    expect(paused.waiting).toHaveLength(FEED_WAITING_MAX)
    expect(paused.skipped).toBe(7)
    expect(takeEvents(paused, [event(FEED_WAITING_MAX + 8)]).skipped).toBe(8)
    expect(resumeFeed(paused).shown).toHaveLength(FEED_SHOWN_MAX)
  })

  test('counts from anew after a reset and says that there is a gap', () => {
    const feed = takeEvents(resetFeed(takeEvents(EMPTY_FEED, range(10, 12))), range(1, 2))
    expect(numbers(feed.shown)).toEqual([2, 1, 12, 11, 10])
    expect(feed.gaps).toBe(1)
    expect(clearFeed(feed)).toMatchObject({ shown: [], gaps: 0, last: 2 })
  })

  test('pause and resume twice are one', () => {
    const paused = takeEvents(pauseFeed(EMPTY_FEED), range(1, 2))
    expect(pauseFeed(paused)).toBe(paused)
    expect(resumeFeed(EMPTY_FEED)).toBe(EMPTY_FEED)
  })
})

describe('a filter', () => {
  const none = { kind: '', campaign: '', text: '' }
  const failed = event(1, { event: 'pledge.failed', pledge_id: '0199-abc', state: 'failed', state_reason: 'card_declined' })
  test.each([
    [none, true],
    [{ ...none, kind: 'pledge' }, true],
    [{ ...none, kind: 'pledge.failed' }, true],
    [{ ...none, kind: 'pledge.fail' }, false],
    [{ ...none, kind: 'campaign' }, false],
    [{ ...none, campaign: 'c1' }, true],
    [{ ...none, campaign: 'c2' }, false],
    [{ ...none, text: ' 0199-AB' }, true],
    [{ ...none, text: 'abc' }, false],
    [{ ...none, text: 'declined' }, true],
    [{ kind: 'pledge', campaign: 'c2', text: 'declined' }, false],
  ])('%j', (filter, expected) => {
    expect(isShown(failed, filter)).toBe(expected)
  })
})
