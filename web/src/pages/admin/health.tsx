// SPDX-License-Identifier: Apache-2.0
// Is all well, and if not, what to do: processes, checks, invariants, jobs, limits.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import {
  consumersQuery,
  healthQuery,
  isAwaited,
  jobsQuery,
  limitsQuery,
  linksQuery,
  outboxQuery,
  readinessQuery,
  verifyQuery,
  type AdminLimit,
} from '@/api/admin-ops'
import { call } from '@/api/call'
import { ActDialog } from '@/components/admin/ops/act-dialog'
import { Coded, SectionCard, When, words } from '@/components/admin/ops/bits'
import { isUnhindered } from '@/components/admin/ops/consumers'
import { healthText } from '@/components/admin/ops/health-words'
import { QueryView } from '@/components/admin/ops/list'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { PageHeader } from '@/components/ui/page-header'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { formatNumber, locale, t } from '@/i18n'
import { cn } from '@/lib/cn'
import { formatMoney } from '@/lib/money'

type Tone = 'ok' | 'warn' | 'bad'

const TONES = { ok: 'good', warn: 'warn', bad: 'bad' } as const

export function HealthPage() {
  const { data: links } = useQuery(linksQuery)
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader
        title={t('admin.health.title')}
        actions={
          links?.dashboard_url != null && (
            <Button asChild variant="outline">
              <a href={links.dashboard_url} target="_blank" rel="noreferrer">
                {t('admin.health.dashboards')}
              </a>
            </Button>
          )
        }
      />
      <Verdict />
      <Processes />
      <Checks />
      <div className="grid min-w-0 grid-cols-1 gap-6 2xl:grid-cols-2">
        <Invariants />
        <Jobs />
      </div>
      <Limits />
    </div>
  )
}

const VERDICT_LOOKS: Record<Tone, string> = {
  ok: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
}

function Verdict() {
  const query = useQuery(healthQuery)
  return (
    <QueryView query={query} skeleton="h-24">
      {({ status, items }) => (
        <div role="status" data-health={status} className={cn('rounded-patch flex items-center gap-4 p-5', VERDICT_LOOKS[status])}>
          <Icon name={status === 'ok' ? 'check' : 'alert'} className="size-9" />
          <div>
            <p className="font-display text-2xl leading-tight font-bold">{t(`admin.health.status_${status}`)}</p>
            <p className="text-ink">
              {t('admin.health.checks_count', {
                count: items.length,
                open: items.filter((item) => item.status !== 'ok').length,
              })}
            </p>
          </div>
        </div>
      )}
    </QueryView>
  )
}

/** Readiness of the API, as the processes behind it have reported themselves. */
function Processes() {
  const readiness = useQuery(readinessQuery)
  const consumers = useQuery(consumersQuery)
  const outbox = useQuery(outboxQuery)
  return (
    <SectionCard
      title={t('admin.health.processes')}
      id="processes"
      actions={
        <Link to="/admin/consumers" className="underline decoration-2 underline-offset-4">
          {t('admin.health.to_consumers')}
        </Link>
      }
    >
      <QueryView query={readiness} skeleton="h-40">
        {(ready) => (
          <dl className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
            <Part name={t('admin.health.api')} tone={ready === null ? 'bad' : ready.status === 'ok' ? 'ok' : 'warn'} text={ready === null ? t('admin.health.not_ready') : words(`admin.readiness.${ready.status}`)} />
            <Part name={t('admin.health.postgres')} tone={ready?.postgres === 'ok' ? 'ok' : 'bad'} text={words(`admin.readiness.${ready?.postgres ?? 'unavailable'}`)} />
            <Part name={t('admin.health.redis')} tone={ready?.redis === 'ok' ? 'ok' : 'warn'} text={words(`admin.readiness.${ready?.redis ?? 'unavailable'}`)} />
            <Part name={t('admin.health.read_model')} tone={ready?.read_model === 'ok' ? 'ok' : 'warn'} text={words(`admin.readiness.${ready?.read_model ?? 'unavailable'}`)} />
            {(consumers.data?.items ?? []).map((one) => (
              <Part
                key={one.name}
                name={t(`admin.consumers.${one.name}`)}
                tone={one.running === 0 ? 'bad' : one.is_paused || !isUnhindered(one) ? 'warn' : 'ok'}
                {...(one.running > 0 && !isUnhindered(one) && one.state !== null ? { saysOfItself: one.state } : {})}
                text={t('admin.health.consumer', {
                  running: one.running,
                  behind: one.behind === null ? t('admin.ops.unknown') : formatNumber(one.behind),
                  lag: one.lag_s === null ? t('admin.ops.unknown') : formatNumber(one.lag_s, { maximumFractionDigits: 1 }),
                })}
              />
            ))}
            {outbox.data !== undefined && (
              <Part
                name={t('admin.outbox.title')}
                tone={outbox.data.parked > 0 || outbox.data.leader === null ? 'warn' : 'ok'}
                text={t('admin.health.outbox', {
                  backlog: outbox.data.backlog === null ? t('admin.ops.unknown') : formatNumber(outbox.data.backlog),
                  parked: outbox.data.parked,
                })}
              />
            )}
          </dl>
        )}
      </QueryView>
    </SectionCard>
  )
}

function Part({ name, tone, text, saysOfItself }: { name: string; tone: Tone; text: string; saysOfItself?: string }) {
  return (
    <div data-part={tone} className="border-line rounded-patch grid gap-1 border-2 px-4 py-3">
      <dt className="flex items-center justify-between gap-2 font-semibold">
        <span>{name}</span>
        <Badge tone={TONES[tone]}>{t(`admin.health.tone_${tone}`)}</Badge>
      </dt>
      <dd className="text-muted">
        {text}
        {saysOfItself !== undefined && (
          <span lang="en" className="text-warn block">
            <bdi>{saysOfItself}</bdi>
          </span>
        )}
      </dd>
    </div>
  )
}

function Checks() {
  const query = useQuery(healthQuery)
  return (
    <SectionCard title={t('admin.health.checks')} id="checks">
      <QueryView query={query}>
        {({ items }) => (
          <Table label={t('admin.health.checks')}>
            <thead>
              <tr>
                <Th>{t('admin.health.check')}</Th>
                <Th>{t('admin.health.state')}</Th>
                <Th>{t('admin.health.value')}</Th>
                <Th>{t('admin.health.hint')}</Th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <Tr key={item.check} data-check={item.check}>
                  <Th scope="row">
                    <Said text={item.check} />
                  </Th>
                  <Td>
                    <Badge tone={TONES[item.status]}>{t(`admin.health.tone_${item.status}`)}</Badge>
                  </Td>
                  <Td>
                    <Said text={item.value} />
                  </Td>
                  <Td className="text-muted text-sm">{item.hint !== null && <Said text={item.hint} />}</Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </QueryView>
    </SectionCard>
  )
}

/** A sentence of the database in the reader's language, or as it came. */
function Said({ text }: { text: string }) {
  const translated = healthText(text)
  if (translated === null) return <bdi lang="en">{text}</bdi>
  return <Coded text={translated} code={/^(?:job|reader|invariants:) (.+)$/.exec(text)?.[1]} />
}

function Invariants() {
  const [asked, setAsked] = useState<{ after: string | null; atMs: number } | null>(null)
  const [isOpen, setIsOpen] = useState(false)
  const query = useQuery({
    ...verifyQuery(asked),
    select: (verify) => ({ ...verify, is_running: verify.is_running || isAwaited(verify, asked) }),
  })
  return (
    <SectionCard
      title={t('admin.verify.title')}
      id="invariants"
      actions={
        <Button variant="outline" aria-disabled={query.data?.is_running === true} onClick={() => query.data?.is_running !== true && setIsOpen(true)}>
          {t(query.data?.is_running === true ? 'admin.verify.running' : 'admin.verify.run')}
        </Button>
      }
    >
      <QueryView query={query}>
        {(verify) => (
          <>
            <p role="status" data-verified={verify.checked_at ?? ''} className={cn('font-semibold', verify.violations > 0 ? 'text-bad' : verify.checked_at !== null && 'text-good')}>
              {verify.is_running
                ? t('admin.verify.running')
                : verify.checked_at === null
                  ? t('admin.verify.not_yet')
                  : t('admin.verify.result', { count: verify.violations })}
            </p>
            <p className="text-muted text-sm">
              {t('admin.verify.checked')} <When at={verify.checked_at} />
            </p>
            {verify.items.length > 0 && <Table label={t('admin.verify.title')}>
              <thead>
                <tr>
                  <Th>{t('admin.verify.invariant')}</Th>
                  <Th isNumber>{t('admin.verify.violations')}</Th>
                  <Th>{t('admin.verify.last')}</Th>
                </tr>
              </thead>
              <tbody>
                {verify.items.map((item) => (
                  <Tr key={item.name}>
                    <Th scope="row">
                      <code dir="ltr">{item.name}</code>
                      {item.sample !== null && (
                        <span className="text-bad block text-sm wrap-anywhere" dir="ltr">
                          {item.sample}
                        </span>
                      )}
                    </Th>
                    <Td isNumber className={item.violations > 0 ? 'text-bad font-bold' : undefined}>
                      {formatNumber(item.violations)}
                    </Td>
                    <Td>
                      <When at={item.last_violation_at} />
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>}
          </>
        )}
      </QueryView>
      {isOpen && (
        <ActDialog
          title={t('admin.verify.run')}
          text={<p>{t('admin.verify.run_text')}</p>}
          confirmLabel={() => t('admin.verify.run')}
          run={async (reason) => {
            const { data } = await call('post', '/api/v1/admin/verify', { body: { reason } })
            setAsked({ after: data.checked_at, atMs: Date.now() })
            return t('admin.verify.begun')
          }}
          onClose={() => setIsOpen(false)}
        />
      )}
    </SectionCard>
  )
}

const JOB_TONES = { ok: 'good', late: 'warn', failing: 'bad', never_ran_well: 'warn' } as const

function Jobs() {
  const query = useQuery(jobsQuery)
  return (
    <SectionCard title={t('admin.jobs.title')} id="jobs">
      <QueryView query={query}>
        {({ items }) => (
          <Table label={t('admin.jobs.title')}>
            <thead>
              <tr>
                <Th>{t('admin.jobs.job')}</Th>
                <Th>{t('admin.health.state')}</Th>
                <Th>{t('admin.jobs.last_ok')}</Th>
                <Th isNumber>{t('admin.jobs.runs')}</Th>
                <Th isNumber>{t('admin.jobs.failures')}</Th>
              </tr>
            </thead>
            <tbody>
              {items.map((job) => (
                <Tr key={job.name}>
                  <Th scope="row">
                    <code dir="ltr" title={`${healthText(job.purpose) ?? job.purpose} (${job.schedule})`}>
                      {job.name}
                    </code>
                    {job.status !== 'ok' && job.last_error !== null && (
                      <span className="text-bad block text-sm wrap-anywhere" dir="ltr">
                        {job.last_error}
                      </span>
                    )}
                  </Th>
                  <Td>
                    <Badge tone={JOB_TONES[job.status]}>{t(`admin.job_status.${job.status}`)}</Badge>
                  </Td>
                  <Td>
                    <When at={job.last_ok_at} />
                  </Td>
                  <Td isNumber>{formatNumber(job.runs)}</Td>
                  <Td isNumber>{formatNumber(job.failures)}</Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </QueryView>
    </SectionCard>
  )
}

function Limits() {
  const [cursor, setCursor] = useState('')
  const query = useQuery(limitsQuery({ limit: 10, ...(cursor === '' ? {} : { cursor }) }))
  return (
    <SectionCard title={t('admin.limits.title')} id="limits">
      <p className="text-muted">{t('admin.limits.text')}</p>
      <QueryView query={query} isEmpty={({ items }) => items.length === 0} empty={<p className="text-muted">{t('admin.limits.none')}</p>}>
        {(page) => (
          <>
            <Table label={t('admin.limits.title')}>
              <thead>
                <tr>
                  <Th>{t('admin.limits.limit')}</Th>
                  <Th>{t('admin.pledges.column_campaign')}</Th>
                  <Th isNumber>{t('admin.limits.used')}</Th>
                  <Th isNumber>{t('admin.limits.capacity')}</Th>
                </tr>
              </thead>
              <tbody>
                {page.items.map((limit) => (
                  <Tr key={limit.id}>
                    <Th scope="row">
                      {t(`admin.limit_kind.${limit.kind}`)}
                      {limit.kind !== 'campaign_cap' && (
                        <span className="text-muted block text-sm" dir="auto">
                          {limit.name}
                        </span>
                      )}
                    </Th>
                    <Td>
                      <span dir="auto">{limit.campaign.title}</span>
                    </Td>
                    <Td isNumber>{limit.used === null ? t('admin.ops.unknown') : amountOf(limit, limit.used)}</Td>
                    <Td isNumber>{amountOf(limit, limit.capacity)}</Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
            <div className="flex gap-3 empty:hidden">
              {cursor !== '' && (
                <Button variant="outline" onClick={() => setCursor('')}>
                  {t('admin.ops.first_page')}
                </Button>
              )}
              {page.next_cursor !== null && (
                <Button variant="outline" onClick={() => setCursor(page.next_cursor ?? '')}>
                  {t('admin.ops.next_page')}
                </Button>
              )}
            </div>
          </>
        )}
      </QueryView>
    </SectionCard>
  )
}

function amountOf(limit: AdminLimit, amount: number): string {
  if (limit.unit === 'places' || limit.currency === null) return t('admin.limits.places', { count: amount })
  return formatMoney({ amount, currency: limit.currency }, locale, 'round')
}
