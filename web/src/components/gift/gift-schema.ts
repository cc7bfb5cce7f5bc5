// SPDX-License-Identifier: Apache-2.0
// What a gift needs before it is sent, and the request that it becomes.
import { z } from 'zod/mini'
import type { Campaign, DisplayLevel, PledgeRequest, Reward } from '@/api/types'
import { locale, t } from '@/i18n'
import { roomLeft } from '@/lib/campaign'
import type { GiftValues } from '@/lib/gift-draft'
import { amountInputText, formatMoney, parseAmount, presetAmounts, type Money } from '@/lib/money'

export const DISPLAY_LEVELS = ['name_amount_message', 'name_message', 'name', 'none'] as const
export const NAME_MAX = 120
export const EMAIL_MAX = 254
export const MESSAGE_MAX = 500
export const QUANTITY_MAX = 10

const STEP_FIELDS = {
  1: ['amount', 'rewardId', 'quantity'],
  2: ['name', 'email', 'display', 'message'],
} as const satisfies Record<1 | 2, readonly (keyof GiftValues)[]>

export function fieldsOfStep(step: 1 | 2): readonly (keyof GiftValues)[] {
  return STEP_FIELDS[step]
}

export function stepOfField(field: keyof GiftValues): 1 | 2 {
  return STEP_FIELDS[1].some((name) => name === field) ? 1 : 2
}

/** Length as the database counts it: code points, not UTF-16 units. */
export function textLength(text: string): number {
  return Array.from(text).length
}

export function giftSchema(campaign: Campaign) {
  return z
    .object({
      amount: z.string(),
      rewardId: z.string(),
      quantity: z.int(),
      name: z.string().check(
        z.refine((name) => name.trim() !== '', t('gift.error.name_empty')),
        z.refine((name) => textLength(name.trim()) <= NAME_MAX, t('gift.error.name_long')),
      ),
      email: z.string().check(
        z.refine((email) => /^[^\s@]+@[^\s@]+$/.test(email.trim()), t('gift.error.email')),
        z.refine((email) => email.trim().length <= EMAIL_MAX, t('gift.error.email_long')),
      ),
      display: z.enum(DISPLAY_LEVELS),
      message: z
        .string()
        .check(z.refine((message) => textLength(message.trim()) <= MESSAGE_MAX, t('gift.error.message_long'))),
    })
    .check((context) => {
      const message = amountProblem(campaign, context.value)
      if (message === null) return
      context.issues.push({ code: 'custom', path: ['amount'], message, input: context.value.amount })
    })
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

/** Empty values, filled from the link where it names something valid. */
export function initialValues(campaign: Campaign, search: URLSearchParams): GiftValues {
  const presets = presetsFor(campaign)
  const reward = chosenReward(campaign, search.get('reward') ?? '')
  const asked = amountOf(campaign, search.get('amount') ?? '')
  const usual = presets[Math.min(1, presets.length - 1)]
  const rewardId = reward?.id ?? ''
  const least = leastAmount(campaign, { rewardId, quantity: 1 })
  const wanted = asked ?? (reward === null ? usual : undefined) ?? least
  const amount = wanted.amount < least.amount ? least : wanted
  return {
    amount: amountInputText(amount, locale),
    rewardId,
    quantity: 1,
    name: '',
    email: '',
    display: DISPLAY_LEVELS.find((level) => level === search.get('display')) ?? 'name',
    message: '',
  }
}

/** The request in its one form: equal gifts become equal bytes. */
export function requestBody(campaign: Campaign, values: GiftValues): string {
  const message = values.message.trim()
  const request: PledgeRequest = {
    amount: amountOf(campaign, values.amount) ?? { amount: 0, currency: campaign.currency },
    donor: { name: values.name.trim(), email: values.email.trim() },
    ...(values.rewardId === '' ? {} : { reward_id: values.rewardId, quantity: values.quantity }),
    display: values.display,
    ...(message === '' ? {} : { message }),
  }
  return JSON.stringify(request)
}

export function showsMessage(display: DisplayLevel): boolean {
  return display === 'name_amount_message' || display === 'name_message'
}

function amountProblem(campaign: Campaign, values: GiftValues): string | null {
  const parsed = parseAmount(values.amount, campaign.currency, locale)
  if (!parsed.ok) return t(`gift.error.amount_${parsed.reason}`, { currency: campaign.currency })
  const least = leastAmount(campaign, values)
  const money = (amount: number) => formatMoney({ amount, currency: campaign.currency }, locale, 'round')
  if (parsed.minor < least.amount) {
    const isReward = least.amount > campaign.min_pledge.amount
    return t(isReward ? 'gift.error.amount_reward' : 'gift.error.amount_low', { least: money(least.amount) })
  }
  if (campaign.max_pledge !== null && parsed.minor > campaign.max_pledge.amount) {
    return t('gift.error.amount_high', { most: money(campaign.max_pledge.amount) })
  }
  const room = roomLeft(campaign)
  if (room !== null && parsed.minor > room) return t('gift.error.amount_room', { room: money(room) })
  return null
}
