// SPDX-License-Identifier: Apache-2.0
// The reader's language and everything that is written in it. The texts are in
// messages/<language>/<area>/*.json as ICU messages; scripts/messages.js checks them.
import { setupI18n, type Messages as Catalogue } from '@lingui/core'
import { useSyncExternalStore } from 'react'
import { formatOf } from '@/lib/intl'
import type { Messages } from './keys'

export type MessageKey = keyof Messages
export type Language = keyof typeof LANGUAGES
export type Area = 'site' | 'extra' | 'account' | 'waiting' | 'admin'

type ValuesOf<Key extends MessageKey> = Key extends unknown ? Messages[Key] : never
type Arguments<Key extends MessageKey> = null extends ValuesOf<Key>
  ? [values?: Exclude<ValuesOf<Key>, null>]
  : [values: ValuesOf<Key>]

/** The languages of the site, each by its own name. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', ar: 'العربية' } as const

const STORAGE_KEY = 'cfa:language'
const DEFAULT_LOCALES: Record<string, string> = { en: 'en-GB', de: 'de-DE', ar: 'ar' }

export type Load = () => Promise<{ default: Catalogue }>

const SITE: Record<string, Load> = {
  en: () => import('virtual:messages/en/site'),
  de: () => import('virtual:messages/de/site'),
  ar: () => import('virtual:messages/ar/site'),
}

const i18n = setupI18n()
const listeners = new Set<() => void>()
const areas = new Set<Area>()
const loaded = new Set<string>()

/** The language of the texts, as start.js chose it; it changes by `setLanguage`. */
export let language: string = document.documentElement.lang || 'en'

/** Locale of numbers, money and dates: the reader's own form of the language. */
export let locale: string = localeOf(language)

/** Loads the texts of areas, now and with every later language. */
export async function loadAreas(...wanted: Area[]): Promise<void> {
  for (const area of wanted) areas.add(area)
  await Promise.all(wanted.map((area) => loadTexts(language, area)))
  activate()
}

/** Changes the language of the page in place: what was entered stays. */
export async function setLanguage(next: Language): Promise<void> {
  await Promise.all([...areas].map((area) => loadTexts(next, area)))
  try {
    localStorage.setItem(STORAGE_KEY, next)
  } catch {
    // The choice holds for this page only.
  }
  language = next
  locale = localeOf(next)
  document.documentElement.lang = next
  document.documentElement.dir = next === 'ar' ? 'rtl' : 'ltr'
  activate()
  for (const listener of listeners) listener()
}

/** Makes a component render again when the language changes; pages do so already, with all that is in them. */
export function useLanguage(): string {
  return useSyncExternalStore(subscribe, () => language)
}

export function t<Key extends MessageKey>(key: Key, ...[values]: Arguments<Key>): string {
  return i18n._(key, isolated(values ?? undefined))
}

/** The text of a key built at run time; null where there is none. */
export function tMaybe(key: string): string | null {
  return key in i18n.messages ? i18n._(key) : null
}

/** The text of a key built at run time, or of `fallback` where there is none. */
export function tOr<Key extends MessageKey>(key: string, fallback: Key, ...[values]: Arguments<Key>): string {
  return i18n._(key in i18n.messages ? key : fallback, isolated(values ?? undefined))
}

export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  return formatOf(Intl.NumberFormat, locale, options).format(value)
}

export function formatList(items: string[]): string {
  return new Intl.ListFormat(locale).format(items)
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

/** The same moment for readers in any zone. */
export function formatUtc(iso: string): string {
  return new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZone: 'UTC',
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

async function loadTexts(wanted: string, area: Area): Promise<void> {
  const name = `${wanted}/${area}`
  if (loaded.has(name)) return
  const load = (area === 'site' ? SITE[wanted] : undefined) ?? (await import('./areas')).LATER[area][wanted]
  const texts = await load?.()
  if (texts === undefined) return
  i18n.load(wanted, { ...texts.default })
  loaded.add(name)
}

function activate(): void {
  i18n.activate(language, locale)
}

/** The first of the reader's languages in this one, with the calendar of the API's dates. */
function localeOf(wanted: string): string {
  const base = wanted === 'en-XA' ? 'en' : wanted === 'ar-XB' ? 'ar' : wanted
  const own = navigator.languages.find((one) => one === base || one.startsWith(`${base}-`))
  return new Intl.Locale(own ?? DEFAULT_LOCALES[base] ?? base, { calendar: 'gregory' }).toString()
}

const RTL_LETTER = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/
const LTR_LETTER = /\p{Script=Latin}|\p{Script=Cyrillic}|\p{Script=Greek}|\p{Script=Han}/u

/** Names and titles in a script of the other direction must not turn the sentence around them. */
function isolated(values: Record<string, string | number> | undefined): Record<string, string | number> | undefined {
  if (values === undefined) return undefined
  const foreign = document.documentElement.dir === 'rtl' ? LTR_LETTER : RTL_LETTER
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' && foreign.test(value) ? `\u2068${value}\u2069` : value,
    ]),
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
