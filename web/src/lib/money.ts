// SPDX-License-Identifier: Apache-2.0
// Money as the API has it: integer minor units and an ISO 4217 code. Nothing
// here multiplies or divides an amount as a floating-point number.

import { formatOf } from './intl'

export type Money = { amount: number; currency: string }

export type ParsedAmount =
  | { ok: true; minor: number }
  | { ok: false; reason: 'empty' | 'invalid' | 'decimals' | 'too_large' }

// Intl follows CLDR, which differs from ISO 4217 for some currencies, so the
// exceptions from two decimals stand here.
const EXPONENTS = new Map<string, number>([
  ...['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF'].map(exponentOf(0)),
  ...['UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'].map(exponentOf(0)),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map(exponentOf(3)),
  ...['CLF', 'UYW'].map(exponentOf(4)),
])

const MAX_TEXT_LENGTH = 40
const ARABIC_DECIMAL = '٫'
const SEPARATORS = /[.,]/g
const SPACES_AND_APOSTROPHES = /[\s\u00a0\u202f'’]/g

export function currencyExponent(currency: string): number {
  return EXPONENTS.get(currency) ?? 2
}

/** The amount as a plain decimal, for example "12.50"; exact for every amount. */
export function decimalText({ amount, currency }: Money): string {
  const exponent = currencyExponent(currency)
  const sign = amount < 0 ? '-' : ''
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0')
  if (exponent === 0) return sign + digits
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

/**
 * The amount for people, with its currency. `round` leaves out decimals that
 * are all zero, for goals and presets.
 */
export function formatMoney(money: Money, locale: string, style: 'exact' | 'round' = 'exact'): string {
  const exponent = currencyExponent(money.currency)
  const isWhole = money.amount % 10 ** exponent === 0
  const decimals = style === 'round' && isWhole ? 0 : exponent
  const text = formatOf(Intl.NumberFormat, locale, {
    style: 'currency',
    currency: money.currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(decimalText(money) as `${number}`)
  // Between lines from right to left "US$" would stand as "$US".
  return text.replace(/^\u200f.*[A-Z]\p{Sc}/u, '$&\u200e')
}

/** The amount as a donor would type it: no currency, no grouping. */
export function amountInputText(money: Money, locale: string): string {
  const text = decimalText(money)
  const trimmed = text.replace(/\.0+$/, '')
  return trimmed.replace('.', decimalSeparator(locale))
}

/**
 * Reads what a donor typed or pasted: "1.234,50", "1,234.50", " 50 EUR", "€5".
 * Where "1.234" could be one or a thousand the locale decides, and what it
 * makes of it is refused rather than guessed at if the currency has no such
 * decimals.
 */
export function parseAmount(text: string, currency: string, locale: string): ParsedAmount {
  const bare = stripCurrency(normalizeDigits(text.slice(0, MAX_TEXT_LENGTH)), currency)
  if (bare === '') return { ok: false, reason: 'empty' }
  if (!/^\d*(?:[.,]\d+)*[.,]?$/.test(bare) || !/\d/.test(bare)) return { ok: false, reason: 'invalid' }
  const exponent = currencyExponent(currency)
  const point = decimalPointIndex(bare, locale)
  const whole = point < 0 ? bare : bare.slice(0, point)
  const fraction = point < 0 ? '' : bare.slice(point + 1)
  if (!isGrouped(whole)) return { ok: false, reason: point < 0 ? 'decimals' : 'invalid' }
  if (fraction.length > exponent) return { ok: false, reason: 'decimals' }
  const minor = BigInt(whole.replace(SEPARATORS, '') + fraction.padEnd(exponent, '0') || '0')
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) return { ok: false, reason: 'too_large' }
  return { ok: true, minor: Number(minor) }
}

/** Four amounts to choose from that the campaign accepts, in minor units. */
export function presetAmounts(currency: string, min: number, max: number | null): number[] {
  const unit = 10 ** currencyExponent(currency)
  const step = (PRESET_STEPS.get(currency) ?? 5) * unit
  const base = Math.max(1, Math.ceil(min / step)) * step
  const ladder = [1, 2, 5, 10, 20].map((factor) => base * factor)
  const allowed = ladder.filter((amount) => max === null || amount <= max)
  return allowed.length > 0 ? allowed.slice(0, 4) : [min]
}

/** The symbol or code that stands for the currency in this locale. */
export function currencySymbol(currency: string, locale: string): string {
  const parts = new Intl.NumberFormat(locale, { style: 'currency', currency }).formatToParts(0)
  return parts.find((part) => part.type === 'currency')?.value ?? currency
}

// The smallest preset, in major units; currencies not named here use 5.
const PRESET_STEPS = new Map([
  ['JPY', 500],
  ['KRW', 5000],
  ['VND', 50_000],
  ['ISK', 500],
  ['CLP', 5000],
  ['INR', 250],
  ['KES', 500],
  ['SEK', 50],
  ['NOK', 50],
  ['DKK', 50],
  ['CZK', 100],
  ['KWD', 2],
  ['BHD', 2],
  ['OMR', 2],
  ['JOD', 5],
  ['TND', 10],
])

function exponentOf(exponent: number): (currency: string) => [string, number] {
  return (currency) => [currency, exponent]
}

function decimalSeparator(locale: string): string {
  const parts = new Intl.NumberFormat(locale).formatToParts(1.5)
  const separator = parts.find((part) => part.type === 'decimal')?.value ?? '.'
  return separator === ARABIC_DECIMAL ? '.' : separator
}

function normalizeDigits(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replaceAll(ARABIC_DECIMAL, '.')
    .replace(/٬/g, '')
}

function stripCurrency(text: string, currency: string): string {
  return text
    .replace(new RegExp(currency, 'gi'), '')
    .replace(/(?:[A-Z]{1,3})?\p{Sc}/gu, '')
    .replace(SPACES_AND_APOSTROPHES, '')
}

/** Where the decimal separator stands, -1 if there is none. */
function decimalPointIndex(text: string, locale: string): number {
  const found = [...text.matchAll(SEPARATORS)].map((match) => match.index)
  const last = found.at(-1)
  if (last === undefined) return -1
  const kinds = new Set(found.map((index) => text[index]))
  if (kinds.size === 2) return last
  if (found.length > 1) return -1
  const after = text.length - last - 1
  if (after !== 3 || last === 0) return last
  return text[last] === decimalSeparator(locale) ? last : -1
}

/** True for digits alone and for groups of three behind one kind of separator. */
function isGrouped(text: string): boolean {
  return /^\d*$/.test(text) || /^\d{1,3}(?:\.\d{3})+$/.test(text) || /^\d{1,3}(?:,\d{3})+$/.test(text)
}
