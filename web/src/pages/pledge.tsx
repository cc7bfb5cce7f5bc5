// SPDX-License-Identifier: Apache-2.0
// A donor's private page of one pledge. The token stands behind "#", which
// browsers never send to a server.
import { Link, useParams } from '@tanstack/react-router'
import { lazy, Suspense, type ReactNode } from 'react'
import type { Account, Pledge } from '@/api/types'
import { CopyLink } from '@/components/copy-link'
import { Extra } from '@/components/load-extra'
import { PledgeActions } from '@/components/pledge/actions'
import { PledgeHistory } from '@/components/pledge/history'
import { PledgeOutcome } from '@/components/pledge/outcome'
import { PledgeGate } from '@/components/pledge/gate'
import { PledgeSums } from '@/components/pledge/sums'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { formatDateTime, t } from '@/i18n'
import { loadAccount } from './load-account'

/** For whoever is logged in; the page lacks nothing else without it. */
const ClaimGift = lazy(() =>
  loadAccount()
    .then((pages) => pages.ClaimGift())
    .catch(() => ({ default: () => null })),
)

export function PledgePage() {
  const { id = '' } = useParams({ strict: false })
  return (
    <div className="mx-auto grid max-w-2xl grid-cols-1 gap-8 px-4 pt-10 sm:px-6">
      <title>{`${t('pledge.title')} · ${t('site.name')}`}</title>
      <PledgeGate id={id}>{(pledge, token, account) => <PledgeView pledge={pledge} token={token} account={account} />}</PledgeGate>
    </div>
  )
}

function PledgeView({ pledge, token, account }: { pledge: Pledge; token: string; account: Account | null }) {
  const hasReceipt = pledge.state === 'confirmed' || pledge.state === 'refunded'
  return (
    <>
      <h1 className="text-title">{t('pledge.heading')}</h1>
      <PledgeOutcome state={pledge.state} reason={pledge.state_reason} pledge={pledge} />
      <PledgeSums pledge={pledge} />
      <div className="no-print flex flex-wrap items-center gap-3">
        {hasReceipt && (
          <Button asChild variant="outline">
            <Link to="/pledges/$id/receipt" params={{ id: pledge.id }} hash={token}>
              <Icon name="receipt" />
              {t('receipt.open')}
            </Link>
          </Button>
        )}
        <CopyLink url={location.href} label={t('pledge.copy')} />
      </div>
      {token && pledge.link_expires_at && <Extra part="LinkUntil" pledge={pledge} token={token} />}
      {account && token && (
        <Suspense>
          <ClaimGift pledge={pledge} token={token} account={account} />
        </Suspense>
      )}
      {pledge.state === 'pending' && <PledgeActions pledge={pledge} token={token} />}
      {pledge.state !== 'pending' && pledge.refund_request && <Extra part="RequestState" pledge={pledge} token={token} />}
      <Details pledge={pledge} />
      {pledge.news && <Extra part="NewsState" pledge={pledge} token={token} />}
      <PledgeHistory pledge={pledge} />
      {pledge.state !== 'pending' && <PledgeActions pledge={pledge} token={token} />}
    </>
  )
}

function Details({ pledge }: { pledge: Pledge }) {
  return (
    <section aria-labelledby="details-heading" className="grid gap-4">
      <h2 id="details-heading" className="text-heading">
        {t('pledge.details')}
      </h2>
      <dl className="grid">
        <Row label={t('review.campaign')}>
          <Link
            to="/campaigns/$slug"
            params={{ slug: pledge.campaign.slug }}
            className="underline decoration-2 underline-offset-4"
          >
            <bdi>{pledge.campaign.title}</bdi>
          </Link>
        </Row>
        {pledge.reward !== null && (
          <Row label={t('review.reward')}>
            {t('review.reward_value', { title: pledge.reward.title, quantity: pledge.quantity })}
          </Row>
        )}
        <Row label={t('pledge.name')}>
          <bdi>{pledge.donor.name}</bdi>
        </Row>
        <Row label={t('review.display')}>{t(`display.${pledge.display}`)}</Row>
        {pledge.message !== '' && (
          <Row label={t('review.message')}>
            <span className="block whitespace-pre-line" dir="auto">
              {pledge.message}
            </span>
          </Row>
        )}
        <Row label={t('pledge.made')}>
          <time dateTime={pledge.created_at}>{formatDateTime(pledge.created_at)}</time>
        </Row>
        {pledge.state === 'pending' && (
          <Row label={t('pledge.held_until')}>
            <time dateTime={pledge.hold_expires_at}>{formatDateTime(pledge.hold_expires_at)}</time>
          </Row>
        )}
        <Row label={t('pledge.reference')}>
          <bdi className="text-sm">{pledge.id}</bdi>
        </Row>
      </dl>
    </section>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="border-line xs:grid-cols-[11rem_1fr] grid gap-x-4 border-b border-dashed py-2.5">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  )
}
