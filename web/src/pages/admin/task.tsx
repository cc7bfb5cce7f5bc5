// SPDX-License-Identifier: Apache-2.0
// One task: how far it is, what came of each row, its file, and a way to stop it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { download, saveFile } from '@/api/download'
import { readOpsAgain } from '@/api/admin-ops'
import { useKeptSession } from '@/api/kept-session'
import { isOver, stopTask, taskItemsQuery, taskQuery, type Task } from '@/api/tasks'
import { CopyId, Fact, Facts, Moment, PledgeLink, SectionCard, words } from '@/components/admin/ops/bits'
import { Pager, PlainLink, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { TaskProgress, TaskState } from '@/components/admin/ops/task'
import { TaskFilters } from '@/components/admin/ops/task-filters'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { errorText } from '@/components/ui/states'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { formatDateTime, formatNumber, t } from '@/i18n'
import { CURSOR } from '@/lib/ops/filters'

const RULES = { outcome: { pattern: /^[a-z_]{1,40}$/ }, cursor: { pattern: CURSOR, max: 500 } } as const
const BYTES_PER_KB = 1000
const PLEDGE_KINDS = ['pledge_refund', 'pledge_cancel']

export function TaskPage() {
  const { id = '' } = useParams({ strict: false })
  const query = useQuery(taskQuery(id))
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <Link to="/admin/tasks" className="justify-self-start underline decoration-2 underline-offset-4">
        {t('admin.tasks.back')}
      </Link>
      {query.data === undefined && <PageHeader title={t('admin.tasks.one')} />}
      <QueryView query={query} skeleton="h-96">
        {(task) => <TaskView task={task} />}
      </QueryView>
    </div>
  )
}

function TaskView({ task }: { task: Task }) {
  return (
    <>
      <PageHeader title={t(`admin.task_kind.${task.kind}`)} documentTitle={t('admin.tasks.one')}>
        <span role="status" className="flex flex-wrap items-center gap-3 text-base">
          <TaskState task={task} />
        </span>
      </PageHeader>
      {task.error !== null && (
        <Notice tone="bad" heading={t('admin.tasks.failed')}>
          <bdi lang="en">{task.error}</bdi>
        </Notice>
      )}
      <div className="grid min-w-0 grid-cols-1 items-start gap-6 lg:grid-cols-2">
        <SectionCard title={t('admin.tasks.progress')} id="progress" actions={isOver(task) ? undefined : <StopButton task={task} />}>
          <TaskProgress task={task} />
          <TaskFacts task={task} />
        </SectionCard>
        {task.file !== null && <FileCard task={task} file={task.file} />}
      </div>
      {task.format === null && <Outcomes task={task} />}
    </>
  )
}

function TaskFacts({ task }: { task: Task }) {
  return (
    <Facts>
      {task.campaign !== null && (
        <Fact label={t('admin.tasks.campaign')}>
          <Link to={`/admin/campaigns/${task.campaign.slug}/pledges` as never} className="underline decoration-2 underline-offset-4" dir="auto">
            {task.campaign.title}
          </Link>
        </Fact>
      )}
      <Fact label={t('admin.tasks.filters')}>
        {Object.keys(task.filters).length === 0 ? (
          t('admin.tasks.no_filters')
        ) : (
          <TaskFilters filters={task.filters} />
        )}
      </Fact>
      {task.reason !== '' && (
        <Fact label={t('admin.tasks.reason')}>
          <q dir="auto">{task.reason}</q>
        </Fact>
      )}
      <Fact label={t('admin.tasks.by')}>
        <bdi>{task.requested_by.name ?? t('admin.ops.account_gone')}</bdi>
      </Fact>
      <Fact label={t('admin.tasks.asked')}>
        <Moment at={task.created_at} />
      </Fact>
      {task.started_at !== null && (
        <Fact label={t('admin.tasks.began')}>
          <Moment at={task.started_at} />
        </Fact>
      )}
      {task.finished_at !== null && (
        <Fact label={t('admin.tasks.ended')}>
          <Moment at={task.finished_at} />
        </Fact>
      )}
    </Facts>
  )
}

function StopButton({ task }: { task: Task }) {
  const client = useQueryClient()
  const [isOpen, setIsOpen] = useState(false)
  if (task.state === 'stopping') return null
  return (
    <>
      <Button variant="outline" onClick={() => setIsOpen(true)}>
        {t('admin.tasks.stop')}
      </Button>
      {isOpen && (
        <ConfirmDialog
          title={t('admin.tasks.stop')}
          confirmLabel={t('admin.tasks.stop')}
          onConfirm={async () => {
            await stopTask(task.id)
            await readOpsAgain(client)
          }}
          onClose={() => setIsOpen(false)}
          explain={errorText}
        >
          <p>{t('admin.tasks.stop_text')}</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function FileCard({ task, file }: { task: Task; file: NonNullable<Task['file']> }) {
  const [bytes, setBytes] = useState<number | null>(null)
  const running = useRef<AbortController | null>(null)
  useEffect(() => () => running.current?.abort(), [])
  const start = async () => {
    if (running.current !== null) return
    const control = new AbortController()
    running.current = control
    setBytes(0)
    try {
      saveFile(await download(`/api/v1/tasks/${task.id}/file`, control.signal, setBytes))
      toast(t('admin.export.done'))
    } catch (error) {
      if (!control.signal.aborted) toast(t('admin.export.failed', { why: errorText(error) }), 'bad')
    } finally {
      running.current = null
      setBytes(null)
    }
  }
  return (
    <SectionCard title={t('admin.tasks.file')} id="file">
      <Facts>
        <Fact label={t('admin.tasks.file_rows')}>{formatNumber(file.rows)}</Fact>
        <Fact label={t('admin.tasks.file_size')}>{t('admin.tasks.kb', { size: formatNumber(Math.ceil(file.size / BYTES_PER_KB)) })}</Fact>
        <Fact label={t('admin.tasks.file_until')}>
          {file.is_expired ? t('admin.tasks.file_gone') : formatDateTime(file.expires_at)}
        </Fact>
        <Fact label="SHA-256">
          <CopyId value={file.sha256} label={t('admin.tasks.copy_sum')} />
        </Fact>
      </Facts>
      {file.has_emails && <p className="text-muted text-sm">{t('admin.tasks.file_emails')}</p>}
      {!file.is_expired &&
        (bytes === null ? (
          <Button className="justify-self-start" onClick={() => void start()}>
            {t('admin.tasks.download')}
          </Button>
        ) : (
          <div className="flex flex-wrap items-center gap-3">
            <p role="status" className="figures text-muted">
              {t('admin.export.running', { size: formatNumber(Math.ceil(bytes / BYTES_PER_KB)) })}
            </p>
            <Button variant="quiet" onClick={() => running.current?.abort()}>
              {t('action.cancel')}
            </Button>
          </div>
        ))}
    </SectionCard>
  )
}

function Outcomes({ task }: { task: Task }) {
  const url = useListUrl(RULES)
  const { outcome, cursor } = url.filters
  const query = useQuery(taskItemsQuery(task, outcome, cursor))
  const counts = Object.entries(task.outcomes)
  return (
    <SectionCard title={t('admin.tasks.outcomes')} id="outcomes">
      {counts.length === 0 ? (
        <p className="text-muted">{t(isOver(task) ? 'admin.tasks.outcomes_none' : 'admin.tasks.outcomes_wait')}</p>
      ) : (
        <nav aria-label={t('admin.tasks.outcomes')} className="flex flex-wrap gap-2">
          {['', ...counts.map(([word]) => word)].map((word) => (
            <PlainLink
              key={word}
              href={url.href({ outcome: word })}
              onFollow={() => url.set({ outcome: word })}
              aria-current={word === outcome ? 'true' : undefined}
              data-outcome={word}
              className="bg-sunk aria-[current=true]:bg-ink aria-[current=true]:text-page flex min-h-9 items-center gap-2 rounded-full px-3 text-sm font-semibold"
            >
              {word === '' ? t('admin.ops.all') : words(`admin.task_outcome.${word}`)}
              <span className="figures">{formatNumber(word === '' ? task.done : (task.outcomes[word] ?? 0))}</span>
            </PlainLink>
          ))}
        </nav>
      )}
      {counts.length > 0 && (
        <QueryView query={query} skeleton="h-48">
          {({ items, next_cursor }) => (
            <>
              <ItemTable task={task} items={items} />
              <Pager cursor={cursor} next={next_cursor} href={(next) => url.href({ cursor: next })} go={(next) => url.set({ cursor: next })} />
            </>
          )}
        </QueryView>
      )}
    </SectionCard>
  )
}

type Item = { place: number; target_id: string; outcome: string; detail: string | null }

function ItemTable({ task, items }: { task: Task; items: Item[] }) {
  const { account } = useKeptSession()
  const isLinked = account?.role === 'admin' && PLEDGE_KINDS.includes(task.kind)
  return (
    <Table label={t('admin.tasks.outcomes')}>
      <thead>
        <tr>
          <Th>{t('admin.tasks.row')}</Th>
          <Th>{t('admin.tasks.outcome')}</Th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Tr key={item.place}>
            <Th scope="row" className="whitespace-nowrap">
              {isLinked ? <PledgeLink id={item.target_id} /> : <CopyId value={item.target_id} label={t('admin.tasks.copy_row')} isShort />}
            </Th>
            <Td className="min-w-40 wrap-anywhere">
              {words(`admin.task_outcome.${item.outcome}`)}
              {item.outcome === 'refused' && item.detail !== null && (
                <bdi lang="en" className="text-muted block text-sm">
                  {item.detail}
                </bdi>
              )}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
