// SPDX-License-Identifier: Apache-2.0
// The reader's language and everything that is written in it. A further
// language is one more catalogue with the keys of en.ts.
import { en } from './en'
import { formatMessage, type MessageValues } from './format'

export type MessageKey = keyof typeof en

/** Locale of numbers, money and dates: the reader's own English, else plain English. */
export const locale: string =
  navigator.languages.find((language) => language === 'en' || language.startsWith('en-')) ?? 'en-GB'

export function t(key: MessageKey, values: MessageValues = {}): string {
  return formatMessage(en[key], values, locale)
}

/** The text of a key built at run time, or of `fallback` where there is none. */
export function tOr(key: string, fallback: MessageKey, values: MessageValues = {}): string {
  return t(key in en ? (key as MessageKey) : fallback, values)
}

export function formatDate(iso: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(iso))
}

export function formatDateTime(iso: string): string {
  return new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(new Date(iso))
}

const RELATIVE_UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** "3 minutes ago"; anything under a minute is "just now". */
export function formatRelative(iso: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1000)
  for (const [unit, size] of RELATIVE_UNITS) {
    if (Math.abs(seconds) >= size) {
      return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(
        Math.trunc(seconds / size),
        unit,
      )
    }
  }
  return t('time.just_now')
}
