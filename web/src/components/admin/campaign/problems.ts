// SPDX-License-Identifier: Apache-2.0
// What is wrong with an entry, in words: codes of our own rules and of the API's.
import { ApiError } from '@/api/http'
import { t, tMaybe } from '@/i18n'
import { fieldText } from '@/lib/problem-text'

/** `code` may carry the sentence of the API behind a colon, for codes that have no text here. */
export function problemText(code: string | undefined, values: { max?: number; currency?: string } = {}): string | undefined {
  if (code === undefined) return undefined
  const [name, detail] = splitOnce(code)
  const { max = 0, currency = '' } = values
  if (name === 'too_long') return t('admin.entry.too_long', { max })
  if (name === 'amount_decimals') return t('admin.entry.amount_decimals', { currency })
  if (name === 'in_use') return t('admin.entry.in_use', { used: detail ?? '' })
  return tMaybe(`admin.entry.${name}`) ?? fieldText({ code: name, detail: detail ?? t('admin.entry.invalid') })
}

/** The faults that the API found, by JSON Pointer, as codes for `problemText`. */
export function faultsOf(error: unknown): { pointer: string; code: string }[] {
  if (!(error instanceof ApiError)) return []
  if (error.code === 'slug-taken') return [{ pointer: '/slug', code: 'slug_taken' }]
  return (error.problem.errors ?? []).map(({ pointer, code, detail }) => ({ pointer, code: `${code}:${detail}` }))
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf(':')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
