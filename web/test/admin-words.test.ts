// SPDX-License-Identifier: Apache-2.0
// Goal: what people and processes do is told in words, in the audit log and in the live
// feed. Method: actions and events are read from the code that writes them; each must
// stand in the catalogue.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { memberText, reasonText, valueText } from '@/components/admin/ops/audit-words'
import { STATUSES } from '@/components/admin/campaign/words'
import { loadAreas, setLanguage } from '@/i18n'

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
  'refund_proposal.': ['approved', 'rejected', 'withdrawn'],
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

test('every event of a pledge, a campaign and a waiting list', () => {
  const core = readFileSync(join(root, 'extension/src/lifecycle_core.c'), 'utf8')
  const waiting = readFileSync(join(root, 'sql/migrations/0007_waiting_lists.sql'), 'utf8')
  const events = [...(core + waiting).matchAll(/["']((?:pledge|campaign|waiting)\.[a-z_]+)["']/g)].map(([, name = '']) => name)
  expect(events.length).toBeGreaterThan(8)
  expect(events.filter((event) => !words.has(`admin.feed_kind.${event.replaceAll('.', '_')}`))).toEqual([])
  const transitions = [...core.matchAll(/\[CFA_PLEDGE_\w+\] = "([a-z_]+)"/g)].map(([, name = '']) => name)
  expect(transitions).toContain('donor_erase')
  expect(transitions.filter((name) => !words.has(`admin.transition.${name}`) && !words.has(`admin.pledge_state.${name}`))).toEqual([])
})

describe('before and after of a change', () => {
  afterEach(() => setLanguage('en'))

  test.each([
    ['account.change', 'role', 'admin', 'Administrator', 'Administration'],
    ['account.change', 'is_disabled', false, 'No', 'Nein'],
    ['team.edit', 'role', 'viewer', 'Viewer', 'Ansicht'],
    ['campaign.edit', 'goal', { amount: 150_000, currency: 'EUR' }, '€1,500.00', /^1\.500,00\s€$/],
    ['campaign.edit', 'owner', { name: 'Water Works' }, 'Water Works', 'Water Works'],
    ['campaign.edit', 'ends_at', '2030-03-01T12:00:00.000Z', /^March 1, 2030/, /^1\. März 2030/],
    ['campaign.edit', 'category', 'water', 'Water', 'Wasser'],
    ['campaign.cap_set', '', 150_000, '150,000', '150.000'],
    ['update.create', 'visibility', 'public', 'Everybody', 'Alle'],
    ['reward.edit', 'quantity', null, '', ''],
    ['campaign.owner_set', '', '0199c0de-0000-7000-8000-0000000000c1', '0199c0de-0000-7000-8000-0000000000c1', '0199c0de-0000-7000-8000-0000000000c1'],
  ])('%s %s %j', async (action, name, value, english, german) => {
    await loadAreas('site', 'admin')
    const is = (wanted: string | RegExp) => (typeof wanted === 'string' ? wanted : (expect.stringMatching(wanted) as string))
    expect(valueText(action, name, value)).toEqual(is(english))
    await setLanguage('de')
    expect(valueText(action, name, value)).toEqual(is(german))
  })

  test.each(['de', 'ar'] as const)('no state of a campaign and no member of its form stays a word of machines: %s', async (language) => {
    await loadAreas('site', 'admin')
    await setLanguage(language)
    expect(STATUSES.filter((state) => valueText('campaign.pause', '', state) === state)).toEqual([])
    const sql = readFileSync(join(root, 'sql/functions/campaign_edit.sql'), 'utf8')
    const [, members = ''] = /campaign_content\(campaign careforall\.campaigns\)[\s\S]*?jsonb_build_object\(([\s\S]*?)\$\$/.exec(sql) ?? []
    const names = [...members.matchAll(/^\s+'([a-z_]+)',/gm)].map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => memberText(name) === null)).toEqual([])
    expect(memberText('payment_id')).toBeNull()
  })

  test('the reasons that the database gives by itself are told in words, those of people as they are', async () => {
    await loadAreas('site', 'admin')
    const folder = join(root, 'sql/functions')
    const sql = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
    const added = [...sql.matchAll(/(?:audit_add|campaign_insert|reward_insert|pool_insert)\(([^;]*);/g)].map(([, text = '']) => text)
    const reasons = added.flatMap((text) => [...text.matchAll(/'([a-z]+(?: [a-zA-Z-]+)+)'/g)].map(([, reason = '']) => reason))
    expect(new Set(reasons).size).toBeGreaterThan(8)
    expect(reasons.filter((reason) => reasonText(reason) === reason)).toEqual([])
    expect(reasonText('asked by letter')).toBe('asked by letter')
  })
})
