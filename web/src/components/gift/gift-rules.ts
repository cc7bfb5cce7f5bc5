// SPDX-License-Identifier: Apache-2.0
// What a gift needs before it is sent, and the request that it becomes.
import type { Campaign, DisplayLevel, Fee, PledgeRequest, Reward } from '@/api/types'
import { locale, t } from '@/i18n'
import { isSoldOut, roomLeft } from '@/lib/campaign'
import { coveredCharge, plainCharge, type Charge } from '@/lib/fee'
import { DISPLAY_LEVELS, type GiftValues } from '@/lib/gift-draft'
import { NEWS_TEXT } from '@/lib/news'
import { textLength } from '@/lib/text'
import { amountInputText, formatMoney, parseAmount, presetAmounts, type Money } from '@/lib/money'

export const NAME_MAX = 120
export const EMAIL_MAX = 254
export const MESSAGE_MAX = 500
export const QUANTITY_MAX = 10

const STEP_FIELDS = {
  1: ['amount', 'feeCover', 'rewardId', 'quantity'],
  2: ['name', 'email', 'display', 'message', 'news'],
} as const satisfies Record<1 | 2, readonly (keyof GiftValues)[]>

export function fieldsOfStep(step: 1 | 2): readonly (keyof GiftValues)[] {
  return STEP_FIELDS[step]
}

export function stepOfField(field: keyof GiftValues): 1 | 2 {
  return STEP_FIELDS[1].some((name) => name === field) ? 1 : 2
}

export type GiftFaults = Partial<Record<keyof GiftValues, string>>

/** What is wrong with the entries, by field. */
export function faultsOf(campaign: Campaign, values: GiftValues, fee: Fee | null): GiftFaults {
  const faults = {
    amount: amountFault(campaign, values, fee),
    name: nameFault(values.name.trim()),
    email: emailFault(values.email.trim()),
    message: textLength(values.message.trim()) > MESSAGE_MAX ? t('gift.error.message_long') : null,
  }
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== null))
}

function nameFault(name: string): string | null {
  if (name === '') return t('gift.error.name_empty')
  return textLength(name) > NAME_MAX ? t('gift.error.name_long') : null
}

function emailFault(email: string): string | null {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) return t('gift.error.email')
  return email.length > EMAIL_MAX ? t('gift.error.email_long') : null
}

export function chosenReward(campaign: Campaign, rewardId: string): Reward | null {
  return campaign.rewards.find((reward) => reward.id === rewardId) ?? null
}

/** The least that the chosen reward, or the campaign, asks for. */
export function leastAmount(campaign: Campaign, values: Pick<GiftValues, 'rewardId' | 'quantity'>): Money {
  const reward = chosenReward(campaign, values.rewardId)
  const least = reward === null ? 0 : reward.min_amount.amount * values.quantity
  return { amount: Math.max(least, campaign.min_pledge.amount), currency: campaign.currency }
}

export function amountOf(campaign: Campaign, text: string): Money | null {
  const parsed = parseAmount(text, campaign.currency, locale)
  return parsed.ok ? { amount: parsed.minor, currency: campaign.currency } : null
}

export function presetsFor(campaign: Campaign): Money[] {
  const room = roomLeft(campaign)
  const max = campaign.max_pledge?.amount ?? null
  const most = room === null ? max : Math.min(room, max ?? room)
  return presetAmounts(campaign.currency, campaign.min_pledge.amount, most).map((amount) => ({
    amount,
    currency: campaign.currency,
  }))
}

/** What is charged for the gift as it is entered; null while that is no amount. */
export function chargeOf(campaign: Campaign, values: Pick<GiftValues, 'amount' | 'feeCover'>, fee: Fee | null): Charge | null {
  const gift = amountOf(campaign, values.amount)
  if (gift === null) return null
  return values.feeCover && fee !== null ? coveredCharge(gift, fee) : plainCharge(gift)
}

export function emptyValues(campaign: Campaign): GiftValues {
  const presets = presetsFor(campaign)
  const usual = presets[Math.min(1, presets.length - 1)] ?? campaign.min_pledge
  return {
    amount: amountInputText(usual, locale),
    rewardId: '',
    quantity: 1,
    feeCover: false,
    name: '',
    email: '',
    display: 'name',
    message: '',
  }
}

/** The values with what the link names: an amount, a reward, what is shown. What is not valid is left aside. */
export function withLink(campaign: Campaign, values: GiftValues, search: URLSearchParams): GiftValues {
  const reward = chosenReward(campaign, search.get('reward') ?? '')
  const hasReward = reward !== null && !isSoldOut(reward)
  const chosen = hasReward ? { rewardId: reward.id, quantity: 1 } : { rewardId: values.rewardId, quantity: values.quantity }
  const least = leastAmount(campaign, chosen)
  const asked = linkedAmount(campaign, search.get('amount'), least)
  const held = amountOf(campaign, values.amount)
  const kept = held !== null && held.amount >= least.amount && !hasReward ? values.amount : null
  return {
    ...values,
    ...chosen,
    amount: asked !== null ? amountInputText(asked, locale) : (kept ?? amountInputText(least, locale)),
    display: DISPLAY_LEVELS.find((level) => level === search.get('display')) ?? values.display,
  }
}

/** Links are written by machines: a point is a point, whatever the reader's language. */
function linkedAmount(campaign: Campaign, text: string | null, least: Money): Money | null {
  const parsed = parseAmount(text ?? '', campaign.currency, 'en')
  if (!parsed.ok || parsed.minor < least.amount) return null
  const isTooMuch = campaign.max_pledge !== null && parsed.minor > campaign.max_pledge.amount
  return isTooMuch ? null : { amount: parsed.minor, currency: campaign.currency }
}

/** The request in its one form: equal gifts become equal bytes. */
export function requestBody(campaign: Campaign, values: GiftValues, fee: Fee | null): string {
  const message = values.message.trim()
  const request: PledgeRequest = {
    amount: amountOf(campaign, values.amount) ?? { amount: 0, currency: campaign.currency },
    donor: { name: values.name.trim(), email: values.email.trim() },
    ...(values.rewardId === '' ? {} : { reward_id: values.rewardId, quantity: values.quantity }),
    ...(values.feeCover && fee !== null ? { fee_cover: true } : {}),
    display: values.display,
    ...(message === '' ? {} : { message }),
    ...(values.news && campaign.news_offered ? { news: { text: NEWS_TEXT, language: locale } } : {}),
  }
  return JSON.stringify(request)
}

export function showsMessage(display: DisplayLevel): boolean {
  return display === 'name_amount_message' || display === 'name_message'
}

function amountFault(campaign: Campaign, values: GiftValues, fee: Fee | null): string | null {
  const parsed = parseAmount(values.amount, campaign.currency, locale)
  if (!parsed.ok) return t(`gift.error.amount_${parsed.reason}`, { currency: campaign.currency })
  const charge = chargeOf(campaign, values, fee)
  if (charge === null) return t('gift.error.amount_too_large')
  const least = leastAmount(campaign, values)
  const money = (amount: number) => formatMoney({ amount, currency: campaign.currency }, locale, 'round')
  const total = charge.total.amount
  if (total < least.amount) {
    const isReward = least.amount > campaign.min_pledge.amount
    return t(isReward ? 'gift.error.amount_reward' : 'gift.error.amount_low', { least: money(least.amount) })
  }
  const isCovered = charge.fee.amount > 0
  if (campaign.max_pledge !== null && total > campaign.max_pledge.amount) {
    return t(isCovered ? 'gift.error.amount_high_fee' : 'gift.error.amount_high', {
      most: money(campaign.max_pledge.amount),
    })
  }
  const room = roomLeft(campaign)
  if (room !== null && total > room) {
    return t(isCovered ? 'gift.error.amount_room_fee' : 'gift.error.amount_room', { room: money(room) })
  }
  return null
}
