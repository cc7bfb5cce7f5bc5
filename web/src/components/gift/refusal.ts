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
  /** Seconds after which the page tries again by itself; null if it does not. */
  retryAfterS: number | null
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
  retryAfterS: null,
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

/** `mayRepeat` says whether the page is going to try again by itself if the server named a time. */
export function explain(error: unknown, campaign: Campaign, mayRepeat: boolean): Refusal {
  if (error instanceof ApiError) {
    return { ...explainAnswer(error, campaign, mayRepeat), requestId: error.requestId }
  }
  const kind = error instanceof NoAnswerError ? error.kind : 'network'
  return {
    ...PLAIN,
    tone: 'warn',
    heading: t(`refusal.${kind}`),
    text: t(`refusal.${kind}_text`),
    isUnknown: true,
    canRetry: true,
  }
}

function explainAnswer(error: ApiError, campaign: Campaign, mayRepeat: boolean): Refusal {
  const { problem, status } = error
  switch (error.code) {
    case 'limit-reached':
      return explainLimit(problem, campaign)
    case 'campaign-not-accepting':
      return {
        ...PLAIN,
        heading: t('refusal.closed'),
        text: tOr(`refusal.closed_${problem.reason ?? ''}`, 'refusal.closed_closed'),
      }
    case 'reward-unknown':
      return { ...PLAIN, heading: t('refusal.reward'), text: t('refusal.reward_text'), step: 1 }
    case 'amount-out-of-range':
    case 'currency-mismatch':
      return { ...PLAIN, heading: t('refusal.amount'), text: problem.detail ?? t('refusal.amount_text'), step: 1 }
    case 'idempotency-key-reused':
      return { ...PLAIN, heading: t('refusal.key'), text: t('refusal.key_text'), canRetry: true, needsNewKey: true }
  }
  if (status === 429) {
    const seconds = error.retryAfterS ?? 5
    return {
      ...PLAIN,
      tone: 'warn',
      heading: t('refusal.busy'),
      text: t(mayRepeat ? 'refusal.wait_text' : 'refusal.busy_text', { seconds }),
      canRetry: true,
      retryAfterS: mayRepeat ? seconds : null,
    }
  }
  if (status === 409 || status >= 500) return explainUncertain(mayRepeat ? error.retryAfterS : null)
  return explainFields(problem)
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
  const fields = (problem.errors ?? []).flatMap(({ pointer, detail }) => {
    const field = FIELD_OF_POINTER[pointer]
    return field === undefined ? [] : [{ field, message: detail }]
  })
  const hasAmount = fields.some(({ field }) => ['amount', 'rewardId', 'quantity'].includes(field))
  return {
    ...PLAIN,
    heading: t('refusal.fields'),
    text: fields.length > 0 ? t('refusal.fields_text') : (problem.detail ?? t('refusal.other_text')),
    step: fields.length === 0 ? null : hasAmount ? 1 : 2,
    fields,
    canRetry: fields.length === 0,
  }
}
