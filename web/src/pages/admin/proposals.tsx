// SPDX-License-Identifier: Apache-2.0
// Refunds that need a second person, of all campaigns that the account has to do with.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { refundProposalsQuery, type RefundProposalItem } from '@/api/admin-ops'
import { useKeptSession } from '@/api/kept-session'
import { PledgeLink, PledgeStateBadge, shortId } from '@/components/admin/ops/bits'
import { Pager, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { ProposalBadge, ProposalBody } from '@/components/admin/requests/proposal'
import { StateNav } from '@/components/admin/requests/state-nav'
import { PageHeader } from '@/components/ui/page-header'
import { EmptyState } from '@/components/ui/states'
import { locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { CURSOR } from '@/lib/ops/filters'

const STATES = ['waiting', 'approved', 'rejected', 'withdrawn', 'expired', 'all'] as const
const RULES = { state: { words: STATES }, cursor: { pattern: CURSOR, max: 500 } } as const
const PAGE_SIZE = 20

export function ProposalsPage() {
  const url = useListUrl(RULES)
  const { cursor } = url.filters
  const state = STATES.find((one) => one === url.filters.state) ?? 'waiting'
  const query = useQuery(
    refundProposalsQuery({
      limit: PAGE_SIZE,
      ...(state === 'all' ? {} : { state }),
      ...(cursor === '' ? {} : { cursor }),
    }),
  )
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.proposals.title')}>{t('admin.proposals.lead')}</PageHeader>
      <StateNav
        label={t('admin.proposals.which')}
        states={STATES}
        state={state}
        text={(one) => t(`admin.proposals.state_${one}`)}
        href={(one) => url.href({ state: one })}
        go={(one) => url.set({ state: one })}
      />
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState heading={t(state === 'waiting' ? 'admin.proposals.none_waiting' : 'admin.proposals.none')}>{t('admin.proposals.none_text')}</EmptyState>}
      >
        {({ items, next_cursor, total }) => (
          <>
            <p role="status" data-total={total} className="text-muted text-sm">
              {t('admin.proposals.count', { count: total })}
            </p>
            <ul className="grid min-w-0 grid-cols-1 gap-5">
              {items.map((item) => (
                <ProposalCard key={item.proposal.id} item={item} />
              ))}
            </ul>
            <Pager cursor={cursor} next={next_cursor} href={(next) => url.href({ cursor: next })} go={(next) => url.set({ cursor: next })} />
          </>
        )}
      </QueryView>
    </div>
  )
}

function ProposalCard({ item: { proposal, campaign, right, pledge } }: { item: RefundProposalItem }) {
  const { account } = useKeptSession()
  return (
    <li
      data-proposal={proposal.id}
      data-proposal-state={proposal.state}
      className="border-line bg-paper rounded-patch grid min-w-0 grid-cols-1 gap-3 border-2 p-4 sm:p-5"
    >
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 className="min-w-0 text-xl wrap-anywhere">
          {formatMoney(proposal.amount, locale)}{' '}
          <span className="text-muted font-sans text-base font-normal">
            {t('admin.proposals.of', { amount: formatMoney(pledge.amount, locale) })} <bdi>{pledge.donor.name}</bdi>
          </span>
        </h2>
        <ProposalBadge proposal={proposal} />
      </div>
      <p className="text-muted flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <Link to="/admin/campaigns/$id/pledges" params={{ id: campaign.id }} className="text-ink underline decoration-2 underline-offset-4">
          <bdi>{campaign.title}</bdi>
        </Link>
        {account?.role === 'admin' ? (
          <PledgeLink id={pledge.id} />
        ) : (
          <code dir="ltr" title={pledge.id}>
            {shortId(pledge.id)}
          </code>
        )}
        <PledgeStateBadge state={pledge.state} />
      </p>
      <ProposalBody proposal={proposal} mayEdit={right !== 'view'} />
    </li>
  )
}
