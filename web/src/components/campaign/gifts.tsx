// SPDX-License-Identifier: Apache-2.0
// Recent gifts, newest first. New ones arrive live; a reader can stop that, and
// then sees how many wait. Where none can come, nothing is said of it.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { giftsQuery, uniqueGifts } from '@/api/queries'
import type { Campaign, Gift } from '@/api/types'
import { formatDateTime, formatRelative, locale, t } from '@/i18n'
import { openness } from '@/lib/campaign'
import { useIsLive } from '@/live/hooks'
import { formatMoney } from '@/lib/money'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { LoadMore } from '../ui/load-more'
import { Notice } from '../ui/notice'
import { Skeleton } from '../ui/skeleton'

type GiftsProps = { campaign: Campaign; fresh: Gift[]; now: number }

export function Gifts({ campaign, fresh, now }: GiftsProps) {
  const isLive = useIsLive()
  const isOpen = openness(campaign, now) === 'open'
  const canGrow = isOpen || campaign.totals.pending_count > 0
  const [kept, setHeld] = useState<Gift[] | null>(null)
  const held = canGrow ? kept : null
  const isPaused = held !== null
  const query = useInfiniteQuery({ ...giftsQuery(campaign.id, isLive), enabled: !isPaused })
  const shownFresh = held ?? fresh
  const gifts = uniqueGifts([...shownFresh, ...(query.data?.pages.flatMap((page) => page.items) ?? [])])
  const shownIds = new Set(gifts.map(({ id }) => id))
  const waiting = fresh.filter(({ id }) => !shownIds.has(id)).length

  return (
    <section aria-labelledby="gifts-heading" className="grid content-start gap-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id="gifts-heading" className="text-heading">
          {t('gifts.heading')}
        </h2>
        {canGrow && (
          <Button variant="quiet" className="-my-1.5 -me-5" onClick={() => setHeld(isPaused ? null : fresh)}>
            <Icon name={isPaused ? 'play' : 'pause'} className="size-4" />
            {t(isPaused ? 'gifts.resume' : 'gifts.pause')}
          </Button>
        )}
      </div>
      {canGrow && (
        <p className="text-muted flex items-center gap-2 text-sm">
          <span
            aria-hidden="true"
            className={`size-2.5 rounded-full ${isLive && !isPaused ? 'bg-good' : 'border-line-strong border-2'}`}
          />
          {isPaused ? t('gifts.paused', { count: waiting }) : t(isLive ? 'gifts.live' : 'gifts.polling')}
        </p>
      )}
      {query.isPending && <GiftsSkeleton />}
      {query.isError && gifts.length === 0 && (
        <Notice tone="bad" actions={<Button onClick={() => void query.refetch()}>{t('action.retry')}</Button>}>
          {t('gifts.error')}
        </Notice>
      )}
      {query.isSuccess && gifts.length === 0 && <p className="text-muted">{t(isOpen ? 'gifts.empty' : 'gifts.none')}</p>}
      <ol aria-live={isPaused ? 'off' : 'polite'} aria-relevant="additions" className="grid">
        {gifts.map((gift) => (
          <GiftRow key={gift.id} gift={gift} now={now} isFresh={shownFresh.includes(gift)} />
        ))}
      </ol>
      <LoadMore query={query} label={t('gifts.more')} />
    </section>
  )
}

function GiftRow({ gift, now, isFresh }: { gift: Gift; now: number; isFresh: boolean }) {
  return (
    <li
      data-gift={gift.id}
      className={`border-line grid gap-1 border-b border-dashed py-3.5 ${isFresh ? 'animate-gift-in' : ''}`}
    >
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="min-w-0 font-semibold wrap-anywhere">{gift.name ?? t('gifts.anonymous')}</span>
        {gift.amount !== null && (
          <span className="figures ms-auto font-bold">{formatMoney(gift.amount, locale, 'round')}</span>
        )}
      </p>
      {gift.message !== null && gift.message !== '' && (
        <p className="wrap-anywhere whitespace-pre-line" dir="auto">
          {gift.message}
        </p>
      )}
      <time dateTime={gift.at} title={formatDateTime(gift.at)} className="text-muted text-sm">
        {formatRelative(gift.at, now)}
      </time>
    </li>
  )
}

function GiftsSkeleton() {
  return (
    <div className="grid gap-3" aria-hidden="true">
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} className="h-16" />
      ))}
    </div>
  )
}
