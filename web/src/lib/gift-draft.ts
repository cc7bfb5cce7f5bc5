// SPDX-License-Identifier: Apache-2.0
// What a donor has entered for one campaign, kept for the session so that
// neither a reload nor a lost network loses it, and the one idempotency key of
// the confirm screen.
//
// A key belongs to the exact bytes of a request. As long as the donor confirms
// the same gift, every try, also one after a reload, sends the same key and
// the same bytes; the first change to the gift makes a new key.
import { z } from 'zod/mini'

const displayLevels = ['name_amount_message', 'name_message', 'name', 'none'] as const

const draftSchema = z.object({
  step: z.int().check(z.gte(1), z.lte(3)),
  values: z.object({
    amount: z.string(),
    rewardId: z.string(),
    quantity: z.int().check(z.gte(1)),
    name: z.string(),
    email: z.string(),
    display: z.enum(displayLevels),
    message: z.string(),
  }),
  attempt: z.nullable(z.object({ key: z.string(), body: z.string(), isSent: z.boolean() })),
  result: z.nullable(z.object({ id: z.string(), token: z.string() })),
})

export type GiftDraft = z.infer<typeof draftSchema>
export type GiftValues = GiftDraft['values']
export type GiftAttempt = NonNullable<GiftDraft['attempt']>

type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export function loadDraft(campaignId: string, storage: DraftStorage): GiftDraft | null {
  try {
    const text = storage.getItem(storageKey(campaignId))
    if (text === null) return null
    return draftSchema.safeParse(JSON.parse(text)).data ?? null
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

/** The attempt that sends `body`: the one at hand if it is for the same bytes, else a new one. */
export function attemptFor(
  known: GiftAttempt | null,
  body: string,
  makeKey: () => string = newIdempotencyKey,
): GiftAttempt {
  if (known?.body === body) return known
  return { key: makeKey(), body, isSent: false }
}

/** 128 random bits; unlike crypto.randomUUID it also works without TLS. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function storageKey(campaignId: string): string {
  return `cfa:gift:${campaignId}`
}
