// SPDX-License-Identifier: Apache-2.0
// Goal: what people and processes do is told in words, in the audit log and in the live
// feed. Method: actions and events are read from the code that writes them; each must
// stand in the catalogue.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const words = new Set(
  ['people', 'feed', 'operations'].flatMap((file) =>
    Object.keys(JSON.parse(readFileSync(join(root, `web/src/i18n/messages/en/admin/${file}.json`), 'utf8')) as object),
  ),
)

/** Actions whose name is put together, with the words that end it. */
const ENDINGS: Record<string, string[]> = {
  'campaign.': ['publish', 'pause', 'resume', 'close'],
  'consumer.': ['pause', 'resume'],
  'key.': ['add', 'promote', 'retire', 'replace'],
  'pledge.': ['cancel', 'expire'],
  'refund_request.': ['accepted', 'declined'],
  outbox_reader_: ['paused', 'resumed', 'removed'],
}

test('every action and every target of the audit log', () => {
  const folder = join(root, 'sql/functions')
  const sql = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  const found = [...sql.matchAll(/audit_add\('([a-z_.]+)'( \|\|[^,]+)?,\s*'([a-z_]+)'/g)]
  expect(found.length).toBeGreaterThan(40)
  const actions = found.flatMap(([, name = '', isOpen]) => (isOpen === undefined ? [name] : (ENDINGS[name] ?? ['?']).map((end) => name + end)))
  expect(actions.filter((action) => !words.has(`admin.action.${action.replaceAll('.', '_')}`))).toEqual([])
  expect(found.map(([, , , target = '']) => target).filter((target) => !words.has(`admin.target.${target}`))).toEqual([])
})

test('every event of a pledge and of a campaign', () => {
  const core = readFileSync(join(root, 'extension/src/lifecycle_core.c'), 'utf8')
  const events = [...core.matchAll(/"((?:pledge|campaign)\.[a-z_]+)"/g)].map(([, name = '']) => name)
  expect(events.length).toBeGreaterThan(8)
  expect(events.filter((event) => !words.has(`admin.feed_kind.${event.replaceAll('.', '_')}`))).toEqual([])
  const transitions = [...core.matchAll(/\[CFA_PLEDGE_\w+\] = "([a-z_]+)"/g)].map(([, name = '']) => name)
  expect(transitions).toContain('donor_erase')
  expect(transitions.filter((name) => !words.has(`admin.transition.${name}`) && !words.has(`admin.pledge_state.${name}`))).toEqual([])
})
