// SPDX-License-Identifier: Apache-2.0
// Things that stand in more than one list: dead letters, parked events, rows of the
// audit log.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { AdminAuditEntry, AdminDeadLetter, AdminParkedEvent } from '@/api/admin-ops'
import { call } from '@/api/call'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Td, Th, Tr } from '@/components/ui/table'
import { t } from '@/i18n'
import { readDetail } from '@/lib/ops/audit'
import { ActDialog } from './act-dialog'
import { memberText, partsOf, reasonText, valueText } from './audit-words'
import { Actor, CopyId, Moment, PledgeLink, shortId, TraceId, When, words } from './bits'

/** Payment work that the provider refused for good. */
export function DeadLetterCard({ letter }: { letter: AdminDeadLetter }) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <li data-letter={letter.id} className="border-line grid gap-1.5 border-b border-dashed pb-4 last:border-b-0 last:pb-0">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone="bad">{t(`admin.letter_kind.${letter.kind}`)}</Badge>
        <code dir="ltr" className="font-semibold">
          {letter.code}
        </code>
        <PledgeLink id={letter.pledge_id} />
      </p>
      <p dir="auto">{letter.message}</p>
      <p className="text-muted flex flex-wrap gap-x-3 text-sm">
        <span>{t('admin.work.attempts', { count: letter.attempts })}</span>
        {letter.http_status !== null && <span>{t('admin.work.http_status', { status: String(letter.http_status) })}</span>}
        <span>
          {t('admin.work.last_failed')} <When at={letter.last_failed_at} />
        </span>
        {letter.trace_id !== null && <TraceId id={letter.trace_id} />}
      </p>
      <Button variant="outline" className="justify-self-start" onClick={() => setIsOpen(true)}>
        {t('admin.work.redrive_one')}
        <span className="sr-only"> {shortId(letter.pledge_id)}</span>
      </Button>
      {isOpen && <RedriveLetterDialog letter={letter} onClose={() => setIsOpen(false)} />}
    </li>
  )
}

function RedriveLetterDialog({ letter, onClose }: { letter: AdminDeadLetter; onClose: () => void }) {
  const send = (reason: string, dry_run: boolean) =>
    call('post', '/api/v1/admin/payments/{id}/redrive', { path: { id: letter.id }, body: { reason, dry_run } })
  return (
    <ActDialog
      title={t('admin.work.redrive_title')}
      text={<p>{t('admin.work.redrive_text')}</p>}
      confirmLabel={() => t('admin.work.redrive_confirm', { count: 1 })}
      preview={async (reason) => {
        const { data } = await send(reason, true)
        const now = data.dead_letter
        return {
          count: 1,
          lines: [t('admin.work.will_try', { kind: t(`admin.letter_kind.${now.kind}`) }), t('admin.work.failed_with', { code: now.code, count: now.attempts })],
        }
      }}
      run={async (reason) => {
        await send(reason, false)
        return t('admin.work.redriven', { count: 1 })
      }}
      onClose={onClose}
    />
  )
}

const PARKED_TONES = { parked: 'bad', released: 'warn', sent: 'good', dropped: 'plain' } as const

/** An event that could not be published, and those of its aggregate that wait behind it. */
export function ParkedEventCard({ event }: { event: AdminParkedEvent }) {
  const [open, setOpen] = useState<'release' | 'drop' | null>(null)
  return (
    <li data-parked={event.event_id} data-parked-state={event.state} className="border-line grid gap-1.5 border-b border-dashed pb-4 last:border-b-0 last:pb-0">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={PARKED_TONES[event.state]}>{t(`admin.parked_state.${event.state}`)}</Badge>
        <code dir="ltr" className="font-semibold">
          {event.type}
        </code>
        {event.aggregate_type === 'pledge' ? (
          <PledgeLink id={event.aggregate_id} />
        ) : (
          <CopyId value={event.aggregate_id} label={t('admin.work.copy_aggregate')} isShort />
        )}
        <span className="text-muted">{t('admin.pledge.version_n', { version: event.aggregate_version })}</span>
      </p>
      <p dir="auto">{event.reason}</p>
      <p className="text-muted flex flex-wrap gap-x-3 text-sm">
        <span>
          {t('admin.work.parked_at')} <When at={event.parked_at} />
        </span>
        {event.decided_at !== null && (
          <span>
            {t('admin.work.decided_at')} <When at={event.decided_at} />
          </span>
        )}
        {event.trace_id !== null && <TraceId id={event.trace_id} />}
      </p>
      {event.state === 'parked' && (
        <div className="flex flex-wrap gap-3">
          <Button variant="outline" onClick={() => setOpen('release')}>
            {t('admin.work.release')}
            <span className="sr-only"> {shortId(event.event_id)}</span>
          </Button>
          <Button variant="quiet" onClick={() => setOpen('drop')}>
            {t('admin.work.drop')}
            <span className="sr-only"> {shortId(event.event_id)}</span>
          </Button>
        </div>
      )}
      {open !== null && <ParkedDialog event={event} act={open} onClose={() => setOpen(null)} />}
    </li>
  )
}

function ParkedDialog({ event, act, onClose }: { event: AdminParkedEvent; act: 'release' | 'drop'; onClose: () => void }) {
  const send = async (reason: string, dry_run: boolean) => {
    const options = { path: { id: event.event_id }, body: { reason, dry_run } }
    const { data } =
      act === 'release'
        ? await call('post', '/api/v1/admin/outbox/parked/{id}/release', options)
        : await call('post', '/api/v1/admin/outbox/parked/{id}/drop', options)
    return data
  }
  return (
    <ActDialog
      title={t(`admin.work.${act}_title`)}
      text={<p>{t(`admin.work.${act}_text`)}</p>}
      confirmLabel={(count) => t(`admin.work.${act}_confirm`, { count })}
      tone={act === 'drop' ? 'give' : 'solid'}
      preview={async (reason) => {
        const { events } = await send(reason, true)
        return { count: events, lines: [t(`admin.work.${act}_will`, { count: events })] }
      }}
      run={async (reason) => {
        const { events } = await send(reason, false)
        return t(`admin.work.${act}_done`, { count: events })
      }}
      onClose={onClose}
    />
  )
}

/** Who changed what, and why; with what was before and what is after. */
export function AuditRow({ entry, isTargetShown = true }: { entry: AdminAuditEntry; isTargetShown?: boolean }) {
  const { changes, facts } = readDetail(entry.detail)
  return (
    <li data-audit={entry.action} className="border-line grid gap-1.5 border-b border-dashed pb-4 last:border-b-0 last:pb-0">
      <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <span className="font-bold">{words(`admin.action.${entry.action.replaceAll('.', '_')}`)}</span>
        <span>
          {t('admin.pledge.by')} <Actor actor={entry.actor} />
        </span>
        <span className="text-muted text-sm">
          <Moment at={entry.at} />
        </span>
      </p>
      {isTargetShown && <Target entry={entry} />}
      <p dir="auto">{reasonText(entry.reason)}</p>
      {changes.length > 0 && (
        <table aria-label={t('admin.audit.changes')} className="border-line w-full border-collapse border-2 text-sm">
          <thead>
            <tr>
              <Th>{t('admin.audit.field')}</Th>
              <Th>{t('admin.audit.before')}</Th>
              <Th>{t('admin.audit.after')}</Th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <Tr key={change.name} data-change={change.name}>
                <Th scope="row" className="min-w-20">
                  {change.name === '' ? words(`admin.action.${entry.action.replaceAll('.', '_')}`) : <Member name={change.name} />}
                </Th>
                <Td className="min-w-20">
                  <del className="bg-bad-soft rounded px-1 no-underline wrap-anywhere" dir="auto">
                    {valueText(entry.action, change.name, change.before) || t('admin.audit.nothing')}
                  </del>
                </Td>
                <Td className="min-w-20">
                  <ins className="bg-good-soft rounded px-1 no-underline wrap-anywhere" dir="auto">
                    {valueText(entry.action, change.name, change.after) || t('admin.audit.nothing')}
                  </ins>
                </Td>
              </Tr>
            ))}
          </tbody>
        </table>
      )}
      {facts.length > 0 && (
        <dl className="text-muted flex flex-wrap gap-x-4 text-sm">
          {facts.map((fact) => (
            <div key={fact.name} className="flex min-w-0 gap-1.5">
              <dt className="shrink-0">
                <Member name={fact.name} />
              </dt>
              <dd className="min-w-0 wrap-anywhere" dir="auto">
                <Fact action={entry.action} name={fact.name} value={fact.value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  )
}

function Fact({ action, name, value }: { action: string; name: string; value: unknown }) {
  const parts = partsOf(value)
  if (parts === null) return valueText(action, name, value) || t('admin.audit.changed')
  if (parts.length === 0) return t('admin.audit.nothing')
  return (
    <span className="inline-flex flex-wrap gap-x-2">
      {parts.map(([part, own]) => (
        <span key={part}>
          <Member name={part} /> {valueText(action, part, own)}
        </span>
      ))}
    </span>
  )
}

function Member({ name }: { name: string }) {
  return (
    memberText(name) ?? (
      <code dir="ltr" className="whitespace-nowrap">
        {name}
      </code>
    )
  )
}

function Target({ entry }: { entry: AdminAuditEntry }) {
  const { target_type: type, target_id: id } = entry
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-sm">
      <span className="text-muted">{words(`admin.target.${type}`)}</span>
      {type === 'pledge' ? (
        <PledgeLink id={id} />
      ) : type === 'account' ? (
        <Link to="/admin/users/$id" params={{ id }} className="inline-block underline decoration-2 underline-offset-4">
          <code dir="ltr">{shortId(id)}</code>
          <span className="sr-only"> {t('admin.ops.account_link')}</span>
        </Link>
      ) : (
        <CopyId value={id} label={t('admin.audit.copy_target')} isShort />
      )}
    </p>
  )
}
