// SPDX-License-Identifier: Apache-2.0
// What a row of the audit log says of a change: members before and after, and other
// facts. Actions write it in three forms: {from, to}, {x_before, x_after} and
// {x: [before, after]}.

export type Change = { name: string; before: string; after: string }
export type Fact = { name: string; value: string }
export type AuditDetail = { changes: Change[]; facts: Fact[] }

export function readDetail(detail: Record<string, unknown>): AuditDetail {
  const changes: Change[] = []
  const facts: Fact[] = []
  const isPair = 'from' in detail && 'to' in detail
  if (isPair) changes.push({ name: '', before: valueText(detail.from), after: valueText(detail.to) })
  for (const [name, value] of Object.entries(detail)) {
    if (isPair && (name === 'from' || name === 'to')) continue
    const stem = /^(.+)_(?:before|after)$/.exec(name)?.[1]
    if (stem !== undefined && `${stem}_before` in detail && `${stem}_after` in detail) {
      if (name === `${stem}_after`) continue
      changes.push({ name: stem, before: valueText(value), after: valueText(detail[`${stem}_after`]) })
    } else if (Array.isArray(value) && value.length === 2) {
      changes.push({ name, before: valueText(value[0]), after: valueText(value[1]) })
    } else {
      facts.push({ name, value: valueText(value) })
    }
  }
  return { changes: changes.filter((change) => change.before !== change.after), facts }
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  return JSON.stringify(value)
}
