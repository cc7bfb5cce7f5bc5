// SPDX-License-Identifier: Apache-2.0
// Goal: every text can be shown, and each is used. Method: the formatter on
// small messages, then the whole catalogue against the sources.
import { describe, expect, test } from 'vitest'
import { en } from '@/i18n/en'
import { formatMessage } from '@/i18n/format'

describe('formatMessage', () => {
  test('puts values in and chooses plural branches', () => {
    const message = '{name} has {n, plural, =0 {no gifts} one {# gift} other {# gifts of {sum}}}.'
    const values = { name: 'Ada', sum: '€5' }
    expect(formatMessage(message, { ...values, n: 0 }, 'en')).toBe('Ada has no gifts.')
    expect(formatMessage(message, { ...values, n: 1 }, 'en')).toBe('Ada has 1 gift.')
    expect(formatMessage(message, { ...values, n: 1200 }, 'en')).toBe('Ada has 1,200 gifts of €5.')
  })

  test('leaves braces in values alone', () => {
    expect(formatMessage('by {name}', { name: '{n, plural}' }, 'en')).toBe('by {n, plural}')
  })

  test('refuses a message whose value is missing', () => {
    expect(() => formatMessage('by {name}', {}, 'en')).toThrow('"name" is missing')
  })
})

test('every text of the catalogue is well formed', () => {
  for (const message of Object.values(en)) {
    const names = [...message.matchAll(/\{(\w+)/g)].map((match) => match[1] ?? '')
    for (const n of [0, 1, 5]) {
      const values: Record<string, number> = Object.fromEntries(names.map((name) => [name, n]))
      expect(formatMessage(message, values, 'en')).not.toMatch(/[{}]/)
    }
  }
})

test('every text of the catalogue is used', () => {
  const files = import.meta.glob<string>(['../src/**/*.{ts,tsx}', '!../src/i18n/en.ts'], {
    query: '?raw',
    import: 'default',
    eager: true,
  })
  const sources = Object.values(files).join('\n')
  const built = [...sources.matchAll(/`([\w.]+[._])\$\{[^`]*?\}(\w*)`/g)].map(([, start, end]) => [start, end])
  const unused = Object.keys(en).filter(
    (key) =>
      !sources.includes(`'${key}'`) &&
      !sources.includes(`"${key}"`) &&
      !built.some(([start, end]) => key.startsWith(start ?? '') && key.endsWith(end ?? '')),
  )
  expect(unused).toEqual([])
})
