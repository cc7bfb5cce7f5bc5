// SPDX-License-Identifier: Apache-2.0
// What a campaign's form sends, what it refuses, and how two versions become one.
import { describe, expect, it } from 'vitest'
import type { ManagedCampaign } from '@/api/admin-campaigns'
import { fileName } from '@/api/download'
import { CAMPAIGN_FIELDS, campaignSchema, copyValues, emptyValues, fieldOfPointer, isFixed, patchOf, requestOf, sameEntry, valuesOf, type CampaignValues } from '@/components/admin/campaign/form'
import { imageProblem } from '@/components/admin/campaign/image-rules'
import { integerOf, rewardRequest, rewardSchema, rewardValues } from '@/components/admin/campaign/reward-form'
import { statusOf } from '@/components/admin/campaign/words'
import { fromLocalInput, toLocalInput } from '@/lib/local-time'
import { countsOf, rangeOf, successRate, sumOf } from '@/lib/period'
import { merged, threeWay, undecided } from '@/lib/three-way'

const campaign: ManagedCampaign = {
  id: '0199c0de-0000-7000-8000-0000000000c1', slug: 'wells', revision: 3, right: 'own', state: 'draft', actions: ['publish'],
  title: 'Wells', summary: 'Four wells', story: 'One.\n\nTwo.', category: 'health', image: null, image_alt: '', owner: { name: 'Water Works' },
  currency: 'EUR', goal: { amount: 1500050, currency: 'EUR' }, cap: null, min_pledge: { amount: 100, currency: 'EUR' }, max_pledge: null,
  refund_releases: true, starts_at: '2026-11-01T00:00:30.123Z', ends_at: null, archived_at: null, news_offered: false, rewards: [], pools: [],
  created_at: '2026-10-20T09:00:00.000Z', updated_at: '2026-11-01T00:00:00.000Z',
}
const base = valuesOf(campaign, 'en-GB')
const with_ = (change: Partial<CampaignValues>): CampaignValues => ({ ...base, ...change })
const patch = (change: Partial<CampaignValues>) => patchOf(base, with_(change), 'en-GB')
const faults = (values: CampaignValues, locale = 'en-GB', isNew = false): string[] => {
  const result = campaignSchema(locale, isNew).safeParse(values)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
}

describe('a patch', () => {
  it('holds nothing that was not changed, although the form knows no seconds', () => {
    expect(patch({})).toEqual({})
    expect(patch({ goal: '15,000.50', minPledge: '1.00', title: ' Wells ', story: 'One.\r\n\r\nTwo.\r\n' })).toEqual({})
  })

  it('holds what was changed, in the words of the API', () => {
    expect(patch({ cap: '20 000', maxPledge: '500', summary: 'Five\nwells', ownerName: 'Others' })).toEqual({
      cap: { amount: 2_000_000, currency: 'EUR' },
      max_pledge: { amount: 50_000, currency: 'EUR' },
      summary: 'Five wells',
      owner: { name: 'Others' },
    })
    const limited = valuesOf({ ...campaign, cap: { amount: 5, currency: 'EUR' }, ends_at: '2027-01-01T10:00:00.000Z' }, 'en-GB')
    expect(patchOf(limited, { ...limited, cap: '', endsAt: '' }, 'en-GB')).toEqual({ cap: null, ends_at: null })
  })

  it('reads amounts as the language writes them', () => {
    const german = valuesOf(campaign, 'de-DE')
    expect(german.goal).toBe('15000,50')
    expect(patchOf(german, { ...german, goal: '1.234,50' }, 'de-DE')).toEqual({ goal: { amount: 123_450, currency: 'EUR' } })
    expect(sameEntry('goal', '15000,50', '15000.50', 'EUR', 'de-DE')).toBe(true)
  })
})

describe('a form', () => {
  it('takes what the API takes', () => {
    expect(faults(base)).toEqual([])
    expect(faults({ ...emptyValues('Noor', 'EUR'), title: 'Wells', goal: '10' }, 'en-GB', true)).toEqual([])
  })

  it.each([
    [{ title: ' ' }, 'title required'],
    [{ title: 'x'.repeat(141) }, 'title too_long'],
    [{ title: '😀'.repeat(140) }, null],
    [{ summary: 'x'.repeat(301) }, 'summary too_long'],
    [{ slug: '' }, 'slug invalid_slug'],
    [{ slug: 'a--b' }, 'slug invalid_slug'],
    [{ slug: 'Wells' }, 'slug invalid_slug'],
    [{ slug: '0199c0de-0000-7000-8000-0000000000c1' }, 'slug invalid_slug'],
    [{ goal: '' }, 'goal required'],
    [{ goal: '0' }, 'goal amount_low'],
    [{ goal: '1,001' }, null],
    [{ goal: '1.001' }, 'goal amount_decimals'],
    [{ goal: '-5' }, 'goal amount_invalid'],
    [{ cap: '0' }, null],
    [{ minPledge: '' }, 'minPledge required'],
    [{ minPledge: '10', maxPledge: '9' }, 'maxPledge below_min_pledge'],
    [{ startsAt: '' }, 'startsAt invalid_time'],
    [{ startsAt: '2026-11-02T10:00', endsAt: '2026-11-02T10:00' }, 'endsAt before_start'],
  ] as [Partial<CampaignValues>, string | null][])('finds the fault of %o', (change, fault) => {
    expect(faults(with_(change))).toEqual(fault === null ? [] : [fault])
  })

  it('asks for a new campaign only what was filled in', () => {
    const made = requestOf({ ...emptyValues('Noor', 'JPY'), title: ' Wells ', goal: '5,000' }, 'en-GB')
    expect(made).toMatchObject({ title: 'Wells', goal: { amount: 5000, currency: 'JPY' }, cap: null, min_pledge: null, ends_at: null })
    expect(made).not.toHaveProperty('slug')
    expect(made).not.toHaveProperty('starts_at')
  })

  it('begins a copy with a name and an address of its own, and no date that has passed', () => {
    const now = Date.parse('2026-11-15T00:00:00Z')
    const copy = (change: Partial<ManagedCampaign>) => copyValues({ ...campaign, ...change }, (title) => `${title} (copy)`, 'en-GB', now)
    expect(copy({})).toEqual({ ...base, title: 'Wells (copy)', slug: '', startsAt: '', endsAt: '' })
    const ahead = copy({ ends_at: '2026-12-01T00:00:00.000Z' })
    expect([ahead.startsAt, ahead.endsAt]).toEqual(['', toLocalInput('2026-12-01T00:00:00.000Z')])
    expect(copy({ starts_at: '2026-11-20T00:00:00.000Z', ends_at: '2026-11-15T00:00:00.000Z' })).toMatchObject({ startsAt: toLocalInput('2026-11-20T00:00:00.000Z'), endsAt: '' })
    const long = copy({ title: '😀'.repeat(140) })
    expect(long.title).toBe(`${'😀'.repeat(132)}… (copy)`)
    expect(faults(long, 'en-GB', true)).toEqual([])
  })

  it('keeps what the state keeps', () => {
    const fixed = (state: ManagedCampaign['state'] | null) => CAMPAIGN_FIELDS.filter((field) => isFixed(field, state))
    expect(fixed(null)).toEqual([])
    expect(fixed('draft')).toEqual(['currency'])
    expect(fixed('active')).toEqual(['slug', 'currency', 'refundReleases'])
    expect(fixed('closed')).toEqual(['slug', 'currency', 'goal', 'cap', 'minPledge', 'maxPledge', 'refundReleases', 'startsAt', 'endsAt'])
  })

  it('finds the field of each pointer', () => {
    expect(['/goal/amount', '/goal', '/owner/name', '/ends_at', '/nothing', ''].map(fieldOfPointer)).toEqual(['goal', 'goal', 'ownerName', 'endsAt', null, null])
  })
})

describe('two versions', () => {
  const equals = (_: string, one: unknown, other: unknown) => one === other
  const begun = { a: '1', b: '1', c: '1', d: '1', e: '1' }
  const mine = { a: '2', b: '1', c: '2', d: '2', e: '1' }
  const theirs = { a: '1', b: '3', c: '2', d: '3', e: '1' }
  const rows = threeWay(['a', 'b', 'c', 'd', 'e'], begun, mine, theirs, equals)

  it('are told apart field by field', () => {
    expect(rows.map(({ field, change }) => `${field} ${change}`)).toEqual(['a mine', 'b theirs', 'c same', 'd both'])
  })

  it('become one by what was chosen, and lose nothing that only one side changed', () => {
    expect(undecided(rows, {})).toEqual(['d'])
    expect(undecided(rows, { d: 'theirs' })).toEqual([])
    expect(merged(rows, mine, theirs, { d: 'mine' })).toEqual({ a: '2', b: '3', c: '2', d: '2', e: '1' })
    expect(merged(rows, mine, theirs, { d: 'theirs' })).toEqual({ a: '2', b: '3', c: '2', d: '3', e: '1' })
  })
})

describe('rewards', () => {
  it('are sent whole, with nothing for "no limit"', () => {
    const values = { ...rewardValues(null, 'en-GB'), title: ' Plate ', minAmount: '45', quantity: '٢٥' }
    expect(rewardSchema('EUR', 'en-GB').safeParse(values).success).toBe(true)
    expect(rewardRequest(values, 'EUR', 'en-GB')).toEqual({ title: 'Plate', description: '', min_amount: { amount: 4500, currency: 'EUR' }, quantity: 25, pool_id: null })
    expect(integerOf(' ')).toBeNull()
    expect(integerOf('0')).toBe(0)
  })

  it.each([{ quantity: '-1' }, { quantity: '1.5' }, { quantity: '2147483648' }, { position: '1001' }, { minAmount: '' }, { minAmount: '0' }, { title: '' }])('refuse %o', (change) => {
    const good = { title: 'Plate', description: '', minAmount: '45', quantity: '', position: '', poolId: '' }
    expect(rewardSchema('EUR', 'en-GB').safeParse(good).success).toBe(true)
    expect(rewardSchema('EUR', 'en-GB').safeParse({ ...good, ...change }).success).toBe(false)
  })
})

describe('times', () => {
  it('go to the minute and back', () => {
    expect(toLocalInput(null)).toBe('')
    expect(fromLocalInput('')).toBeNull()
    expect(fromLocalInput('2026-13-45T10:00')).toBeNull()
    expect(fromLocalInput(toLocalInput('2026-11-01T10:07:00.000Z'))).toBe('2026-11-01T10:07:00.000Z')
  })
})

describe('a status', () => {
  it('is exactly one', () => {
    const now = Date.parse('2026-11-20T00:00:00Z')
    const of = (change: Partial<ManagedCampaign>) => statusOf({ ...campaign, ...change }, now)
    expect(of({})).toBe('draft')
    expect(of({ state: 'active' })).toBe('active')
    expect(of({ state: 'active', starts_at: '2026-12-01T00:00:00.000Z' })).toBe('upcoming')
    expect(of({ state: 'paused' })).toBe('paused')
    expect(of({ state: 'paused', ends_at: '2026-11-20T00:00:00.000Z' })).toBe('ended')
    expect(of({ state: 'closed', ends_at: '2026-11-20T00:00:00.000Z' })).toBe('closed')
    expect(of({ state: 'closed', archived_at: '2026-11-20T00:00:00.000Z' })).toBe('archived')
  })
})

describe('figures', () => {
  const cell = (count: number) => ({ count, amount: count * 100 })
  const point = (n: number) => ({ at: '2026-11-01T00:00:00.000Z', pending: cell(0), confirmed: cell(n), failed: cell(1), refunded: cell(0), refunds: cell(9) })
  const currency = { currency: 'EUR', totals: point(6), series: [point(1), point(2), point(3)] }
  const stats = { currencies: [currency, { ...currency, currency: 'USD' }] }

  it('add up the last days', () => {
    expect(sumOf(currency, 1).confirmed).toEqual(cell(3))
    expect(sumOf(currency, 7).confirmed).toEqual(cell(6))
    expect(countsOf(stats, 2)).toEqual({ pending: 0, confirmed: 10, failed: 4, refunded: 0 })
  })

  it('say what share came through, where anything was decided', () => {
    expect(successRate({ pending: 5, confirmed: 2, refunded: 1, failed: 1 })).toBe(0.75)
    expect(successRate({ pending: 5, confirmed: 0, refunded: 0, failed: 0 })).toBeNull()
  })

  it('begin at midnight of this zone', () => {
    const range = rangeOf('7d', new Date(2026, 2, 3, 15, 30))
    expect([range.firstDay, range.lastDay, range.from]).toEqual(['2026-02-25', '2026-03-03', new Date(2026, 1, 25).toISOString()])
    expect(rangeOf('today', new Date(2026, 2, 3, 15, 30)).firstDay).toBe('2026-03-03')
  })
})

describe('files', () => {
  it('of an image are checked before they are sent', () => {
    const file = { type: 'image/png', size: 1000 }
    const size = { width: 800, height: 500 }
    expect(imageProblem(file, size)).toBeNull()
    expect(imageProblem({ ...file, type: 'image/svg+xml' }, size)).toBe('wrong_type')
    expect(imageProblem({ ...file, size: 2 * 1024 * 1024 + 1 }, size)).toBe('too_big')
    expect(imageProblem(file, null)).toBe('not_image')
    expect(imageProblem(file, { width: 8193, height: 1 })).toBe('too_many_pixels')
    expect(imageProblem(file, { width: 8000, height: 8000 })).toBe('too_many_pixels')
  })

  it('are named as the server names them, without a path', () => {
    expect(fileName('attachment; filename="pledges-wells.csv"')).toBe('pledges-wells.csv')
    expect(fileName('attachment; filename="../../etc/passwd"')).toBe('.._.._etc_passwd')
    expect(fileName(null)).toBe('export')
  })
})
