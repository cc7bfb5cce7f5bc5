// SPDX-License-Identifier: Apache-2.0
// The live feed of everything on a connection of its own, and what a page keeps of it.
// Frames are gathered for a moment, so that a burst of a thousand is one change of the
// page.
import { useEffect, useState, useSyncExternalStore } from 'react'
import { accessToken } from '@/api/session'
import type { LiveFrame } from '@/api/types'
import {
  clearFeed,
  EMPTY_FEED,
  type Feed,
  type FeedEvent,
  pauseFeed,
  resetFeed,
  resumeFeed,
  takeEvents,
} from '@/lib/ops/feed'
import { LiveClient, type LiveStatus } from './client'
import { connectSocket, sleepWhileHidden } from './hooks'

const HISTORY = 50
const GATHER_MS = 150
const NO_ADMINISTRATOR = 4403

export type FeedView = { feed: Feed; status: LiveStatus; isRefused: boolean }

export class FeedStore {
  private view: FeedView = { feed: EMPTY_FEED, status: 'closed', isRefused: false }
  private readonly client: LiveClient
  private readonly listeners = new Set<() => void>()
  private gathered: FeedEvent[] = []
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(connect = connectSocket) {
    this.client = new LiveClient({
      connect,
      isWorthRetrying: (code) => {
        if (code === NO_ADMINISTRATOR) this.set({ isRefused: true })
        return code !== NO_ADMINISTRATOR
      },
    })
  }

  /** Watches until the returned function is called. */
  start(): () => void {
    const stopStatus = this.client.onStatus(() => this.set({ status: this.client.status }))
    const stopSleeping = sleepWhileHidden(this.client)
    const unwatch = this.client.watch({ all: true, accessToken, history: HISTORY }, this.take)
    return () => {
      unwatch()
      stopSleeping()
      stopStatus()
      if (this.timer !== null) clearTimeout(this.timer)
      this.timer = null
    }
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  read = (): FeedView => this.view

  pause = (): void => {
    this.flush()
    this.set({ feed: pauseFeed(this.view.feed) })
  }

  resume = (): void => {
    this.flush()
    this.set({ feed: resumeFeed(this.view.feed) })
  }

  clear = (): void => {
    this.flush()
    this.set({ feed: clearFeed(this.view.feed) })
  }

  private readonly take = (frame: LiveFrame): void => {
    if (frame.type === 'event') {
      this.gathered.push(frame)
      this.timer ??= setTimeout(() => this.flush(), GATHER_MS)
    } else if (frame.type === 'reset' && (this.view.feed.last > 0 || this.gathered.length > 0)) {
      this.flush()
      this.set({ feed: resetFeed(this.view.feed) })
    }
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    const events = this.gathered
    this.gathered = []
    if (events.length > 0) this.set({ feed: takeEvents(this.view.feed, events) })
  }

  private set(change: Partial<FeedView>): void {
    this.view = { ...this.view, ...change }
    for (const listener of this.listeners) listener()
  }
}

export function useFeed(): FeedView & Pick<FeedStore, 'pause' | 'resume' | 'clear'> {
  const [store] = useState(() => new FeedStore())
  useEffect(() => store.start(), [store])
  const view = useSyncExternalStore(store.subscribe, store.read)
  return { ...view, pause: store.pause, resume: store.resume, clear: store.clear }
}
