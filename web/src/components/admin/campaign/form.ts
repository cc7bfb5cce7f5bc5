// SPDX-License-Identifier: Apache-2.0
// A campaign as its form has it: texts as typed, rules from the API's limits, and what
// is sent for it. Messages of the schema are codes; `problemText` puts them into words.
import { z } from 'zod/mini'
import type { CampaignPatch, CampaignRequest, ManagedCampaign } from '@/api/admin-campaigns'
import { textLength } from '@/lib/text'
import { fromLocalInput, toLocalInput } from '@/lib/local-time'
import { amountInputText, parseAmount, type Money } from '@/lib/money'

export type CampaignValues = {
  title: string
  slug: string
  ownerName: string
  category: string
  summary: string
  story: string
  currency: string
  goal: string
  cap: string
  minPledge: string
  maxPledge: string
  refundReleases: boolean
  newsOffered: boolean
  startsAt: string
  endsAt: string
}

export type CampaignField = keyof CampaignValues

/** In the order of the form. */
export const CAMPAIGN_FIELDS = [
  'title', 'slug', 'ownerName', 'category', 'summary', 'story', 'currency', 'goal', 'cap', 'minPledge', 'maxPledge',
  'refundReleases', 'newsOffered', 'startsAt', 'endsAt',
] as const satisfies readonly CampaignField[]

export const MAX_LENGTHS = { title: 140, slug: 80, ownerName: 120, summary: 300, story: 20_000 } as const

export const CATEGORIES = [
  'education', 'health', 'environment', 'animals', 'community', 'culture', 'sports', 'rescue', 'children', 'emergency', 'water',
  'food', 'housing', 'energy', 'arts', 'mobility', 'other',
] as const

const MONEY_FIELDS = new Set<CampaignField>(['goal', 'cap', 'minPledge', 'maxPledge'])
const TIME_FIELDS = new Set<CampaignField>(['startsAt', 'endsAt'])
const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function emptyValues(ownerName: string, currency: string): CampaignValues {
  return {
    title: '', slug: '', ownerName, category: 'community', summary: '', story: '', currency, goal: '', cap: '',
    minPledge: '', maxPledge: '', refundReleases: true, newsOffered: false, startsAt: '', endsAt: '',
  }
}

export function valuesOf(campaign: ManagedCampaign, locale: string): CampaignValues {
  const amount = (money: Money | null) => (money === null ? '' : amountInputText(money, locale))
  return {
    title: campaign.title,
    slug: campaign.slug,
    ownerName: campaign.owner.name,
    category: campaign.category,
    summary: campaign.summary,
    story: campaign.story,
    currency: campaign.currency,
    goal: amount(campaign.goal),
    cap: amount(campaign.cap),
    minPledge: amount(campaign.min_pledge),
    maxPledge: amount(campaign.max_pledge),
    refundReleases: campaign.refund_releases,
    newsOffered: campaign.news_offered,
    startsAt: toLocalInput(campaign.starts_at),
    endsAt: toLocalInput(campaign.ends_at),
  }
}

/** What the form of a copy begins with: a name and an address of its own, no date that has passed. */
export function copyValues(campaign: ManagedCampaign, named: (title: string) => string, locale: string, nowMs: number): CampaignValues {
  const values = valuesOf(campaign, locale)
  const ahead = (time: string | null) => (time !== null && Date.parse(time) > nowMs ? toLocalInput(time) : '')
  const over = textLength(named(campaign.title)) - MAX_LENGTHS.title
  const title = over <= 0 ? campaign.title : `${Array.from(campaign.title).slice(0, -over - 1).join('')}…`
  return { ...values, title: named(title), slug: '', startsAt: ahead(campaign.starts_at), endsAt: ahead(campaign.ends_at) }
}

/** Whether two entries of a field say the same, however they are written. */
export function sameEntry<Field extends CampaignField>(
  field: Field,
  one: CampaignValues[Field],
  other: CampaignValues[Field],
  currency: string,
  locale: string,
): boolean {
  if (one === other) return true
  if (MONEY_FIELDS.has(field)) {
    const first = parseAmount(String(one), currency, locale)
    const second = parseAmount(String(other), currency, locale)
    return first.ok && second.ok && first.minor === second.minor
  }
  return !TIME_FIELDS.has(field) && typeof one === 'string' && typeof other === 'string' && tidy(one) === tidy(other)
}

export function isChanged(base: CampaignValues, mine: CampaignValues, locale: string): boolean {
  return changedFields(base, mine, locale).length > 0
}

export function changedFields(base: CampaignValues, mine: CampaignValues, locale: string): CampaignField[] {
  return CAMPAIGN_FIELDS.filter((field) => !sameEntry(field, base[field], mine[field], mine.currency, locale))
}

/** Which fields a campaign in this state keeps as they are. */
export function isFixed(field: CampaignField, state: ManagedCampaign['state'] | null): boolean {
  if (state === null) return false
  if (field === 'currency') return true
  if (field === 'slug' || field === 'refundReleases') return state !== 'draft'
  return state === 'closed' && (MONEY_FIELDS.has(field) || TIME_FIELDS.has(field))
}

export function campaignSchema(locale: string, isNew: boolean) {
  const line = (field: keyof typeof MAX_LENGTHS, isRequired = false) =>
    z.string().check(
      z.refine((text) => !isRequired || text.trim() !== '', 'required'),
      z.refine((text) => textLength(tidy(text)) <= MAX_LENGTHS[field], 'too_long'),
    )
  return z
    .object({
      title: line('title', true),
      slug: z.string().check(
        z.refine((text) => (isNew && text === '') || (SLUG.test(text) && text.length <= MAX_LENGTHS.slug && !UUID.test(text)), 'invalid_slug'),
      ),
      ownerName: line('ownerName', true),
      category: z.string().check(z.refine((text) => /^[a-z]+(_[a-z]+)*$/.test(text) && text.length <= 40, 'required')),
      summary: line('summary'),
      story: line('story'),
      currency: z.string().check(z.refine((text) => /^[A-Z]{3}$/.test(text), 'required')),
      goal: z.string(),
      cap: z.string(),
      minPledge: z.string(),
      maxPledge: z.string(),
      refundReleases: z.boolean(),
      newsOffered: z.boolean(),
      startsAt: z.string().check(z.refine((text) => (isNew && text === '') || fromLocalInput(text) !== null, 'invalid_time')),
      endsAt: z.string().check(z.refine((text) => text === '' || fromLocalInput(text) !== null, 'invalid_time')),
    })
    .check((context) => {
      const values = context.value
      const add = (path: CampaignField, message: string) =>
        context.issues.push({ code: 'custom', path: [path], message, input: values[path] })
      for (const [field, rule] of moneyRules(isNew)) {
        const problem = moneyProblem(values[field], values.currency, locale, rule)
        if (problem !== null) add(field, problem)
      }
      const min = minorOf(values.minPledge, values.currency, locale)
      const max = minorOf(values.maxPledge, values.currency, locale)
      if (min !== null && max !== null && max < min) add('maxPledge', 'below_min_pledge')
      const start = fromLocalInput(values.startsAt)
      const end = fromLocalInput(values.endsAt)
      if (start !== null && end !== null && end <= start) add('endsAt', 'before_start')
      if (start === null && end !== null && isNew && Date.parse(end) <= Date.now()) add('endsAt', 'before_start')
    })
}

/** The request that makes the campaign; what is left empty takes the API's default. */
export function requestOf(values: CampaignValues, locale: string): CampaignRequest {
  const start = fromLocalInput(values.startsAt)
  return {
    title: tidyLine(values.title),
    category: values.category,
    currency: values.currency,
    goal: moneyOf(values.goal, values.currency, locale) ?? { amount: 0, currency: values.currency },
    owner: { name: tidyLine(values.ownerName) },
    summary: tidyLine(values.summary),
    story: tidy(values.story),
    cap: moneyOf(values.cap, values.currency, locale),
    min_pledge: moneyOf(values.minPledge, values.currency, locale),
    max_pledge: moneyOf(values.maxPledge, values.currency, locale),
    refund_releases: values.refundReleases,
    news_offered: values.newsOffered,
    ends_at: fromLocalInput(values.endsAt),
    ...(values.slug === '' ? {} : { slug: values.slug }),
    ...(start === null ? {} : { starts_at: start }),
  }
}

/** Only what differs, so that an edit never writes back what somebody else has changed. */
export function patchOf(base: CampaignValues, mine: CampaignValues, locale: string): CampaignPatch {
  const patch: CampaignPatch = {}
  const money = (text: string) => moneyOf(text, mine.currency, locale)
  for (const field of changedFields(base, mine, locale)) {
    switch (field) {
      case 'title': patch.title = tidyLine(mine.title); break
      case 'slug': patch.slug = mine.slug; break
      case 'ownerName': patch.owner = { name: tidyLine(mine.ownerName) }; break
      case 'category': patch.category = mine.category; break
      case 'summary': patch.summary = tidyLine(mine.summary); break
      case 'story': patch.story = tidy(mine.story); break
      case 'goal': patch.goal = money(mine.goal) ?? {}; break
      case 'cap': patch.cap = money(mine.cap); break
      case 'minPledge': patch.min_pledge = money(mine.minPledge); break
      case 'maxPledge': patch.max_pledge = money(mine.maxPledge); break
      case 'refundReleases': patch.refund_releases = mine.refundReleases; break
      case 'newsOffered': patch.news_offered = mine.newsOffered; break
      case 'startsAt': patch.starts_at = fromLocalInput(mine.startsAt) ?? ''; break
      case 'endsAt': patch.ends_at = fromLocalInput(mine.endsAt); break
      case 'currency': break
    }
  }
  return patch
}

const FIELD_OF_MEMBER: Record<string, CampaignField> = {
  title: 'title', slug: 'slug', owner: 'ownerName', category: 'category', summary: 'summary', story: 'story',
  currency: 'currency', goal: 'goal', cap: 'cap', min_pledge: 'minPledge', max_pledge: 'maxPledge', refund_releases: 'refundReleases',
  news_offered: 'newsOffered', starts_at: 'startsAt', ends_at: 'endsAt',
}

/** The field that a JSON Pointer of a problem is about. */
export function fieldOfPointer(pointer: string): CampaignField | null {
  return FIELD_OF_MEMBER[pointer.split('/')[1] ?? ''] ?? null
}

export function moneyOf(text: string, currency: string, locale: string): Money | null {
  const minor = minorOf(text, currency, locale)
  return minor === null ? null : { amount: minor, currency }
}

export type MoneyRule = { isRequired: boolean; least: number }

/** The code of what is wrong with an amount, or null. */
export function moneyProblem(text: string, currency: string, locale: string, { isRequired, least }: MoneyRule): string | null {
  if (text.trim() === '') return isRequired ? 'required' : null
  const parsed = parseAmount(text, currency, locale)
  if (!parsed.ok) return `amount_${parsed.reason}`
  return parsed.minor < least ? 'amount_low' : null
}

function moneyRules(isNew: boolean): [CampaignField & ('goal' | 'cap' | 'minPledge' | 'maxPledge'), MoneyRule][] {
  return [
    ['goal', { isRequired: true, least: 1 }],
    ['cap', { isRequired: false, least: 0 }],
    ['minPledge', { isRequired: !isNew, least: 1 }],
    ['maxPledge', { isRequired: false, least: 1 }],
  ]
}

function minorOf(text: string, currency: string, locale: string): number | null {
  const parsed = parseAmount(text, currency, locale)
  return parsed.ok ? parsed.minor : null
}

/** In one line, as all texts but the story are stored. */
function tidyLine(text: string): string {
  return tidy(text).replace(/\s*\n\s*/g, ' ')
}

/** As it is stored: no blanks around it, lines ended by line feeds. */
function tidy(text: string): string {
  return text.replaceAll('\r\n', '\n').trim()
}
