// SPDX-License-Identifier: Apache-2.0
// Everything about one pledge: what it is, what happened to it and by whom, which
// events went out, what the provider said, what was given back, what is stuck.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { pledgeDetailQuery, type AdminPledgeDetail } from '@/api/admin-ops'
import { Actor, CopyId, Fact, Facts, Moment, PledgeStateBadge, SectionCard, TraceId, words } from '@/components/admin/ops/bits'
import { QueryView } from '@/components/admin/ops/list'
import { CancelDialog, EraseDonorDialog, ReleaseDialog, RENEW_DAYS, RenewLinkDialog, RetryRefundDialog, RevealDialog } from '@/components/admin/ops/pledge-dialogs'
import { Receipts } from '@/components/admin/ops/receipts'
import { AuditRow, DeadLetterCard, ParkedEventCard } from '@/components/admin/ops/rows'
import { RefundDialog } from '@/components/admin/ops/refund-dialog'
import { ProposalBadge, ProposalBody } from '@/components/admin/requests/proposal'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { formatDateTime, locale, t } from '@/i18n'
import { useNow } from '@/lib/hooks'
import { stepOf } from '@/lib/gift-states'
import { formatMoney } from '@/lib/money'

type Open = 'refund' | 'cancel' | 'release' | 'renew' | 'reveal' | 'erase' | { retry: string } | null
type Detail = { detail: AdminPledgeDetail }

export function AdminPledgePage() {
  const { id = '' } = useParams({ strict: false })
  const query = useQuery(pledgeDetailQuery(id))
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <Link to="/admin/pledges" className="justify-self-start underline decoration-2 underline-offset-4">
        {t('admin.pledge.back')}
      </Link>
      {query.data === undefined && <PageHeader title={t('admin.pledge.document_title')} />}
      <QueryView query={query} skeleton="h-[40rem]">
        {(detail) => <PledgeView detail={detail} />}
      </QueryView>
    </div>
  )
}

function PledgeView({ detail }: Detail) {
  const [open, setOpen] = useState<Open>(null)
  const { pledge, refundable } = detail
  const close = () => setOpen(null)
  const isPending = pledge.state === 'pending'
  const now = useNow(60_000)
  const isLinkEnding = detail.link.expires_at !== null && Date.parse(detail.link.expires_at) < now + RENEW_DAYS * 86_400_000
  return (
    <>
      <PageHeader
        title={t('admin.pledge.title', { amount: formatMoney(pledge.amount, locale) })}
        documentTitle={t('admin.pledge.document_title')}
        actions={
          <>
            {refundable.amount > 0 && <Button onClick={() => setOpen('refund')}>{t('admin.pledge.refund')}</Button>}
            {isPending && (
              <>
                <Button variant="outline" onClick={() => setOpen('cancel')}>
                  {t('admin.pledge.cancel')}
                </Button>
                <Button variant="outline" onClick={() => setOpen('release')}>
                  {t('admin.pledge.release')}
                </Button>
              </>
            )}
            {!isErased(detail) && (
              <>
                {isLinkEnding && (
                  <Button variant="outline" onClick={() => setOpen('renew')}>
                    {t('admin.pledge.renew_link')}
                  </Button>
                )}
                <Button variant="outline" onClick={() => setOpen('reveal')}>
                  {t('admin.pledge.reveal')}
                </Button>
                <Button variant="outline" onClick={() => setOpen('erase')}>
                  {t('admin.pledge.erase')}
                </Button>
              </>
            )}
          </>
        }
      >
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-base">
          <PledgeStateBadge state={pledge.state} />
          {pledge.state_reason !== null && <span>{words(`admin.reason.${pledge.state_reason}`)}</span>}
          <CopyId value={pledge.id} label={t('admin.ops.copy_pledge')} />
        </span>
      </PageHeader>
      {isPending && <HoldNotice detail={detail} />}
      <Stuck detail={detail} />
      <div className="grid min-w-0 grid-cols-1 gap-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,1.25fr)]">
        <div className="grid min-w-0 grid-cols-1 content-start gap-6">
          <Summary detail={detail} />
          <Proposals detail={detail} />
          <Refunds detail={detail} onRetry={(retry) => setOpen({ retry })} />
          {(pledge.state === 'confirmed' || pledge.state === 'refunded') && <Receipts pledgeId={pledge.id} />}
        </div>
        <History detail={detail} />
      </div>
      <Events detail={detail} />
      <Deliveries detail={detail} />
      <Audit detail={detail} />
      {open === 'refund' && <RefundDialog detail={detail} onClose={close} />}
      {open === 'cancel' && <CancelDialog pledge={pledge} onClose={close} />}
      {open === 'release' && <ReleaseDialog pledge={pledge} onClose={close} />}
      {open === 'renew' && <RenewLinkDialog pledge={pledge} onClose={close} />}
      {open === 'reveal' && <RevealDialog pledge={pledge} onClose={close} />}
      {open === 'erase' && <EraseDonorDialog pledge={pledge} onClose={close} />}
      {open !== null && typeof open === 'object' && <RetryRefundDialog refundId={open.retry} onClose={close} />}
    </>
  )
}

function HoldNotice({ detail: { pledge } }: Detail) {
  const now = useNow(5_000)
  const isOver = Date.parse(pledge.hold_expires_at) < now
  return (
    <Notice tone="warn" heading={t(isOver ? 'admin.pledge.hold_over' : 'admin.pledge.hold')}>
      {t('admin.pledge.hold_until', { time: formatDateTime(pledge.hold_expires_at) })}{' '}
      {pledge.payment_id === null ? t('admin.pledge.no_payment_yet') : t('admin.pledge.waits_for_provider')}{' '}
      {pledge.cancel_requested_at !== null && t('admin.pledge.cancel_asked', { time: formatDateTime(pledge.cancel_requested_at) })}
    </Notice>
  )
}

function isErased({ history }: AdminPledgeDetail): boolean {
  return history.some(({ event }) => event === 'donor_erase')
}

function Summary({ detail }: Detail) {
  const { pledge, refundable, idempotency } = detail
  return (
    <SectionCard title={t('admin.pledge.summary')} id="summary">
      <Facts>
        <Fact label={t('admin.pledge.amount')}>
          <span className="figures text-lg font-bold">{formatMoney(pledge.amount, locale)}</span>
        </Fact>
        {pledge.fee.amount > 0 && <Fact label={t('admin.pledge.fee')}>{formatMoney(pledge.fee, locale)}</Fact>}
        {pledge.refunded.amount > 0 && <Fact label={t('admin.pledge.refunded')}>{formatMoney(pledge.refunded, locale)}</Fact>}
        {pledge.state === 'confirmed' && <Fact label={t('admin.pledge.refundable')}>{formatMoney(refundable, locale)}</Fact>}
        <Fact label={t('admin.pledge.campaign')}>
          <Link to="/campaigns/$slug" params={{ slug: pledge.campaign.slug }} className="underline decoration-2 underline-offset-4" dir="auto">
            {pledge.campaign.title}
          </Link>
        </Fact>
        {pledge.reward !== null && (
          <Fact label={t('admin.pledge.reward')}>
            <span dir="auto">{`${pledge.quantity} × ${pledge.reward.title}`}</span>
          </Fact>
        )}
        <Fact label={t('admin.pledge.donor')}>
          {isErased(detail) ? (
            t('admin.pledge.erased')
          ) : (
            <>
              <span dir="auto">{pledge.donor.name ?? t('admin.pledges.no_name')}</span>{' '}
              <span className="text-muted" dir="ltr">
                {pledge.donor.email}
              </span>
            </>
          )}
          {pledge.donor.account_id !== null && (
            <>
              {' '}
              <Link to="/admin/users/$id" params={{ id: pledge.donor.account_id }} className="underline decoration-2 underline-offset-4">
                {t('admin.pledge.account')}
              </Link>
            </>
          )}
        </Fact>
        <Fact label={t('admin.pledge.display')}>{words(`admin.display.${pledge.display}`)}</Fact>
        <Fact label={t('admin.pledge.news')}>{newsText(pledge.news)}</Fact>
        <Fact label={t('admin.pledge.link')}>
          <span data-link={detail.link.is_expired ? 'expired' : 'open'}>{linkText(detail.link)}</span>
        </Fact>
        <Fact label={t('admin.pledge.payment')}>
          {pledge.payment_id === null ? (
            <span className="text-muted">{t('admin.ops.none')}</span>
          ) : (
            <CopyId value={pledge.payment_id} label={t('admin.pledges.copy_payment')} />
          )}
        </Fact>
        <Fact label={t('admin.pledge.made')}>
          <Moment at={pledge.created_at} />
        </Fact>
        <Fact label={t('admin.pledge.changed')}>
          <Moment at={pledge.updated_at} />
        </Fact>
        <Fact label={t('admin.pledge.version')}>{pledge.version}</Fact>
        <Fact label={t('admin.pledge.trace')}>
          <TraceId id={pledge.trace_id} isShort={false} />
        </Fact>
        {idempotency !== null && (
          <Fact label={t('admin.pledge.key')}>
            <code dir="ltr">{idempotency.key_hash_prefix}…</code>
          </Fact>
        )}
      </Facts>
    </SectionCard>
  )
}

function newsText(news: AdminPledgeDetail['pledge']['news']): string {
  if (news === null) return t('admin.pledge.news_never')
  const given = { at: formatDateTime(news.given_at), text: news.text, language: news.language }
  return news.withdrawn_at === null
    ? t('admin.pledge.news_wanted', given)
    : t('admin.pledge.news_withdrawn', { ...given, until: formatDateTime(news.withdrawn_at) })
}

function linkText({ expires_at, is_expired, renewals }: AdminPledgeDetail['link']): string {
  if (expires_at === null) return t('admin.pledge.link_no_end')
  const at = formatDateTime(expires_at)
  if (is_expired) return t('admin.pledge.link_expired', { at })
  const isRenewed = renewals.some(({ until }) => until === expires_at)
  return t(isRenewed ? 'admin.pledge.link_renewed' : 'admin.pledge.link_until', { at })
}

function History({ detail: { history, pledge } }: Detail) {
  return (
    <SectionCard title={t('admin.pledge.history')} id="history" count={history.length}>
      <ol className="border-line-strong ms-1.5 grid gap-5 border-s-2 border-dashed ps-6">
        {history.map((entry) => (
          <li key={entry.version} data-history={entry.event} className="relative grid gap-1">
            <span aria-hidden="true" className="bg-poppy absolute -start-[1.9rem] top-1.5 size-3 rounded-full" />
            <p className="flex flex-wrap items-baseline gap-x-3">
              <span className="font-bold">{words(`admin.transition.${stepOf(entry)}`)}</span>
              <span className="text-muted">
                {entry.from === entry.to || entry.from === null
                  ? words(`admin.state_word.${entry.to}`)
                  : t('admin.pledge.from_to', {
                      from: words(`admin.state_word.${entry.from}`),
                      to: words(`admin.state_word.${entry.to}`),
                    })}
              </span>
              {entry.amount !== null && <span className="figures font-semibold">{formatMoney(entry.amount, locale)}</span>}
            </p>
            {entry.reason !== null && <p>{words(`admin.reason.${entry.reason}`)}</p>}
            <p className="text-muted flex flex-wrap items-center gap-x-3 text-sm">
              <Moment at={entry.at} />
              <span>
                {t('admin.pledge.by')} <Actor actor={entry.actor} />
              </span>
              <span>{t('admin.pledge.version_n', { version: entry.version })}</span>
              {entry.trace_id !== null && entry.trace_id !== pledge.trace_id && <TraceId id={entry.trace_id} />}
            </p>
          </li>
        ))}
      </ol>
    </SectionCard>
  )
}

const EVENT_TONES = { waiting: 'warn', published: 'good', parked: 'bad', released: 'warn', dropped: 'plain' } as const

function Events({ detail: { events } }: Detail) {
  return (
    <SectionCard title={t('admin.pledge.events')} id="events" count={events.length}>
      <p className="text-muted">{t('admin.pledge.events_text')}</p>
      {events.length > 0 && (
        <Table label={t('admin.pledge.events')}>
          <thead>
            <tr>
              <Th>{t('admin.pledge.event')}</Th>
              <Th>{t('admin.pledge.event_state')}</Th>
              <Th isNumber>{t('admin.pledge.version')}</Th>
              <Th>{t('admin.pledge.at')}</Th>
              <Th>{t('admin.pledge.trace')}</Th>
              <Th>{t('admin.pledge.data')}</Th>
            </tr>
          </thead>
          <tbody>
            {events.map((event) => (
              <Tr key={event.event_id} data-event={event.type}>
                <Th scope="row">
                  <code dir="ltr">{event.type}</code>
                </Th>
                <Td>
                  <Badge tone={EVENT_TONES[event.state]}>{t(`admin.event_state.${event.state}`)}</Badge>
                </Td>
                <Td isNumber>{event.aggregate_version}</Td>
                <Td>
                  <Moment at={event.occurred_at} />
                </Td>
                <Td>
                  <TraceId id={event.trace_id} />
                </Td>
                <Td>
                  <Data data={event.data} label={t('admin.pledge.show_data', { event: words(`admin.feed_kind.${event.type.replaceAll('.', '_')}`) })} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </SectionCard>
  )
}

function Data({ data, label }: { data: object; label: string }) {
  return (
    <details className="max-w-md">
      <summary className="min-h-6 whitespace-nowrap underline decoration-2 underline-offset-4">
        {t('admin.pledge.data')}
        <span className="sr-only"> {label}</span>
      </summary>
      <pre dir="ltr" className="bg-sunk mt-2 overflow-x-auto rounded-lg p-3 text-sm whitespace-pre-wrap wrap-anywhere">
        {JSON.stringify(data, null, 2)}
      </pre>
    </details>
  )
}

function Deliveries({ detail: { deliveries } }: Detail) {
  return (
    <SectionCard title={t('admin.pledge.deliveries')} id="deliveries" count={deliveries.length}>
      {deliveries.length === 0 ? (
        <p className="text-muted">{t('admin.pledge.no_deliveries')}</p>
      ) : (
        <Table label={t('admin.pledge.deliveries')}>
          <thead>
            <tr>
              <Th>{t('admin.pledge.delivery')}</Th>
              <Th>{t('admin.pledge.outcome')}</Th>
              <Th isNumber>{t('admin.pledge.amount')}</Th>
              <Th isNumber>{t('admin.pledge.times')}</Th>
              <Th>{t('admin.pledge.received')}</Th>
              <Th>{t('admin.pledge.provider_event')}</Th>
              <Th>{t('admin.pledge.trace')}</Th>
            </tr>
          </thead>
          <tbody>
            {deliveries.map((delivery) => (
              <Tr key={`${delivery.provider} ${delivery.event_id}`} data-delivery={delivery.outcome}>
                <Th scope="row">{words(`admin.delivery.${delivery.kind}`)}</Th>
                <Td>
                  {words(`admin.outcome.${delivery.outcome}`)}
                  {delivery.detail !== null && <span className="text-muted block text-sm">{words(`admin.reason.${delivery.detail}`)}</span>}
                </Td>
                <Td isNumber>{delivery.amount === null ? '' : formatMoney(delivery.amount, locale)}</Td>
                <Td isNumber>{delivery.deliveries}</Td>
                <Td>
                  <Moment at={delivery.received_at} />
                </Td>
                <Td>
                  <CopyId value={delivery.event_id} label={t('admin.pledge.copy_event')} isShort />
                </Td>
                <Td>
                  <TraceId id={delivery.trace_id} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </SectionCard>
  )
}

const REFUND_TONES = { requested: 'warn', succeeded: 'good', failed: 'bad' } as const

function Refunds({ detail: { refunds, pledge }, onRetry }: Detail & { onRetry: (id: string) => void }) {
  return (
    <SectionCard title={t('admin.pledge.refunds')} id="refunds" count={refunds.length}>
      {refunds.length === 0 && <p className="text-muted">{t('admin.pledge.no_refunds')}</p>}
      <ul className="grid gap-4">
        {refunds.map((refund) => (
          <li key={refund.id} data-refund={refund.state} className="border-line grid gap-1 border-b border-dashed pb-4 last:border-b-0 last:pb-0">
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="figures text-lg font-bold">{formatMoney(refund.amount, locale)}</span>
              <Badge tone={REFUND_TONES[refund.state]}>{t(`admin.refund_state.${refund.state}`)}</Badge>
              {refund.kind === 'late' && <Badge>{t('admin.pledge.refund_late')}</Badge>}
            </p>
            <p dir="auto">{refund.reason}</p>
            {refund.state_reason !== null && <p className="text-bad">{words(`admin.reason.${refund.state_reason}`)}</p>}
            <p className="text-muted flex flex-wrap items-center gap-x-3 text-sm">
              <Moment at={refund.created_at} />
              <span>
                {t('admin.pledge.by')} <Actor actor={refund.requested_by} />
              </span>
              <CopyId value={refund.id} label={t('admin.pledge.copy_refund')} isShort />
            </p>
            {refund.state === 'failed' && refund.kind === 'manual' && pledge.state === 'confirmed' && (
              <Button variant="outline" className="justify-self-start" onClick={() => onRetry(refund.id)}>
                {t('admin.pledge.refund_retry')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </SectionCard>
  )
}

/** Refunds above what one person may give back alone. */
function Proposals({ detail: { refund_proposals } }: Detail): ReactNode {
  if (refund_proposals.length === 0) return null
  return (
    <SectionCard title={t('admin.proposals.title')} id="proposals" count={refund_proposals.length}>
      <ul className="grid gap-4">
        {refund_proposals.map((proposal) => (
          <li key={proposal.id} data-proposal={proposal.state} className="border-line grid gap-2 border-b border-dashed pb-4 last:border-b-0 last:pb-0">
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="figures text-lg font-bold">{formatMoney(proposal.amount, locale)}</span>
              <ProposalBadge proposal={proposal} />
            </p>
            <ProposalBody proposal={proposal} mayEdit />
          </li>
        ))}
      </ul>
    </SectionCard>
  )
}

/** What waits for somebody. */
function Stuck({ detail: { dead_letters, parked_events } }: Detail): ReactNode {
  const letters = dead_letters.filter((letter) => letter.state === 'parked')
  const parked = parked_events.filter((event) => event.state === 'parked')
  if (letters.length + parked.length === 0) return null
  return (
    <SectionCard title={t('admin.pledge.stuck')} id="stuck" count={letters.length + parked.length}>
      <ul className="grid gap-4">
        {letters.map((letter) => (
          <DeadLetterCard key={letter.id} letter={letter} />
        ))}
        {parked.map((event) => (
          <ParkedEventCard key={event.event_id} event={event} />
        ))}
      </ul>
    </SectionCard>
  )
}

function Audit({ detail: { audit, pledge } }: Detail) {
  return (
    <SectionCard
      title={t('admin.pledge.audit')}
      id="audit"
      count={audit.length}
      actions={
        audit.length > 0 && (
          <Link to="/admin/audit" search={{ target_type: 'pledge', target_id: pledge.id } as never} className="underline decoration-2 underline-offset-4">
            {t('admin.pledge.audit_all')}
          </Link>
        )
      }
    >
      {audit.length === 0 && <p className="text-muted">{t('admin.pledge.no_audit')}</p>}
      <ul className="grid gap-4">
        {[...audit].reverse().map((entry) => (
          <AuditRow key={entry.id} entry={entry} isTargetShown={false} />
        ))}
      </ul>
    </SectionCard>
  )
}
