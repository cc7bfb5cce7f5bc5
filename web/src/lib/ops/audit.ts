// SPDX-License-Identifier: Apache-2.0
// What a row of the audit log says of a change: members before and after, and other
// facts. Actions write it in three forms: {from, to}, {x_before, x_after} and
// {x: [before, after]}; the first may have whole documents. An amount has its currency beside it.

export type Change = { name: string; before: unknown; after: unknown }
export type Fact = { name: string; value: unknown }
export type AuditDetail = { changes: Change[]; facts: Fact[] }

export function readDetail(written: Record<string, unknown>): AuditDetail {
  const detail = withMoney(written)
  const changes: Change[] = []
  const facts: Fact[] = []
  const isPair = 'from' in detail && 'to' in detail
  if (isPair) changes.push(...pairOf(detail.from, detail.to))
  for (const [name, value] of Object.entries(detail)) {
    if (isPair && (name === 'from' || name === 'to')) continue
    const stem = /^(.+)_(?:before|after)$/.exec(name)?.[1]
    if (stem !== undefined && `${stem}_before` in detail && `${stem}_after` in detail) {
      if (name === `${stem}_after`) continue
      changes.push({ name: stem, before: value, after: detail[`${stem}_after`] })
    } else if (Array.isArray(value) && value.length === 2) {
      changes.push({ name, before: value[0], after: value[1] })
    } else {
      facts.push({ name, value })
    }
  }
  return { changes: changes.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after)), facts }
}

function pairOf(from: unknown, to: unknown): Change[] {
  if (!isDocument(from) || !isDocument(to)) return [{ name: '', before: from, after: to }]
  const names = new Set([...Object.keys(from), ...Object.keys(to)])
  return [...names].map((name) => ({ name, before: from[name], after: to[name] }))
}

function isDocument(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withMoney(detail: Record<string, unknown>): Record<string, unknown> {
  const { amount_minor: amount, currency, ...others } = detail
  return typeof amount === 'number' && typeof currency === 'string' ? { amount: { amount, currency }, ...others } : detail
}
