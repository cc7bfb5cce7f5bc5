// SPDX-License-Identifier: Apache-2.0
// What donors ask back, of one campaign or of all that the account has to do with. Those
// who may edit the campaign answer; the donor reads the answer.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { refundRequestsQuery, type RefundRequestItem, type RefundRequestState } from '@/api/admin-ops'
import { useKeptSession } from '@/api/kept-session'
import { Moment, PledgeLink, PledgeStateBadge, shortId, When } from '@/components/admin/ops/bits'
import { Pager, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/states'
import { locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { CURSOR } from '@/lib/ops/filters'
import { AcceptDialog, DeclineDialog } from './decision-dialogs'
import { ProposalBadge, ProposalBody } from './proposal'
import { StateNav } from './state-nav'

const STATES = ['open', 'accepted', 'declined', 'all'] as const
const RULES = { state: { words: STATES }, cursor: { pattern: CURSOR, max: 500 } } as const
const PAGE_SIZE = 20

/** Of all campaigns where none is given. */
export function RequestList({ campaign = null }: { campaign?: string | null }) {
  const url = useListUrl(RULES)
  const { cursor } = url.filters
  const state = STATES.find((one) => one === url.filters.state) ?? 'open'
  const query = useQuery(
    refundRequestsQuery(campaign, {
      limit: PAGE_SIZE,
      ...(state === 'all' ? {} : { state }),
      ...(cursor === '' ? {} : { cursor }),
    }),
  )
  return (
    <>
      <StateNav
        label={t('admin.requests.which')}
        states={STATES}
        state={state}
        text={(one) => t(`admin.requests.state_${one}`)}
        href={(one) => url.href({ state: one })}
        go={(one) => url.set({ state: one })}
      />
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState heading={t(`admin.requests.none_${state}`)}>{t('admin.requests.none_text')}</EmptyState>}
      >
        {({ items, next_cursor, total }) => (
          <>
            <p role="status" data-total={total} className="text-muted text-sm">
              {t('admin.requests.count', { count: total })}
            </p>
            <ul className="grid min-w-0 grid-cols-1 gap-5">
              {items.map((item) => (
                <RequestCard key={item.request.id} item={item} isCampaignShown={campaign === null} />
              ))}
            </ul>
            <Pager cursor={cursor} next={next_cursor} href={(next) => url.href({ cursor: next })} go={(next) => url.set({ cursor: next })} />
          </>
        )}
      </QueryView>
    </>
  )
}

const TONES: Record<RefundRequestState, 'warn' | 'good' | 'plain'> = { open: 'warn', accepted: 'good', declined: 'plain' }

function RequestCard({ item, isCampaignShown }: { item: RefundRequestItem; isCampaignShown: boolean }) {
  const { request, pledge, campaign, right, refundable, proposal } = item
  const { account } = useKeptSession()
  const [open, setOpen] = useState<'accept' | 'decline' | null>(null)
  const close = () => setOpen(null)
  const Heading = isCampaignShown ? 'h2' : 'h3'
  const name = <bdi>{pledge.donor.name}</bdi>
  return (
    <li
      data-request={request.id}
      data-request-state={request.state}
      className="border-line bg-paper rounded-patch grid min-w-0 grid-cols-1 gap-3 border-2 p-4 sm:p-5"
    >
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <Heading className="min-w-0 text-xl wrap-anywhere">
          {formatMoney(pledge.amount, locale)} <span className="text-muted font-sans text-base font-normal">{name}</span>
        </Heading>
        <Badge tone={TONES[request.state]}>{t(`admin.requests.state_${request.state}`)}</Badge>
      </div>
      <p className="text-muted flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        {pledge.donor.email !== null && <bdi dir="ltr">{pledge.donor.email}</bdi>}
        {isCampaignShown && (
          <Link to="/admin/campaigns/$id/refund-requests" params={{ id: campaign.id }} className="text-ink underline decoration-2 underline-offset-4">
            <bdi>{campaign.title}</bdi>
          </Link>
        )}
        {account?.role === 'admin' ? (
          <PledgeLink id={pledge.id} />
        ) : (
          <code dir="ltr" title={pledge.id}>
            {shortId(pledge.id)}
          </code>
        )}
        <PledgeStateBadge state={pledge.state} />
        <span>
          {t('admin.requests.asked')} <When at={request.created_at} />
        </span>
      </p>
      <blockquote className="border-line-strong border-s-4 ps-4">
        <p dir="auto" className="whitespace-pre-line wrap-anywhere">
          {request.message}
        </p>
      </blockquote>
      {request.decided_at !== null && (
        <p className="text-sm">
          <span className="text-muted">
            {t(`admin.requests.answered_${request.state === 'accepted' ? 'accepted' : 'declined'}`)} <Moment at={request.decided_at} />
          </span>
          {request.note !== '' && (
            <span className="block whitespace-pre-line wrap-anywhere" dir="auto">
              {request.note}
            </span>
          )}
        </p>
      )}
      {request.state === 'open' && (
        <>
          {proposal !== null && (
            <section aria-label={t('admin.proposals.waits')} data-proposal={proposal.id} className="border-line grid gap-2 rounded-xl border-2 border-dashed p-4">
              <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span className="figures font-bold">{formatMoney(proposal.amount, locale)}</span>
                <ProposalBadge proposal={proposal} />
              </p>
              <ProposalBody proposal={proposal} mayEdit={right !== 'view'} />
            </section>
          )}
          <p className="text-sm">
            {refundable.amount > 0 ? t('admin.requests.refundable', { amount: formatMoney(refundable, locale) }) : t('admin.requests.nothing_left')}
          </p>
          {right === 'view' ? (
            <p className="text-muted text-sm">{t('admin.requests.view_only')}</p>
          ) : (
            <div className="flex flex-wrap gap-3">
              {refundable.amount > 0 && proposal === null && (
                <Button onClick={() => setOpen('accept')}>
                  {t('admin.requests.accept')}
                  <span className="sr-only"> {pledge.donor.name}</span>
                </Button>
              )}
              <Button variant="outline" onClick={() => setOpen('decline')}>
                {t('admin.requests.decline')}
                <span className="sr-only"> {pledge.donor.name}</span>
              </Button>
            </div>
          )}
        </>
      )}
      {open === 'accept' && <AcceptDialog item={item} onClose={close} />}
      {open === 'decline' && <DeclineDialog item={item} onClose={close} />}
    </li>
  )
}
