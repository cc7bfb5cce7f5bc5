// SPDX-License-Identifier: Apache-2.0
// The processes that carry events on, how far they are, and a way to stop them.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { consumersQuery, outboxQuery, type AdminConsumer } from '@/api/admin-ops'
import { call } from '@/api/call'
import { ActDialog } from '@/components/admin/ops/act-dialog'
import { Actor, Fact, Facts, SectionCard, When } from '@/components/admin/ops/bits'
import { isUnhindered } from '@/components/admin/ops/consumers'
import { QueryView } from '@/components/admin/ops/list'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { PageHeader } from '@/components/ui/page-header'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { formatDate, formatDateTime, formatNumber, t } from '@/i18n'

export function ConsumersPage() {
  const query = useQuery(consumersQuery)
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.consumers.title')}>{t('admin.consumers.lead')}</PageHeader>
      <QueryView query={query} skeleton="h-72">
        {({ items }) => (
          <div className="grid gap-6 lg:grid-cols-3">
            {items.map((consumer) => (
              <ConsumerCard key={consumer.name} consumer={consumer} />
            ))}
          </div>
        )}
      </QueryView>
      <Outbox />
    </div>
  )
}

const STATUS_TONES: Record<string, 'good' | 'warn' | 'bad'> = {
  running: 'good',
  pausing: 'warn',
  paused: 'warn',
  resuming: 'warn',
}
const STATUSES = ['running', 'pausing', 'paused', 'resuming'] as const

function statusText(status: string): string {
  const known = STATUSES.find((one) => one === status)
  if (known !== undefined) return t(`admin.consumer_status.${known}`)
  return t(status.startsWith('paused') ? 'admin.consumer_status.paused_down' : 'admin.consumer_status.down')
}

function ConsumerCard({ consumer }: { consumer: AdminConsumer }) {
  const [isOpen, setIsOpen] = useState(false)
  const { name, changed } = consumer
  return (
    <SectionCard
      title={t(`admin.consumers.${name}`)}
      id={`consumer-${name}`}
      actions={
        <span role="status" data-consumer={name} data-status={consumer.status}>
          <Badge tone={STATUS_TONES[consumer.status] ?? 'bad'}>{statusText(consumer.status)}</Badge>
        </span>
      }
    >
      <p className="text-muted">{t(`admin.consumers.${name}_text`)}</p>
      <Facts>
        <Fact label={t('admin.consumers.behind')}>
          {consumer.behind === null ? t('admin.ops.unknown') : formatNumber(consumer.behind)}
        </Fact>
        <Fact label={t('admin.consumers.lag')}>{lagText(consumer.lag_s)}</Fact>
        <Fact label={t('admin.consumers.running')}>{formatNumber(consumer.running)}</Fact>
        {consumer.stream_seq !== null && <Fact label={t('admin.consumers.position')}>{formatNumber(consumer.stream_seq)}</Fact>}
        <Fact label={t('admin.consumers.failures')}>
          {consumer.failures === null ? t('admin.ops.unknown') : formatNumber(consumer.failures)}
        </Fact>
        {consumer.state !== null && (
          <Fact label={t('admin.consumers.state')}>
            {isUnhindered(consumer) ? t('admin.consumers.unhindered') : <bdi lang="en">{consumer.state}</bdi>}
          </Fact>
        )}
        <Fact label={t('admin.consumers.reported')}>
          <When at={consumer.reported_at} />
        </Fact>
      </Facts>
      {changed !== null && (
        <p className="text-sm">
          {t(consumer.is_paused ? 'admin.consumers.paused_by' : 'admin.consumers.resumed_by')} <Actor actor={changed.by} />,{' '}
          <When at={changed.at} />: <q dir="auto">{changed.reason}</q>
        </p>
      )}
      <Button variant="outline" className="justify-self-start" onClick={() => setIsOpen(true)}>
        <Icon name={consumer.is_paused ? 'play' : 'pause'} className="size-4" />
        {t(consumer.is_paused ? 'admin.consumers.resume' : 'admin.consumers.pause')}
        <span className="sr-only"> {t(`admin.consumers.${name}`)}</span>
      </Button>
      {isOpen && <ConsumerDialog consumer={consumer} onClose={() => setIsOpen(false)} />}
    </SectionCard>
  )
}

function lagText(seconds: number | null): string {
  if (seconds === null) return t('admin.ops.unknown')
  return formatNumber(seconds, { style: 'unit', unit: 'second', unitDisplay: 'long', maximumFractionDigits: 1 })
}

function ConsumerDialog({ consumer, onClose }: { consumer: AdminConsumer; onClose: () => void }) {
  // The card changes while this is open; what was asked for does not.
  const [act] = useState(consumer.is_paused ? 'resume' : 'pause')
  const { name } = consumer
  const title = t(`admin.consumers.${name}`)
  return (
    <ActDialog
      title={t(act === 'pause' ? 'admin.consumers.pause_title' : 'admin.consumers.resume_title', { name: title })}
      text={
        <>
          <p>{t(act === 'pause' ? 'admin.consumers.pause_text' : 'admin.consumers.resume_text')}</p>
          {act === 'pause' && <p className="font-semibold">{t(`admin.consumers.${name}_paused`)}</p>}
        </>
      }
      confirmLabel={() => t(act === 'pause' ? 'admin.consumers.pause' : 'admin.consumers.resume')}
      tone={act === 'pause' ? 'give' : 'solid'}
      run={async (reason) => {
        const options = { path: { id: name }, body: { reason } }
        const { data } =
          act === 'pause'
            ? await call('post', '/api/v1/admin/consumers/{id}/pause', options)
            : await call('post', '/api/v1/admin/consumers/{id}/resume', options)
        return t(`admin.consumers.result_${data.result}`, { name: title })
      }}
      onClose={onClose}
    />
  )
}

function Outbox() {
  const query = useQuery(outboxQuery)
  return (
    <SectionCard title={t('admin.outbox.title')} id="outbox">
      <QueryView query={query} skeleton="h-64">
        {(outbox) => (
          <>
            <Facts>
              <Fact label={t('admin.outbox.backlog')}>{outbox.backlog === null ? t('admin.ops.unknown') : formatNumber(outbox.backlog)}</Fact>
              <Fact label={t('admin.consumers.lag')}>{lagText(outbox.lag_s)}</Fact>
              <Fact label={t('admin.outbox.parked')}>
                {outbox.parked === 0 ? (
                  formatNumber(0)
                ) : (
                  <Link to="/admin/work" className="font-semibold underline decoration-2 underline-offset-4">
                    {formatNumber(outbox.parked)}
                  </Link>
                )}
              </Fact>
              <Fact label={t('admin.outbox.released')}>{formatNumber(outbox.released)}</Fact>
              <Fact label={t('admin.outbox.leader')}>
                {outbox.leader === null ? (
                  t('admin.outbox.no_leader')
                ) : (
                  <>
                    <code dir="ltr">{outbox.leader.holder}</code>{' '}
                    <span className="text-muted">{t('admin.outbox.epoch', { epoch: outbox.leader.epoch })}</span>
                  </>
                )}
              </Fact>
              {outbox.checkpoint !== null && (
                <Fact label={t('admin.outbox.checkpoint')}>
                  {t('admin.outbox.checkpoint_value', { sequence: outbox.checkpoint.stream_seq, time: formatDateTime(outbox.checkpoint.at) })}
                </Fact>
              )}
            </Facts>
            <Table label={t('admin.outbox.partitions')}>
              <thead>
                <tr>
                  <Th>{t('admin.outbox.partition')}</Th>
                  <Th>{t('admin.ops.from')}</Th>
                  <Th isNumber>{t('admin.outbox.rows')}</Th>
                  <Th isNumber>{t('admin.outbox.size')}</Th>
                </tr>
              </thead>
              <tbody>
                {outbox.partitions.map((partition) => (
                  <Tr key={partition.name}>
                    <Th scope="row">
                      <code dir="ltr">{partition.name}</code>
                    </Th>
                    <Td>{partition.from === null ? '' : formatDate(partition.from)}</Td>
                    <Td isNumber>{formatNumber(partition.rows_estimate)}</Td>
                    <Td isNumber>
                      {formatNumber(partition.bytes / 1024, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 })}
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          </>
        )}
      </QueryView>
    </SectionCard>
  )
}
