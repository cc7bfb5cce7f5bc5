// SPDX-License-Identifier: Apache-2.0
// Rewards and pools as their forms have them, by the API's limits.
import { z } from 'zod/mini'
import type { ManagedPool, ManagedReward, PoolRequest, RewardRequest } from '@/api/admin-campaigns'
import { textLength } from '@/lib/text'
import { amountInputText, parseAmount } from '@/lib/money'
import { moneyOf, moneyProblem } from './form'

export type RewardValues = { title: string; description: string; minAmount: string; quantity: string; position: string; poolId: string }
export type PoolValues = { name: string; capacity: string }

export const REWARD_FIELDS = ['title', 'description', 'minAmount', 'quantity', 'poolId', 'position'] as const
export const POOL_FIELDS = ['name', 'capacity'] as const
export const REWARD_LENGTHS = { title: 140, description: 2000, name: 120 } as const

const PLACES_MAX = 2_147_483_647
const POSITION_MAX = 1000

export function rewardValues(reward: ManagedReward | null, locale: string): RewardValues {
  if (reward === null) return { title: '', description: '', minAmount: '', quantity: '', position: '', poolId: '' }
  return {
    title: reward.title,
    description: reward.description,
    minAmount: amountInputText(reward.min_amount, locale),
    quantity: reward.quantity === null ? '' : String(reward.quantity),
    position: String(reward.position),
    poolId: reward.pool_id ?? '',
  }
}

export function poolValues(pool: ManagedPool | null): PoolValues {
  if (pool === null) return { name: '', capacity: '' }
  return { name: pool.name, capacity: pool.capacity === null ? '' : String(pool.capacity) }
}

export function rewardSchema(currency: string, locale: string) {
  return z.object({
    title: text(REWARD_LENGTHS.title, true),
    description: text(REWARD_LENGTHS.description, false),
    minAmount: z.string().check((context) => {
      const problem = moneyProblem(context.value, currency, locale, { isRequired: true, least: 1 })
      if (problem !== null) context.issues.push({ code: 'custom', message: problem, input: context.value })
    }),
    quantity: places(PLACES_MAX),
    position: places(POSITION_MAX),
    poolId: z.string(),
  })
}

export function poolSchema() {
  return z.object({ name: text(REWARD_LENGTHS.name, true), capacity: places(PLACES_MAX) })
}

/** All of the reward; a new one without a position stands last. */
export function rewardRequest(values: RewardValues, currency: string, locale: string): RewardRequest {
  const position = integerOf(values.position)
  return {
    title: values.title.trim(),
    description: values.description.replaceAll('\r\n', '\n').trim(),
    min_amount: moneyOf(values.minAmount, currency, locale) ?? { amount: 0, currency },
    quantity: integerOf(values.quantity),
    pool_id: values.poolId === '' ? null : values.poolId,
    ...(position === null ? {} : { position }),
  }
}

export function poolRequest(values: PoolValues): PoolRequest {
  return { name: values.name.trim(), capacity: integerOf(values.capacity) }
}

export function sameReward(field: keyof RewardValues, one: string, other: string, currency: string, locale: string): boolean {
  if (field !== 'minAmount') return one.trim() === other.trim()
  const first = parseAmount(one, currency, locale)
  const second = parseAmount(other, currency, locale)
  return first.ok && second.ok ? first.minor === second.minor : one === other
}

/** Null for "without a limit". */
export function integerOf(typed: string): number | null {
  const digits = plainDigits(typed)
  return digits === '' ? null : Number(digits)
}

function text(max: number, isRequired: boolean) {
  return z.string().check(
    z.refine((value) => !isRequired || value.trim() !== '', 'required'),
    z.refine((value) => textLength(value.trim()) <= max, 'too_long'),
  )
}

function places(max: number) {
  return z.string().check(z.refine((value) => /^\d{0,10}$/.test(plainDigits(value)) && Number(plainDigits(value)) <= max, 'integer'))
}

/** With digits of any script as 0 to 9, without blanks. */
function plainDigits(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/\s/g, '')
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
}
