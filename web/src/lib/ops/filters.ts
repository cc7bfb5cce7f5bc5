// SPDX-License-Identifier: Apache-2.0
// Filters of a list, as they stand in the address of a page and in the query of the
// API. What the address has and the list does not know, or what cannot be right, is
// left out, never an error.

export type FilterRule = { max?: number; pattern?: RegExp; words?: readonly string[] }
export type FilterRules = Record<string, FilterRule>
export type Filters<Rules extends FilterRules> = { [Name in keyof Rules]: string }

const TEXT_MAX = 255

/** Every filter of the rules, empty where the address has none that can be right. */
export function readFilters<Rules extends FilterRules>(rules: Rules, query: URLSearchParams): Filters<Rules> {
  return Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => [name, accepted(rule, query.get(name)?.trim() ?? '')]),
  ) as Filters<Rules>
}

/** The query of an address in the order of the rules; nothing for empty filters. */
export function writeFilters<Rules extends FilterRules>(
  rules: Rules,
  filters: Partial<Filters<Rules>>,
): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, rule] of Object.entries(rules)) {
    const value = accepted(rule, (filters[name] ?? '').trim())
    if (value !== '') query.set(name, value)
  }
  return query
}

function accepted(rule: FilterRule, value: string): string {
  if (value.length > (rule.max ?? TEXT_MAX)) return ''
  if (rule.words !== undefined && !rule.words.includes(value)) return ''
  if (value !== '' && rule.pattern !== undefined && !rule.pattern.test(value)) return ''
  return value
}

export const DAY = /^\d{4}-\d{2}-\d{2}$/
export const AMOUNT = /^\d{1,15}(?:\.\d{1,4})?$/
export const CURRENCY = /^[A-Z]{3}$/
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const CURSOR = /^[\w.~=-]+$/

/** Where a day begins by the clocks of the reader, as the API wants it; null for no day. */
export function dayStart(day: string, offsetDays = 0): string | null {
  if (!DAY.test(day)) return null
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const start = new Date(year, month - 1, date + offsetDays)
  return Number.isNaN(start.getTime()) ? null : start.toISOString()
}
