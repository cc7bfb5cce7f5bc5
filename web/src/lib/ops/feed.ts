// SPDX-License-Identifier: Apache-2.0
// The events of the live feed that a page keeps: newest first, never more than a
// bound, each once. While it is paused what comes is kept aside and counted; to go on
// puts it in front.
import type { components } from '@/api/schema'

export type FeedEvent = components['schemas']['LiveEvent']

export const FEED_SHOWN_MAX = 500
export const FEED_WAITING_MAX = 2_000

export type Feed = {
  shown: readonly FeedEvent[]
  waiting: readonly FeedEvent[]
  isPaused: boolean
  /** Sequence of the newest event that was taken; older and equal ones are repeats. */
  last: number
  /** How many were let go while paused because too many waited. */
  skipped: number
  /** How often the server could not say what was missed. */
  gaps: number
}

export const EMPTY_FEED: Feed = { shown: [], waiting: [], isPaused: false, last: 0, skipped: 0, gaps: 0 }

/** Takes events in the order in which they came. */
export function takeEvents(feed: Feed, events: readonly FeedEvent[]): Feed {
  const fresh: FeedEvent[] = []
  let last = feed.last
  for (const event of events) {
    if (event.sequence <= last) continue
    last = event.sequence
    fresh.unshift(event)
  }
  if (fresh.length === 0) return feed
  if (!feed.isPaused) return { ...feed, last, shown: [...fresh, ...feed.shown].slice(0, FEED_SHOWN_MAX) }
  const waiting = [...fresh, ...feed.waiting]
  return {
    ...feed,
    last,
    waiting: waiting.slice(0, FEED_WAITING_MAX),
    skipped: feed.skipped + Math.max(0, waiting.length - FEED_WAITING_MAX),
  }
}

export function pauseFeed(feed: Feed): Feed {
  return feed.isPaused ? feed : { ...feed, isPaused: true, skipped: 0 }
}

export function resumeFeed(feed: Feed): Feed {
  if (!feed.isPaused) return feed
  return {
    ...feed,
    isPaused: false,
    waiting: [],
    shown: [...feed.waiting, ...feed.shown].slice(0, FEED_SHOWN_MAX),
  }
}

export function clearFeed(feed: Feed): Feed {
  return { ...feed, shown: [], waiting: [], skipped: 0, gaps: 0 }
}

/** The server counts anew: what was missed in between is not known. */
export function resetFeed(feed: Feed): Feed {
  return { ...feed, last: 0, gaps: feed.gaps + 1 }
}

export type FeedFilter = { kind: string; campaign: string; text: string }

/** `text` is the beginning of an id of a pledge, or a part of the reason or the state. */
export function isShown(event: FeedEvent, { kind, campaign, text }: FeedFilter): boolean {
  if (kind !== '' && event.event !== kind && !event.event.startsWith(`${kind}.`)) return false
  if (campaign !== '' && event.campaign_id !== campaign) return false
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return true
  return (
    (event.pledge_id ?? event.campaign_id).startsWith(wanted) ||
    [event.state, event.state_reason].some((word) => (word ?? '').toLowerCase().includes(wanted))
  )
}
