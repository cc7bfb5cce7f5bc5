// SPDX-License-Identifier: Apache-2.0
// Who changed what, when and why. Nobody can change this list.
import { useQuery } from '@tanstack/react-query'
import { auditQuery } from '@/api/admin-ops'
import { ExportButtons } from '@/components/admin/ops/export-buttons'
import { FilterBar, FilterInput, FilterSelect, fieldText } from '@/components/admin/ops/filter-bar'
import { words } from '@/components/admin/ops/bits'
import { NothingFound, Pager, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { AuditRow } from '@/components/admin/ops/rows'
import { PageHeader } from '@/components/ui/page-header'
import { t } from '@/i18n'
import { CURSOR, DAY, dayStart, writeFilters, type Filters } from '@/lib/ops/filters'

const TARGETS = [
  'account',
  'admin_token',
  'aggregate',
  'audit_log',
  'campaign',
  'consumer',
  'donor',
  'fee',
  'job',
  'pledge',
  'pool',
  'reader',
  'replay',
  'reward',
  'task',
  'waiting_entry',
] as const

/** Those that people look for; others can be typed into the address. */
const ACTIONS = [
  'account.change',
  'account.logout',
  'audit.export',
  'campaign.copy',
  'campaign.create',
  'campaign.edit',
  'campaign.publish',
  'campaign.pause',
  'campaign.resume',
  'campaign.close',
  'consumer.pause',
  'consumer.resume',
  'donor.erase',
  'donor.reveal',
  'outbox_drop',
  'outbox_release',
  'payment_redrive',
  'pledge.cancel',
  'pledge.claim',
  'pledge.expire',
  'pledge.refund',
  'pledges.export',
  'refund_request.accepted',
  'refund_request.declined',
  'task.create',
  'task.download',
  'task.stop',
  'verify.run',
] as const

const RULES = {
  action: { max: 100 },
  target_type: { max: 100 },
  target_id: { max: 200 },
  actor: { max: 100 },
  from: { pattern: DAY },
  to: { pattern: DAY },
  cursor: { pattern: CURSOR, max: 500 },
} as const
const PAGE_SIZE = 25

export function AuditPage() {
  const url = useListUrl(RULES)
  const { filters } = url
  const filtered = filteredOf(filters)
  const query = useQuery(auditQuery({ limit: PAGE_SIZE, ...filtered, ...(filters.cursor === '' ? {} : { cursor: filters.cursor }) }))
  const count = Object.entries(filters).filter(([name, value]) => name !== 'cursor' && value !== '').length
  const submit = (form: FormData) => {
    const read = (name: string) => fieldText(form, name)
    url.set({
      action: read('action'),
      target_type: read('target_type'),
      target_id: read('target_id'),
      actor: read('actor'),
      from: read('from'),
      to: read('to'),
    })
  }
  const actions: string[] = (ACTIONS as readonly string[]).includes(filters.action) || filters.action === '' ? [...ACTIONS] : [filters.action, ...ACTIONS]
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.audit.title')}>{t('admin.audit.lead')}</PageHeader>
      <FilterBar
        key={JSON.stringify(filters)}
        label={t('admin.audit.filters')}
        count={count}
        onSubmit={submit}
        onReset={() => url.open('')}
        views={{ list: 'audit', query: writeFilters(RULES, { ...filters, cursor: '' }).toString(), open: url.open }}
      >
        <FilterSelect label={t('admin.audit.action')} name="action" defaultValue={filters.action}>
          <option value="">{t('admin.ops.all')}</option>
          {actions.map((action) => (
            <option key={action} value={action}>
              {words(`admin.action.${action.replaceAll('.', '_')}`)}
            </option>
          ))}
        </FilterSelect>
        <FilterSelect label={t('admin.audit.target_type')} name="target_type" defaultValue={filters.target_type}>
          <option value="">{t('admin.ops.all')}</option>
          {TARGETS.map((target) => (
            <option key={target} value={target}>
              {t(`admin.target.${target}`)}
            </option>
          ))}
        </FilterSelect>
        <FilterInput label={t('admin.audit.target_id')} name="target_id" defaultValue={filters.target_id} maxLength={200} dir="ltr" />
        <FilterInput label={t('admin.audit.actor')} name="actor" defaultValue={filters.actor} maxLength={100} hint={t('admin.audit.actor_hint')} dir="ltr" />
        <FilterInput label={t('admin.ops.from')} name="from" type="date" defaultValue={filters.from} />
        <FilterInput label={t('admin.ops.to')} name="to" type="date" defaultValue={filters.to} />
      </FilterBar>
      <div className="flex flex-wrap items-center gap-3">
        <ExportButtons task={{ kind: 'audit_export', filters: filtered }} />
      </div>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<NothingFound hasFilters={count > 0} heading={t('admin.audit.none')} />}
      >
        {(page) => (
          <>
            <ul className="border-line bg-paper rounded-patch grid min-w-0 grid-cols-1 gap-4 border-2 p-4 sm:p-6">
              {page.items.map((entry) => (
                <AuditRow key={entry.id} entry={entry} />
              ))}
            </ul>
            <Pager cursor={filters.cursor} next={page.next_cursor} href={(cursor) => url.href({ cursor })} go={(cursor) => url.set({ cursor })} />
          </>
        )}
      </QueryView>
    </div>
  )
}

/** What list and export have in common. */
function filteredOf({ action, target_type, target_id, actor, from, to }: Filters<typeof RULES>): Record<string, string> {
  const query = { action, target_type, target_id, actor, from: dayStart(from) ?? '', to: dayStart(to, 1) ?? '' }
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''))
}
