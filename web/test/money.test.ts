// SPDX-License-Identifier: Apache-2.0
// Goal: no amount is ever read or shown as another one. Method: tables of what
// people type, in currencies of 0, 2 and 3 decimals and two kinds of locale.
import { describe, expect, test } from 'vitest'
import {
  amountInputText,
  currencyExponent,
  decimalText,
  formatMoney,
  parseAmount,
  presetAmounts,
} from '@/lib/money'

const MAX = Number.MAX_SAFE_INTEGER

describe('parseAmount', () => {
  test.each([
    ['50', 'EUR', 'en-GB', 5000],
    ['0.5', 'EUR', 'en-GB', 50],
    ['.5', 'EUR', 'en-GB', 50],
    ['50.', 'EUR', 'en-GB', 5000],
    ['0,01', 'EUR', 'en-GB', 1],
    ['1.234,50', 'EUR', 'en-GB', 123_450],
    ['1,234.50', 'EUR', 'de-DE', 123_450],
    ['1.234', 'EUR', 'de-DE', 123_400],
    ['1,234', 'EUR', 'en-GB', 123_400],
    ['1 234,5', 'EUR', 'fr-FR', 123_450],
    ["1'234.50", 'CHF', 'de-CH', 123_450],
    ['  50 EUR', 'EUR', 'en-GB', 5000],
    ['€ 50,00', 'EUR', 'en-GB', 5000],
    ['US$12.30', 'USD', 'en-GB', 1230],
    ['1,234,567', 'USD', 'en-US', 123_456_700],
    ['5000', 'JPY', 'en-GB', 5000],
    ['5,000', 'JPY', 'en-GB', 5000],
    ['¥5.000', 'JPY', 'de-DE', 5000],
    ['１２３', 'JPY', 'ja-JP', 123],
    ['1.234', 'KWD', 'en-GB', 1234],
    ['1,234', 'KWD', 'de-DE', 1234],
    ['1,234', 'KWD', 'en-GB', 1_234_000],
    ['1.5', 'KWD', 'en-GB', 1500],
    ['٢٥', 'KWD', 'ar-KW', 25_000],
    ['10.500', 'TND', 'en-GB', 10_500],
    ['1٫234', 'KWD', 'ar-EG', 1234],
    ['١٬٢٣٤٫٥', 'EUR', 'ar-EG', 123_450],
    ['1.234', 'KWD', 'ar-EG', 1234],
    ['90071992547409.91', 'EUR', 'en-GB', MAX],
    ['12.300', 'KWD', 'en-GB', 12_300],
    ['25.00', 'EUR', 'en-GB', 2500],
  ])('%j in %s, read in %s', (text, currency, locale, minor) => {
    expect(parseAmount(text, currency, locale)).toEqual({ ok: true, minor })
  })

  test.each([
    ['', 'EUR', 'empty'],
    ['   ', 'EUR', 'empty'],
    ['EUR', 'EUR', 'empty'],
    ['abc', 'EUR', 'invalid'],
    ['-5', 'EUR', 'invalid'],
    ['5e3', 'EUR', 'invalid'],
    ['1/2', 'EUR', 'invalid'],
    ['.', 'EUR', 'invalid'],
    ['50 USD', 'EUR', 'invalid'],
    ['1.2345', 'EUR', 'decimals'],
    ['1.23456', 'KWD', 'decimals'],
    ['1.5', 'JPY', 'decimals'],
    ['5.000', 'JPY', 'decimals'],
    ['1.234', 'EUR', 'decimals'],
    ['1.000', 'EUR', 'decimals'],
    ['1.2.3', 'EUR', 'decimals'],
    ['1,23,4.5', 'EUR', 'invalid'],
    ['90071992547409.92', 'EUR', 'too_large'],
    ['99999999999999999999', 'JPY', 'too_large'],
  ])('%j in %s is refused as %s', (text, currency, reason) => {
    expect(parseAmount(text, currency, 'en-GB')).toEqual({ ok: false, reason })
  })

  test('reads back what it writes, in every exponent', () => {
    for (const currency of ['JPY', 'EUR', 'KWD']) {
      for (const locale of ['en-GB', 'de-DE', 'fr-FR', 'ar-EG', 'ar']) {
        for (const minor of [1, 10, 99, 100, 1000, 1234, 100_000, 1_234_567, MAX]) {
          const text = amountInputText({ amount: minor, currency }, locale)
          expect([text, parseAmount(text, currency, locale)]).toEqual([text, { ok: true, minor }])
        }
      }
    }
  })
})

describe('formatMoney', () => {
  test.each([
    [1, 'EUR', 'exact', '€0.01'],
    [123_450, 'EUR', 'exact', '€1,234.50'],
    [123_400, 'EUR', 'round', '€1,234'],
    [123_450, 'EUR', 'round', '€1,234.50'],
    [5000, 'JPY', 'exact', 'JP¥5,000'],
    [1234, 'KWD', 'exact', 'KWD\u00a01.234'],
    [MAX, 'EUR', 'exact', '€90,071,992,547,409.91'],
    [0, 'EUR', 'exact', '€0.00'],
    [-150, 'EUR', 'exact', '-€1.50'],
  ] as const)('%d %s, %s', (amount, currency, style, text) => {
    expect(formatMoney({ amount, currency }, 'en-GB', style)).toBe(text)
  })

  test('in Arabic a symbol that begins with letters keeps its order', () => {
    expect(formatMoney({ amount: 500, currency: 'USD' }, 'ar-u-nu-latn', 'round')).toBe('\u200f5\u00a0US$\u200e')
    expect(formatMoney({ amount: 500, currency: 'EUR' }, 'ar-u-nu-latn', 'round')).toBe('\u200f5\u00a0€')
  })

  test('follows ISO 4217 where CLDR does not', () => {
    expect([currencyExponent('HUF'), currencyExponent('IQD'), currencyExponent('JPY')]).toEqual([2, 3, 0])
    expect(decimalText({ amount: 5, currency: 'KWD' })).toBe('0.005')
  })
})

describe('presetAmounts', () => {
  test('starts at or above the least amount and stays at or below the most', () => {
    expect(presetAmounts('EUR', 100, null)).toEqual([500, 1000, 2500, 5000])
    expect(presetAmounts('JPY', 100, null)).toEqual([500, 1000, 2500, 5000])
    expect(presetAmounts('EUR', 1200, null)[0]).toBe(1500)
    expect(presetAmounts('EUR', 100, 1200)).toEqual([500, 1000])
    expect(presetAmounts('EUR', 100, 300)).toEqual([100])
  })
})
