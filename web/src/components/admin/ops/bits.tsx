// SPDX-License-Identifier: Apache-2.0
// Small parts that all pages of operations share.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState, type ReactNode } from 'react'
import { linksQuery, type AdminActor } from '@/api/admin-ops'
import type { PledgeState } from '@/api/types'
import { Badge } from '@/components/ui/badge'
import { Icon } from '@/components/ui/icon'
import { formatDateTime, formatRelative, locale, t, tOr } from '@/i18n'
import { cn } from '@/lib/cn'
import { useNow } from '@/lib/hooks'

const STATE_TONES: Record<PledgeState, 'warn' | 'good' | 'bad' | 'plain'> = {
  pending: 'warn',
  confirmed: 'good',
  failed: 'bad',
  refunded: 'plain',
}

export function PledgeStateBadge({ state }: { state: PledgeState }) {
  return <Badge tone={STATE_TONES[state]}>{t(`admin.pledge_state.${state}`)}</Badge>
}

/** When it was: how long ago, with the moment itself beside it for those who look. */
export function When({ at, isExact = false }: { at: string | null; isExact?: boolean }) {
  const now = useNow(30_000)
  if (at === null) return <span className="text-muted">{t('admin.ops.never')}</span>
  return (
    <time dateTime={at} title={formatDateTime(at)} className="whitespace-nowrap">
      {isExact ? formatDateTime(at) : formatRelative(at, now)}
    </time>
  )
}

/** To the second, as chains of events need it. */
export function Moment({ at }: { at: string }) {
  const moment = new Date(at)
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(moment)}
    </time>
  )
}

export function Actor({ actor }: { actor: AdminActor }) {
  if (actor.type === 'system' || actor.id === null) {
    const name = actor.name ?? '?'
    return (
      <span>
        <Coded text={t('admin.ops.process', { name })} code={name} />
      </span>
    )
  }
  return (
    <Link
      to="/admin/users/$id"
      params={{ id: actor.id }}
      className="inline-block underline decoration-2 underline-offset-4"
      dir="auto"
    >
      {actor.name ?? t('admin.ops.account_gone')}
    </Link>
  )
}

const NAMES_OF_MACHINES = /[a-z]+(?:_[a-z\d]+)+(?:\(\))?/

/** A sentence with the names that machines have for things set as such: those with "_", or the one given. */
export function Coded({ text, code }: { text: string; code?: string | undefined }) {
  const at = code === undefined ? text.search(NAMES_OF_MACHINES) : text.indexOf(code)
  if (at < 0) return text
  const name = code ?? NAMES_OF_MACHINES.exec(text)?.[0] ?? ''
  return (
    <>
      {text.slice(0, at)}
      <code dir="ltr">{name}</code>
      <Coded text={text.slice(at + name.length)} />
    </>
  )
}

type CopyProps = { value: string; label: string; isShort?: boolean }

/** An id in a fixed-width face with a button that copies all of it. */
export function CopyId({ value, label, isShort = false }: CopyProps) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <code className={cn('text-sm', isShort ? 'whitespace-nowrap' : 'wrap-anywhere')} dir="ltr" title={isShort ? value : undefined}>
        {isShort ? shortId(value) : value}
      </code>
      <CopyButton value={value} label={label} />
    </span>
  )
}

export function CopyButton({ value, label }: { value: string; label: string }) {
  const [outcome, setOutcome] = useState<'done' | 'failed' | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value)
      setOutcome('done')
    } catch {
      setOutcome('failed')
    }
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setOutcome(null), 3_000)
  }
  return (
    <>
      <button
        type="button"
        aria-label={label}
        title={label}
        onClick={() => void copy()}
        className="hover:bg-sunk grid size-8 shrink-0 place-items-center rounded-full"
      >
        <Icon name={outcome === 'done' ? 'check' : outcome === 'failed' ? 'alert' : 'copy'} className="size-4" />
      </button>
      <span role="status" className="sr-only">
        {outcome === 'done' && t('admin.ops.copied')}
        {outcome === 'failed' && t('admin.ops.copy_failed')}
      </span>
    </>
  )
}

/** Ids of version 7 begin with the time: how they end tells them apart. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id
}

/** Leads to the trace where traces are kept, else shows its id. */
export function TraceId({ id, isShort = true }: { id: string | null; isShort?: boolean }) {
  const { data } = useQuery(linksQuery)
  if (id === null) return <span className="text-muted">{t('admin.ops.no_trace')}</span>
  const template = data?.trace_url ?? null
  if (template === null) return <CopyId value={id} label={t('admin.ops.copy_trace')} isShort={isShort} />
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <a
        href={template.replace('{trace_id}', encodeURIComponent(id))}
        target="_blank"
        rel="noreferrer"
        className={cn(
          'inline-block min-h-8 content-center text-sm underline decoration-2 underline-offset-4',
          isShort ? 'shrink-0 whitespace-nowrap' : 'wrap-anywhere',
        )}
      >
        <code dir="ltr">{isShort ? shortId(id) : id}</code>
        <span className="sr-only"> {t('admin.ops.opens_trace')}</span>
      </a>
      <CopyButton value={id} label={t('admin.ops.copy_trace')} />
    </span>
  )
}

export function PledgeLink({ id, children }: { id: string; children?: ReactNode }) {
  return (
    <Link
      to="/admin/pledges/$id"
      params={{ id }}
      className="inline-block font-semibold underline decoration-2 underline-offset-4"
    >
      {children ?? (
        <code className="text-sm" dir="ltr" title={id}>
          {shortId(id)}
        </code>
      )}
      {children === undefined && <span className="sr-only"> {t('admin.ops.pledge_link')}</span>}
    </Link>
  )
}

/** A code of the API in words, or as it is where there are none: what follows the second dot of the key. */
export function words(key: string): string {
  const text = tOr(key, 'admin.ops.unknown')
  return text === t('admin.ops.unknown') ? key.split('.').slice(2).join('.') : text
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className="@container grid">{children}</dl>
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="border-line grid gap-x-4 @sm:grid-cols-[11rem_1fr] border-b border-dashed py-2 last:border-b-0">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  )
}

export function SectionCard({ title, id, count, actions, children }: {
  title: string
  id: string
  count?: number
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section
      className="border-line bg-paper rounded-patch grid min-w-0 grid-cols-1 content-start gap-4 border-2 p-4 sm:p-6"
    >
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id={id} className="text-xl leading-tight">
          {title}
          {count !== undefined && <span className="text-muted figures ms-2 font-sans font-normal">{count}</span>}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  )
}
