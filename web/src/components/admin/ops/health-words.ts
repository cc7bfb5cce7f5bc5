// SPDX-License-Identifier: Apache-2.0
// What the database's checks and jobs are called and say, in the reader's language. They come as
// sentences, which people read in psql as well; each of them stands here.
import { t, tMaybe } from '@/i18n'

const PLAIN = new Map([
  ['engine', 'admin.health.check_engine'],
  ['consumers', 'admin.health.check_consumers'],
  ['paused consumers', 'admin.health.check_paused'],
  ['invariants', 'admin.health.check_invariants'],
  ['invariants checked, seconds ago', 'admin.health.check_checked'],
  ['holds overdue', 'admin.health.check_overdue'],
  ['pledges without a payment after a minute', 'admin.health.check_unpaid'],
  ['oldest refund waiting, seconds', 'admin.health.check_refund'],
  ['parked payment work', 'admin.health.check_letters'],
  ['parked events', 'admin.health.check_parked'],
  ['events outside partitions', 'admin.health.check_default'],
  ['outbox days kept past retention', 'admin.health.check_days'],
  ['totals not folded yet', 'admin.health.check_deltas'],
  ['oldest task not worked on, seconds', 'admin.health.check_tasks'],
  ['oldest transaction, seconds', 'admin.health.check_transaction'],
  ['outbox days ahead', 'admin.health.check_ahead'],
  ['none', 'admin.health.value_none'],
  ['not yet', 'admin.health.value_not_yet'],
  ['checkpoint of another cluster', 'admin.health.value_other_cluster'],
  ['begins again', 'admin.health.value_again'],
  ['begins again, paused', 'admin.health.value_again_paused'],
  ['Restart PostgreSQL if new files were installed, then run careforall-migrate.', 'admin.health.hint_restart'],
  ['This server is a standby; pledges go to the primary.', 'admin.health.hint_standby'],
  ['Put careforall into shared_preload_libraries and restart PostgreSQL.', 'admin.health.hint_preload'],
  ['The server has loaded an older library than the database needs: restart PostgreSQL.', 'admin.health.hint_older'],
  ['A fault of the engine or a bypassed trigger: see verify_status and keep the evidence.', 'admin.health.hint_invariants'],
  ["Run SELECT * FROM careforall.job_run('verify_run').", 'admin.health.hint_checked'],
  ['Is the job holds_expire running? See jobs_status.', 'admin.health.hint_overdue'],
  ['Nobody has asked the provider for their money: is careforall-payments running?', 'admin.health.hint_unpaid'],
  ['Is careforall-payments running? See refunds_overview and dead_letters_overview.', 'admin.health.hint_refund'],
  ['Money may have come that no pledge expects: see inbox events with this outcome.', 'admin.health.hint_odd'],
  ['See dead_letters_overview; payment_redrive() tries again.', 'admin.health.hint_letters'],
  ['Events are held back: see outbox_parked_overview; outbox_release() lets them go on.', 'admin.health.hint_parked'],
  ['A day had no partition; see outbox_days and jobs_status.', 'admin.health.hint_default'],
  ['Some consumer has not taken them: see outbox_status and outbox_readers_status.', 'admin.health.hint_days'],
  ['Is the careforall worker running? SELECT careforall.totals_fold() folds by hand.', 'admin.health.hint_deltas'],
  ['Is careforall-api running? Why a step fails is in its log.', 'admin.health.hint_tasks'],
  ['It holds back vacuum and outbox rotation: see slow.', 'admin.health.hint_transaction'],
  ['The outbox keeps what it has not taken.', 'admin.health.hint_not_taken'],
  ['No relay has ever led: start careforall-relay.', 'admin.health.hint_no_relay'],
  ["Run SELECT * FROM careforall.job_run('outbox_rotate').", 'admin.health.hint_ahead'],
  ['Is pg_cron running? See jobs_status.', 'admin.health.hint_cron'],
  ['end pending pledges whose hold is over, and proposed refunds whose time is', 'admin.health.job_holds_expire'],
  ['close campaigns whose end has come', 'admin.health.job_campaigns_close_ended'],
  ['rank campaigns by what they have raised', 'admin.health.job_campaigns_rank'],
  ['make and drop daily partitions of the outbox', 'admin.health.job_outbox_rotate'],
  ['remove what has been kept for long enough', 'admin.health.job_purge'],
  ['take donors off pledges that are old enough', 'admin.health.job_contact_erase'],
  ['check the invariants', 'admin.health.job_verify_run'],
] as const)

type Parts = Record<'count' | 'held' | 'library' | 'name' | 'schema' | 'time' | 'version', string>

const WITH_PARTS: [RegExp, (parts: Parts) => string][] = [
  [/^consumer (?<name>.+)$/, ({ name }) => t('admin.health.check_consumer', { name: tMaybe(`admin.consumers.${name}`) ?? name })],
  [/^reader (?<name>.+)$/, ({ name }) => t('admin.health.check_reader', { name })],
  [/^invariants: (?<name>.+)$/, ({ name }) => t('admin.health.check_violated', { name })],
  [/^odd provider events in a day: (?<name>.+)$/, ({ name }) => t('admin.health.check_odd', { name: tMaybe(`admin.outcome.${name}`) ?? name })],
  [/^job (?<name>.+)$/, ({ name }) => t('admin.health.check_job', { name })],
  [/^(?<count>-?\d+(\.\d+)?)$/, ({ count }) => t('admin.health.value_number', { count: Number(count) })],
  [/^(?<count>\d+) events behind$/, ({ count }) => t('admin.health.value_behind', { count: Number(count) })],
  [/^(?<count>\d+) events behind, paused$/, ({ count }) => t('admin.health.value_behind_paused', { count: Number(count) })],
  [/^(?<count>\d+) s ago$/, ({ count }) => t('admin.health.value_ago', { count: Number(count) })],
  [/^(?<held>\d+) of (?<count>\d+) hold$/, ({ held, count }) => t('admin.health.value_hold', { held: Number(held), count: Number(count) })],
  [/^extension (?<version>\S+), schema (?<schema>\S+), (?<count>\d+) limits loaded$/, ({ version, schema, count }) => t('admin.health.value_engine', { version, schema, count: Number(count) })],
  [/^extension (?<version>\S+), schema (?<schema>\S+), \d+ limits loaded, library (?<library>\S+)$/, ({ version, schema, library }) => t('admin.health.value_engine_library', { version, schema, library })],
  [/^Its leader has been silent for (?<time>.+): is careforall-relay running\?$/, ({ time }) => t('admin.health.hint_silent', { time })],
  [/^The oldest has waited for (?<time>.+): is NATS up\? See the log of careforall-relay\.$/, ({ time }) => t('admin.health.hint_waited', { time })],
  [/^The outbox keeps (?<count>\d+) days more than it should for it: outbox_reader_resume\(\) or outbox_reader_remove\(\)\.$/, ({ count }) => t('admin.health.hint_holds_days', { count: Number(count) })],
  [/^Does it still read\? Last time: (?<time>.+)\.$/, ({ time }) => t('admin.health.hint_reads', { time })],
]

/** The text of a check's name, value or hint; null where the catalogue has none. */
export function healthText(said: string): string | null {
  const key = PLAIN.get(said as Parameters<typeof PLAIN.get>[0])
  if (key !== undefined) return t(key)
  for (const [pattern, text] of WITH_PARTS) {
    const match = pattern.exec(said)
    if (match !== null) return text(match.groups as Parts)
  }
  return null
}
