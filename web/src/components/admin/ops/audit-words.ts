// SPDX-License-Identifier: Apache-2.0
// Members and values of the audit log by the words that the forms have for them. What no
// form has stays as it was written: ids, and what only processes set.
import { formatDateTime, formatList, formatNumber, locale, t, tMaybe, type MessageKey } from '@/i18n'
import { formatMoney, type Money } from '@/lib/money'
import { categoryText } from '../campaign/words'

const MEMBERS: Partial<Record<string, MessageKey>> = {
  account: 'admin.users.account',
  amount: 'admin.pledge.amount',
  cap: 'admin.edit.cap',
  capacity: 'admin.pool.capacity',
  category: 'admin.edit.category',
  copy_of: 'admin.copy.of',
  description: 'admin.reward.description',
  ends_at: 'admin.edit.endsAt',
  goal: 'admin.edit.goal',
  image_alt: 'admin.image.alt',
  is_disabled: 'admin.users.disabled',
  max_pledge: 'admin.edit.maxPledge',
  min_amount: 'admin.reward.minAmount',
  min_pledge: 'admin.edit.minPledge',
  name: 'admin.pool.name',
  news_offered: 'admin.edit.newsOffered',
  owner: 'admin.edit.ownerName',
  pledges: 'admin.pledges.title',
  pool_id: 'admin.reward.poolId',
  position: 'admin.reward.position',
  quantity: 'admin.reward.quantity',
  refund_releases: 'admin.edit.refundReleases',
  role: 'admin.users.role',
  sessions: 'admin.users.sessions',
  slug: 'admin.edit.slug',
  starts_at: 'admin.edit.startsAt',
  story: 'admin.edit.story',
  summary: 'admin.edit.summary',
  title: 'admin.edit.title',
  visibility: 'admin.update.visibility',
}

const REASONS: Partial<Record<string, MessageKey>> = {
  'a recovery code was used': 'admin.action.account_recovery_code',
  'changed by its owner': 'admin.audit.by_owner',
  'claimed with its private link': 'admin.audit.by_link',
  'issued for the donor': 'admin.audit.for_donor',
  'nobody approved it in time': 'admin.audit.in_time',
  'reached its end': 'admin.audit.at_end',
  'with a one-time token': 'admin.audit.by_token',
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/

/** Null for a member that no form has. */
export function memberText(name: string): string | null {
  const key = MEMBERS[name]
  return key === undefined ? null : tMaybe(key)
}

/** Empty for nothing. */
export function valueText(action: string, name: string, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return t(value ? 'admin.edit.yes' : 'admin.edit.no')
  if (typeof value === 'number') return formatNumber(value)
  if (typeof value === 'string') return codeText(action, name, value) ?? (TIME.test(value) ? formatDateTime(value) : value)
  if (Array.isArray(value)) return formatList(value.map((one) => valueText(action, name, one) || t('admin.audit.nothing')))
  if (isMoney(value)) return formatMoney(value, locale)
  const { name: person } = value as { name?: unknown }
  return typeof person === 'string' ? person : JSON.stringify(value)
}

/** The members of a value that is neither money nor a person, such as what a list was narrowed to; null for other values. */
export function partsOf(value: unknown): [name: string, value: unknown][] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isMoney(value)) return null
  return typeof (value as { name?: unknown }).name === 'string' ? null : Object.entries(value)
}

/** What stands for one of few things. */
function codeText(action: string, name: string, value: string): string | null {
  const isOf = (noun: string) => action.startsWith(`${noun}.`)
  if (name === '') return isOf('campaign') ? tMaybe(`admin.campaign.status_${value}`) : null
  if (name === 'role') return tMaybe(isOf('team') ? `admin.team.role_${value}` : `admin.role.${value}`)
  if (name === 'visibility') return tMaybe(`admin.update.for_${value}`)
  return name === 'category' ? categoryText(value) : null
}

function isMoney(value: object): value is Money {
  return 'amount' in value && typeof value.amount === 'number' && 'currency' in value && typeof value.currency === 'string'
}

/** Why something was done, where the database itself has said so; what people wrote stays. */
export function reasonText(reason: string): string {
  if (/ (through|over) the API$/.test(reason)) return t('admin.audit.by_api')
  const key = REASONS[reason]
  return key === undefined ? reason : (tMaybe(key) ?? reason)
}
