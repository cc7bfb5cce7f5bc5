// SPDX-License-Identifier: Apache-2.0
// Goal: every text can be shown in every language, and the check that guards that finds
// what it should. Method: small catalogues with a fault each, then texts as readers get them.
import { afterEach, describe, expect, test } from 'vitest'
import { formatDate, formatRelative, language, locale, setLanguage, t, tOr } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { compileArea, differences, findProblems, problemsOfTexts, problemsOfUse, typesText } from '../scripts/messages.js'

const message = (key: string, text: string, area = 'site', file = 'common.json') => ({ key, text, area, file })

afterEach(() => setLanguage('en'))

test('the catalogues have no problem', () => {
  expect(findProblems()).toEqual([])
})

describe('the check', () => {
  test.each([
    ['{name', 'a brace is open'],
    ['{n, plural, one {#}}', 'no other form'],
    ['  ', 'is empty'],
    ['من \u0663', 'digits of one region'],
  ])('refuses "%s": %s', (text) => {
    expect(problemsOfTexts('en', [message('a.b', text)])).toHaveLength(1)
  })

  test('wants every plural form of the language, of which "=1" may be one', () => {
    const two = [message('a.b', '{n, plural, one {#} other {#}}')]
    expect(problemsOfTexts('en', two)).toEqual([])
    expect(problemsOfTexts('ar', two)).toHaveLength(4)
    expect(problemsOfTexts('en', [message('a.b', '{n, plural, =1 {#} other {#}}')])).toEqual([])
    expect(problemsOfTexts('en', [message('a.b', '{n, plural, =2 {#} other {#}}')])).toEqual([
      'en a.b: the plural lacks "one"',
    ])
    expect(problemsOfTexts('en', [message('a.b', '{k, select, x {{n, plural, other {#}}} other {y}}')])).toEqual([
      'en a.b: the plural lacks "one"',
    ])
  })

  test('refuses a key twice', () => {
    expect(problemsOfTexts('en', [message('a.b', 'x'), message('a.b', 'y')])).toEqual(['en a.b: is there twice'])
  })

  test('finds what is missing, too much, in another file or with other values', () => {
    const source = [message('a.one', '{n, number} of {name}'), message('a.two', 'two'), message('a.three', 'three')]
    const translated = [
      message('a.one', '{n} von {name}'),
      message('a.three', 'drei', 'admin'),
      message('a.four', 'vier'),
    ]
    expect(differences('de', source, translated)).toEqual([
      'de a.four: en has no such key',
      'de a.one: has {n: text, name: text}, en has {n: number, name: text}',
      'de a.two: is missing',
      'de a.three: belongs into site/common.json',
    ])
    expect(differences('de', source, source)).toEqual([])
  })

  test('finds keys that nothing uses, and keys of an area that a page does not load', () => {
    const messages = [message('a.one', 'x'), message('b.step_1', 'x'), message('admin.x', 'x', 'admin')]
    const donor = { path: 'src/pages/a.tsx', text: "t('a.one'); t(`b.step_${n}`)" }
    const admin = { path: 'src/pages/admin/a.tsx', text: "t('admin.x')" }
    expect(problemsOfUse(messages, [donor, admin])).toEqual([])
    expect(problemsOfUse(messages, [donor])).toEqual(['en admin.x: is used nowhere'])
    expect(problemsOfUse(messages, [donor, { ...admin, path: 'src/pages/b.tsx' }])).toEqual([
      'src/pages/b.tsx: uses admin.x, but does not load admin',
    ])
    expect(problemsOfUse([message('b.other', 'x')], [donor])).toEqual(['en b.other: is used nowhere'])
  })

  test('writes down what values each key takes', () => {
    expect(typesText()).toContain("  'error.request_id': { id: string }\n")
    expect(typesText()).toContain("  'site.name': null\n")
  })
})

describe('texts', () => {
  test('choose the plural form and write numbers as the reader does', async () => {
    expect(t('time.days_left', { days: 0 })).toBe('Last day')
    expect(t('time.days_left', { days: 1 })).toBe('1 day left')
    expect(t('time.days_left', { days: 1200 })).toBe('1,200 days left')
    await setLanguage('de')
    expect(t('time.days_left', { days: 1200 })).toBe('Noch 1.200 Tage')
    await setLanguage('ar')
    const arabic = [1, 2, 3, 11, 100].map((days) => t('time.days_left', { days }))
    expect(new Set(arabic).size).toBe(5)
    expect(arabic[1]).toBe('بقي يومان')
  })

  test('change with the language, and so do direction, dates and money', async () => {
    await setLanguage('ar')
    expect([language, document.documentElement.lang, document.documentElement.dir]).toEqual(['ar', 'ar', 'rtl'])
    expect(t('action.retry')).toBe('حاول مرة أخرى')
    await setLanguage('de')
    expect([language, document.documentElement.lang, document.documentElement.dir]).toEqual(['de', 'de', 'ltr'])
    expect(formatDate('2030-03-01T12:00:00Z')).toBe('1. März 2030')
    expect(formatMoney({ amount: 123450, currency: 'CAD' }, locale)).toMatch(/^1\.234,50\sCA\$$/)
    expect(formatRelative('2030-03-01T12:00:00Z', Date.parse('2030-03-01T12:03:00Z'))).toBe('vor 3 Minuten')
  })

  test('leave values alone, and keep the direction of those in another script', () => {
    expect(t('campaign.owner', { name: '{n, plural}' })).toBe('by {n, plural}')
    expect(t('campaign.owner', { name: 'أمينة' })).toBe('by \u2068أمينة\u2069')
  })

  test('fall back where a key is built at run time and there is none', () => {
    expect(tOr('category.water', 'category.other')).toBe('Water')
    expect(tOr('category.nonsense', 'category.other')).toBe('Other work')
  })

  test('of the pseudo-language are longer and keep their values', () => {
    const pseudo = compileArea('en-XA', 'site')
    const name = pseudo['nav.skip'] as string[]
    expect(name[0]).not.toContain('Skip')
    expect(name[0]?.length).toBeGreaterThan('Skip to content'.length * 1.3)
    expect(pseudo['error.request_id']).toContainEqual(['id'])
  })
})
