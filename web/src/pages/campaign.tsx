// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useState } from 'react'
import { campaignQuery } from '@/api/queries'
import type { Campaign, Gift } from '@/api/types'
import { Cover } from '@/components/campaign/cover'
import { Gifts } from '@/components/campaign/gifts'
import { ProgressBar } from '@/components/campaign/progress'
import { Rewards } from '@/components/campaign/rewards'
import { StatusBadge } from '@/components/campaign/status'
import { Share } from '@/components/campaign/share'
import { Story } from '@/components/campaign/story'
import { Updates } from '@/components/campaign/updates'
import { useGiftHistory, type GiftStep } from '@/components/gift/gift-place'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { formatDateTime, formatNumber, formatUtc, locale, t, tOr } from '@/i18n'
import { daysLeft, openness, percentRaised } from '@/lib/campaign'
import { dropSharedKey, loadDraft, renewedDraft, saveDraft } from '@/lib/gift-draft'
import { useIsOnline, useNow } from '@/lib/hooks'
import { formatMoney } from '@/lib/money'
import { useIsLive, useLiveCampaign } from '@/live/hooks'
import { LoadErrorPage } from './error'
import { NextStep } from './load-waiting'

const loadGiving = () => import('./giving')
const GiftDialog = lazy(async () => ({ default: (await loadGiving()).GiftDialog }))
const FRESH_GIFTS_MAX = 50
// A sum of so many letters fills its line at this size, divided by their number.
const WIDTH_OF_LETTERS_CQI = 165

export function CampaignPage() {
  const { slug } = useParams({ strict: false })
  const isLive = useIsLive()
  const query = useQuery(campaignQuery(slug ?? '', isLive))
  const [fresh, setFresh] = useState<Gift[]>([])
  useLiveCampaign(query.data, (gift) =>
    setFresh((known) => [gift, ...known.filter(({ id }) => id !== gift.id)].slice(0, FRESH_GIFTS_MAX)),
  )
  if (query.data === undefined) {
    if (query.isError) return <LoadErrorPage error={query.error} retry={() => void query.refetch()} />
    return <CampaignSkeleton />
  }
  return (
    <CampaignView
      key={query.data.id}
      campaign={query.data}
      fresh={fresh}
      staleSince={query.isError ? query.dataUpdatedAt : null}
    />
  )
}

type ViewProps = { campaign: Campaign; fresh: Gift[]; staleSince: number | null }

function CampaignView({ campaign, fresh, staleSince }: ViewProps) {
  const now = useNow()
  const isOnline = useIsOnline()
  const state = openness(campaign, now)
  const isOpen = state === 'open'
  const { isGiving, give, close } = useGiving(campaign)

  return (
    <article className="mx-auto max-w-6xl px-4 pt-6 sm:px-6 md:pt-10">
      <title>{`${campaign.title} · ${t('site.name')}`}</title>
      <meta name="description" content={campaign.summary} />
      {staleSince !== null && isOnline && (
        <Notice tone="warn" role="status" className="mb-6">
          {t('campaign.stale_at', { at: formatDateTime(new Date(staleSince).toISOString()) })}
        </Notice>
      )}
      <div className="grid gap-x-12 gap-y-6 lg:grid-cols-[1.35fr_1fr]">
        <header className="grid content-start gap-4">
          <p className="text-muted flex flex-wrap items-center gap-x-3 gap-y-1">
            <span>{tOr(`category.${campaign.category}`, 'category.other')}</span>
            <span aria-hidden="true">·</span>
            <span>{t('campaign.owner', { name: campaign.owner.name })}</span>
          </p>
          <h1 className="text-title font-extrabold" dir="auto">
            {campaign.title}
          </h1>
          <p className="max-w-prose text-xl leading-snug" dir="auto">
            {campaign.summary}
          </p>
          <Cover campaign={campaign} isFirst className="mt-2" />
        </header>
        <Standing campaign={campaign} now={now} onGive={() => give(null)} />
      </div>
      <div className="mt-14 grid gap-x-12 gap-y-14 lg:grid-cols-[1.35fr_1fr]">
        <div className="grid content-start gap-14">
          <section aria-labelledby="story-heading" className="grid gap-5">
            <h2 id="story-heading" className="text-heading">
              {t('campaign.story')}
            </h2>
            <Story text={campaign.story} />
          </section>
          {campaign.rewards.length > 0 && (
            <section aria-labelledby="rewards-heading" className="grid gap-5">
              <h2 id="rewards-heading" className="text-heading">
                {t('campaign.rewards')}
              </h2>
              <Rewards campaign={campaign} state={state} onChoose={give} />
            </section>
          )}
          <Updates campaign={campaign} />
        </div>
        <Gifts campaign={campaign} fresh={fresh} now={now} />
      </div>
      {isOpen && <StickyGive onGive={() => give(null)} />}
      {isGiving && (
        <Suspense fallback={null}>
          <GiftDialog campaign={campaign} onClose={close} />
        </Suspense>
      )}
    </article>
  )
}

/** The dialog is open while the newest entry of the history says so, and "back" closes it. */
function useGiving(campaign: Campaign) {
  const { place, open, leave } = useGiftHistory()
  const opener = useRef<HTMLElement | null>(null)
  const isGiving = place !== null
  const openAt = (rewardId: string | null) => {
    const draft = loadDraft(campaign.id, sessionStorage)
    // A gift that was made before does not stand in the way of the next one.
    if (draft?.result?.isOver === true) {
      if (draft.attempt !== null) dropSharedKey(campaign.id, draft.attempt.key, localStorage)
      saveDraft(campaign.id, renewedDraft(draft), sessionStorage)
    }
    const step = draft?.result !== null || rewardId !== null ? 1 : draft.step
    open(rewardId, step as GiftStep)
  }
  const resume = useEffectEvent(() => {
    void loadGiving()
    if (place === null && hasGiftUnderWay(campaign)) open(null, 3)
  })
  useEffect(() => resume(), [])
  const wasGiving = useRef(isGiving)
  useEffect(() => {
    if (wasGiving.current && !isGiving) requestAnimationFrame(() => opener.current?.focus())
    wasGiving.current = isGiving
  }, [isGiving])
  return {
    isGiving,
    give: (rewardId: string | null) => {
      opener.current = document.activeElement as HTMLElement | null
      openAt(rewardId)
    },
    close: leave,
  }
}

/** How the campaign stands, and the way to give or the reason why not. */
function Standing({ campaign, now, onGive }: { campaign: Campaign; now: number; onGive: () => void }) {
  return (
    <section
      aria-label={t('campaign.standing')}
      className="border-ink bg-paper rounded-patch grid content-start gap-4 self-start border-2 p-5 sm:p-6 lg:sticky lg:top-20"
    >
      <Sums campaign={campaign} now={now} />
      {openness(campaign, now) === 'open' ? (
        <div className="grid justify-items-start gap-3">
          <Button variant="give" size="lg" className="w-full" onClick={onGive} data-give>
            {t('campaign.give')}
          </Button>
          <Link
            to="/campaigns/$slug/give"
            params={{ slug: campaign.slug }}
            className="text-sm underline decoration-2 underline-offset-4"
          >
            {t('campaign.give_page')}
          </Link>
        </div>
      ) : (
        <NotOpen campaign={campaign} now={now} />
      )}
      <Dates campaign={campaign} now={now} />
      <Share campaign={campaign} />
    </section>
  )
}

function Sums({ campaign, now }: { campaign: Campaign; now: number }) {
  const { totals, goal } = campaign
  const raised = formatMoney(totals.raised, locale, 'round')
  const days = daysLeft(campaign, now)
  const percent = percentRaised(campaign)
  const isOpen = openness(campaign, now) === 'open'
  return (
    <>
      <div className="@container">
        <p
          className="figures font-display leading-none font-extrabold tracking-tight whitespace-nowrap"
          style={{ fontSize: `min(2.6rem, ${Math.round(WIDTH_OF_LETTERS_CQI / raised.length)}cqi)` }}
          data-raised={totals.raised.amount}
        >
          {raised}
        </p>
        <p className="figures text-muted mt-1.5">
          {t('campaign.raised_of', { goal: formatMoney(goal, locale, 'round') })}
        </p>
      </div>
      <ProgressBar campaign={campaign} />
      <dl className="figures grid grid-cols-3 gap-3">
        <Figure label={t('campaign.percent')} value={t('progress.percent', { percent })} />
        <Figure label={t('campaign.gifts', { count: totals.confirmed_count })} value={formatNumber(totals.confirmed_count)} />
        {days !== null && isOpen && (
          <Figure label={t('campaign.days', { days })} value={formatNumber(days)} />
        )}
      </dl>
      {percent > 100 && <p className="bg-good-soft text-good rounded-patch px-3 py-2 font-semibold">{t('campaign.over')}</p>}
      {totals.pending.amount > 0 && (
        <p className="text-muted figures flex items-center gap-2 text-sm" data-pending={totals.pending.amount}>
          <span aria-hidden="true" className="bar-pending border-line-strong h-3 w-5 shrink-0 rounded-sm border" />
          {t('campaign.pending', {
            amount: formatMoney(totals.pending, locale),
            count: totals.pending_count,
          })}
        </p>
      )}
    </>
  )
}

function NotOpen({ campaign, now }: { campaign: Campaign; now: number }) {
  const state = openness(campaign, now)
  return (
    <div className="grid justify-items-start gap-3">
      <StatusBadge campaign={campaign} now={now} />
      <p>{t(`campaign.state_${state}`, { date: formatDateTime(campaign.starts_at) })}</p>
      <Suspense>
        <NextStep campaign={campaign} state={state} />
      </Suspense>
      <Button asChild variant="outline">
        <Link to="/" hash="campaigns">
          {t('campaign.others')}
        </Link>
      </Button>
    </div>
  )
}

/** The end in the reader's own time with its zone named, and in UTC for everybody else. */
function Dates({ campaign, now }: { campaign: Campaign; now: number }) {
  const { ends_at } = campaign
  if (ends_at === null) return null
  const isOver = Date.parse(ends_at) <= now
  return (
    <p className="text-muted text-sm">
      {t(isOver ? 'campaign.ended_at' : 'campaign.ends_at')}{' '}
      <time dateTime={ends_at} title={formatUtc(ends_at)} className="text-ink font-semibold">
        {formatDateTime(ends_at)}
      </time>
      {new Date(ends_at).getTimezoneOffset() !== 0 && (
        <span className="block">{t('campaign.ends_utc', { date: formatUtc(ends_at) })}</span>
      )}
    </p>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div className="grid content-start">
      <dt className="text-muted order-2 text-sm">{label}</dt>
      <dd className="font-display text-xl leading-tight font-bold">{value}</dd>
    </div>
  )
}

/** The way to give at the lower edge of small screens. */
function StickyGive({ onGive }: { onGive: () => void }) {
  return (
    <div data-sticky-give className="bg-page/95 border-line no-print fixed inset-x-0 bottom-0 z-20 border-t px-4 pt-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] lg:hidden">
      <Button variant="give" size="lg" className="w-full" onClick={onGive}>
        {t('campaign.give')}
      </Button>
    </div>
  )
}

function CampaignSkeleton() {
  return (
    <div className="mx-auto grid max-w-6xl gap-x-12 gap-y-6 px-4 pt-6 sm:px-6 md:pt-10 lg:grid-cols-[1.35fr_1fr]">
      <p role="status" className="sr-only">
        {t('action.loading')}
      </p>
      <div className="grid gap-4">
        <Skeleton className="h-6 w-1/3" />
        <Skeleton className="h-14" />
        <Skeleton className="h-16" />
        <Skeleton className="aspect-8/5" />
      </div>
      <Skeleton className="h-96" />
    </div>
  )
}

/** A gift that was on its way when the page was left goes on where it was. */
function hasGiftUnderWay(campaign: Campaign): boolean {
  const draft = loadDraft(campaign.id, sessionStorage)
  if (draft === null) return false
  return draft.result === null ? draft.attempt?.isSent === true : !draft.result.isOver
}
