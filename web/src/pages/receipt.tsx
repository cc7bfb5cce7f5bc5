// SPDX-License-Identifier: Apache-2.0
// What the receipt of a gift states, to look at or to print; the receipt itself is a PDF.
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import type { Pledge } from '@/api/types'
import { Extra } from '@/components/load-extra'
import { Logo } from '@/components/logo'
import { PledgeGate } from '@/components/pledge/gate'
import { PledgeSums } from '@/components/pledge/sums'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { formatDateTime, t } from '@/i18n'

export function ReceiptPage() {
  const { id = '' } = useParams({ strict: false })
  return (
    <div className="mx-auto grid max-w-2xl grid-cols-1 gap-6 px-4 pt-10 sm:px-6 print:max-w-none print:p-0">
      <title>{`${t('receipt.title')} · ${t('site.name')}`}</title>
      <PledgeGate id={id}>{(pledge, token) => <ReceiptView pledge={pledge} token={token} />}</PledgeGate>
    </div>
  )
}

function ReceiptView({ pledge, token }: { pledge: Pledge; token: string }) {
  const hasReceipt = pledge.state === 'confirmed' || pledge.state === 'refunded'
  return (
    <>
      <Link
        to="/pledges/$id"
        params={{ id: pledge.id }}
        hash={token}
        className="no-print inline-flex items-center gap-2 justify-self-start py-1 underline decoration-2 underline-offset-4"
      >
        <Icon name="back" />
        {t('receipt.back')}
      </Link>
      {hasReceipt ? (
        <>
          <Receipt pledge={pledge} />
          <Extra part="ReceiptIssue" pledge={pledge} token={token} />
          <div className="no-print">
            <Button variant="outline" onClick={() => window.print()}>
              {t('receipt.print')}
            </Button>
          </div>
        </>
      ) : (
        <>
          <h1 className="text-title">{t('receipt.title')}</h1>
          <Notice tone="warn">{t('receipt.none')}</Notice>
        </>
      )}
    </>
  )
}

function Receipt({ pledge }: { pledge: Pledge }) {
  const paid = pledge.history.find(({ event }) => event === 'payment_succeeded')
  const issuedAt = useIssuedAt()
  return (
    <article className="receipt bg-paper border-ink rounded-patch grid gap-6 border-2 p-6 sm:p-9">
      <header className="flex flex-wrap items-center justify-between gap-4">
        <p className="flex items-center gap-3">
          <Logo className="size-10" />
          <span className="font-display text-xl font-extrabold tracking-tight">{t('site.name')}</span>
        </p>
        <h1 className="text-heading">{t('receipt.title')}</h1>
      </header>
      {pledge.state === 'refunded' && <Notice tone="warn">{t('receipt.refunded')}</Notice>}
      <dl className="grid">
        <Row label={t('receipt.number')}>
          <bdi className="figures">{pledge.id}</bdi>
        </Row>
        <Row label={t('pledge.name')}>
          <bdi>{pledge.donor.name}</bdi>
        </Row>
        <Row label={t('review.campaign')}>
          <bdi>{pledge.campaign.title}</bdi>
        </Row>
        {pledge.reward !== null && (
          <Row label={t('review.reward')}>
            {t('review.reward_value', { title: pledge.reward.title, quantity: pledge.quantity })}
          </Row>
        )}
        <Row label={t('receipt.paid')}>{formatDateTime(paid?.at ?? pledge.updated_at)}</Row>
      </dl>
      <PledgeSums pledge={pledge} />
      <p className="text-muted text-sm">{t('receipt.note', { date: formatDateTime(issuedAt) })}</p>
    </article>
  )
}

/** When it is looked at, and anew when it is printed. */
function useIssuedAt(): string {
  const [at, setAt] = useState(() => new Date().toISOString())
  useEffect(() => {
    const onPrint = () => setAt(new Date().toISOString())
    addEventListener('beforeprint', onPrint)
    return () => removeEventListener('beforeprint', onPrint)
  }, [])
  return at
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="border-line grid gap-x-4 border-b border-dashed py-2.5 sm:grid-cols-[12rem_1fr] print:grid-cols-[12rem_1fr]">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 font-semibold wrap-anywhere">{children}</dd>
    </div>
  )
}
