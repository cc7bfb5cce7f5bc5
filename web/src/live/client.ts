// SPDX-License-Identifier: Apache-2.0
// One WebSocket per page, shared by all who watch a campaign or a pledge.
//
// The client remembers for each campaign the sequence of the last frame it has
// passed on, and the epoch that the server counts in. After a lost connection it
// subscribes again "after" that sequence, so that the server can send what was
// missed; frames at or below it are dropped. On a reset it forgets the sequence:
// the watcher reads the resource anew and frames count from there.
import type { LiveFrame } from '@/api/types'

export type LiveStatus = 'closed' | 'connecting' | 'open'

export type LiveTopic =
  | { campaign: string; after: number | null }
  | { pledge: string; token: string }
  /** Every event, for administrators, with the last ones of before; no token ends the attempt. */
  | { all: true; accessToken: () => Promise<string | null>; history: number }

export type LiveSocket = Pick<WebSocket, 'send' | 'close'> & {
  onopen: (() => void) | null
  onclose: ((event?: { code: number }) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
}

export type LiveOptions = {
  connect: () => LiveSocket
  random?: () => number
  /** Whether to connect again after the server has closed with this code. */
  isWorthRetrying?: (code: number) => boolean
}

type Watcher = { topic: LiveTopic; epoch: number | null; last: number | null; listener: (frame: LiveFrame) => void }

const BACKOFF_FIRST_MS = 500
const BACKOFF_MAX_MS = 30_000
const BACKOFF_DOUBLINGS_MAX = 6
const IDLE_CLOSE_MS = 5_000
const CLOSED_WITHOUT_WORDS = 1006

export class LiveClient {
  private readonly connectSocket: () => LiveSocket
  private readonly random: () => number
  private readonly isWorthRetrying: (code: number) => boolean
  private readonly watchers = new Set<Watcher>()
  private readonly statusListeners = new Set<() => void>()
  private socket: LiveSocket | null = null
  private currentStatus: LiveStatus = 'closed'
  private failures = 0
  private isAsleep = false
  private retryTimer: ReturnType<typeof setTimeout> | null = null
  private idleTimer: ReturnType<typeof setTimeout> | null = null

  constructor({ connect, random = Math.random, isWorthRetrying = () => true }: LiveOptions) {
    this.connectSocket = connect
    this.random = random
    this.isWorthRetrying = isWorthRetrying
  }

  get status(): LiveStatus {
    return this.currentStatus
  }

  onStatus = (listener: () => void): (() => void) => {
    this.statusListeners.add(listener)
    return () => this.statusListeners.delete(listener)
  }

  /** Passes each new frame of the topic to `listener` until the returned function is called. */
  watch(topic: LiveTopic, listener: (frame: LiveFrame) => void): () => void {
    const watcher: Watcher = { topic, epoch: null, last: 'after' in topic ? topic.after : null, listener }
    this.watchers.add(watcher)
    if (this.idleTimer !== null) clearTimeout(this.idleTimer)
    this.idleTimer = null
    if (this.currentStatus === 'open') this.subscribe(watcher)
    else if (this.currentStatus === 'closed' && this.retryTimer === null) this.open()
    return () => this.unwatch(watcher)
  }

  /** Closes while nobody looks; `wake` resumes where it stopped. */
  sleep(): void {
    this.isAsleep = true
    this.cancelRetry()
    this.drop()
  }

  wake(): void {
    this.isAsleep = false
    this.failures = 0
    this.cancelRetry()
    if (this.currentStatus === 'closed' && this.watchers.size > 0) this.open()
  }

  private unwatch(watcher: Watcher): void {
    this.watchers.delete(watcher)
    if (this.currentStatus === 'open' && !this.isStillWatched(watcher.topic)) {
      this.socket?.send(JSON.stringify({ unsubscribe: topicName(watcher.topic) }))
    }
    if (this.watchers.size > 0) return
    this.cancelRetry()
    this.idleTimer ??= setTimeout(() => {
      this.idleTimer = null
      this.drop()
    }, IDLE_CLOSE_MS)
  }

  private isStillWatched(topic: LiveTopic): boolean {
    const key = topicKey(topic)
    return [...this.watchers].some((other) => topicKey(other.topic) === key)
  }

  private open(): void {
    if (this.isAsleep) return
    const socket = this.connectSocket()
    this.socket = socket
    this.setStatus('connecting')
    socket.onopen = () => {
      this.setStatus('open')
      for (const watcher of this.watchers) this.subscribe(watcher)
    }
    socket.onmessage = (event) => {
      this.failures = 0
      this.receive(event.data)
    }
    socket.onclose = (event) => {
      if (this.socket !== socket) return
      this.socket = null
      this.setStatus('closed')
      if (this.isWorthRetrying(event?.code ?? CLOSED_WITHOUT_WORDS)) this.retryLater()
    }
  }

  private retryLater(): void {
    if (this.watchers.size === 0 || this.isAsleep) return
    const doublings = Math.min(this.failures++, BACKOFF_DOUBLINGS_MAX)
    const ceiling = Math.min(BACKOFF_FIRST_MS * 2 ** doublings, BACKOFF_MAX_MS)
    this.retryTimer = setTimeout(
      () => {
        this.retryTimer = null
        this.open()
      },
      ceiling / 2 + (this.random() * ceiling) / 2,
    )
  }

  private cancelRetry(): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer)
    this.retryTimer = null
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    if (socket !== null) {
      socket.onclose = null
      socket.onmessage = null
      socket.onopen = null
      socket.close()
    }
    this.setStatus('closed')
  }

  private subscribe(watcher: Watcher): void {
    const { topic, epoch, last } = watcher
    if ('all' in topic) {
      void this.subscribeAll(watcher, topic.accessToken)
      return
    }
    const after = epoch === null || last === null ? { after: last } : { after: last, epoch }
    const subscribe = 'campaign' in topic ? { campaign: topic.campaign, ...after } : topic
    this.socket?.send(JSON.stringify({ subscribe }))
  }

  /** Waits for a token that is valid now; the connection may be another one by then. */
  private async subscribeAll(watcher: Watcher, accessToken: () => Promise<string | null>): Promise<void> {
    const { socket } = this
    const access_token = await accessToken().catch(() => null)
    if (this.socket !== socket || socket === null || !this.watchers.has(watcher)) return
    if (access_token === null) {
      socket.close()
      return
    }
    const { epoch, last } = watcher
    const after = epoch === null || last === null ? {} : { after: last, epoch }
    socket.send(JSON.stringify({ subscribe: { all: true, access_token, ...after } }))
  }

  private receive(data: unknown): void {
    const frame = parseFrame(data)
    if (frame === null) return
    for (const watcher of this.watchers) {
      if (!isFor(frame, watcher.topic)) continue
      const isFirst = watcher.epoch === null
      deliver(watcher, frame)
      if (isFirst && frame.type === 'subscribed' && 'all' in watcher.topic) this.readHistory(watcher, watcher.topic.history)
    }
  }

  private readHistory(watcher: Watcher, count: number): void {
    if (watcher.epoch === null || watcher.last === null || watcher.last === 0 || count === 0) return
    watcher.last = Math.max(0, watcher.last - count)
    this.subscribe(watcher)
  }

  private setStatus(status: LiveStatus): void {
    if (this.currentStatus === status) return
    this.currentStatus = status
    for (const listener of this.statusListeners) listener()
  }
}

function deliver(watcher: Watcher, frame: LiveFrame): void {
  if (frame.type === 'reset' || frame.type === 'subscribed') watcher.epoch = frame.epoch ?? watcher.epoch
  if (frame.type === 'reset') {
    // The documents of campaigns have their own sequence; the list of everything has none.
    watcher.last = 'all' in watcher.topic ? (frame.sequence ?? null) : null
  } else if (frame.type === 'subscribed') {
    // What was missed may still follow with lower numbers, so only a watcher
    // that asked for nothing old starts here.
    watcher.last ??= frame.sequence ?? null
  } else if (frame.type === 'totals' || frame.type === 'campaign' || frame.type === 'event') {
    if (watcher.last !== null && frame.sequence <= watcher.last) return
    watcher.last = frame.sequence
  }
  watcher.listener(frame)
}

function isFor(frame: LiveFrame, topic: LiveTopic): boolean {
  if (frame.type === 'error') return true
  if ('all' in topic) return frame.type === 'event' || 'all' in frame
  if (frame.type === 'event') return false
  if ('campaign' in topic) return 'campaign_id' in frame && frame.campaign_id === topic.campaign
  return 'pledge_id' in frame && frame.pledge_id === topic.pledge
}

function topicKey(topic: LiveTopic): string {
  if ('all' in topic) return 'all'
  return 'campaign' in topic ? `campaign ${topic.campaign}` : `pledge ${topic.pledge}`
}

function topicName(topic: LiveTopic): Record<string, string | boolean> {
  if ('all' in topic) return { all: true }
  return 'campaign' in topic ? { campaign: topic.campaign } : { pledge: topic.pledge }
}

function parseFrame(data: unknown): LiveFrame | null {
  if (typeof data !== 'string') return null
  try {
    const frame: unknown = JSON.parse(data)
    return typeof frame === 'object' && frame !== null && 'type' in frame ? (frame as LiveFrame) : null
  } catch {
    return null
  }
}
