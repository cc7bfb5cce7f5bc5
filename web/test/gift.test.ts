// SPDX-License-Identifier: Apache-2.0
// Goal: the donor is told the truth about each way a gift can be refused, and what a link
// names is taken over only where it is valid. Method: answers of the API and links in
// tables, against a campaign document.
import { describe, expect, test } from 'vitest'
import { ApiError, NoAnswerError } from '@/api/client'
import type { Campaign, Problem } from '@/api/types'
import { emptyValues, faultsOf, requestBody, withLink } from '@/components/gift/gift-rules'
import { explain, otherSender, UnsentError, withoutRepeat, type SendState } from '@/components/gift/refusal'
import { locale } from '@/i18n'
import { openness, percentRaised, barShares } from '@/lib/campaign'
import { stepOf } from '@/lib/gift-states'
import { NEWS_TEXT } from '@/lib/news'

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const reward = { id: 'r1', title: 'Cup', description: '', min_amount: eur(3000), quantity: 5, remaining: 2, pool_id: null }
const campaign = {
  id: 'c1',
  state: 'active',
  currency: 'EUR',
  goal: eur(100_000),
  cap: null,
  min_pledge: eur(500),
  max_pledge: eur(50_000),
  starts_at: '2026-01-01T00:00:00.000Z',
  ends_at: null,
  totals: { raised: eur(0), confirmed_count: 0, pending: eur(0), pending_count: 0, sequence: 1 },
  rewards: [reward, { ...reward, id: 'r2', remaining: 0 }],
} as unknown as Campaign

const first: SendState = { mayRepeat: true, wasUnknown: false }
const again: SendState = { mayRepeat: false, wasUnknown: true }

function refused(status: number, problem: Problem = {}, headers: Record<string, string> = {}) {
  return new ApiError(status, problem, new Headers(headers))
}

describe('a refusal', () => {
  test.each([
    [400, { code: 'invalid-json' }, false, true],
    [409, { code: 'limit-reached', limit: 'reward', available: 0 }, false, false],
    [409, { code: 'campaign-not-accepting', reason: 'paused' }, false, false],
    [409, { code: 'request-in-progress' }, true, true],
    [422, { code: 'reward-unknown' }, false, false],
    [422, { code: 'idempotency-key-reused' }, false, true],
    [429, { code: 'too-many-requests' }, false, true],
    [500, { code: 'internal' }, true, true],
    [502, {}, true, true],
    [503, { code: 'overloaded' }, true, true],
  ] as const)('%d %j: unknown %s, retry %s', (status, problem, isUnknown, canRetry) => {
    const said = explain(refused(status, problem), campaign, first)
    expect([said.isUnknown, said.canRetry]).toEqual([isUnknown, canRetry])
    expect(said.heading).not.toBe('')
    if (!isUnknown) expect(said.text).toMatch(/nothing was charged/i)
    else expect(said.text).not.toMatch(/nothing was charged/i)
  })

  test.each(['timeout', 'network', 'offline'] as const)('no answer (%s) is not known', (kind) => {
    expect(explain(new NoAnswerError(kind), campaign, first)).toMatchObject({ isUnknown: true, canRetry: true })
  })

  test('an error of any other kind is not known either', () => {
    expect(explain(new TypeError('broken body'), campaign, first).isUnknown).toBe(true)
  })

  test('what never left the browser is known, unless an earlier try did', () => {
    expect(explain(new UnsentError(), campaign, first).isUnknown).toBe(false)
    expect(explain(new UnsentError(), campaign, again).isUnknown).toBe(true)
  })

  test.each([429, 401, 400, 413])('%d after a try that may have gone through says nothing of that try', (status) => {
    expect(explain(refused(status), campaign, again)).toMatchObject({ isUnknown: true, fields: [] })
  })

  test('a judged refusal ends the doubt: the first try was not taken', () => {
    const said = explain(refused(409, { code: 'limit-reached', limit: 'reward' }), campaign, again)
    expect(said.isUnknown).toBe(false)
  })

  test('Retry-After is waited out once', () => {
    const busy = refused(429, {}, { 'Retry-After': '7' })
    expect(explain(busy, campaign, first).retryAfterS).toBe(7)
    expect(explain(busy, campaign, { ...first, mayRepeat: false }).retryAfterS).toBeNull()
    expect(withoutRepeat(explain(busy, campaign, first))).toBeNull()
  })

  test('names the entries that the server did not take', () => {
    const errors = [{ pointer: '/donor/email', code: 'format', detail: 'This is not an e-mail address.' }]
    const said = explain(refused(422, { code: 'validation-failed', errors }), campaign, first)
    expect([said.step, said.fields]).toEqual([2, [{ field: 'email', message: 'Something was not accepted' }]])
  })

  test('a doubtful gift is not repeated by somebody else', () => {
    expect(otherSender('a1')).toMatchObject({ isUnknown: true, needsLogin: true })
    expect(otherSender(null)).toMatchObject({ isUnknown: true, needsLogin: false })
  })
})

describe('a link', () => {
  const filled = (search: string) => withLink(campaign, emptyValues(campaign), new URLSearchParams(search))

  test.each([
    ['amount=70', { amount: '70' }],
    ['amount=70.50&display=none', { amount: '70.50', display: 'none' }],
    ['amount=1,000.00', { amount: '10' }],
    ['amount=4.99', { amount: '10' }],
    ['amount=-5&display=all', { amount: '10', display: 'name' }],
    ['amount=501', { amount: '10' }],
    ['reward=r1', { rewardId: 'r1', amount: '30' }],
    ['reward=r1&amount=20', { rewardId: 'r1', amount: '30' }],
    ['reward=r1&amount=45', { rewardId: 'r1', amount: '45' }],
    ['reward=r2', { rewardId: '', amount: '10' }],
    ['reward=unknown', { rewardId: '' }],
    ['name=Eve&email=eve@example.org', { name: '', email: '' }],
  ])('%s gives %j', (search, expected) => {
    expect(filled(search)).toMatchObject(expected)
  })
})

describe('the amount', () => {
  const values = { ...emptyValues(campaign), name: 'Ada', email: 'ada@example.org' }
  const fee = { currency: 'EUR', basis_points: 290, fixed: eur(30) }

  test('is compared with what is charged', () => {
    expect(faultsOf(campaign, { ...values, amount: '500' }, fee)).toEqual({})
    expect(faultsOf(campaign, { ...values, amount: '500', feeCover: true }, fee).amount).toMatch(/With the fee/)
    expect(faultsOf(campaign, { ...values, amount: '4.90' }, fee).amount).toMatch(/smallest/)
    expect(faultsOf(campaign, { ...values, amount: '4.90', feeCover: true }, fee)).toEqual({})
  })

  test('goes out as the gift, and the fee only where there is one', () => {
    const body = (covers: boolean, known: typeof fee | null) =>
      JSON.parse(requestBody(campaign, { ...values, amount: '50', feeCover: covers }, known)) as object
    expect(body(true, fee)).toMatchObject({ amount: eur(5000), fee_cover: true })
    expect(body(true, null)).not.toHaveProperty('fee_cover')
    expect(body(false, fee)).not.toHaveProperty('fee_cover')
  })

  test('goes out with a consent to news only where they are offered and wanted', () => {
    const body = (news_offered: boolean, news = false) =>
      JSON.parse(requestBody({ ...campaign, news_offered }, { ...values, news }, null)) as object
    expect(body(true, true)).toMatchObject({ news: { text: NEWS_TEXT, language: locale } })
    for (const without of [body(true), body(true, false), body(false, true)]) expect(without).not.toHaveProperty('news')
  })
})

describe('the standing', () => {
  const raised = (amount: number, pending = 0): Campaign => ({
    ...campaign,
    totals: { ...campaign.totals, raised: eur(amount), pending: eur(pending) },
  })

  test.each([
    [0, 0, 0],
    [50_000, 50, 50],
    [99_999, 99, 99.999],
    [100_000, 100, 100],
    [250_000, 250, 100],
  ])('%d of 100000 is %d percent in words, %d on the bar', (amount, percent, bar) => {
    expect(percentRaised(raised(amount))).toBe(percent)
    expect(barShares(raised(amount, 1_000_000)).raised).toBeCloseTo(bar, 3)
    expect(barShares(raised(amount, 1_000_000)).pending).toBeCloseTo(100 - bar, 3)
  })

  test('each state has its name', () => {
    const now = Date.parse('2026-06-01T00:00:00Z')
    const past = '2026-05-01T00:00:00.000Z'
    const state = (change: Partial<Campaign>) => openness({ ...campaign, ...change }, now)
    expect(state({})).toBe('open')
    expect(state({ state: 'paused' })).toBe('paused')
    expect(state({ state: 'closed' })).toBe('closed')
    expect(state({ ends_at: past })).toBe('ended')
    expect(state({ starts_at: '2026-07-01T00:00:00.000Z' })).toBe('not_started')
    expect(state({ cap: eur(499) })).toBe('full')
  })
})

describe('the end of a payment', () => {
  test.each([
    ['cancel', 'card_declined', 'payment_failed'],
    ['cancel', 'abandoned', 'payment_failed'],
    ['cancel', 'canceled', 'cancel'],
    ['cancel', 'canceled_by_admin', 'cancel'],
    ['cancel', null, 'cancel'],
    ['payment_failed', 'card_declined', 'payment_failed'],
    ['expire', 'expired', 'expire'],
    ['refund', 'requested_by_campaign', 'refund'],
  ])('%s because of %s is told as %s: only who has cancelled reads so', (event, reason, told) => {
    expect(stepOf({ event, reason })).toBe(told)
  })
})
