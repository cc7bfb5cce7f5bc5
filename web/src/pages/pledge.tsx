// SPDX-License-Identifier: Apache-2.0
// A donor's private page of one pledge. The token stands behind "#", which
// browsers never send to a server.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { pledgeQuery } from '@/api/queries'
import type { Pledge } from '@/api/types'
import { PledgeOutcome } from '@/components/pledge/outcome'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { formatDateTime, locale, t, tOr } from '@/i18n'
import { ApiError } from '@/api/client'
import { useHash } from '@/lib/hooks'
import { formatMoney } from '@/lib/money'
import { useIsLive, useLivePledge } from '@/live/hooks'
import { LoadErrorPage } from './error'

export function PledgePage() {
  const { id = '' } = useParams({ strict: false })
  const token = useHash()
  const hasToken = token !== ''
  useLivePledge(hasToken ? id : null, token)
  const query = useQuery({ ...pledgeQuery(id, token, useIsLive()), enabled: hasToken })
  return (
    <div className="mx-auto grid max-w-2xl grid-cols-1 gap-8 px-4 pt-10 sm:px-6">
      <title>{`${t('pledge.title')} · ${t('site.name')}`}</title>
      {query.data !== undefined && <PledgeView pledge={query.data} />}
      {query.data === undefined && (!hasToken || isUnknown(query.error)) && (
        <>
          <h1 className="text-title">{t('pledge.unknown')}</h1>
          <Notice tone="warn">{t('pledge.unknown_text')}</Notice>
        </>
      )}
      {query.data === undefined && query.isError && !isUnknown(query.error) && (
        <LoadErrorPage error={query.error} retry={() => void query.refetch()} />
      )}
      {hasToken && query.isPending && <Skeleton className="h-96" />}
    </div>
  )
}

function isUnknown(error: Error | null): boolean {
  return error instanceof ApiError && error.status === 404
}

function PledgeView({ pledge }: { pledge: Pledge }) {
  return (
    <>
      <h1 className="text-title">{t('pledge.heading')}</h1>
      <PledgeOutcome state={pledge.state} reason={pledge.state_reason} pledge={pledge} />
      <dl className="grid">
        <Row label={t('pledge.amount')}>
          <span className="figures text-xl font-bold">{formatMoney(pledge.amount, locale)}</span>
        </Row>
        {pledge.refunded.amount > 0 && (
          <Row label={t('pledge.refunded')}>
            <span className="figures">{formatMoney(pledge.refunded, locale)}</span>
          </Row>
        )}
        <Row label={t('review.campaign')}>
          <Link
            to="/campaigns/$slug"
            params={{ slug: pledge.campaign.slug }}
            className="underline decoration-2 underline-offset-4"
          >
            {pledge.campaign.title}
          </Link>
        </Row>
        {pledge.reward !== null && (
          <Row label={t('review.reward')}>
            {t('review.reward_value', { title: pledge.reward.title, quantity: pledge.quantity })}
          </Row>
        )}
        <Row label={t('pledge.name')}>{pledge.donor.name}</Row>
        <Row label={t('review.display')}>{t(`display.${pledge.display}`)}</Row>
        {pledge.message !== '' && (
          <Row label={t('review.message')}>
            <span className="whitespace-pre-line" dir="auto">
              {pledge.message}
            </span>
          </Row>
        )}
        <Row label={t('pledge.reference')}>
          <span className="text-sm wrap-anywhere">{pledge.id}</span>
        </Row>
      </dl>
      <History pledge={pledge} />
      <LinkActions />
    </>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="border-line xs:grid-cols-[11rem_1fr] grid gap-x-4 border-b border-dashed py-2.5">
      <dt className="text-muted">{label}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  )
}

function History({ pledge }: { pledge: Pledge }) {
  return (
    <section aria-labelledby="history-heading" className="grid gap-4">
      <h2 id="history-heading" className="text-heading">
        {t('pledge.history')}
      </h2>
      <ol className="border-line-strong ms-1 grid gap-4 border-s-2 border-dashed ps-6">
        {pledge.history.map((entry) => (
          <li key={entry.version} className="relative">
            <span aria-hidden="true" className="bg-poppy absolute top-2 -start-[1.85rem] size-3 rounded-full" />
            <p className="font-semibold">{tOr(`event.${entry.event}`, 'event.other')}</p>
            <time dateTime={entry.at} className="text-muted text-sm">
              {formatDateTime(entry.at)}
            </time>
          </li>
        ))}
      </ol>
    </section>
  )
}

function LinkActions() {
  const [isCopied, setIsCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(location.href)
    setIsCopied(true)
  }
  return (
    <div className="no-print flex flex-wrap items-center gap-3">
      <Button variant="outline" onClick={() => void copy()}>
        <Icon name="copy" />
        {t('pledge.copy')}
      </Button>
      <Button variant="outline" onClick={() => window.print()}>
        {t('pledge.print')}
      </Button>
      <p role="status" className="text-muted">
        {isCopied && t('pledge.copied')}
      </p>
    </div>
  )
}
