// SPDX-License-Identifier: Apache-2.0
// The page's live client and what components see of it.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'
import { keys, takePledgeFrame } from '@/api/queries'
import type { Campaign, Gift, LiveFrame } from '@/api/types'
import { withState, withTotals, withoutSequence } from '@/lib/campaign'
import { LiveClient, type LiveSocket } from './client'

const HIDDEN_SLEEP_MS = 30_000

const liveClient = new LiveClient({ connect: connectSocket })
sleepWhileHidden(liveClient)

export function useIsLive(): boolean {
  return useSyncExternalStore(liveClient.onStatus, () => liveClient.status === 'open')
}

/** Keeps the campaign's cached document at the newest figures and reports each new gift. */
export function useLiveCampaign(campaign: Campaign | undefined, onGift: (gift: Gift) => void): void {
  const queryClient = useQueryClient()
  const id = campaign?.id
  const slug = campaign?.slug
  const after = campaign?.totals.sequence ?? null
  const receive = useEffectEvent((frame: LiveFrame) => {
    if (slug === undefined) return
    const key = keys.campaign(slug)
    const update = (change: (known: Campaign) => Campaign) =>
      queryClient.setQueryData<Campaign>(key, (known) => known && change(known))
    if (frame.type === 'totals') {
      update((known) => withTotals(known, frame))
      if (frame.gift !== null) onGift(frame.gift)
    } else if (frame.type === 'campaign') {
      update((known) => withState(known, frame))
      void queryClient.invalidateQueries({ queryKey: key })
    } else if (frame.type === 'reset') {
      update(withoutSequence)
      void queryClient.invalidateQueries({ queryKey: key })
      if (id !== undefined) void queryClient.invalidateQueries({ queryKey: keys.gifts(id) })
    }
  })
  const startAfter = useEffectEvent(() => after)
  useEffect(() => {
    if (id === undefined) return
    return liveClient.watch({ campaign: id, after: startAfter() }, receive)
  }, [id])
}

/** Keeps the cached pledge at its newest state. */
export function useLivePledge(id: string | null, token: string | null): void {
  const queryClient = useQueryClient()
  useEffect(() => {
    if (id === null || token === null) return
    return liveClient.watch({ pledge: id, token }, (frame) => {
      if (frame.type !== 'pledge') return
      void takePledgeFrame(queryClient, id, frame)
    })
  }, [id, token, queryClient])
}

export function connectSocket(): LiveSocket {
  const url = new URL('/api/v1/live', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(url) as unknown as LiveSocket
}

/** Until the returned function is called. */
export function sleepWhileHidden(client: LiveClient): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const watching = new AbortController()
  const { signal } = watching
  const hide = () => {
    clearTimeout(timer)
    if (document.hidden) timer = setTimeout(() => client.sleep(), HIDDEN_SLEEP_MS)
    else client.wake()
  }
  document.addEventListener('visibilitychange', hide, { signal })
  addEventListener('offline', () => client.sleep(), { signal })
  addEventListener('online', () => client.wake(), { signal })
  return () => {
    clearTimeout(timer)
    watching.abort()
  }
}
