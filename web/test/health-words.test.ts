// SPDX-License-Identifier: Apache-2.0
// Goal: whatever the health checks and the jobs of the database say stands in the catalogue.
// Method: their sentences are read from the functions that say them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { healthText } from '@/components/admin/ops/health-words'

const sqlOf = (file: string) => readFileSync(join(import.meta.dirname, '../../sql/functions', `${file}.sql`), 'utf8')
const checks = sqlOf('health_checks').split('CREATE OR REPLACE FUNCTION careforall.metrics()')[1]?.split('\nCOMMENT ON')[0] ?? ''
const literals = (sql: string) => [...sql.replaceAll(/--.*$/gm, '').matchAll(/'((?:[^']|'')*)'/g)].map(([, text = '']) => text.replaceAll("''", "'"))

test('every hint', () => {
  const hints = literals(checks).filter((text) => /^[A-Z].*[.?]$/.test(text))
  expect(hints.length).toBeGreaterThan(20)
  expect(hints.filter((hint) => healthText(hint.replaceAll('%s', '5')) === null)).toEqual([])
})

test('every check', () => {
  const titles = [...checks.matchAll(/^ {4}\('\w+', '([^']+)', \d+, \d+,$/gm)].map(([, title = '']) => title)
  const others = [...checks.matchAll(/SELECT \d, '([^']+)'( \|\| [a-z.]+)?/g)].map(([, text = '', more]) => (more === undefined ? text : `${text}one`))
  expect(titles.length).toBeGreaterThan(10)
  expect(others.length).toBeGreaterThan(6)
  const labelled: Record<string, string> = { 'odd provider events in a day': 'mismatch' }
  const names = [...titles.map((title) => (title in labelled ? `${title}: ${labelled[title]}` : title)), 'invariants: money_sums', ...others]
  expect(names.filter((name) => healthText(name) === null)).toEqual([])
})

test('every purpose of a job', () => {
  const purposes = [...sqlOf('job_run').matchAll(/interval '[^']+', '([^']+)'\)/g)].map(([, purpose = '']) => purpose)
  expect(purposes.length).toBeGreaterThan(5)
  expect(purposes.filter((purpose) => healthText(purpose) === null)).toEqual([])
})

test.each([
  ['12 events behind, paused', '12 events behind, paused'],
  ['19 of 20 hold', '19 of 20 hold'],
  ['1 s ago', '1 second ago'],
  ['1234', '1,234'],
  ['-0.5', '-0.5'],
  ['extension 0.2.0, schema 3, 1 limits loaded', 'extension 0.2.0, schema 3, 1 limit loaded'],
  ['nothing that we know', null],
])('a value: %s', (said, text) => {
  expect(healthText(said)).toBe(text)
})
