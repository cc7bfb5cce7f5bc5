// SPDX-License-Identifier: Apache-2.0
// Goal: filters stand in the address and come back from it unchanged; what cannot be
// right is left out; saved views survive bad storage; the audit log's three forms of a
// change are read. Method: tables of values there and back.
import { describe, expect, test } from 'vitest'
import { readDetail } from '@/lib/ops/audit'
import { AMOUNT, CURRENCY, DAY, dayStart, readFilters, writeFilters } from '@/lib/ops/filters'
import { minorOf, pledgeQueryOf, PLEDGE_FILTERS } from '@/lib/ops/pledge-search'
import { addView, readViews, writeViews } from '@/lib/ops/views'

const RULES = {
  state: { words: ['pending', 'failed'] },
  from: { pattern: DAY },
  currency: { pattern: CURRENCY },
  min: { pattern: AMOUNT },
  text: { max: 5 },
}

describe('filters', () => {
  test('come back from the address as they went', () => {
    const filters = { state: 'failed', from: '2026-01-31', currency: 'EUR', min: '12.50', text: 'a&b=%' }
    const query = writeFilters(RULES, filters).toString()
    expect(query).toBe('state=failed&from=2026-01-31&currency=EUR&min=12.50&text=a%26b%3D%25')
    expect(readFilters(RULES, new URLSearchParams(query))).toEqual(filters)
  })

  test.each([
    'state=closed',
    'from=31.1.2026',
    'currency=eur',
    'min=-1',
    'min=1e9',
    'text=123456',
    'other=1',
    'state=',
  ])('leave out %s', (query) => {
    const read = readFilters(RULES, new URLSearchParams(query))
    expect(Object.values(read)).toEqual(['', '', '', '', ''])
    expect(writeFilters(RULES, read).toString()).toBe('')
  })

  test('days begin by the clocks of the reader', () => {
    expect(dayStart('2026-03-01')).toBe(new Date(2026, 2, 1).toISOString())
    expect(dayStart('2026-02-28', 1)).toBe(new Date(2026, 2, 1).toISOString())
    expect(dayStart('tomorrow')).toBeNull()
  })
})

describe('the search of pledges', () => {
  const all = readFilters(PLEDGE_FILTERS, new URLSearchParams())

  test('asks for nothing without filters but the page size', () => {
    expect(pledgeQueryOf(all, { email: '', name: '' })).toEqual({ limit: 25 })
  })

  test('turns amounts into minor units of the currency, and days into times', () => {
    const filters = { ...all, currency: 'EUR', amount_min: '12.5', amount_max: '100', from: '2026-01-01', to: '2026-01-31' }
    expect(pledgeQueryOf(filters, { email: ' ada@example.org ', name: '' })).toEqual({
      limit: 25,
      currency: 'EUR',
      amount_min: 1250,
      amount_max: 10_000,
      created_from: new Date(2026, 0, 1).toISOString(),
      created_to: new Date(2026, 1, 1).toISOString(),
      email: 'ada@example.org',
    })
  })

  test('leaves out what the API would refuse: amounts and their order without a currency', () => {
    expect(pledgeQueryOf({ ...all, amount_min: '5', sort: 'amount' }, { email: 'ab', name: 'a' })).toEqual({ limit: 25 })
    expect(pledgeQueryOf({ ...all, sort: 'amount', campaign: 'wells' }, { email: '', name: '' })).toEqual({
      limit: 25,
      sort: 'amount',
      campaign: 'wells',
    })
  })

  test.each([
    ['12.5', 'EUR', 1250],
    ['12.345', 'EUR', null],
    ['12', 'JPY', 12],
    ['1.5', 'JPY', null],
    ['0.001', 'KWD', 1],
    ['999999999999999', 'EUR', null],
    ['x', 'EUR', null],
  ])('%s %s is %s', (text, currency, minor) => {
    expect(minorOf(text, currency)).toBe(minor)
  })
})

describe('saved views', () => {
  const stored = new Map<string, string>()
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  }

  test('are kept by list, the newest first, one of a name', () => {
    const views = addView(addView(addView([], { name: 'Big', query: 'a=1' }), { name: 'Old', query: 'b=1' }), {
      name: ' Big ',
      query: 'a=2',
    })
    writeViews(storage, 'pledges', views)
    expect(readViews(storage, 'pledges')).toEqual([
      { name: 'Big', query: 'a=2' },
      { name: 'Old', query: 'b=1' },
    ])
    expect(readViews(storage, 'audit')).toEqual([])
    expect(addView(views, { name: '  ', query: 'c=1' })).toBe(views)
  })

  test('are bounded, and broken storage is none', () => {
    const views = Array.from({ length: 30 }, (_, n) => ({ name: `v${n}`, query: '' })).reduce(addView, [])
    expect(views).toHaveLength(20)
    for (const broken of ['{', '5', '[1,{"name":"x"}]']) {
      stored.set('cfa:views:pledges', broken)
      expect(readViews(storage, 'pledges')).toEqual([])
    }
  })
})

describe('a row of the audit log', () => {
  test.each([
    [{ from: 'active', to: 'paused' }, [{ name: '', before: 'active', after: 'paused' }], []],
    [
      { role_before: 'donor', role_after: 'owner', is_disabled_before: false, is_disabled_after: false },
      [{ name: 'role', before: 'donor', after: 'owner' }],
      [],
    ],
    [{ title: ['Wells', 'Deep wells'], story: null }, [{ name: 'title', before: 'Wells', after: 'Deep wells' }], [{ name: 'story', value: null }]],
    [{ refund_id: 'r1', amount_minor: 500 }, [], [{ name: 'refund_id', value: 'r1' }, { name: 'amount_minor', value: 500 }]],
    [{ from: ['a', null], to: ['b', null] }, [{ name: '', before: ['a', null], after: ['b', null] }], []],
    [{ from: { name: 'Hall', capacity: 4 }, to: { name: 'Hall', capacity: null } }, [{ name: 'capacity', before: 4, after: null }], []],
    [{ refund_id: 'r1', currency: 'EUR', amount_minor: 500 }, [], [{ name: 'amount', value: { amount: 500, currency: 'EUR' } }, { name: 'refund_id', value: 'r1' }]],
    [{}, [], []],
  ])('%j', (detail, changes, facts) => {
    expect(readDetail(detail)).toEqual({ changes, facts })
  })
})
