// SPDX-License-Identifier: Apache-2.0
// Goal: the file that reminds of a start is one that every calendar reads (RFC 5545), says what
// the campaign says, whatever stands in its texts, and is the same entry each time. Method: texts
// with all that has a meaning there, taken apart again by the rules of the RFC.
import { expect, test } from 'vitest'
import type { Campaign } from '@/api/types'
import { setLanguage } from '@/i18n'
import { calendarText } from '@/lib/calendar'

const campaign = {
  id: '0199c0de-0000-7000-8000-0000000000c1',
  slug: 'clean-water',
  title: 'Wells; pumps, and \\ more',
  summary: 'First line\r\nBEGIN:VEVENT\nلنحفر آبارًا لأربع قرى حتى يشرب الجميع ماءً نظيفًا كل يوم من أيام السنة 💧\u0007',
  starts_at: '2030-03-01T12:30:00.000Z',
  ends_at: null,
  version: 7,
} as unknown as Campaign
const made = (now = '2029-01-01T00:00:00.123Z') => calendarText(campaign, 'https://give.example', new Date(now))

/** Name and value of each line, unfolded. */
function entries(text: string): [string, string][] {
  return text
    .replace(/\r\n /g, '')
    .split('\r\n')
    .slice(0, -1)
    .map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at), line.slice(at + 1)]
    })
}

const valueOf = (text: string, name: string) => entries(text).filter(([key]) => key === name).map(([, value]) => value)
const unescaped = (value: string) => value.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))

test('lines end with CR LF and have 75 octets at most, and no character is cut', () => {
  const text = made()
  expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true)
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  const lines = text.split('\r\n')
  expect(lines.length).toBeGreaterThan(22)
  for (const line of lines) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75)
})

test('one event, with the texts as they are', () => {
  const text = made()
  expect(entries(text).filter(([name]) => name === 'BEGIN')).toEqual([['BEGIN', 'VCALENDAR'], ['BEGIN', 'VEVENT'], ['BEGIN', 'VALARM']])
  expect(valueOf(text, 'DTSTART')).toEqual(['20300301T123000Z'])
  expect(valueOf(text, 'DTSTAMP')).toEqual(['20290101T000000Z'])
  expect(valueOf(text, 'SEQUENCE')).toEqual(['7'])
  expect(valueOf(text, 'URL')).toEqual(['https://give.example/campaigns/clean-water'])
  expect(unescaped(valueOf(text, 'SUMMARY')[0] ?? '')).toBe('Wells; pumps, and \\ more starts')
  expect(valueOf(text, 'SUMMARY')[0]).toContain('Wells\\; pumps\\, and \\\\ more')
  expect(unescaped(valueOf(text, 'DESCRIPTION')[0] ?? '')).toBe(
    `First line\nBEGIN:VEVENT\nلنحفر آبارًا لأربع قرى حتى يشرب الجميع ماءً نظيفًا كل يوم من أيام السنة 💧\nhttps://give.example/campaigns/clean-water`,
  )
})

test('the same entry whenever and in whatever language it is made', async () => {
  const ids = [valueOf(made(), 'UID'), valueOf(made('2029-02-01T00:00:00Z'), 'UID')]
  await setLanguage('de')
  ids.push(valueOf(made(), 'UID'))
  expect(made()).toContain('beginnt')
  await setLanguage('en')
  expect(new Set(ids.map(String))).toEqual(new Set(['0199c0de-0000-7000-8000-0000000000c1-starts@give.example']))
})
