// SPDX-License-Identifier: Apache-2.0
// What a refusal of the API means, in the reader's language. Its codes are a closed list
// (docs/reference/errors.md); its own sentences are English, and are shown only where a code has no
// text here, as one of a newer API may.
import type { ApiError } from '@/api/http'
import type { Problem } from '@/api/types'
import { t, tMaybe, type MessageKey } from '@/i18n'

/** About the form of a request: no page sends one like that; or what the log-in itself tells. */
type NotOfPages =
  | 'expectation-failed'
  | 'headers-too-large'
  | 'http-version-not-supported'
  | 'idempotency-key-invalid'
  | 'idempotency-key-missing'
  | 'length-required'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'not-implemented'
  | 'precondition-required'
  | 'second-factor-invalid'
  | 'second-factor-required'
  | 'signature-expired'
  | 'signature-invalid'
  | 'upgrade-required'

const TEXTS = {
  'amount-out-of-range': 'problem.amount',
  'bad-request': 'problem.outdated',
  'campaign-not-accepting': 'problem.closed',
  conflict: 'problem.conflict',
  'credentials-invalid': 'problem.credentials',
  'currency-mismatch': 'problem.currency',
  forbidden: 'forbidden.text',
  gone: 'notfound.entry',
  'idempotency-key-reused': 'problem.reused',
  'illegal-transition': 'problem.conflict',
  internal: 'error.load',
  'invalid-cursor': 'problem.cursor',
  'invalid-json': 'problem.outdated',
  'invalid-parameter': 'problem.parameter',
  'limit-in-use': 'problem.limit_used',
  'limit-reached': 'problem.limit',
  'link-expired': 'problem.link_expired',
  'not-found': 'notfound.entry',
  'origin-refused': 'problem.origin',
  overloaded: 'error.busy',
  'payload-too-large': 'problem.too_large',
  'precondition-failed': 'error.changed',
  'request-in-progress': 'problem.in_progress',
  'request-timeout': 'problem.slow',
  'reward-unknown': 'problem.reward',
  'slug-taken': 'problem.slug',
  timeout: 'error.load',
  'too-many-connections': 'error.busy',
  'too-many-requests': 'error.busy',
  unauthorized: 'error.unauthorized',
  unavailable: 'error.load',
  'unsupported-media-type': 'problem.media_type',
  'uri-too-long': 'problem.too_large',
  'validation-failed': 'problem.fields',
} as const satisfies Record<Exclude<NonNullable<Problem['code']>, NotOfPages>, MessageKey>

/** For answers that do not come from the API. */
const OF_STATUS: Partial<Record<number, keyof typeof TEXTS>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  412: 'precondition-failed',
  413: 'payload-too-large',
}

export function problemText({ code, problem, status }: ApiError): string {
  const known = isKnown(code) ? code : OF_STATUS[status]
  if (known === 'validation-failed') return [t('problem.fields'), ...new Set((problem.errors ?? []).map(fieldText))].join(' ')
  if (known !== undefined) return t(TEXTS[known])
  if (status >= 500) return t('error.load')
  return problem.detail ?? problem.title ?? t('error.load')
}

/** What is wrong with one member. */
export function fieldText({ code, detail }: { code: string; detail: string }): string {
  return tMaybe(`field.${code}`) ?? detail
}

function isKnown(code: string): code is keyof typeof TEXTS {
  return code in TEXTS
}
