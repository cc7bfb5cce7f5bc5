// SPDX-License-Identifier: Apache-2.0
// Goal: an address says exactly what list is shown, and none is an error. Method: tables
// of what stands in addresses, and the way there and back.
import { describe, expect, test } from 'vitest'
import { filtersOf, isUsual, listQuery, parseSearch, toSearch, USUAL } from '@/lib/filters'

describe('parseSearch', () => {
  test.each([
    [{}, {}],
    [{ q: 'clean water', status: 'ended' }, { q: 'clean water', status: 'ended' }],
    [{ q: 2026 }, { q: '2026' }],
    [{ q: '   ' }, {}],
    [{ status: 'active', sort: 'newest' }, {}],
    [{ status: 'draft', sort: 'random' }, {}],
    [{ category: 'health', currency: 'EUR' }, { category: 'health', currency: 'EUR' }],
    [{ category: 'Health!', currency: 'euro' }, {}],
    [{ q: { a: 1 }, category: ['x'], pages: 'many' }, {}],
    [{ pages: 3 }, { pages: 3 }],
    [{ pages: 1 }, {}],
    [{ pages: -2 }, {}],
    [{ pages: 9999 }, { pages: 20 }],
    [{ unknown: 1 }, {}],
  ])('%j is %j', (raw, search) => {
    expect(parseSearch(raw)).toEqual(search)
  })

  test('cuts what the API would refuse', () => {
    expect(parseSearch({ q: 'x'.repeat(300) }).q).toHaveLength(200)
  })
})

test('filters survive the address', () => {
  const filters = { q: '"a phrase" -no', status: 'all', category: 'arts', currency: 'JPY', sort: 'most_funded' } as const
  expect(filtersOf(parseSearch(toSearch(filters)))).toEqual(filters)
  expect(isUsual(filtersOf(parseSearch({})))).toBe(true)
  expect(isUsual(filters)).toBe(false)
})

test('the API is asked for what the address says', () => {
  expect(listQuery(USUAL, null, 12).toString()).toBe('limit=12&status=active')
  const all = { ...USUAL, q: ' wells ', status: 'all', sort: 'ending_soon' } as const
  expect(listQuery(all, 'abc', 12).toString()).toBe('limit=12&q=wells&sort=ending_soon&cursor=abc')
})
