// SPDX-License-Identifier: Apache-2.0
// Everything as it happens. It can be stopped to be read; what comes meanwhile is
// counted and shown when it goes on.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useState } from 'react'
import { campaignNameQuery } from '@/api/admin-ops'
import { PledgeLink, words } from '@/components/admin/ops/bits'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { EmptyState, NoPermission } from '@/components/ui/states'
import { FilterInput, FilterSelect } from '@/components/admin/ops/filter-bar'
import { formatDateTime, formatNumber, formatRelative, locale, t } from '@/i18n'
import { cn } from '@/lib/cn'
import { useIsOnline, useNow } from '@/lib/hooks'
import { formatMoney } from '@/lib/money'
import { FEED_SHOWN_MAX, isShown, type Feed, type FeedEvent, type FeedFilter } from '@/lib/ops/feed'
import { useFeed } from '@/live/admin'

const KINDS = ['pledge', 'pledge.created', 'pledge.confirmed', 'pledge.failed', 'pledge.refund_requested', 'pledge.refunded', 'campaign', 'waiting'] as const
const NO_FILTER: FeedFilter = { kind: '', campaign: '', text: '' }
const ANNOUNCE_EVERY_MS = 10_000
/** The page stays quick; the rest can be had by a filter or by the list of pledges. */
const ROWS_MAX = 200

export function FeedPage() {
  const { feed, status, isRefused, pause, resume, clear } = useFeed()
  const [filter, setFilter] = useState(NO_FILTER)
  const now = useNow(5_000)
  if (isRefused) return <NoPermission />
  const shown = feed.shown.filter((event) => isShown(event, filter))
  const waiting = feed.waiting.filter((event) => isShown(event, filter)).length
  const hasFilter = filter.kind !== '' || filter.campaign !== '' || filter.text.trim() !== ''
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader
        title={t('admin.feed.title')}
        actions={
          <>
            <Button variant="outline" data-feed-toggle onClick={feed.isPaused ? resume : pause}>
              <Icon name={feed.isPaused ? 'play' : 'pause'} className="size-4" />
              {t(feed.isPaused ? 'admin.feed.resume' : 'admin.feed.pause')}
            </Button>
            <Button variant="quiet" onClick={clear}>
              {t('admin.feed.clear')}
            </Button>
          </>
        }
      >
        {t('admin.feed.lead', { most: formatNumber(FEED_SHOWN_MAX) })}
      </PageHeader>
      <State feed={feed} status={status} waiting={waiting} onResume={resume} />
      <search className="border-line bg-paper rounded-patch grid gap-x-4 gap-y-3 border-2 p-4 sm:grid-cols-[1fr_1fr_auto]">
        <FilterSelect label={t('admin.feed.kind')} name="kind" value={filter.kind} onChange={(event) => setFilter({ ...filter, kind: event.target.value })}>
          <option value="">{t('admin.ops.all')}</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {words(`admin.feed_kind.${kind.replaceAll('.', '_')}`)}
            </option>
          ))}
        </FilterSelect>
        <FilterInput label={t('admin.feed.text')} name="text" type="search" value={filter.text} hint={t('admin.feed.text_hint')} onChange={(event) => setFilter({ ...filter, text: event.target.value })} />
        {hasFilter && (
          <Button variant="quiet" className="self-center" onClick={() => setFilter(NO_FILTER)}>
            {t('admin.feed.no_filter')}
          </Button>
        )}
        {filter.campaign !== '' && (
          <p className="text-sm sm:col-span-3">
            {t('admin.feed.only_campaign')} <CampaignName id={filter.campaign} />
          </p>
        )}
      </search>
      <Announcer count={feed.isPaused ? 0 : shown.length > 0 ? (shown[0]?.sequence ?? 0) : 0} shown={shown} isPaused={feed.isPaused} />
      {shown.length === 0 ? (
        <EmptyState heading={t(hasFilter ? 'admin.ops.nothing_found' : 'admin.feed.waiting')}>
          {t(hasFilter ? 'admin.feed.nothing_fits' : 'admin.feed.waiting_text')}
        </EmptyState>
      ) : (
        <ol aria-label={t('admin.feed.title')} data-feed className="border-line bg-paper rounded-patch grid grid-cols-1 border-2 px-4 sm:px-6">
          {shown.slice(0, ROWS_MAX).map((event) => (
            <FeedRow key={event.sequence} event={event} now={now} onCampaign={(campaign) => setFilter({ ...filter, campaign })} />
          ))}
        </ol>
      )}
      {shown.length > ROWS_MAX && <p className="text-muted">{t('admin.feed.more', { count: shown.length - ROWS_MAX })}</p>}
    </div>
  )
}

type StateProps = { feed: Feed; status: string; waiting: number; onResume: () => void }

function State({ feed, status, waiting, onResume }: StateProps) {
  const isOnline = useIsOnline()
  const isLive = status === 'open'
  return (
    <div className="grid gap-3">
      <p className="flex flex-wrap items-center gap-2" data-feed-state={feed.isPaused ? 'paused' : isLive ? 'live' : 'away'}>
        <span aria-hidden="true" className={cn('size-2.5 rounded-full', isLive && !feed.isPaused ? 'bg-good' : 'border-line-strong border-2')} />
        {feed.isPaused ? (
          <>
            <span data-waiting={waiting}>{t('admin.feed.paused', { count: waiting })}</span>
            {waiting > 0 && (
              <Button variant="link" onClick={onResume}>
                {t('admin.feed.show_waiting')}
              </Button>
            )}
          </>
        ) : (
          t(isLive ? 'admin.feed.live' : isOnline ? 'admin.feed.connecting' : 'admin.feed.offline')
        )}
      </p>
      {feed.isPaused && !isLive && <p className="text-muted text-sm">{t('admin.feed.away_while_paused')}</p>}
      {feed.skipped > 0 && <Notice tone="warn">{t('admin.feed.skipped', { count: feed.skipped })}</Notice>}
      {feed.gaps > 0 && <Notice tone="warn">{t('admin.feed.gap')}</Notice>}
    </div>
  )
}

/** Says now and then how much has come, and nothing while it is paused. */
function Announcer({ count, shown, isPaused }: { count: number; shown: readonly FeedEvent[]; isPaused: boolean }) {
  const [said, setSaid] = useState({ upTo: 0, text: '' })
  const announce = useEffectEvent(() => {
    if (isPaused || count <= said.upTo) return
    const fresh = said.upTo === 0 ? 0 : shown.filter((event) => event.sequence > said.upTo).length
    setSaid({ upTo: count, text: fresh === 0 ? '' : t('admin.feed.announce', { count: fresh }) })
  })
  useEffect(() => {
    const timer = setInterval(announce, ANNOUNCE_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <p role="status" className="sr-only">
      {said.text}
    </p>
  )
}

const TONES: Record<string, 'good' | 'warn' | 'bad' | 'plain'> = {
  'pledge.created': 'warn',
  'pledge.confirmed': 'good',
  'pledge.failed': 'bad',
  'pledge.refunded': 'plain',
}

function FeedRow({ event, now, onCampaign }: { event: FeedEvent; now: number; onCampaign: (id: string) => void }) {
  const { amount, refunded, state_reason: reason } = event
  return (
    <li
      data-sequence={event.sequence}
      className="border-line animate-gift-in grid gap-x-4 gap-y-1 border-b border-dashed py-3 last:border-b-0 sm:grid-cols-[minmax(0,1fr)_auto]"
    >
      <p className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={TONES[event.event] ?? 'plain'}>{words(`admin.feed_kind.${event.event.replaceAll('.', '_')}`)}</Badge>
        {amount != null && <span className="figures font-bold">{formatMoney(amount, locale)}</span>}
        {refunded != null && refunded.amount > 0 && (
          <span className="text-muted">{t('admin.pledges.refunded', { amount: formatMoney(refunded, locale) })}</span>
        )}
        {reason != null && <span>{words(`admin.reason.${reason}`)}</span>}
        {event.pledge_id !== undefined && <PledgeLink id={event.pledge_id} />}
      </p>
      <p className="text-muted flex flex-wrap items-center gap-x-3 text-sm sm:justify-end">
        <button
          type="button"
          onClick={() => onCampaign(event.campaign_id)}
          dir="auto"
          className="hover:text-ink relative max-w-56 truncate underline decoration-1 underline-offset-4"
        >
          <CampaignName id={event.campaign_id} />
          <span className="sr-only"> {t('admin.feed.filter_campaign')}</span>
        </button>
        <time dateTime={event.at} title={formatDateTime(event.at)}>
          {formatRelative(event.at, now)}
        </time>
      </p>
    </li>
  )
}

function CampaignName({ id }: { id: string }) {
  const { data } = useQuery(campaignNameQuery(id))
  return <span dir="auto">{data?.title ?? t('admin.feed.campaign')}</span>
}
