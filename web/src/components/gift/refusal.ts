// SPDX-License-Identifier: Apache-2.0
// From what went wrong to what the donor is told: what happened, whether money
// may have moved, what to do next.
import { ApiError, NoAnswerError } from '@/api/client'
import type { Campaign, Problem } from '@/api/types'
import { locale, t, tOr } from '@/i18n'
import type { GiftValues } from '@/lib/gift-draft'
import { formatMoney } from '@/lib/money'

export type Refusal = {
  tone: 'warn' | 'bad'
  heading: string
  text: string
  /** Nobody knows whether the pledge was made; only the same request may follow. */
  isUnknown: boolean
  canRetry: boolean
  /** Only the account that sent it can go on. */
  needsLogin: boolean
  /** This campaign takes no gift now, whatever is sent. */
  isFinal: boolean
  /** Seconds after which the page tries again by itself; null if it does not. */
  retryAfterS: number | null
  /** The page sends by itself as soon as the browser is online. */
  waitsForNetwork: boolean
  /** The step where the donor can mend it. */
  step: 1 | 2 | null
  fields: { field: keyof GiftValues; message: string }[]
  needsNewKey: boolean
  requestId: string | null
}

const FIELD_OF_POINTER: Record<string, keyof GiftValues> = {
  '/amount': 'amount',
  '/amount/amount': 'amount',
  '/amount/currency': 'amount',
  '/donor/name': 'name',
  '/donor/email': 'email',
  '/reward_id': 'rewardId',
  '/quantity': 'quantity',
  '/display': 'display',
  '/message': 'message',
}

const PLAIN: Refusal = {
  tone: 'bad',
  heading: '',
  text: '',
  isUnknown: false,
  canRetry: false,
  needsLogin: false,
  isFinal: false,
  retryAfterS: null,
  waitsForNetwork: false,
  step: null,
  fields: [],
  needsNewKey: false,
  requestId: null,
}

/** The page was left or loaded anew while an answer was awaited. */
export function interruptedRefusal(): Refusal {
  return {
    ...PLAIN,
    tone: 'warn',
    heading: t('refusal.interrupted'),
    text: t('refusal.interrupted_text'),
    isUnknown: true,
    canRetry: true,
  }
}

/** Nothing of the request has left the browser. */
export class UnsentError extends Error {}

export type SendState = {
  /** The page may try again by itself if the server names a time. */
  mayRepeat: boolean
  /** An earlier try of the same request may have gone through. */
  wasUnknown: boolean
}

export function explain(error: unknown, campaign: Campaign, state: SendState): Refusal {
  if (error instanceof ApiError) {
    return { ...explainAnswer(error, campaign, state), requestId: error.requestId }
  }
  if (error instanceof UnsentError && !state.wasUnknown) {
    const isOffline = !navigator.onLine
    return {
      ...PLAIN,
      tone: 'warn',
      heading: t(isOffline ? 'refusal.offline' : 'refusal.network'),
      text: t(isOffline ? 'refusal.unsent_text' : 'refusal.busy_text'),
      canRetry: true,
      waitsForNetwork: isOffline,
    }
  }
  const kind = noAnswerKind(error)
  return {
    ...PLAIN,
    tone: 'warn',
    heading: t(`refusal.${kind}`),
    text: t(`refusal.${kind}_text`),
    isUnknown: true,
    canRetry: true,
    waitsForNetwork: kind === 'offline',
  }
}

function noAnswerKind(error: unknown): NoAnswerError['kind'] {
  if (error instanceof NoAnswerError) return error.kind
  return navigator.onLine ? 'network' : 'offline'
}

/**
 * An earlier try may have gone through, and its key belongs to another sender: sent by
 * this one it would be another gift.
 */
export function otherSender(account: string | null): Refusal {
  return {
    ...PLAIN,
    tone: 'warn',
    heading: t('refusal.interrupted'),
    text: t(account === null ? 'refusal.guest_text' : 'refusal.account_text'),
    isUnknown: true,
    canRetry: true,
    needsLogin: account !== null,
  }
}

/** The donor goes on to do something else: nothing is sent behind their back. */
export function withoutRepeat(refusal: Refusal | null): Refusal | null {
  if (refusal === null || (refusal.retryAfterS === null && !refusal.waitsForNetwork)) return refusal
  return null
}

function explainAnswer(error: ApiError, campaign: Campaign, { mayRepeat, wasUnknown }: SendState): Refusal {
  const { problem, status } = error
  const retryAfterS = mayRepeat ? error.retryAfterS : null
  switch (error.code) {
    case 'limit-reached':
      return explainLimit(problem, campaign)
    case 'campaign-not-accepting':
      return {
        ...PLAIN,
        heading: t('refusal.closed'),
        text: tOr(`refusal.closed_${problem.reason ?? ''}`, 'refusal.closed_closed'),
        isFinal: true,
      }
    case 'not-found':
      return { ...PLAIN, heading: t('refusal.closed'), text: t('refusal.gone_text'), isFinal: true }
    case 'reward-unknown':
      return { ...PLAIN, heading: t('refusal.reward'), text: t('refusal.reward_text'), step: 1 }
    case 'amount-out-of-range':
    case 'currency-mismatch':
      return { ...PLAIN, heading: t('refusal.amount'), text: t('refusal.amount_text'), step: 1 }
    case 'idempotency-key-reused':
      return { ...PLAIN, heading: t('refusal.key'), text: t('refusal.key_text'), canRetry: true, needsNewKey: true }
  }
  if (error.code === 'unauthorized' && !wasUnknown) {
    return { ...PLAIN, tone: 'warn', heading: t('refusal.session'), text: t('refusal.session_text'), canRetry: true, needsLogin: true }
  }
  const isJudged = error.code === 'validation-failed'
  if (status >= 500 || status === 409 || (wasUnknown && !isJudged)) return explainUncertain(retryAfterS)
  if (status === 429) return explainBusy(error.retryAfterS ?? 5, mayRepeat)
  return explainFields(problem)
}

function explainBusy(seconds: number, mayRepeat: boolean): Refusal {
  return {
    ...PLAIN,
    tone: 'warn',
    heading: t('refusal.busy'),
    text: t(mayRepeat ? 'refusal.wait_text' : 'refusal.busy_text', { seconds }),
    canRetry: true,
    retryAfterS: mayRepeat ? seconds : null,
  }
}

/** An answer that does not say what became of the request; the key makes a repeat safe. */
function explainUncertain(retryAfterS: number | null): Refusal {
  return {
    ...PLAIN,
    tone: 'warn',
    heading: t('refusal.unavailable'),
    text: t('refusal.unavailable_text'),
    isUnknown: true,
    canRetry: true,
    retryAfterS,
  }
}

function explainLimit(problem: Problem, campaign: Campaign): Refusal {
  if (problem.limit !== 'campaign_cap') {
    return { ...PLAIN, heading: t('refusal.places'), text: t('refusal.places_text'), step: 1 }
  }
  const room = Math.max(0, problem.available ?? 0)
  return {
    ...PLAIN,
    heading: t('refusal.full'),
    text:
      room >= campaign.min_pledge.amount
        ? t('refusal.room_text', { room: formatMoney({ amount: room, currency: campaign.currency }, locale) })
        : t('refusal.full_text'),
    step: 1,
  }
}

function explainFields(problem: Problem): Refusal {
  const fields = (problem.errors ?? []).flatMap(({ pointer }) => {
    const field = FIELD_OF_POINTER[pointer]
    return field === undefined ? [] : [{ field, message: t('refusal.fields') }]
  })
  const hasAmount = fields.some(({ field }) => ['amount', 'rewardId', 'quantity'].includes(field))
  return {
    ...PLAIN,
    heading: t('refusal.fields'),
    text: fields.length > 0 ? t('refusal.fields_text') : t('refusal.other_text'),
    step: fields.length === 0 ? null : hasAmount ? 1 : 2,
    fields,
    canRetry: fields.length === 0,
  }
}
