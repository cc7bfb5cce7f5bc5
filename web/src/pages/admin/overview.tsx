// SPDX-License-Identifier: Apache-2.0
// What an operator wants to see first: what waits for somebody, what is live, and what
// came in. Owners see the same of their own campaigns.
import { useQuery } from '@tanstack/react-query'
import { campaignCountQuery, campaignListQuery, campaignStatsQuery, outboxQuery, statsQuery } from '@/api/admin-campaigns'
import { openRequestsQuery, waitingProposalsQuery } from '@/api/admin-ops'
import { useKeptSession } from '@/api/kept-session'
import { campaignPledgesLink, FIGURE_FILTERS, Figure, Figures, Number, type PledgeFilter } from '@/components/admin/figures/figures'
import { NothingFound } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { PageHeader } from '@/components/ui/page-header'
import { Skeleton } from '@/components/ui/skeleton'
import { ErrorState } from '@/components/ui/states'
import { formatDateTime, formatNumber, t } from '@/i18n'

const SHOWN_STATUSES = ['active', 'paused', 'draft'] as const

export function OverviewPage() {
  const { account } = useKeptSession()
  const isAdmin = account?.role === 'admin'
  return (
    <>
      <PageHeader title={t('admin.overview.title')} documentTitle={t('admin.overview.document')} />
      {isAdmin ? <Waiting /> : <OwnWaiting />}
      <CampaignCounts isAdmin={isAdmin} />
      {isAdmin ? <Figures queryOf={(query) => statsQuery(query) as never} listOf={pledgesLink} /> : <OwnFigures />}
    </>
  )
}

/** What does not go on by itself. */
function Waiting() {
  const stats = useQuery(statsQuery({ bucket: 'day' }))
  const outbox = useQuery(outboxQuery())
  if (stats.data === undefined) {
    return stats.isError ? <ErrorState error={stats.error} retry={() => stats.refetch()} /> : <Skeleton className="h-32" />
  }
  const { now, refusals } = stats.data
  const backlog = outbox.data?.backlog ?? null
  const numbers = [
    { name: 'holds', value: now.holds, href: '/admin/work?tab=holds', isAlarm: false },
    { name: 'dead_letters', value: now.dead_letters, href: '/admin/work?tab=dead_letter', isAlarm: now.dead_letters > 0 },
    { name: 'refunds_failed', value: now.refunds_failed, href: '/admin/work?tab=refund_failed', isAlarm: now.refunds_failed > 0 },
    { name: 'parked_events', value: now.parked_events, href: '/admin/work?tab=parked', isAlarm: now.parked_events > 0 },
    { name: 'paused_consumers', value: now.paused_consumers, href: '/admin/consumers', isAlarm: now.paused_consumers > 0 },
  ] as const
  return (
    <section aria-labelledby="waiting-heading" className="grid min-w-0 gap-3">
      <h2 id="waiting-heading" className="text-heading">
        {t('admin.overview.waiting')}
      </h2>
      <ul className="grid grid-cols-2 gap-4 md:grid-cols-3 xl:grid-cols-4">
        <li className="grid">
          <OpenRequests />
        </li>
        <li className="grid">
          <WaitingProposals />
        </li>
        {numbers.map(({ name, ...number }) => (
          <li key={name} className="grid">
            <Number name={name} label={t(`admin.overview.${name}`)} {...number} />
          </li>
        ))}
        <li className="grid">
          <Figure
            name="backlog"
            label={t('admin.overview.backlog')}
            text={backlog === null ? '–' : formatNumber(backlog)}
            note={
              backlog === null
                ? t('admin.overview.backlog_unknown')
                : t('admin.overview.lag', { seconds: formatNumber(outbox.data?.lag_s ?? 0, { maximumFractionDigits: 1 }) })
            }
          />
        </li>
      </ul>
      <p className="text-muted text-sm">
        {t('admin.overview.refusals', { since: formatDateTime(refusals.since), limit: refusals.limit, campaign: refusals.campaign, input: refusals.input })}
      </p>
    </section>
  )
}

/** Of those who run campaigns only requests and proposals wait. */
function OwnWaiting() {
  return (
    <section aria-labelledby="waiting-heading" className="grid min-w-0 gap-3">
      <h2 id="waiting-heading" className="text-heading">
        {t('admin.overview.waiting')}
      </h2>
      <div className="grid grid-cols-2 gap-4 md:grid-cols-3">
        <OpenRequests />
        <WaitingProposals />
      </div>
    </section>
  )
}

function OpenRequests() {
  const { data } = useQuery(openRequestsQuery(null))
  if (data === undefined) return <Skeleton className="h-28" />
  return <Number name="refund_requests" label={t('admin.requests.title')} value={data} href="/admin/refund-requests" isAlarm={data > 0} />
}

function WaitingProposals() {
  const { data } = useQuery(waitingProposalsQuery)
  if (data === undefined) return <Skeleton className="h-28" />
  return <Number name="refund_proposals" label={t('admin.proposals.title')} value={data} href="/admin/refund-proposals" isAlarm={data > 0} />
}

function CampaignCounts({ isAdmin }: { isAdmin: boolean }) {
  return (
    <section aria-labelledby="campaigns-heading" className="grid min-w-0 gap-3">
      <h2 id="campaigns-heading" className="text-heading">
        {t('admin.nav.campaigns')}
      </h2>
      <ul className="grid grid-cols-2 gap-4 md:grid-cols-3">
        {SHOWN_STATUSES.map((status) => (
          <li key={status} className="grid">
            <CampaignCount isAdmin={isAdmin} status={status} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function CampaignCount({ isAdmin, status }: { isAdmin: boolean; status: (typeof SHOWN_STATUSES)[number] }) {
  const { data } = useQuery(campaignCountQuery(isAdmin, status))
  if (data === undefined) return <Skeleton className="h-28" />
  return <Number name={`campaigns-${status}`} label={t(`admin.campaign.status_${status}`)} value={data} href={`/admin/campaigns?status=${status}`} />
}

/** One of the own campaigns at a time: their currencies and their lists are their own. */
function OwnFigures() {
  const url = useListUrl(FIGURE_FILTERS)
  const list = useQuery(campaignListQuery(false, { limit: 100 }))
  const campaigns = list.data?.items ?? []
  const chosen = campaigns.find(({ id }) => id === url.filters.campaign) ?? campaigns.find(({ state }) => state === 'active') ?? campaigns[0]
  if (list.data === undefined) {
    return list.isError ? <ErrorState error={list.error} retry={() => list.refetch()} /> : <Skeleton className="h-96" />
  }
  if (chosen === undefined) {
    return (
      <NothingFound hasFilters={false} heading={t('admin.campaigns.none')}>
        {t('admin.campaigns.none_team')}
      </NothingFound>
    )
  }
  return (
    <>
      <label className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-semibold">{t('admin.overview.choose')}</span>
        <select
          value={chosen.id}
          onChange={(event) => url.set({ campaign: event.target.value })}
          className="border-line-strong bg-paper hover:border-ink rounded-patch min-h-11 max-w-full min-w-0 border-2 px-2.5"
        >
          {campaigns.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <Figures
        key={chosen.id}
        queryOf={(query) => campaignStatsQuery(chosen.id, query) as never}
        listOf={(filter) => campaignPledgesLink(chosen.id, filter)}
      />
    </>
  )
}

function pledgesLink(filter: PledgeFilter): string {
  return `/admin/pledges?${new URLSearchParams(filter)}`
}
