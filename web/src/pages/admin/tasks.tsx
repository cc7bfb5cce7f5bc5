// SPDX-License-Identifier: Apache-2.0
// Exports and changes of many pledges that the server works on, and how far they are.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { tasksQuery, type Task } from '@/api/tasks'
import { FilterBar, FilterSelect, fieldText } from '@/components/admin/ops/filter-bar'
import { When } from '@/components/admin/ops/bits'
import { NothingFound, Pager, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { TaskProgress, TaskState } from '@/components/admin/ops/task'
import { PageHeader } from '@/components/ui/page-header'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { t } from '@/i18n'
import { CURSOR } from '@/lib/ops/filters'

const KINDS = ['pledge_export', 'pledge_refund', 'pledge_cancel', 'audit_export', 'payment_redrive', 'event_release'] as const
const STATES = ['open', 'done', 'stopped', 'failed'] as const
const RULES = { kind: { words: KINDS }, state: { words: STATES }, cursor: { pattern: CURSOR, max: 500 } } as const

export function TasksPage() {
  const url = useListUrl(RULES)
  const { cursor } = url.filters
  const kind = KINDS.find((one) => one === url.filters.kind)
  const state = STATES.find((one) => one === url.filters.state)
  const query = useQuery(
    tasksQuery({
      limit: 20,
      ...(kind === undefined ? {} : { kind }),
      ...(state === undefined ? {} : { state }),
      ...(cursor === '' ? {} : { cursor }),
    }),
  )
  const count = [kind, state].filter((value) => value !== undefined).length
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.tasks.title')}>{t('admin.tasks.lead')}</PageHeader>
      <FilterBar
        key={JSON.stringify(url.filters)}
        label={t('admin.tasks.filter')}
        count={count}
        onSubmit={(form) =>
          url.set({
            kind: KINDS.find((one) => one === fieldText(form, 'kind')) ?? '',
            state: STATES.find((one) => one === fieldText(form, 'state')) ?? '',
          })
        }
        onReset={() => url.open('')}
      >
        <FilterSelect label={t('admin.tasks.kind')} name="kind" defaultValue={kind ?? ''}>
          <option value="">{t('admin.ops.all')}</option>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`admin.task_kind.${one}`)}
            </option>
          ))}
        </FilterSelect>
        <FilterSelect label={t('admin.tasks.state')} name="state" defaultValue={state ?? ''}>
          <option value="">{t('admin.ops.all')}</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`admin.task_state.${one}`)}
            </option>
          ))}
        </FilterSelect>
      </FilterBar>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={
          <NothingFound hasFilters={count > 0 || cursor !== ''} heading={t('admin.tasks.none')}>
            {t('admin.tasks.none_text')}
          </NothingFound>
        }
      >
        {({ items, next_cursor }) => (
          <>
            <TaskTable tasks={items} />
            <Pager cursor={cursor} next={next_cursor} href={(next) => url.href({ cursor: next })} go={(next) => url.set({ cursor: next })} />
          </>
        )}
      </QueryView>
    </div>
  )
}

function TaskTable({ tasks }: { tasks: Task[] }) {
  return (
    <Table label={t('admin.tasks.title')}>
      <thead>
        <tr>
          <Th>{t('admin.tasks.kind')}</Th>
          <Th>{t('admin.tasks.state')}</Th>
          <Th>{t('admin.tasks.progress')}</Th>
          <Th>{t('admin.tasks.by')}</Th>
          <Th>{t('admin.tasks.asked')}</Th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <Tr key={task.id} data-task={task.id}>
            <Th scope="row" className="min-w-48">
              <Link to="/admin/tasks/$id" params={{ id: task.id }} className="inline-block min-h-6 underline decoration-2 underline-offset-4">
                {t(`admin.task_kind.${task.kind}`)}
              </Link>
              {task.campaign !== null && (
                <span className="text-muted block text-sm font-normal wrap-anywhere" dir="auto">
                  {task.campaign.title}
                </span>
              )}
            </Th>
            <Td>
              <TaskState task={task} />
            </Td>
            <Td className="min-w-40">
              <TaskProgress task={task} />
            </Td>
            <Td className="wrap-anywhere">
              <bdi>{task.requested_by.name ?? t('admin.ops.account_gone')}</bdi>
            </Td>
            <Td>
              <When at={task.created_at} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
