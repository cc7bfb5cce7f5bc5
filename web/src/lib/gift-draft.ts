// SPDX-License-Identifier: Apache-2.0
// What a donor has entered for one campaign, kept for the session so that
// neither a reload nor a lost network loses it, and the one idempotency key of
// the confirm screen.
//
// A key belongs to the exact bytes of a request. As long as the donor confirms
// the same gift, every try, also one after a reload, sends the same key and
// the same bytes; the first change to the gift makes a new key. The key alone (no
// entry) is shared with other tabs, so that the same gift on two confirm screens
// of one browser is one gift.
import type { DisplayLevel } from '@/api/types'

export const DISPLAY_LEVELS = ['name_amount_message', 'name_message', 'name', 'none'] as const satisfies DisplayLevel[]

export type GiftValues = {
  amount: string
  rewardId: string
  quantity: number
  feeCover: boolean
  name: string
  email: string
  display: DisplayLevel
  message: string
  /** Whether news by e-mail are wanted; never unless the donor says so. */
  news?: boolean
}

export type GiftAttempt = {
  key: string
  body: string
  /** Whose key it is: that of an account or, null, of a guest. */
  account: string | null
  isSent: boolean
}

export type GiftDraft = {
  step: number
  values: GiftValues
  attempt: GiftAttempt | null
  result: { id: string; token: string; isReplay: boolean; isOver: boolean } | null
  /** The link that the values were last filled from; the same link fills them once. */
  origin: string
}

type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export function loadDraft(campaignId: string, storage: DraftStorage): GiftDraft | null {
  try {
    const text = storage.getItem(storageKey(campaignId))
    if (text === null) return null
    const draft: unknown = JSON.parse(text)
    return isDraft(draft) ? draft : null
  } catch {
    return null
  }
}

/** Keeps the draft; a storage that is full or forbidden only costs the safety net. */
export function saveDraft(campaignId: string, draft: GiftDraft, storage: DraftStorage): void {
  try {
    storage.setItem(storageKey(campaignId), JSON.stringify(draft))
  } catch {
    return
  }
}

export function clearDraft(campaignId: string, storage: DraftStorage): void {
  try {
    storage.removeItem(storageKey(campaignId))
  } catch {
    return
  }
}

/** The draft of a further gift by the same donor; the one before has come to its end. */
export function renewedDraft(draft: GiftDraft): GiftDraft {
  const values = { ...draft.values, rewardId: '', quantity: 1, message: '', news: false }
  return { ...draft, step: 1, values, attempt: null, result: null }
}

/** The attempt that sends `body`: the one at hand if it is the same bytes of the same sender, else a new one. */
export function attemptFor(
  known: GiftAttempt | null,
  body: string,
  account: string | null,
  makeKey: () => string = newIdempotencyKey,
): GiftAttempt {
  if (known?.body === body && known.account === account) return known
  return { key: makeKey(), body, account, isSent: false }
}

/** 128 random bits; unlike crypto.randomUUID it also works without TLS. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The key that a tab of this browser has for the same gift, or a new one that they share from now on. */
export function sharedKey(campaignId: string, text: string, storage: DraftStorage, nowMs: number): string {
  const mark = markOf(text)
  const known = readShared(campaignId, storage)
  const isUsable = known?.mark === mark && nowMs - known.at < SHARED_MS
  const key = isUsable ? known.key : newIdempotencyKey()
  try {
    storage.setItem(sharedName(campaignId), JSON.stringify({ mark, key, at: nowMs }))
  } catch {
    return key
  }
  return key
}

/** The gift of this key is over: the same gift given again is another one. */
export function dropSharedKey(campaignId: string, key: string, storage: DraftStorage): void {
  try {
    if (readShared(campaignId, storage)?.key === key) storage.removeItem(sharedName(campaignId))
  } catch {
    return
  }
}

const SHARED_MS = 30 * 60_000

type Shared = { mark: string; key: string; at: number }

function readShared(campaignId: string, storage: DraftStorage): Shared | null {
  try {
    const shared: unknown = JSON.parse(storage.getItem(sharedName(campaignId)) ?? 'null')
    return hasShape(shared, { mark: 'string', key: 'string', at: 'number' }) ? (shared as Shared) : null
  } catch {
    return null
  }
}

/** What another version of this page has stored, or anybody else, is not taken for a draft. */
function isDraft(value: unknown): value is GiftDraft {
  if (!hasShape(value, { step: 'number', origin: 'string' })) return false
  const { step, values, attempt, result } = value as GiftDraft
  const isWhole = hasShape(values, VALUE_TYPES) && DISPLAY_LEVELS.includes(values.display)
  const attemptTypes = { key: 'string', body: 'string', isSent: 'boolean' }
  const resultTypes = { id: 'string', token: 'string', isReplay: 'boolean', isOver: 'boolean' }
  return (
    [1, 2, 3].includes(step) &&
    isWhole &&
    Number.isInteger(values.quantity) &&
    values.quantity >= 1 &&
    (attempt === null || (hasShape(attempt, attemptTypes) && 'account' in attempt)) &&
    (result === null || hasShape(result, resultTypes))
  )
}

const VALUE_TYPES = {
  amount: 'string',
  rewardId: 'string',
  quantity: 'number',
  feeCover: 'boolean',
  name: 'string',
  email: 'string',
  display: 'string',
  message: 'string',
}

function hasShape(value: unknown, types: Record<string, string>): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(types).every(([name, type]) => typeof (value as Record<string, unknown>)[name] === type)
}

/** Tells texts apart; two that are taken for one end in idempotency-key-reused, which makes a new key. */
function markOf(text: string): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  return `${(high >>> 0).toString(16)}-${(low >>> 0).toString(16)}-${text.length}`
}

function sharedName(campaignId: string): string {
  return `cfa:key:${campaignId}`
}

function storageKey(campaignId: string): string {
  return `cfa:gift:${campaignId}`
}
